"""Control arms: who is in which, and what an arm changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from services.orchestrator.app.decide.arm import EVERYTHING, formula_of, reserve_of
from services.orchestrator.domain.arbitration.worth import MONEY, Formula
from services.orchestrator.domain.arms import CONTROLS, NO_ARMS, Arm, Arms, ArmStanding, Membership
from services.orchestrator.domain.catalogue import Action
from services.orchestrator.domain.drops import Check
from services.orchestrator.domain.holdout import held_out
from services.orchestrator.domain.lineup import Lineup, NoActionReason
from tests.support.catalogues import Offer, Shelf

PERSONS = [f"p_{index}" for index in range(100_000)]
DECLARED = Arms("shop", {Arm.HOLDOUT: 0.02, Arm.RANDOM_ELIGIBLE: 0.05, Arm.RULES_ONLY: 0.1})

ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
shares = st.dictionaries(st.sampled_from(CONTROLS), st.floats(0.001, 0.19), max_size=5)


def moved(one: Arms, other: Arms, persons: list[str]) -> Counter[tuple[Arm, Arm]]:
    """From which arm to which."""
    pairs = ((one.arm_of(each), other.arm_of(each)) for each in persons)
    return Counter(pair for pair in pairs if pair[0] is not pair[1])


@given(ids, shares, st.text(max_size=10))
def test_the_arm_of_a_person_is_a_matter_of_salt_shares_and_id_alone(
    profile_id: str, declared: dict[Arm, float], salt: str
) -> None:
    arm = Arms(salt, declared).arm_of(profile_id)
    assert arm is Arms(salt, dict(reversed(declared.items()))).arm_of(profile_id)
    assert arm is Arm.DECISIONING or arm in declared


@given(ids, shares)
def test_a_share_that_grows_takes_nobody_out_of_its_arm(profile_id: str, declared: dict[Arm, float]) -> None:
    grown: dict[Arm, float] = {arm: share + 0.01 for arm, share in declared.items() if arm is Arm.HOLDOUT}
    if Arms("s", declared).arm_of(profile_id) is Arm.HOLDOUT:
        assert Arms("s", {**declared, **grown}).arm_of(profile_id) is Arm.HOLDOUT


def test_arms_of_a_hundred_thousand_persons_are_as_large_as_their_shares() -> None:
    counts = Counter(map(DECLARED.arm_of, PERSONS))
    arms = [Arm.DECISIONING, *DECLARED.shares]
    wanted = [DECLARED.share_of(arm) * len(PERSONS) for arm in arms]
    assert chisquare([counts[arm] for arm in arms], wanted).pvalue > 0.001


def test_under_another_salt_the_arms_are_drawn_independently() -> None:
    other = Arms("another", DECLARED.shares)
    both = sum(DECLARED.arm_of(each) is Arm.RULES_ONLY and other.arm_of(each) is Arm.RULES_ONLY for each in PERSONS)
    assert both == pytest.approx(len(PERSONS) * 0.01, abs=5 * np.sqrt(len(PERSONS) * 0.01))


def test_another_share_of_one_arm_leaves_almost_everybody_in_the_others() -> None:
    larger = Arms("shop", {**DECLARED.shares, Arm.HOLDOUT: 0.05})
    changes = moved(DECLARED, larger, PERSONS)
    assert {pair[1] for pair in changes if pair[0] is Arm.HOLDOUT} == set()
    out = sum(count for pair, count in changes.items() if pair[0] is Arm.RULES_ONLY)
    assert out < 0.04 * 0.1 * len(PERSONS), "about three of a hundred, to the arm that grew"
    assert sum(changes.values()) < 0.04 * len(PERSONS)


def test_another_arm_takes_its_share_of_every_arm_behind_it_and_nothing_else() -> None:
    with_another = Arms("shop", {**DECLARED.shares, Arm.NO_LEVERS: 0.03})
    changes = moved(DECLARED, with_another, PERSONS)
    assert {pair[1] for pair in changes} <= {Arm.NO_LEVERS, Arm.RULES_ONLY}
    assert {pair[0] for pair in changes} <= {Arm.DECISIONING, Arm.RULES_ONLY}


def test_whose_profiles_were_of_two_arms_keeps_the_arm_of_the_one_that_stays_and_is_left_out() -> None:
    held = next(each for each in PERSONS if DECLARED.arm_of(each) is Arm.HOLDOUT)
    other = next(each for each in PERSONS if DECLARED.arm_of(each) is Arm.DECISIONING)
    same = next(each for each in reversed(PERSONS) if DECLARED.arm_of(each) is Arm.DECISIONING)
    assert DECLARED.standing_of(held, [other]) == ArmStanding(Arm.HOLDOUT, Membership.TWO_ARMS)
    assert DECLARED.standing_of(other, [held]) == ArmStanding(Arm.DECISIONING, Membership.TWO_ARMS)
    assert DECLARED.standing_of(other, [same]) == ArmStanding(Arm.DECISIONING, Membership.COMPARED)


def test_nobody_and_policies_without_arms_are_decided_for_as_everybody() -> None:
    assert DECLARED.standing_of("") == ArmStanding(Arm.DECISIONING, Membership.NOBODY)
    assert NO_ARMS.standing_of("p_1", ["p_2"]) == ArmStanding(Arm.DECISIONING, Membership.UNDECLARED)


@pytest.mark.parametrize(
    ("arm", "formula", "reserve"),
    [
        (Arm.DECISIONING, MONEY, 2.0),
        (Arm.HOLDOUT, MONEY, 2.0),
        (Arm.RANDOM_ELIGIBLE, MONEY, EVERYTHING),
        (Arm.PROPENSITY_ONLY, Formula(True, False, False, False, False), 0.0),
        (Arm.NO_LEVERS, Formula(lever=False), 2.0),
        (Arm.RULES_ONLY, Formula(context_weight=False), 2.0),
    ],
)
def test_an_arm_has_a_formula_and_a_reserve_of_its_own(arm: Arm, formula: Formula, reserve: float) -> None:
    assert (formula_of(arm, MONEY), reserve_of(arm, 2.0)) == (formula, reserve)


def test_who_is_held_out_competes_for_service_messages_alone() -> None:
    shelf = Shelf({"offer": Offer(("WEB", "APP")), "notice": Offer()}).catalogue()
    catalogue = replace(shelf, actions=(shelf.actions[0], Action("notice", "group", "issue", "SERVICE")))
    both, only_offers = [0, 2], [1]
    lineup = Lineup(
        np.array([*both, *only_offers], np.int32), np.array([0, 2, 3, 3]), (), (None, None, NoActionReason.CHANNEL)
    )
    held = held_out(catalogue, lineup)
    assert [catalogue.options[each].treatment_id for each in held.option] == ["notice_web"]
    assert held.starts.tolist() == [0, 1, 1, 1]
    assert held.empty_reasons == (None, NoActionReason.HOLDOUT, NoActionReason.CHANNEL)
    (block,) = held.drops
    channels = [catalogue.channel_names[each] for each in block.channel]
    assert (block.check, block.action.tolist(), channels) == (Check.HOLDOUT, [0, 0], ["WEB", "APP"])
    assert held_out(catalogue, held) is held
