"""Intervals of lift hold what they promise, though people do many things each; arms that lost persons are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from services.orchestrator.app.performance_book import Customer, rows_of
from services.orchestrator.app.performance_report import ArmRow, Measure, Tally
from services.orchestrator.domain.arms import Arm, Membership
from services.orchestrator.domain.currency import MILLIONTHS
from services.orchestrator.domain.lift import Estimate, Kind, Lift, Sums, estimate_of, lift_of
from services.orchestrator.domain.sample_ratio import sample_ratio

EXPERIMENTS = 1_000
PERSONS = {Arm.HOLDOUT: 150, Arm.DECISIONING: 450}
WEAKER = 0.8
"""A response of the baseline happens so much less often."""
LIFT = 1.0 / WEAKER - 1.0
ENGAGED, RESPONSES_OF_ENGAGED, RESPONSES_OF_OTHERS = 0.3, 9 * 0.25, 2 * 0.1
RESPONSES = ENGAGED * RESPONSES_OF_ENGAGED + (1 - ENGAGED) * RESPONSES_OF_OTHERS
CONTACTS = ENGAGED * 9 + (1 - ENGAGED) * 2
SPENT = 20.0


def customers(rng: np.random.Generator) -> list[Customer]:
    """Engaged people get more contacts, respond to more of them, and each in their own way: contacts of one person are
    far from independent."""
    made = []
    for arm, count in PERSONS.items():
        engaged = rng.random(count) < ENGAGED
        contacts = 1 + rng.poisson(np.where(engaged, 8, 1))
        liking = np.where(engaged, rng.beta(4, 12, count), rng.beta(2, 18, count))
        responses = rng.binomial(contacts, liking * (WEAKER if arm is Arm.HOLDOUT else 1.0))
        revenue = [rng.exponential(SPENT, each).sum() for each in responses]
        for each in zip(contacts.tolist(), responses.tolist(), revenue, strict=True):
            customer = Customer(arm, 0, "d", "v", Membership.COMPARED, keys={"": 0})
            customer.tallies[""] = Tally(each[0], each[1], each[1], round(each[2] * MILLIONTHS))
            made.append(customer)
    return made


@pytest.fixture(scope="module")
def experiments() -> list[ArmRow]:
    """The row of DECISIONING against HOLDOUT, of each."""
    rng = np.random.default_rng(20_261_123)
    return [rows_of(customers(rng), Arm.HOLDOUT, is_of_contacts=False)[1] for _ in range(EXPERIMENTS)]


def share_covering(estimates: Sequence[Estimate | None], truth: float) -> float:
    held = [each.low <= truth <= each.high for each in estimates if each and each.low is not None and each.high]
    assert len(held) == EXPERIMENTS
    return sum(held) / EXPERIMENTS


Chosen = Callable[[ArmRow], Measure]
TRUTHS: list[tuple[Chosen, float, float]] = [
    (lambda row: row.response_rate, RESPONSES / CONTACTS, LIFT),
    (lambda row: row.conversions, RESPONSES, LIFT),
    (lambda row: row.revenue, RESPONSES * SPENT, LIFT),
]


@pytest.mark.parametrize(("measure", "level", "lift"), TRUTHS, ids=["response rate", "conversions", "revenue"])
def test_intervals_cover_the_truth_nineteen_times_of_twenty(
    measure: Chosen, level: float, lift: float, experiments: list[ArmRow]
) -> None:
    measures = [measure(row) for row in experiments]
    assert 0.93 <= share_covering([each.estimate for each in measures], level) <= 0.97
    lifts = [each.lift for each in measures if each.lift is not None]
    assert 0.93 <= share_covering([each.difference for each in lifts], level * (1 - WEAKER)) <= 0.97
    assert 0.93 <= share_covering([each.relative for each in lifts], lift) <= 0.97


def test_contacts_taken_for_independent_would_cover_far_less(experiments: list[ArmRow]) -> None:
    naive = []
    for row in experiments:
        rate, contacts = row.tally.responses / row.tally.contacts, row.tally.contacts
        half = 1.96 * np.sqrt(rate * (1 - rate) / contacts)
        naive.append(Estimate(rate, rate - half, rate + half))
    assert share_covering(naive, RESPONSES / CONTACTS) < 0.90


def test_the_variance_of_a_ratio_is_that_of_the_delta_method() -> None:
    rng = np.random.default_rng(3)
    x = rng.poisson(4, 500).astype(float)
    y = rng.binomial(x.astype(int), 0.3).astype(float)
    sums = Sums(persons=500)
    for pair in zip(x.tolist(), y.tolist(), strict=True):
        sums.add(*pair)
    covariance, ratio = np.cov(x, y), y.sum() / x.sum()
    written = covariance[1, 1] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[0, 0]
    assert sums.variance == pytest.approx(written / 500 / x.mean() ** 2)


def test_a_mean_per_person_counts_who_did_nothing() -> None:
    sums = Sums()
    sums.add(1, 6.0)
    assert sums.per_person(3).ratio == 2.0
    assert sums.per_person(3).variance == pytest.approx(np.var([6, 0, 0], ddof=1) / 3)


def test_where_nobody_can_say_there_is_no_interval() -> None:
    nothing, one, some = Sums(persons=5), Sums(), Sums()
    one.add(1, 1.0)
    some.add(1, 1.0)
    assert estimate_of(nothing) is None
    assert estimate_of(one.per_person(1)) == Estimate(1.0)
    assert lift_of(some.per_person(10), nothing) is None
    against_zero = lift_of(some.per_person(10), nothing.per_person(10))
    assert against_zero is not None
    assert against_zero.difference.low is not None
    assert against_zero.relative is None


def counted(persons: int, events: int, kind: Kind = Kind.COUNT) -> Sums:
    """Of so many persons, each with one x, who had so many events, one each."""
    n, k = float(persons), float(events)
    return Sums(persons, n, k, n, k, k, kind)


def interval(estimate: Estimate | None) -> tuple[float, float]:
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


@pytest.mark.parametrize(("low_rate", "high_rate"), [(0.001, 0.002), (0.004, 0.006), (0.02, 0.03), (0.05, 0.05)])
def test_intervals_of_rare_events_cover_the_truth(low_rate: float, high_rate: float) -> None:
    rng = np.random.default_rng(19)
    held, relative = {"level": 0, "difference": 0}, list[bool]()
    for _ in range(EXPERIMENTS):
        base = counted(500, int(rng.binomial(500, low_rate)))
        arm = counted(4_000, int(rng.binomial(4_000, high_rate)))
        lift = lift_of(arm, base)
        assert lift is not None
        low, high = interval(estimate_of(base))
        assert 0.0 <= low <= (base.ratio or 0.0) < high
        held["level"] += low <= low_rate <= high
        low, high = interval(lift.difference)
        assert low < lift.difference.value < high
        held["difference"] += low <= high_rate - low_rate <= high
        if base.y:
            low, high = interval(lift.relative)
            assert low >= -1.0
            relative.append(low <= high_rate / low_rate - 1.0 <= high)
    assert all(count >= 0.93 * EXPERIMENTS for count in held.values()), held
    assert sum(relative) >= 0.93 * len(relative)


def test_what_never_happened_may_happen_yet() -> None:
    assert interval(estimate_of(counted(300, 0))) == pytest.approx((0.0, 3.689 / 300), rel=1e-3)
    lift = lift_of(counted(300, 0), counted(300, 40))
    assert lift is not None
    assert lift.relative is not None
    low, high = interval(lift.relative)
    assert (lift.relative.value, low) == (-1.0, -1.0)
    assert -1.0 < high < -0.8
    assert lift.difference.high is not None
    assert -40 / 300 < lift.difference.high < 0.0


@pytest.mark.parametrize("events", [298, 300])
def test_a_share_of_nearly_all_is_never_more_than_all(events: int) -> None:
    low, high = interval(estimate_of(counted(300, events, Kind.SHARE)))
    assert low < events / 300 <= high <= 1.0
    assert low > 0.9
    against = lift_of(counted(300, events, Kind.SHARE), counted(300, 150, Kind.SHARE))
    assert against is not None
    low, high = interval(against.difference)
    assert low < against.difference.value <= high <= 0.56


def test_what_one_person_did_many_times_counts_as_one_that_never_happened() -> None:
    """Ten persons with a hundred contacts each are no thousand."""
    none = Sums(10, 1_000.0, 0.0, 10 * 100.0**2, 0.0, 0.0, Kind.SHARE)
    assert interval(estimate_of(none)) == pytest.approx((0.0, 0.3689), rel=1e-3)


def test_of_money_that_nobody_spent_nobody_knows_how_much_it_would_be() -> None:
    nothing, some = counted(300, 0, Kind.MONEY), counted(300, 100, Kind.MONEY)
    assert estimate_of(nothing) == Estimate(0.0)
    assert lift_of(nothing, some) == Lift(Estimate(-1 / 3), Estimate(-1.0))
    assert interval(estimate_of(some))[0] > 0.2


def test_few_and_many_events_meet() -> None:
    """Where the one law takes over from the other, limits are nearly the same."""
    few, many = (interval(estimate_of(counted(10_000, events))) for events in (30, 32))
    assert few[1] == pytest.approx(many[1], rel=0.1)
    assert few[0] == pytest.approx(many[0], rel=0.1)


def test_arms_that_lost_persons_give_the_alarm_and_others_do_not() -> None:
    rng = np.random.default_rng(7)
    shares = {Arm.DECISIONING: 0.9, Arm.HOLDOUT: 0.1}
    alarms = {1.0: 0, 0.8: 0}
    for kept in alarms:
        for _ in range(EXPERIMENTS):
            drawn = int(rng.binomial(20_000, shares[Arm.HOLDOUT]))
            held = int(rng.binomial(drawn, kept))
            observed = {Arm.DECISIONING: 20_000 - drawn, Arm.HOLDOUT: held}
            total = sum(observed.values())
            alarms[kept] += sample_ratio(observed, {arm: share * total for arm, share in shares.items()}).is_alarming
    assert alarms[1.0] <= 5
    assert alarms[0.8] == EXPERIMENTS


def test_where_few_are_expected_no_alarm_is_given() -> None:
    ratio = sample_ratio({Arm.DECISIONING: 100}, {Arm.DECISIONING: 98.0, Arm.HOLDOUT: 2.0})
    assert (ratio.p_value, ratio.is_alarming) == (None, False)
    assert ratio.observed == {Arm.DECISIONING: 100, Arm.HOLDOUT: 0}


def test_an_arm_that_is_small_or_empty_does_not_hide_what_the_others_lost() -> None:
    """The whole deployment is in control arms, and a third one has just begun."""
    expected = {Arm.HOLDOUT: 5_000.0, Arm.RANDOM_ELIGIBLE: 4_997.0, Arm.DECISIONING: 0.0, Arm.RULES_ONLY: 3.0}
    fair = sample_ratio({Arm.HOLDOUT: 5_020, Arm.RANDOM_ELIGIBLE: 4_976, Arm.RULES_ONLY: 4}, expected)
    assert fair.p_value is not None
    assert not fair.is_alarming
    assert sample_ratio({Arm.HOLDOUT: 4_600, Arm.RANDOM_ELIGIBLE: 5_397, Arm.RULES_ONLY: 3}, expected).is_alarming
