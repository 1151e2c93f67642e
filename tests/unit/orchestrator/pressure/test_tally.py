"""Tallies: sums that any number of replicas may add in any order."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.pressure.sample import PressureSample
from services.orchestrator.domain.pressure.tally import BUCKETS, EMPTY, SIZE, PressureTally, bucket_of

NUMBERS = st.floats(-100.0, 100.0)
SAMPLES = st.builds(
    PressureSample, st.text(), NUMBERS, NUMBERS, st.floats(0.0, 1.0), NUMBERS, st.booleans(), st.booleans()
)


def test_a_tally_is_the_sums_that_its_drawing_says() -> None:
    tally = PressureTally.of(PressureSample("p_1", 3.0, -0.5, 0.25, 20.0, responded=True, unsubscribed=False))
    cross = [1.0, 0.25, 3.0, 0.25, 0.0625, 0.75, -0.5, -0.125, -1.5]
    assert tally.to_floats() == (*cross, 1.0, 0.25, -0.5, 0.0, 0.0, 0.0, 0.25, 5.0)


@given(st.lists(SAMPLES, max_size=8), st.randoms())
def test_the_order_of_adding_does_not_matter(samples: list[PressureSample], random: Random) -> None:
    def added(of: list[PressureSample]) -> PressureTally:
        total = EMPTY
        for sample in of:
            total = total.plus(PressureTally.of(sample))
        return total

    shuffled = random.sample(samples, len(samples))
    np.testing.assert_allclose(added(shuffled).sums, added(samples).sums, rtol=1e-9, atol=1e-6)


@given(SAMPLES)
def test_a_tally_comes_back_from_the_store_as_it_was(sample: PressureSample) -> None:
    floats = PressureTally.of(sample).to_floats()
    assert PressureTally.from_floats(floats).to_floats() == floats
    assert len(floats) == SIZE


def test_sums_of_something_else_are_refused() -> None:
    with pytest.raises(ValueError, match="17 sums, not 3"):
        PressureTally.from_floats((1.0, 2.0, 3.0))


def test_people_are_spread_over_all_buckets_and_stay_in_theirs() -> None:
    counts = np.bincount([bucket_of(f"p_{number}") for number in range(6_400)], minlength=BUCKETS)
    assert counts.size == BUCKETS
    assert 60 < counts.min() <= counts.max() < 140
    assert [bucket_of(f"p_{number}") for number in range(3)] == [10, 2, 9]
