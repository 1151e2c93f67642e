"""What is kept of a subject: nothing where nothing is open, never more than is bounded, and through new versions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from services.rules.domain.rule_set import RuleSet
from services.rules.domain.triggers.course import observe, ring
from services.rules.domain.triggers.declaration import Emit, EventMatch, Pattern, PatternKind, Trigger
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.triggers.program import TriggerProgram
from services.rules.domain.triggers.state import SubjectState, merged
from services.rules.domain.written import SourcePosition
from shared.values import Value
from tests.support.kleene_matcher import satisfied
from tests.support.promises import strength
from tests.support.random_triggers import START_MS, facts, logs, rule_sets
from tests.support.trigger_reference import Circular
from tests.support.trigger_run import Step, TriggerRun, play, program_of
from tests.support.trigger_samples import (
    BACK_IN_STOCK,
    CART_WITHOUT_PURCHASE,
    DAY_MS,
    ENTERED_SHOP,
    HOUR_MS,
    MAIL_NOT_OPENED,
    MINUTE_MS,
    sample,
)
from tests.unit.rules.triggers.test_reference import Known, referred, run_of

TELL = (Emit("told"),)
ADDS = Pattern(PatternKind.COUNT, (EventMatch("cart_add"),), within_ms=HOUR_MS, at_least=3)
THREE_ADDS = Trigger("adds", ADDS, TELL)


class Ann:
    """One subject and its state, through versions and merges."""

    def __init__(self, *triggers: Trigger, version: str = "rs_1") -> None:
        self.program = program_of(sample(*triggers), version)
        self.state = SubjectState("ann")
        self.dropped: list[str] = []
        self.unwaited: list[tuple[str, str]] = []
        self._count = 0

    def event(self, at_ms: int, kind: str = "cart_add", person: str = "ann", **properties: Value) -> list[str]:
        """The ids of the events that complete what fires."""
        self._count += 1
        happening = Happening(f"e{self._count:04}", person, kind, START_MS + at_ms, properties)
        return self.take(happening, happening.event_ms)

    def take(self, happening: Happening, now_ms: int) -> list[str]:
        before = self.state.encode()
        outcome = play(observe(self.program, self.state, happening, {}, now_ms), self._answer)
        assert self.state.encode() == before
        self.state = outcome.state
        self.dropped += outcome.drop_timers
        self.unwaited += outcome.waiting_dropped
        return [each.cause_event_id for each in outcome.firings]

    def _answer(self, message: object) -> frozenset[str]:
        return satisfied(self.program.message_rules, message)  # type: ignore[arg-type]


def test_a_subject_with_nothing_open_is_no_bytes() -> None:
    ann = Ann(THREE_ADDS)
    assert ann.state.encode() == b""
    assert [ann.event(at_ms) for at_ms in (0, 1, 2)] == [[], [], ["e0003"]]
    assert ann.state.encode() == b""


def test_what_changes_nothing_gives_the_same_state_back() -> None:
    ann = Ann(THREE_ADDS)
    ann.event(0)
    before = ann.state
    ann.event(1, "renewal")
    assert ann.state is before


def test_a_state_comes_back_from_its_bytes() -> None:
    ann = Ann(MAIL_NOT_OPENED, THREE_ADDS, BACK_IN_STOCK)
    ann.event(0, "mail_sent", message_id="m1", campaign="summer")
    ann.event(1, "mail_opened", message_id="m2")
    ann.event(2, "product_view", sku="red", in_stock=False)
    ann.event(3)
    assert SubjectState.decode("ann", ann.state.encode()) == ann.state
    assert len(ann.state.encode()) < 400


@pytest.mark.parametrize("wrong", [b"\x00", b"\x95\x63\xa0\x00\x80\x80", b"nonsense"])
def test_bytes_that_are_no_state_are_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="state of a subject"):
        SubjectState.decode("ann", wrong)


def test_what_is_open_goes_on_in_a_version_that_declares_the_trigger_the_same() -> None:
    ann = Ann(THREE_ADDS)
    ann.event(0)
    ann.event(1)
    moved = replace(THREE_ADDS, position=SourcePosition("elsewhere.yaml", 7, 1))
    ann.program = program_of(sample(MAIL_NOT_OPENED, moved), "rs_2")
    assert ann.event(2) == ["e0003"]


def test_what_is_open_ends_where_the_trigger_is_declared_otherwise() -> None:
    ann = Ann(THREE_ADDS, MAIL_NOT_OPENED, BACK_IN_STOCK)
    ann.event(0)
    ann.event(1)
    ann.event(2, "mail_sent", message_id="m1")
    ann.event(3, "product_view", sku="red", in_stock=False)
    ann.program = program_of(sample(replace(THREE_ADDS, effects=(Emit("other"),))), "rs_2")
    assert ann.event(4) == []
    assert len(ann.dropped) == 1
    assert ann.unwaited == [("back_in_stock\x1fred", "ann")]
    assert [len(pattern.matches) for joins in ann.state.patterns.values() for pattern in joins.values()] == [1]


def test_a_timer_of_a_trigger_that_is_no_more_rings_for_nothing() -> None:
    ann = Ann(MAIL_NOT_OPENED)
    happening = Happening("e1", "ann", "mail_sent", START_MS, {"message_id": "m1"})
    first = play(observe(ann.program, ann.state, happening, {}, START_MS), lambda _: frozenset())
    (timer,) = first.add_timers
    other = program_of(sample(THREE_ADDS), "rs_2")
    outcome = play(ring(other, first.state, timer, {}, timer.due_ms), lambda _: frozenset())
    assert (outcome.firings, outcome.state.encode()) == ((), b"")


def test_patterns_of_merged_profiles_are_one() -> None:
    ann, other = Ann(THREE_ADDS), Ann(THREE_ADDS)
    ann.event(0)
    other.take(Happening("x1", "ann", "cart_add", START_MS + 5, {}), START_MS)
    ann.state = merged("ann", [other.state, ann.state])
    assert ann.event(10) == ["e0002"]


def test_what_was_absent_in_one_of_merged_profiles_counts_for_the_other() -> None:
    ann, other = Ann(MAIL_NOT_OPENED), Ann(MAIL_NOT_OPENED)
    ann.event(0, "mail_sent", message_id="m1")
    other.take(Happening("x1", "ann", "mail_opened", START_MS + HOUR_MS, {"message_id": "m1"}), START_MS + HOUR_MS)
    ann.state = merged("ann", [ann.state, other.state])
    assert all(not each.pending for joins in ann.state.patterns.values() for each in joins.values())


def test_merged_states_of_different_versions_lose_what_today_does_not_declare() -> None:
    old, new = Ann(BACK_IN_STOCK, version="rs_1"), Ann(THREE_ADDS, version="rs_2")
    old.event(0, "product_view", sku="red", in_stock=False)
    new.event(0)
    new.state = merged("ann", [old.state, new.state])
    new.event(1)
    assert list(new.state.patterns) == list(new.program.by_key)
    assert new.unwaited == [("back_in_stock\x1fred", "ann")]


@pytest.mark.parametrize(
    ("trigger", "kind", "properties", "most"),
    [
        (replace(THREE_ADDS, when=replace(ADDS, within_ms=1)), "cart_add", {}, 16),
        (
            Trigger(
                "total",
                Pattern(PatternKind.SUM, (EventMatch("purchase"),), within_ms=1, at_least=9e9, sum_of="total"),
                TELL,
            ),
            "purchase",
            {"total": 1.0},
            1_000,
        ),
        (
            Trigger(
                "both",
                Pattern(PatternKind.ALL, (EventMatch("purchase"), EventMatch("renewal")), within_ms=1),
                TELL,
            ),
            "purchase",
            {},
            256,
        ),
        (CART_WITHOUT_PURCHASE, "purchase", {}, 64),
    ],
)
def test_what_is_kept_of_one_subject_is_bounded(
    trigger: Trigger, kind: str, properties: dict[str, Value], most: int
) -> None:
    ann = Ann(trigger)
    for number in range(most + 30):
        happening = Happening(f"e{number:04}", "ann", kind, START_MS + number * MINUTE_MS, properties)
        ann.take(happening, happening.event_ms)
    (pattern,) = ann.state.patterns[next(iter(ann.state.patterns))].values()
    assert len(pattern.matches) + len(pattern.absents) == most
    newest = pattern.matches[-1].ms if pattern.matches else pattern.absents[-1][0]
    assert newest == START_MS + (most + 29) * MINUTE_MS


def test_long_texts_are_not_kept() -> None:
    ann = Ann(MAIL_NOT_OPENED)
    ann.event(0, "mail_sent", message_id="m" * 5_000, campaign="c" * 5_000)
    assert len(ann.state.encode()) < 400


def test_moments_of_a_cooldown_are_bounded() -> None:
    ann = Ann(replace(ENTERED_SHOP, cooldown_ms=1))
    for number in range(100):
        ann.event(number, "beacon_enter", zone="entrance")
    (pattern,) = ann.state.patterns[next(iter(ann.state.patterns))].values()
    assert len(pattern.fired) == 64


@given(rule_set=rule_sets(2), known=facts(), log=logs())
@settings(max_examples=strength(reduced=15, full=1_000), deadline=None, suppress_health_check=list(HealthCheck))
def test_forgetting_what_is_useless_changes_nothing_that_fires(
    rule_set: RuleSet, known: Known, log: list[Step]
) -> None:
    try:
        referred(rule_set, known, [])
    except Circular:
        return
    kept, swept = run_of(rule_set, known), run_of(rule_set, known)
    for step in log:
        kept.take(step)
        swept.take(step)
        swept.sweep(step.now_ms)
    assert swept.firings == kept.firings
    swept.sweep(log[-1].now_ms + 40 * DAY_MS)
    assert swept.states == {}


def test_programs_of_equal_declarations_are_the_same_to_a_state() -> None:
    def keys(program: TriggerProgram) -> set[str]:
        return set(program.by_key)

    assert keys(program_of(sample(), "rs_1")) == keys(program_of(sample(), "rs_2"))


def test_two_runs_of_one_log_name_everything_the_same() -> None:
    runs = []
    for _ in range(2):
        run = TriggerRun(program_of(sample(replace(THREE_ADDS, effects=TELL * 2))), {}, START_MS)
        run.run(
            Step(START_MS + at_ms, Happening(f"e{at_ms}", "ann", "cart_add", START_MS + at_ms, {}))
            for at_ms in range(6)
        )
        runs.append([each.firing_id for each in run.firings])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == len(runs[0]) == 4
