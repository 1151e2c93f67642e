"""What a policy says of marketing pressure, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.pressure.plan import PressurePlan
from shared.clock import MS_PER_DAY

Compiled = Callable[[str], CompiledPolicy]
Found = Callable[[str | dict[str, str]], list[str]]

SHOP = """\
policy: shop
channels:
  web: {direction: INBOUND}
  mail: {direction: OUTBOUND}
  sms: {direction: OUTBOUND, pressure_weight: 3}
  letter: {direction: OUTBOUND, pressure_weight: 1}
issues: {retain: {}}
groups: {win_back: {issue: retain, business_value: 2}}
actions:
  comeback:
    group: win_back
    treatments: {comeback_mail: {channel: mail, content: {en: {subject: Come back}}}}
"""
WHOLE = (
    "pressure: {half_life: 7d, window: 30d, response_window: 5d, unsubscribe_value: 12.5,"
    " gaps: {share: 0.1, lengths: [5d, 2d]}}\n"
)


def plan(compiled: Compiled, text: str) -> PressurePlan:
    found = compiled(SHOP + text).pressure
    assert found is not None
    return found


def test_a_policy_that_does_not_speak_of_pressure_has_none(compiled: Compiled) -> None:
    assert compiled(SHOP).pressure is None


def test_all_that_is_written_is_read(compiled: Compiled) -> None:
    found = plan(compiled, WHOLE)
    assert (found.half_life_ms, found.window_ms) == (7 * MS_PER_DAY, 30 * MS_PER_DAY)
    assert (found.response_window_ms, found.unsubscribe_value) == (5 * MS_PER_DAY, 12.5)
    assert (found.gap_share, found.gap_lengths_ms) == (0.1, (2 * MS_PER_DAY, 5 * MS_PER_DAY))
    assert found.period_ms == 10 * MS_PER_DAY
    assert [found.weight_of(name) for name in ("MAIL", "SMS", "LETTER")] == [1.0, 3.0, 1.0]


def test_what_is_left_out_follows_from_the_rest(compiled: Compiled) -> None:
    found = plan(compiled, "pressure: {half_life: 3d}\n")
    assert (found.window_ms, found.response_window_ms) == (24 * MS_PER_DAY, 7 * MS_PER_DAY)
    assert (found.unsubscribe_value, found.has_gaps, found.period_ms) == (0.0, False, 0)
    assert plan(compiled, "pressure: {half_life: 90d}\n").window_ms == 400 * MS_PER_DAY, "as long as contacts are kept"


def test_a_response_is_waited_for_as_long_as_by_the_objective_that_decides(compiled: Compiled) -> None:
    objectives = "objectives: {click: {outcomes: [CLICKED], window: 2d}, buy: {outcomes: [CONVERTED], window: 9d}}\n"
    decided = "arbitration: {objective: buy}\npressure: {half_life: 3d}\n"
    assert plan(compiled, objectives + decided).response_window_ms == 9 * MS_PER_DAY


def test_gaps_have_another_salt_than_arms(compiled: Compiled) -> None:
    policy = compiled(SHOP + WHOLE + "arms: {holdout: 0.1}\n")
    assert policy.pressure is not None
    assert policy.pressure.salt != policy.arms.salt


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("pressure: {window: 9d}", ["1:1 MISSING_KEY"]),
        ("pressure:", ["1:1 MISSING_KEY"]),
        ("pressure: [7d]", ["1:1 MISSING_KEY", "1:11 WRONG_TYPE"]),
        ("pressure: {half_life: 7}", ["1:23 WRONG_TYPE"]),
        ("pressure: {half_life: 5m}", ["1:23 OUT_OF_RANGE"]),
        ("pressure: {half_life: 401d}", ["1:23 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, windw: 9d}", ["1:1 NOTHING_LEARNT", "1:27 UNKNOWN_KEY"]),
        ("pressure: {half_life: 7d, window: 6d}", ["1:1 NOTHING_LEARNT", "1:35 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, window: 401d}", ["1:1 NOTHING_LEARNT", "1:35 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, response_window: 1s}", ["1:1 NOTHING_LEARNT", "1:44 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, unsubscribe_value: -1}", ["1:1 NOTHING_LEARNT", "1:46 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, unsubscribe_value: 1e13}", ["1:1 NOTHING_LEARNT", "1:46 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, unsubscribe_value: much}", ["1:1 NOTHING_LEARNT", "1:46 WRONG_TYPE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0, lengths: [2d]}}", ["1:1 NOTHING_LEARNT"]),
        ("pressure: {half_life: 7d, gaps: often}", ["1:33 WRONG_TYPE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.1}}", ["1:33 MISSING_KEY"]),
        ("pressure: {half_life: 7d, gaps: {lengths: [2d]}}", ["1:33 MISSING_KEY"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.6, lengths: [2d]}}", ["1:41 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, gaps: {share: -0.1, lengths: [2d]}}", ["1:41 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: 2d}}", ["1:55 WRONG_TYPE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: []}}", ["1:55 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: [2d, 1d, 48h]}}", ["1:64 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: [2d, 59m]}}", ["1:60 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: [57d, 2d]}}", ["1:55 OUT_OF_RANGE"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.00099, lengths: [2d]}}", ["1:41 NOTHING_LEARNT"]),
        ("pressure: {half_life: 7d, gaps: {share: 0.001, lengths: [2d]}}", []),
        (
            "pressure: {half_life: 7d, gaps: {share: 0.1, lengths: [1d, 2d, 3d, 4d, 5d, 6d, 7d, 8d, 9d]}}",
            ["1:55 OUT_OF_RANGE"],
        ),
        ("channels: {push: {direction: OUTBOUND, pressure_weight: -1}}", ["1:57 OUT_OF_RANGE"]),
        ("channels: {push: {direction: OUTBOUND, pressure_weight: 101}}", ["1:57 OUT_OF_RANGE"]),
        ("channels: {kiosk: {direction: INBOUND, pressure_weight: 2}}", ["1:57 CONTRADICTION"]),
    ],
)
def test_every_wrong_value_is_found_where_it_stands(found: Found, text: str, places: list[str]) -> None:
    assert found(text) == places


def test_a_message_names_what_is_written(messages: Found) -> None:
    (message,) = messages("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: [2d, 59m]}}")
    assert message == "must be from 1h to 400d, not 59m"
    (message,) = messages("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: [2d, 48h]}}")
    assert "48h stands twice" in message
    (message,) = messages("pressure: {half_life: 7d, gaps: {share: 0.6, lengths: [2d]}}")
    assert message == "share: must be between 0 and 0.5, not 0.6"


def test_what_comes_to_nothing_is_a_warning(found: Found) -> None:
    alone = SHOP.partition("  mail:")[0] + (
        "issues: {retain: {}}\ngroups: {win_back: {issue: retain, business_value: 2}}\nactions:\n"
        "  comeback: {group: win_back, treatments: {comeback_web: {channel: web, content: {en: {title: Back}}}}}\n"
    )
    gaps = "gaps: {share: 0.1, lengths: [2d]}"
    assert found({"p.yaml": f"{alone}pressure: {{half_life: 7d, {gaps}}}\n"}) == ["8:1 PRESSURE_WITHOUT_CHANNEL"]
    classic = f"{SHOP}arbitration: {{formula: propensity * business_value}}\npressure: {{half_life: 7d, {gaps}}}\n"
    assert found({"p.yaml": classic}) == ["14:1 PRESSURE_WITHOUT_COST"]


WEIGHTLESS = (
    SHOP.replace("mail: {direction: OUTBOUND}", "mail: {direction: OUTBOUND, pressure_weight: 0}")
    .replace("pressure_weight: 3", "pressure_weight: 0")
    .replace("pressure_weight: 1", "pressure_weight: 0")
)


def test_where_no_channel_weighs_anything_nothing_can_be_learnt(found: Found) -> None:
    assert found({"p.yaml": WEIGHTLESS + WHOLE}) == ["13:1 NOTHING_LEARNT"]
    one = WEIGHTLESS.replace("pressure_weight: 0", "pressure_weight: 0.1", 1)
    assert found({"p.yaml": one + WHOLE}) == []


def test_a_weight_without_pressure_is_a_warning_where_it_stands(found: Found) -> None:
    assert found({"p.yaml": SHOP}) == ["5:47 WEIGHT_WITHOUT_PRESSURE", "6:50 WEIGHT_WITHOUT_PRESSURE"]
    assert found({"p.yaml": SHOP + WHOLE}) == []
