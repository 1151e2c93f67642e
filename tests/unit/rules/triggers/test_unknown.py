"""What is unknown does not fire, unless the trigger or the segment says otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.rules.domain.rule_set import Segment
from services.rules.domain.triggers.declaration import Emit, EventMatch, Pattern, PatternKind, Trigger
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.written import OnUnknown
from shared.values import NULL, Feature, FeatureStatus, Value, present
from tests.support.random_triggers import START_MS
from tests.support.trigger_run import Step, TriggerRun, program_of
from tests.support.trigger_samples import sample

SEGMENTS = (
    Segment("strict", "open_balance > 5.0"),
    Segment("lenient", "open_balance > 5.0", OnUnknown.PASS),
    Segment("taken_as_9", "open_balance > 5.0", OnUnknown.DEFAULT, 9.0),
)
UNKNOWN: list[Feature] = [NULL, Feature(9.0, FeatureStatus.STALE)]


def fires(condition: str, balance: Feature, on_unknown: OnUnknown = OnUnknown.FAIL, default: Value = None) -> bool:
    pattern = Pattern(PatternKind.ANY, (EventMatch("renewal"),))
    trigger = Trigger("t", pattern, (Emit("told"),), condition, on_unknown, default)
    program = program_of(replace(sample(trigger), segments=SEGMENTS))
    run = TriggerRun(program, {"ann": {"open_balance": balance}}, START_MS)
    return bool(run.run([Step(START_MS, Happening("e", "ann", "renewal", START_MS, {}))]))


@pytest.mark.parametrize("unknown", UNKNOWN)
@pytest.mark.parametrize("condition", ["open_balance > 5.0", "open_balance + 1.0 > 6.0"])
def test_on_unknown_says_what_an_unknown_condition_means(condition: str, unknown: Feature) -> None:
    assert not fires(condition, unknown)
    assert not fires(f"!({condition})", unknown)
    assert fires(condition, unknown, OnUnknown.PASS)
    assert not fires(condition, present(1.0), OnUnknown.PASS)
    assert fires(condition, unknown, OnUnknown.DEFAULT, 7.0)
    assert not fires(condition, unknown, OnUnknown.DEFAULT, 3.0)
    assert not fires(condition, present(1.0), OnUnknown.DEFAULT, 7.0)


@pytest.mark.parametrize(
    ("segment", "low", "unknown", "high"),
    [("strict", False, False, True), ("lenient", False, True, True), ("taken_as_9", False, True, True)],
)
def test_membership_is_never_unknown(segment: str, low: bool, unknown: bool, high: bool) -> None:
    for balance, is_member in ((present(1.0), low), (NULL, unknown), (present(9.0), high)):
        assert fires(f'in_segment("{segment}")', balance) is is_member
        assert fires(f'!in_segment("{segment}")', balance) is not is_member
        assert fires(f'[1].exists(x, in_segment("{segment}"))', balance) is is_member
