"""What is learnt of pressure from worlds of which the truth is known; contacts are aimed at who responds anyway."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate, estimate
from services.orchestrator.domain.pressure.sample import PressureSample
from services.orchestrator.domain.pressure.tally import BUCKETS, EMPTY, PressureTally, bucket_of

EXPERIMENTS = 150
PEOPLE, CONTACTS = 250, 6
VALUE = 20.0


@dataclass(frozen=True, slots=True)
class World:
    """A unit of level changes the chance of a response and of an unsubscribe by so much. `moved`: how far draws do."""

    response: float = -0.05
    unsubscribe: float = 0.02
    moved: float = 0.8
    people: int = PEOPLE
    propensity: float | None = None


USUAL = World()


def samples(seed: int, world: World = USUAL) -> list[PressureSample]:
    """People respond in their own way and have levels by it; the draws of one person are not independent."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(world.people), CONTACTS)
    engagement = rng.uniform(-1.0, 1.0, world.people)[person]
    deviation = world.moved * (rng.normal(size=world.people)[person] + rng.normal(size=person.size)) / math.sqrt(2.0)
    level = 4.0 + 2.5 * engagement + deviation + rng.uniform(-0.5, 0.5, person.size)
    noise = rng.uniform(-0.05, 0.05, person.size)
    propensity = 0.3 + 0.02 * engagement + noise
    responded = rng.random(person.size) < 0.45 + 0.3 * engagement + noise + world.response * (level - 4.0)
    unsubscribed = rng.random(person.size) < 0.13 + world.unsubscribe * (level - 4.0)
    if world.propensity is not None:
        propensity = np.full(person.size, world.propensity)
    columns = (level, deviation, propensity, np.full(person.size, VALUE), responded, unsubscribed)
    rows = zip(person.tolist(), *(each.tolist() for each in columns), strict=True)
    return [PressureSample(f"p_{number}", *row) for number, *row in rows]


def tallies(of: Iterable[PressureSample]) -> list[PressureTally]:
    result = [EMPTY] * BUCKETS
    for sample in of:
        bucket = bucket_of(sample.profile_id)
        result[bucket] = result[bucket].plus(PressureTally.of(sample))
    return result


@pytest.fixture(scope="module")
def experiments() -> list[PressureEstimate]:
    return [estimate(tallies(samples(seed))) for seed in range(EXPERIMENTS)]


def test_slopes_are_right_on_average(experiments: list[PressureEstimate]) -> None:
    for found, slope in (
        ([each.response_slope for each in experiments], USUAL.response),
        ([each.unsubscribe_slope for each in experiments], USUAL.unsubscribe),
    ):
        assert np.mean(found) == pytest.approx(slope, abs=4 * float(np.std(found)) / math.sqrt(EXPERIMENTS))


def test_errors_are_as_large_as_the_scatter_though_people_have_many_contacts(
    experiments: list[PressureEstimate],
) -> None:
    for slopes, errors, slope in (
        ([e.response_slope for e in experiments], [e.response_error for e in experiments], USUAL.response),
        ([e.unsubscribe_slope for e in experiments], [e.unsubscribe_error for e in experiments], USUAL.unsubscribe),
    ):
        assert np.mean(errors) == pytest.approx(np.std(slopes), rel=0.2)
        covered = np.abs(np.array(slopes) - slope) < 1.96 * np.array(errors)
        assert 0.9 <= covered.mean() <= 0.985


def test_least_squares_would_find_the_wrong_sign() -> None:
    made = [each for seed in range(6) for each in samples(seed)]
    rows = np.array([[1.0, each.propensity, each.level] for each in made])
    naive = np.linalg.lstsq(rows, np.array([float(each.responded) for each in made]), rcond=None)[0][-1]
    assert naive > 0.01
    learnt = estimate(tallies(replace(each, profile_id=f"{i // CONTACTS}") for i, each in enumerate(made)))
    assert learnt.response_slope < -0.02


def test_certainty_comes_with_evidence() -> None:
    few, many = (estimate(tallies(samples(7, World(people=people)))) for people in (60, 6_000))
    assert few.certainty < many.certainty
    assert many.certainty > 0.99


