"""What is said of two policies: how arms and prices differ, what a contact brings, what models' hopes allow to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import CandidateColumns, DecisionRecord, SlotVector
from services.orchestrator.app.diff.option_pairs import OptionPairs
from services.orchestrator.app.policy_store import PolicyVersions
from services.orchestrator.domain.arms import Arm, Arms
from services.orchestrator.domain.diff.arm_changes import ArmShare, arm_change
from services.orchestrator.domain.diff.money import money_of
from services.orchestrator.domain.diff.off_policy import Interval
from services.orchestrator.domain.diff.verdict import Finding, Verdict, expected, with_reason
from services.orchestrator.domain.policy.compile import compile_policy
from tests.support.decisions import record
from tests.support.shop_policy import edited


def test_arms_that_are_the_same_are_no_change() -> None:
    assert arm_change(Arms(), Arms()) is None
    assert arm_change(Arms("a", {Arm.HOLDOUT: 0.1}), Arms("a", {Arm.HOLDOUT: 0.1})) is None


def test_a_small_share_is_named_as_it_is() -> None:
    change = arm_change(
        Arms("a", {Arm.HOLDOUT: 0.02, Arm.NO_LEVERS: 0.1}), Arms("a", {Arm.HOLDOUT: 0.0205, Arm.NO_LEVERS: 0.1})
    )
    assert change is not None
    assert change.shares == (ArmShare(Arm.HOLDOUT, 0.02, 0.0205),)
    assert change.text == "control arms differ: HOLDOUT 2% to 2.05%"


def test_an_arm_that_comes_or_goes_is_named() -> None:
    change = arm_change(Arms("a", {Arm.HOLDOUT: 0.00004}), Arms("a", {Arm.RULES_ONLY: 0.5}))
    assert change is not None
    assert change.text == "control arms differ: HOLDOUT 0.004% to 0%, RULES_ONLY 0% to 50%"


def test_another_salt_draws_everybody_anew() -> None:
    change = arm_change(Arms("a", {Arm.HOLDOUT: 0.1}), Arms("b", {Arm.HOLDOUT: 0.1}))
    assert change is not None
    assert (change.shares, change.other_salt) == ((), True)
    assert "drawn anew" in change.text


def test_money_is_what_successes_are_worth_less_what_the_contact_costs() -> None:
    assert money_of(0.5, 8.0, 0.25) == 3.75
    columns = money_of(np.array([0.0, 1.0]), np.array([8.0, 8.0]), np.array([0.25, 0.5]))
    assert columns.tolist() == [-0.25, 7.5]


@pytest.mark.parametrize(
    ("interval", "persons", "not_comparable", "finding"),
    [
        (Interval(1.0, 0.5, 1.5), 100, (), Finding.EXPECTS_MORE),
        (Interval(-1.0, -1.5, -0.5), 100, (), Finding.EXPECTS_LESS),
        (Interval(1.0, -0.5, 2.5), 100, (), Finding.NO_DIFFERENCE_SEEN),
        (Interval(0.0, 0.0, 0.0), 100, (), Finding.NO_DIFFERENCE_SEEN),
        (Interval(1.0, 0.5, 1.5), 100, ("values of tea differ",), Finding.NOT_COMPARABLE),
        (Interval(1.0, 0.5, 1.5), 19, (), Finding.CANNOT_TELL),
    ],
)
def test_what_models_expect_is_told_apart_by_its_interval(
    interval: Interval, persons: int, not_comparable: tuple[str, ...], finding: Finding
) -> None:
    verdict = expected(interval, persons, "EUR", not_comparable)
    assert verdict.finding is finding
    if finding is not Finding.CANNOT_TELL:
        assert "by the models' own propensities" in verdict.text
    for reason in not_comparable:
        assert reason in verdict.text


def test_a_verdict_takes_a_reason_along() -> None:
    told = with_reason(Verdict(Finding.WORSE, "worse: -1 EUR"), "control arms differ: HOLDOUT 0% to 5%")
    assert told == Verdict(Finding.WORSE, "worse: -1 EUR; control arms differ: HOLDOUT 0% to 5%")


NEW_TEA = """  new_tea:
    group: tea
    treatments:
      new_tea_web: {channel: web, content: {en: {title: New}}}
"""


def policy(changes: Mapping[str, str] | None = None) -> ActivePolicy:
    compiled = compile_policy(edited(changes or {})).policy
    assert compiled is not None
    return ActivePolicy(PolicyVersions("policy_1", "t_1", "r_1", "f_1", "c_1"), 0, compiled, {})


def made(by: ActivePolicy, **chances: float) -> DecisionRecord:
    """Treatments that competed, with their chances; each is worth 8.00."""
    places = {each.treatment_id: index for index, each in enumerate(by.catalogue.options)}
    option = np.array([places[name] for name in chances], dtype=np.int32)
    zeros = np.zeros(option.size)
    columns = CandidateColumns(
        np.array([0, option.size], dtype=np.int64), option, *(zeros,) * 4, np.full(option.size, 8.0), zeros
    )
    drawn = np.array([*chances.values(), 1.0 - sum(chances.values())])
    return replace(record(), candidates=columns, slots=(SlotVector(0, 0, -1, drawn),))


def worth(of: DecisionRecord, value: float) -> DecisionRecord:
    columns = of.candidates
    return replace(of, candidates=replace(columns, business_value=np.full_like(columns.business_value, value)))


def test_options_are_known_by_their_names_wherever_they_stand() -> None:
    was, now = policy(), policy({"  # Adults only": NEW_TEA + "  # Adults only"})
    pairs = OptionPairs(was, now)
    before = made(was, green_tea_web=0.5, espresso_web=0.25)
    assert pairs.moved(before, made(now, espresso_web=0.25, green_tea_web=0.5)) == pytest.approx(0.0)
    assert pairs.moved(before, made(now, new_tea_web=0.5, espresso_web=0.25)) == pytest.approx(0.5)
    assert pairs.moved(before, made(now, green_tea_web=1.0)) == pytest.approx(0.5)
    assert pairs.moved(before, replace(record(), slots=())) == pytest.approx(0.75)
    assert pairs.not_comparable == (), "an action that one alone has is no difference in price"


def test_values_that_came_out_differently_for_one_person_are_not_comparable() -> None:
    """The expressions are the same; what they read was not."""
    both = policy()
    pairs = OptionPairs(both, both)
    one = made(both, green_tea_web=0.5, espresso_web=0.5)
    pairs.tell(one, one)
    assert not pairs.not_comparable
    pairs.tell(made(both, espresso_web=1.0), worth(made(both, green_tea_web=1.0), 9.0))
    assert not pairs.not_comparable, "nothing that both offer the person"
    pairs.tell(made(both, espresso_web=1.0), worth(one, 9.0))
    assert list(pairs.not_comparable) == ["values of espresso differ"]


def test_what_is_declared_otherwise_is_not_comparable_whoever_is_asked() -> None:
    pairs = OptionPairs(policy(), policy({"'500.0'": "'501.0'", "sms, cost: 0.06": "sms, cost: 0.05"}))
    assert pairs.not_comparable == ("values of free_delivery differ", "costs of espresso differ")
    assert OptionPairs(policy(), policy({"'margin * 2.0'": "'margin  *  2.0'"})).not_comparable == ()
