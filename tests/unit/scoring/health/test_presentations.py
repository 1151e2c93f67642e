"""Presentations joined from the end of the log backwards."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.health.presentations import Joiner, Presentation, Recent, model_of
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Prediction, Reward
from tests.support.scoring import FEATURE_SET, NOW_MS, reward

OF = {FEATURE_SET.version: "success", "other": "open"}
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
