"""Arms and targets as a policy writes them."""

from __future__ import annotations

import pytest

from services.orchestrator.domain.arms import NO_ARMS, Arm, Arms
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.targets import Target, TargetMetric
from tests.support.shop_policy import edited, policy_files
from tests.support.volume import declared

LINES = "l.yaml"


def compiled(*lines: str) -> CompiledPolicy:
    compilation = compile_policy(edited(declared(*lines)))
    assert compilation.policy is not None, compilation.findings
    return compilation.policy


def found(line: str) -> list[str]:
    """Of a line in a file of its own."""
    findings = compile_policy({**policy_files(), LINES: line.encode()}).findings
    return [f"{each.place.line}:{each.place.column} {each.code}" for each in findings if each.place.file == LINES]


def test_arms_are_salted_with_the_name_of_the_policy_or_what_it_says() -> None:
    shares = {Arm.HOLDOUT: 0.02, Arm.RULES_ONLY: 0.1}
    line = "arms: {rules_only: 0.1, holdout: 0.02, no_levers: 0}"
    assert compiled(line).arms == Arms("corner_shop", shares)
    assert compiled(line, "arms_salt: spring").arms == Arms("spring", shares)
    assert compiled("arms_salt: spring").arms == NO_ARMS


def test_another_version_keeps_everybody_in_their_arm() -> None:
    one, other = compiled("arms: {holdout: 0.3}"), compiled("arms: {holdout: 0.3}", "currencies: {USD: 0.9}")
    assert one.version != other.version
    persons = [f"p_{index}" for index in range(500)]
    assert [one.arms.arm_of(each) for each in persons] == [other.arms.arm_of(each) for each in persons]


def test_what_is_regulated_is_known_to_all_arms() -> None:
    assert compiled().regulated is None
    files = edited({"  cards: {issue: retain,": "  cards: {issue: retain, regulated: true,"})
    policy = compile_policy(files).policy
    assert policy is not None
    assert policy.regulated is not None
    names = [action.action_id for action in policy.catalogue.actions]
    assert [name for name, is_regulated in zip(names, policy.regulated, strict=True) if is_regulated] == [
        "gold_card",
        "umbrella",
    ]


def test_targets_say_how_much_of_what_and_where() -> None:
    policy = compiled(
        "targets:",
        "  month: {metric: revenue, amount: 300, per: 30d}",
        "  tea_mail: {metric: response_rate, amount: 0.03, group: tea, channel: email}",
    )
    month, mail = policy.targets
    assert month == Target("month", TargetMetric.REVENUE, 300.0, 30 * 86_400_000)
    assert mail == Target("tea_mail", TargetMetric.RESPONSE_RATE, 0.03, group="tea", channel="EMAIL")
    assert (month.within(10 * 86_400_000), mail.within(1)) == (100.0, 0.03)


@pytest.mark.parametrize(
    ("line", "findings"),
    [
        ("arms: {holdout: 0.5, random_eligible: 0.5}", ["1:1 OUT_OF_RANGE"]),
        ("arms: {holdout: 1.5}", ["1:17 OUT_OF_RANGE"]),
        ("arms: {holdout: -0.1}", ["1:17 OUT_OF_RANGE"]),
        ("arms: {hold_out: 0.1}", ["1:8 UNKNOWN_ARM"]),
        ("arms: {decisioning: 0.9}", ["1:8 UNKNOWN_ARM"]),
        ("arms: {holdout: 0.1, holdout: 0.2}", ["1:22 DUPLICATE_ARM"]),
        ("arms: {holdout: many}", ["1:17 WRONG_TYPE"]),
        ("arms_salt: 'Not A Name'", ["1:12 BAD_IDENTIFIER"]),
        ("targets: {t: {amount: 3}}", ["1:11 MISSING_KEY"]),
        ("targets: {t: {metric: profit, amount: 3}}", ["1:23 OUT_OF_RANGE"]),
        ("targets: {t: {metric: revenue, amount: -3}}", ["1:40 OUT_OF_RANGE"]),
        ("targets: {t: {metric: revenue, amount: 3, group: coal}}", ["1:50 UNKNOWN_GROUP"]),
        ("targets: {t: {metric: revenue, amount: 3, channel: fax}}", ["1:52 UNKNOWN_CHANNEL"]),
        ("targets: {t: {metric: response_rate, amount: 3, per: 7d}}", ["1:54 CONTRADICTION"]),
        ("targets: {t: {metric: contacts, amount: 3, per: 0s}}", ["1:49 OUT_OF_RANGE"]),
    ],
)
def test_what_makes_no_sense_is_found_where_it_is_written(line: str, findings: list[str]) -> None:
    assert found(line) == findings
