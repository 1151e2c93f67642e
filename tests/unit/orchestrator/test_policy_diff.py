"""Off-policy estimates of policies and of their difference, fairness of reach, and what may be said of both."""

from __future__ import annotations

import numpy as np
import pytest

from services.orchestrator.domain.diff.fairness import group_rates
from services.orchestrator.domain.diff.off_policy import (
    Interval,
    Linear,
    LoggedRows,
    PolicyRows,
    doubly_robust,
    interval,
    snips,
)
from services.orchestrator.domain.diff.verdict import Finding, compared, refusal


def rows(
    count: int, weight: object, *, silent: object = 0.0, direct: object = 0.0, untried: object = 0.0
) -> PolicyRows:
    columns = (np.broadcast_to(np.asarray(each, np.float64), (count,)) for each in (weight, silent, direct, untried))
    return PolicyRows(*columns)


def log(reward: object, person: object = None, expected: object = 0.0) -> LoggedRows:
    rewards = np.asarray(reward, np.float64)
    persons = np.arange(rewards.size) if person is None else np.asarray(person)
    return LoggedRows(rewards, np.broadcast_to(np.asarray(expected, np.float64), rewards.shape), persons)


def test_the_logging_policy_is_worth_what_it_made() -> None:
    logged = log([0.0, 1.0, 1.0, 0.0, 1.0])
    own = rows(5, 1.0, direct=0.3)
    assert snips(logged, own).mean == pytest.approx(0.6)
    assert doubly_robust(log([0.0, 1.0, 1.0, 0.0, 1.0], expected=0.3), own).mean == pytest.approx(0.6)


def test_two_that_do_the_same_differ_by_nothing_at_all() -> None:
    logged, one = log([0.0, 1.0, 0.0, 1.0]), rows(4, [0.5, 1.5, 1.0, 1.0])
    nothing = interval(snips(logged, one).minus(snips(logged, one)), logged.person)
    assert (nothing.mean, nothing.low, nothing.high) == (0.0, 0.0, 0.0)


def test_silence_that_the_log_could_not_draw_is_known_to_bring_nothing() -> None:
    """Half of the time it says nothing: it is worth half."""
    logged = log([1.0, 0.0, 1.0, 0.0])
    assert snips(logged, rows(4, 0.5, silent=0.5)).mean == pytest.approx(0.25)
    assert rows(4, 0.5, silent=0.5).effective_size == pytest.approx(4.0)


def test_the_decisions_of_a_person_count_as_one() -> None:
    reward = [1.0, 0.0] * 50
    apart = interval(snips(log(reward), rows(100, 1.0)), np.arange(100))
    together = interval(snips(log(reward), rows(100, 1.0)), np.repeat(np.arange(2), 50))
    of_ten = np.sort(np.array(reward))
    clustered = interval(snips(log(of_ten), rows(100, 1.0)), np.repeat(np.arange(10), 10))
    assert apart.high - apart.low < clustered.high - clustered.low
    assert together.mean == apart.mean
    alone = interval(snips(log(reward), rows(100, 1.0)), np.zeros(100, dtype=np.intp))
    assert (alone.low, alone.high) == (-np.inf, np.inf)


def test_one_persons_copies_teach_nothing_new() -> None:
    random = np.random.default_rng(1)
    reward = (random.random(60) < 0.4).astype(np.float64)
    once = interval(snips(log(reward), rows(60, 1.0)), np.arange(60))
    thrice = interval(snips(log(np.repeat(reward, 3)), rows(180, 1.0)), np.repeat(np.arange(60), 3))
    assert (once.low, once.high) == pytest.approx((thrice.low, thrice.high))


@pytest.mark.parametrize("estimate", [snips, doubly_robust])
def test_intervals_of_differences_cover_the_truth(estimate: object) -> None:
    """Two actions, .5/.5 logged; one policy takes the better one with .9, the other with .3; decisions of a person go
    together."""
    random, covered, runs, persons = np.random.default_rng(7), 0, 400, 120
    for _ in range(runs):
        person = np.repeat(np.arange(persons), 2)
        mood = np.repeat(random.uniform(-0.1, 0.1, persons), 2)
        better = random.random(2 * persons) < 0.5
        reward = (random.random(2 * persons) < np.where(better, 0.4, 0.2) + mood).astype(np.float64)
        logged = log(reward, person, np.where(better, 0.35, 0.25))
        policies = [
            rows(person.size, np.where(better, p, 1 - p) / 0.5, direct=0.35 * p + 0.25 * (1 - p)) for p in (0.3, 0.9)
        ]
        difference = estimate(logged, policies[1]).minus(estimate(logged, policies[0]))  # type: ignore[operator]
        found = interval(difference, person)
        covered += found.low <= 0.6 * 0.2 <= found.high
    assert 0.91 <= covered / runs <= 0.985