def test_who_does_not_tire_is_rarely_thought_to() -> None:
    harmless = World(response=0.0, unsubscribe=0.0)
    found = np.array([estimate(tallies(samples(seed, harmless))).certainty for seed in range(EXPERIMENTS)])
    assert np.mean(found > 0.5) <= 0.06
    assert np.median(found) == 0.0


def test_contacts_that_help_are_not_thought_to_harm() -> None:
    assert estimate(tallies(samples(3, World(response=0.05, unsubscribe=-0.02, people=2_000)))).certainty == 0.0


def test_means_are_told_from_the_first_sample_on() -> None:
    one = PressureSample("p_1", 3.0, 0.0, 0.25, 12.0, responded=False, unsubscribed=False)
    other = replace(one, level=1.0, propensity=0.75, value=20.0)
    told = estimate(tallies([one, other]))
    assert told == replace(NO_ESTIMATE, samples=2, mean_level=2.0, mean_value=0.25 * 12.0 + 0.75 * 20.0)


@given(
    st.lists(
        st.builds(
            PressureSample,
            st.integers(0, 60).map("p_{}".format),
            st.sampled_from([0.0, 1e-9, 1.0, 5.0, 1e6]),
            st.sampled_from([0.0, -1.0, 2.0, 1e-9, 1e3]),
            st.sampled_from([0.0, 1e-12, 0.3, 1.0]),
            st.floats(-1e9, 1e9),
            st.booleans(),
            st.booleans(),
        ),
        min_size=30,
        max_size=80,
    )
)
def test_whatever_the_samples_are_there_is_an_estimate_or_none(made: list[PressureSample]) -> None:
    told = estimate(tallies(made))
    assert told.samples == len(made)
    assert 0.0 <= told.certainty <= 1.0
    assert math.isfinite(told.response_slope)
    assert math.isfinite(told.unsubscribe_slope)
    assert not math.isnan(told.response_error + told.unsubscribe_error)


def test_nothing_is_said_of_nothing() -> None:
    assert estimate([]) == estimate([EMPTY] * BUCKETS) == NO_ESTIMATE


@pytest.mark.parametrize(
    "made",
    [
        samples(1, World(moved=0.01)),
        [replace(each, deviation=0.0) for each in samples(1)],
        [replace(each, level=0.0) for each in samples(1)],
        [replace(each, level=5.0) for each in samples(1)],
        [replace(each, profile_id="p_1") for each in samples(1)],
        samples(1, World(people=3)),
    ],
    ids=["draws that hardly move levels", "no draws", "no levels", "one level", "one person", "three people"],
)
def test_nothing_is_said_where_nothing_can_be(made: list[PressureSample]) -> None:
    told = estimate(tallies(made))
    assert told.samples == len(made)
    assert (told.response_slope, told.unsubscribe_slope, told.certainty) == (0.0, 0.0, 0.0)
    assert told.response_error == told.unsubscribe_error == math.inf


@pytest.mark.parametrize("propensity", [0.0, 0.3])
def test_propensities_that_are_all_alike_do_no_harm(propensity: float) -> None:
    told = estimate(tallies(samples(5, World(propensity=propensity, people=2_000))))
    assert told.response_slope == pytest.approx(USUAL.response, abs=4 * told.response_error)
    assert told.certainty > 0.9


@pytest.mark.parametrize("answer", [False, True])
def test_answers_that_are_all_alike_show_no_harm(answer: bool) -> None:
    made = [replace(each, responded=answer, unsubscribed=answer) for each in samples(2)]
    told = estimate(tallies(made))
    assert told.response_slope == pytest.approx(0.0, abs=1e-9)
    assert told.certainty < 0.01


def test_samples_of_replicas_teach_as_those_of_one(experiments: list[PressureEstimate]) -> None:
    made = samples(0)
    halves = zip(tallies(made[::2]), tallies(made[1::2]), strict=True)
    together = estimate([one.plus(other) for one, other in halves])
    assert together.response_slope == pytest.approx(experiments[0].response_slope)
    assert together.unsubscribe_error == pytest.approx(experiments[0].unsubscribe_error)
    assert estimate([each for each in tallies(made)[::-1] if each.sums[0]]).certainty == pytest.approx(
        experiments[0].certainty
    )
