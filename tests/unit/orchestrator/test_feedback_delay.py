"""Failures wait as long as successes take, so that young actions look neither too good nor too bad."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.orchestrator.domain.feedback_delay import MAX_BUCKET, DelayDistribution, bucket_of, share_of

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PRESENTATIONS = 200_000
Millis = NDArray[np.float64]

COUNTS = st.dictionaries(st.integers(0, MAX_BUCKET), st.integers(1, 10**9), max_size=8)
WINDOWS = st.integers(60_000, 400 * DAY_MS)


@given(st.integers(-(10**6), 10**14))
def test_a_delay_lies_in_its_bucket(delay_ms: int) -> None:
    bucket = bucket_of(delay_ms)
    assert 0 <= bucket <= MAX_BUCKET
    if 1_000 <= delay_ms < 1_000 * 2**32:
        assert 1_000 * 2 ** (bucket / 2) <= delay_ms * (1 + 1e-9)
        assert delay_ms < 1_000 * 2 ** ((bucket + 1) / 2) * (1 + 1e-9)


@given(WINDOWS, COUNTS, st.lists(st.floats(0, 1, exclude_max=True), min_size=2, max_size=2))
def test_waits_grow_with_the_share_and_have_an_end(window_ms: int, counts: dict[int, int], shares: list[float]) -> None:
    delays = DelayDistribution(window_ms, counts)
    short, long = (delays.delay_ms(share) for share in sorted(shares))
    assert 1_000 <= short <= long
    assert long <= max([window_ms, *(1_000 * 2 ** ((bucket + 1) / 2) for bucket in counts)])


def test_before_anything_was_seen_waits_are_log_uniform_up_to_the_window() -> None:
    delays = DelayDistribution(DAY_MS)
    assert delays.delay_ms(0.5) == pytest.approx(math.sqrt(1_000 * DAY_MS), rel=0.01)
    assert delays.delay_ms(0.0) == 1_000
    assert delays.delay_ms(0.999999) == pytest.approx(DAY_MS, rel=0.01)


def test_what_was_seen_outweighs_the_prior() -> None:
    seen = DelayDistribution(DAY_MS, {bucket_of(HOUR_MS): 10_000})
    waits = [seen.delay_ms(share) for share in np.linspace(0.01, 0.99, 99).tolist()]
    assert all(bucket_of(wait) == bucket_of(HOUR_MS) for wait in waits)


def test_the_share_of_a_key_is_always_the_same_and_uniform_over_keys() -> None:
    assert shares()[7] == share_of("d_7/hero/tea/WEB/click")
    tenths = Counter(int(share * 10) for share in shares()[:20_000].tolist())
    assert sorted(tenths) == list(range(10))
    assert max(abs(count - 2_000) for count in tenths.values()) < 200


def learnt_rate(age_ms: Millis, delay_ms: Millis, wait_ms: Millis) -> float:
    """What is learnt by now of presentations of these ages: a success from when it came, a failure from when its wait
    was over, until a success corrects it. `delay_ms` is infinite where no success will ever come."""
    succeeded = delay_ms <= age_ms
    failed = ~succeeded & (wait_ms <= age_ms)
    return float(succeeded.sum() / (succeeded.sum() + failed.sum()))


def stream(seed: int, rate: float, ages_ms: tuple[float, float]) -> tuple[Millis, Millis]:
    """Ages of presentations, and the delays of their successes: minutes for many, hours for some, within a day."""
    numbers = np.random.default_rng(seed)
    ages = numbers.uniform(*ages_ms, PRESENTATIONS)
    delays = np.minimum(numbers.lognormal(math.log(20 * 60_000), 1.8, PRESENTATIONS), DAY_MS - 1)
    return ages, np.where(numbers.random(PRESENTATIONS) < rate, delays, np.inf)


def drawn_waits(delays_ms: Millis) -> Millis:
    """From what was counted of another action's successes."""
    seen = delays_ms[np.isfinite(delays_ms)]
    known = DelayDistribution(DAY_MS, Counter(bucket_of(int(each)) for each in seen))
    grid = np.array([known.delay_ms((index + 0.5) / 4_096) for index in range(4_096)])
    return grid[(shares() * 4_096).astype(np.intp)]


@cache
def shares() -> Millis:
    return np.array([share_of(f"d_{index}/hero/tea/WEB/click") for index in range(PRESENTATIONS)])


@pytest.mark.parametrize(
    "ages_ms", [(0, 5 * 60_000), (0, HOUR_MS), (0, 6 * HOUR_MS)], ids=["five minutes", "an hour", "six hours"]
)
@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_a_young_action_is_learnt_at_nearly_its_rate(rate: float, ages_ms: tuple[float, float]) -> None:
    ages, delays = stream(1, rate, ages_ms)
    _, of_an_old_action = stream(2, 0.05, (0, DAY_MS))
    never, at_once = np.full(PRESENTATIONS, np.inf), np.zeros(PRESENTATIONS)

    corrected = learnt_rate(ages, delays, drawn_waits(of_an_old_action))
    successes = int((delays <= ages).sum())
    noise = 4 / math.sqrt(successes)
    # Off by at most p of itself (the failures that will be corrected), besides chance and the width of buckets.
    assert abs(corrected / rate - 1) < rate + noise + 0.03

    share_known = successes / np.isfinite(delays).sum()
    assert share_known < 0.95
    assert learnt_rate(ages, delays, at_once) == pytest.approx(rate * share_known, rel=0.05), "too low"
    assert learnt_rate(ages, delays, never) == 1.0, "too high"
    assert abs(corrected / rate - 1) < abs(share_known - 1)


def test_in_the_end_everything_is_learnt_as_it_was() -> None:
    _, delays = stream(3, 0.05, (0, 1))
    ages = np.full(PRESENTATIONS, 2.0 * DAY_MS)
    waits = drawn_waits(delays)
    assert waits.max() <= 1.5 * DAY_MS
    assert learnt_rate(ages, delays, waits) == np.isfinite(delays).mean()