def test_too_much_that_was_never_tried_is_refused_before_anything_else() -> None:
    refused = refusal(rows(1_000, 1.0, untried=0.2), 1_000, 0.05, "candidate")
    assert refused is not None
    assert refused.finding is Finding.REFUSED
    assert "20.0% of what the candidate would do the log never tried" in refused.text
    assert refusal(rows(1_000, 1.0, untried=0.04), 1_000, 0.05, "candidate") is None


def test_too_little_tells_nothing() -> None:
    few = refusal(rows(10, 1.0), 10, 0.05, "candidate")
    narrow = refusal(rows(1_000, [*[0.0] * 999, 1_000.0]), 1_000, 0.05, "candidate")
    for verdict in (few, narrow):
        assert verdict is not None
        assert verdict.finding is Finding.CANNOT_TELL


@pytest.mark.parametrize(
    ("shift", "finding"), [(0.5, Finding.BETTER), (-0.5, Finding.WORSE), (0.0, Finding.NO_DIFFERENCE_SEEN)]
)
def test_better_and_worse_are_said_where_the_interval_leaves_out_zero(shift: float, finding: Finding) -> None:
    parts = np.random.default_rng(3).normal(size=400)
    linear = doubly_robust(log(np.zeros(400)), rows(400, 0.0, direct=parts - parts.mean() + shift))
    assert compared(interval(linear, np.arange(400)), "EUR").finding is finding


def test_a_group_that_is_reached_far_less_fails_the_four_fifths() -> None:
    person = np.arange(2_000)
    groups = ["women" if index % 2 else "men" for index in range(2_000)]
    random = np.random.default_rng(4)
    reached = np.where(np.array(groups) == "women", 0.3, 0.6) + random.uniform(-0.1, 0.1, 2_000)
    men, women = group_rates(reached, person, groups)
    assert (men.group, men.ratio, men.is_unfair) == ("men", None, False)
    assert women.is_unfair
    assert women.ratio is not None
    assert women.ratio.low < 0.5 < women.ratio.high
    alike = group_rates(np.full(2_000, 0.4), person, groups)
    assert not any(each.is_unfair for each in alike)


def test_a_small_group_is_not_judged_and_one_that_is_never_reached_is() -> None:
    reached = np.concatenate((np.full(200, 0.5), np.zeros(200), np.zeros(5)))
    groups = ["a"] * 200 + ["b"] * 200 + ["c"] * 5
    a, b, c = group_rates(reached, np.arange(405), groups)
    assert a.ratio is None
    assert b.is_unfair
    assert c.ratio is None


def test_the_more_of_all_are_drawn_the_less_is_left_to_chance() -> None:
    """The mean of a sample without replacement, against its population: as often within as it says."""
    random = np.random.default_rng(8)
    everybody = random.exponential(1.0, 400)
    within, wide = 0, 0
    for _ in range(1_000):
        drawn = random.choice(everybody, 300, replace=False)
        mean = float(drawn.mean())
        found = interval(Linear(mean, drawn - mean), np.arange(300), 300 / 400)
        within += found.low <= everybody.mean() <= found.high
        other = interval(Linear(mean, drawn - mean), np.arange(300))
        assert found.high - found.low == pytest.approx((other.high - other.low) / 2)
        wide += other.low <= everybody.mean() <= other.high
    assert 930 <= within <= 970
    assert wide > 990, "of others like these"


def test_where_all_are_drawn_nothing_is_left_to_chance() -> None:
    linear = Linear(2.0, np.array([1.0, -1.0]))
    assert interval(linear, np.arange(2), 1.0) == Interval(2.0, 2.0, 2.0)
    assert interval(Linear(2.0, np.zeros(1)), np.arange(1), 1.0) == Interval(2.0, 2.0, 2.0)
    reached = np.concatenate((np.tile([0.4, 0.6], 50), np.tile([0.3, 0.5], 50), np.zeros(50)))
    groups = ["a"] * 100 + ["b"] * 100 + ["c"] * 50
    _, b, c = group_rates(reached, np.arange(250), groups, 1.0)
    assert b.ratio is not None
    assert b.ratio.low == b.ratio.high == pytest.approx(0.8)
    assert c.ratio == Interval(0.0, 0.0, 0.0)
