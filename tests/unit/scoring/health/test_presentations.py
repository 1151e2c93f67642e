"""Presentations joined from the end of the log backwards."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.health.presentations import Aim, Elders, Joiner, Presentation, Recent, model_of
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Outline, Prediction, Reward
from tests.support.scoring import FEATURE_SET, NOW_MS, reward

OF = {FEATURE_SET.version: Aim("success"), "other": Aim("open")}
SAID = Prediction("m@3", 0.25)


def first(position: int, key: str, value: float, **changes: object) -> LogEntry:
    said: Reward = replace(reward(key, value), prediction=SAID, **changes)  # type: ignore[arg-type]
    return LogEntry(position, said, None)


def later(position: int, key: str, value: float, previous: float) -> LogEntry:
    return LogEntry(position, replace(reward(key, value), reward_time_ms=NOW_MS + 99), previous)


def joined(entries: Sequence[LogEntry | ErasedEntry], limit: int = 100) -> Recent:
    recent = Recent(limit)
    Joiner({"success": recent}).take(reversed(entries), OF)
    return recent


def test_last_reward_of_a_key_meets_what_was_said_at_first() -> None:
    log = [first(1, "a", 0.0), first(2, "b", 0.0), later(3, "a", 1.0, 0.0), later(4, "a", 0.5, 1.0)]
    assert joined(log).presentations == [Presentation(NOW_MS, 0.0, SAID), Presentation(NOW_MS, 0.5, SAID)]


def test_erased_entries_and_keys_that_began_before_are_left_out() -> None:
    log: list[LogEntry | ErasedEntry] = [later(5, "old", 1.0, 0.0), ErasedEntry(6), first(7, "a", 1.0)]
    assert joined(log).presentations == [Presentation(NOW_MS, 1.0, SAID)]


def test_other_objectives_and_unknown_feature_sets_are_left_out() -> None:
    log = [first(1, "a", 1.0, feature_set_version="other"), first(2, "b", 1.0, feature_set_version="gone")]
    assert joined(log).presentations == []


def test_each_objective_has_its_own_newest_ones() -> None:
    recents = {"success": Recent(2), "open": Recent(1)}
    joiner = Joiner(recents)
    log = [first(1, "o", 1.0, feature_set_version="other"), *(first(i, f"k{i}", i / 10) for i in range(2, 6))]
    joiner.take(reversed(log[1:]), OF)
    assert not joiner.is_done
    joiner.take(log[:1], OF)
    assert joiner.is_done
    assert [each.reward for each in recents["success"].presentations] == [0.5, 0.4]
    assert recents["success"].drift.rows["age"] == 2


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.0, 0.5, 1.0])), max_size=40), st.integers(1, 7))
def test_pages_make_no_difference_and_the_latest_reward_counts(events: list[tuple[int, float]], page: int) -> None:
    worth: dict[str, float] = {}
    log: list[LogEntry] = []
    for position, (number, value) in enumerate(events, 1):
        key = f"k{number}"
        if worth.get(key) == value:
            continue
        log.append(later(position, key, value, worth[key]) if key in worth else first(position, key, value))
        worth[key] = value
    recent = Recent(100)
    joiner = Joiner({"success": recent})
    backwards = list(reversed(log))
    for start in range(0, len(backwards), page):
        joiner.take(itertools.islice(backwards, start, start + page), OF)
    assert sorted(each.reward for each in recent.presentations) == sorted(worth.values())


def test_model_of_a_version_is_what_stands_before_its_position() -> None:
    assert model_of("click-01ab@17") == "click-01ab"
    assert model_of("") == ""


HOUR_MS = 3_600_000


def outline(position: int, key: str, decided_ms: int, version: str = FEATURE_SET.version, **said: Any) -> Outline:
    prediction = replace(SAID, decision_time_ms=decided_ms)
    return Outline(position, key, version, 0.0, NOW_MS, said.get("is_first", True), prediction)


def test_the_window_begins_with_the_decision() -> None:
    said = replace(SAID, decision_time_ms=NOW_MS - HOUR_MS)
    windows = {FEATURE_SET.version: Aim("success", HOUR_MS)}
    recent = Recent(9)
    entries = [first(1, "a", 1.0), replace(first(2, "b", 1.0), reward=replace(reward("b", 1.0), prediction=said))]
    Joiner({"success": recent}).take(reversed(entries), windows)
    assert recent.presentations == [
        Presentation(NOW_MS - HOUR_MS, 1.0, said, HOUR_MS),
        Presentation(NOW_MS, 1.0, SAID, HOUR_MS),
    ]
    assert recent.judging(NOW_MS) == recent.presentations[:1]
    assert recent.judging(NOW_MS - 1) == []
    assert recent.judging(NOW_MS + HOUR_MS) == recent.presentations
    assert recent.window_ms == HOUR_MS


def test_without_a_window_a_model_is_judged_by_all_and_alarms_wait_for_the_usual_time() -> None:
    recent = joined([first(1, "a", 1.0)])
    (found,) = recent.judging(NOW_MS)
    assert (found.is_over(NOW_MS, 60_000), found.is_over(NOW_MS + 60_000, 60_000)) == (False, True)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 48.0)), min_size=1, max_size=60), st.floats(0.0, 72.0))
def test_how_a_presentation_is_known_does_not_decide_whether_it_counts(
    shown: list[tuple[bool, float]], age_hours: float
) -> None:
    """A success that came at once and a failure that waited count at the same age."""
    now_ms, window_ms = NOW_MS + round(age_hours * HOUR_MS), 24 * HOUR_MS
    recent = Recent(100)
    log = []
    for position, (is_success, delay_hours) in enumerate(sorted(shown, key=lambda each: each[1]), 1):
        known_ms = NOW_MS + round(delay_hours * HOUR_MS)
        known = replace(
            reward(f"k{position}", float(is_success)),
            reward_time_ms=known_ms if is_success else NOW_MS,
            prediction=replace(SAID, decision_time_ms=NOW_MS),
        )
        log.append(LogEntry(position, known, None))
    Joiner({"success": recent}).take(reversed(log), {FEATURE_SET.version: Aim("success", window_ms)})
    assert len(recent.judging(now_ms)) == (len(shown) if now_ms >= NOW_MS + window_ms else 0)


def test_elders_are_the_last_ones_whose_window_is_over_with_what_they_are_worth_now() -> None:
    aims = {FEATURE_SET.version: Aim("success", HOUR_MS), "other": Aim("open", HOUR_MS)}
    elders = Elders("success", 3, NOW_MS)
    old_ms = NOW_MS - HOUR_MS
    elders.take(
        [
            outline(9, "young", old_ms + 1),
            ErasedEntry(8),
            outline(7, "corrected", old_ms, is_first=False),
            outline(6, "a", old_ms),
            outline(5, "else", old_ms, "other"),
            outline(4, "gone", old_ms, "unknown"),
            outline(3, "erased", old_ms),
        ],
        aims,
    )
    assert not elders.is_full
    elders.take([outline(2, "corrected", old_ms - 5), outline(1, "too old", old_ms - 9)], aims)
    assert elders.is_full
    assert list(elders.keys) == ["a", "erased", "corrected"]
    found = elders.with_rewards({"a": 0.0, "corrected": 1.0})
    assert [(each.time_ms, each.reward, each.window_ms) for each in found] == [
        (old_ms, 0.0, HOUR_MS),
        (old_ms - 5, 1.0, HOUR_MS),
    ]
