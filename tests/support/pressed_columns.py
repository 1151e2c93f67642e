"""The same as Presser in simulated_pressure_run, in columns over customers: some ten times as fast, for who plays many
seasons. A test holds them to the same contacts. Slopes may be of each customer's own.

    phases   int64[N]               where a customer's periods are cut, in milliseconds
    lengths  int64[N, periods]      of the gap that a period begins with, else 0; from the period of day 0 on
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate, estimate
from services.orchestrator.domain.pressure.gaps import gap_at
from services.orchestrator.domain.pressure.level import memory_ms
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.pressure.tally import BUCKETS, SIZE, PressureTally, bucket_of
from tests.support.simulated_pressure import VALUE, Flags, Floats, Happened, PressedCustomers, PressedWorld
from tests.support.simulated_pressure_run import (
    DAY_MS,
    RESPONSE_DAYS,
    Scorer,
    Season,
    moment_ms,
    profile_of,
    season,
    worth,
)

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Contacted:
    """What is known of one day's contacts, columns over them; `customers` are their numbers."""

    customers: npt.NDArray[np.intp]
    levels: Floats
    deviations: Floats
    propensities: Floats
    responded: Floats
    left: Floats

    def tallies(self) -> Floats:
        """float64[contacts, K], as drawn in orchestrator.domain.pressure.tally."""
        ones = np.ones_like(self.levels)
        instruments = np.stack((ones, self.propensities, self.deviations), axis=1)
        regressors = np.stack((ones, self.propensities, self.levels), axis=1)
        cross = (instruments[:, :, None] * regressors[:, None, :]).reshape(-1, 9)
        last = np.stack((self.deviations**2, self.propensities * VALUE), axis=1)
        outcomes = (instruments * self.responded[:, None], instruments * self.left[:, None])
        return np.concatenate((cross, *outcomes, last), axis=1)


class OwnSlopes(Protocol):
    """Slopes of each customer's own, of what is known on the day."""

    def learn(self, contacts: Contacted, total: Floats, population: PressureEstimate) -> None:
        """`contacts`: of one day; `total` float64[K] and `population`: of all until then."""
        ...

    def slopes(self, population: PressureEstimate) -> tuple[Floats, Floats]:
        """Of responses and of unsubscribes, (customers,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class GapColumns:
    plan: PressurePlan
    phases: Integers
    lengths: Integers

    @classmethod
    def of(cls, plan: PressurePlan, customers: int, days: int) -> GapColumns:
        names = [profile_of(number) for number in range(customers)]
        phases = np.array([_phase_ms(plan, name) for name in names])
        first = (moment_ms(0) + phases) // plan.period_ms
        periods = -(-days * DAY_MS // plan.period_ms) + 1
        starts = (first[:, None] + np.arange(periods)) * plan.period_ms - phases[:, None]
        rows = [
            [(gap_at(plan, name, start).until_ms or start) - start for start in row]
            for name, row in zip(names, starts.tolist(), strict=True)
        ]
        return cls(plan, phases, np.array(rows))

    def is_open(self, day: int) -> Flags:
        numbers, passed = self._period(day)
        found: Flags = self._length(numbers) > passed
        return found

    def deviations(self, day: int, contacted: Flags) -> Floats:
        """`contacted` (customers, days)."""
        plan, now_ms = self.plan, moment_ms(day)
        begin_ms, before = now_ms - plan.window_ms, np.zeros((len(self.phases), day + 1))
        contacted[:, :day].cumsum(axis=1, out=before[:, 1:])
        oldest = before[:, max(0, day - plan.window_ms // DAY_MS)]
        last, _ = self._period(day)
        deviation = np.zeros(len(self.phases))
        for back in range(plan.window_ms // plan.period_ms + 1):
            starts = self._start(last - back)
            days = np.clip(-((moment_ms(0) - starts) // DAY_MS), 0, day)
            weights = before[np.arange(len(starts)), days] - oldest
            is_known = (starts >= begin_ms) & (weights > 0.0)
            rates = weights / np.maximum(starts - begin_ms, plan.half_life_ms)
            deviation -= np.where(is_known, rates * self._surprise(last - back, now_ms - starts), 0.0)
        return deviation

    def _period(self, day: int) -> tuple[Integers, Integers]:
        """Its number, from that of day 0 on, and the time since it began."""
        numbers, passed = np.divmod(moment_ms(day) + self.phases, self.plan.period_ms)
        return numbers - self._first(), passed

    def _first(self) -> Integers:
        first: Integers = (moment_ms(0) + self.phases) // self.plan.period_ms
        return first

    def _start(self, numbers: Integers) -> Integers:
        starts: Integers = (numbers + self._first()) * self.plan.period_ms - self.phases
        return starts

    def _length(self, numbers: Integers) -> Integers:
        """Nobody had contacts before day 0: what gaps were then does not matter."""
        return self.lengths[np.arange(len(numbers)), np.maximum(numbers, 0)]

    def _surprise(self, numbers: Integers, passed: Integers) -> Floats:
        lengths, chance = self._length(numbers), self.plan.gap_share / len(self.plan.gap_lengths_ms)
        expected, is_closed = np.zeros(len(numbers)), np.ones(len(numbers))
        for length in self.plan.gap_lengths_ms:
            is_closed -= chance * (length > passed)
            expected += chance * self._kept_out(np.array(length)) * (length <= passed)
        faded = np.exp2(-passed / self.plan.half_life_ms)
        surprise = faded * (self._kept_out(lengths) - expected / is_closed)
        return np.where(lengths > passed, 0.0, surprise)

    def _kept_out(self, lengths: Integers) -> Floats:
        kept: Floats = (np.exp2(lengths / self.plan.half_life_ms) - 1.0) * self.plan.half_life_ms / np.log(2.0)
        return kept


@dataclass(slots=True, eq=False)
class ColumnPresser:
    """Contacts by what pressure was learnt to cost. `own`: None where one slope is everybody's. `given`: the estimates
    of the days, where they are not learnt from these contacts. `estimates`: those that were gone by, day by day."""

    world: PressedWorld
    gaps: GapColumns
    own: OwnSlopes | None = None
    given: Sequence[PressureEstimate] = ()
    estimate: PressureEstimate = NO_ESTIMATE
    estimates: list[PressureEstimate] = field(default_factory=list)
    _buckets: npt.NDArray[np.intp] = field(init=False)
    _sums: Floats = field(default_factory=lambda: np.zeros((BUCKETS, SIZE)))
    _waiting: deque[Contacted] = field(default_factory=deque)
    _answers: deque[tuple[float, int]] = field(default_factory=deque)
    _scorer: Scorer = field(default_factory=Scorer)
    _whom: Flags = field(default_factory=lambda: np.empty(0, np.bool_))
    _scores: Floats = field(default_factory=lambda: np.empty(0))
    _levels: Floats = field(default_factory=lambda: np.empty(0))
    _deviations: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        self._buckets = np.array([bucket_of(profile_of(number)) for number in range(self.world.customers)])

    def run(self) -> Season:
        return season(self.world, self._choose, self._hear)

    def _choose(self, customers: PressedCustomers, day: int) -> Flags:
        plan = self.gaps.plan
        self.estimate = self.given[day] if self.given else self.estimate
        self.estimates.append(self.estimate)
        self._scores = self._scorer.score(self.world.believed[:, day])
        remembered = customers.contacted[:, max(0, day + 1 - plan.window_ms // DAY_MS) : day]
        ages_ms = np.arange(remembered.shape[1], 0, -1) * DAY_MS
        self._levels = remembered.astype(np.float64) @ np.exp2(-ages_ms / plan.half_life_ms)
        self._deviations = self.gaps.deviations(day, customers.contacted)
        prices = self._prices(remembered.sum(axis=1) / plan.window_ms)
        value = worth(self._scores)
        self._whom = customers.reachable(day) & (value > 0.0) & ~self.gaps.is_open(day) & (value > prices)
        return self._whom

    def _prices(self, rates: Floats) -> Floats:
        plan, known = self.gaps.plan, self.estimate
        everybody = (np.array(known.response_slope), np.array(known.unsubscribe_slope))
        response, unsubscribe = everybody if self.own is None else self.own.slopes(known)
        following = (rates + 1.0 / plan.window_ms) * memory_ms(plan)
        harm = -response * following * known.mean_value
        harm = harm + unsubscribe * (self._levels + following) * plan.unsubscribe_value
        prices: Floats = known.certainty * np.maximum(0.0, harm)
        return prices

    def _hear(self, day: int, happened: Happened) -> None:
        numbers = np.flatnonzero(self._whom)
        known = (each[numbers] for each in (self._levels, self._deviations, self._scores))
        came = (each[numbers].astype(np.float64) for each in (happened.responded, happened.left))
        self._waiting.append(Contacted(numbers, *known, *came))
        self._answers.append((float(self.world.believed[numbers, day].sum()), int(happened.responded.sum())))
        if len(self._waiting) > RESPONSE_DAYS:
            self._learn(self._waiting.popleft())
            self._scorer.learn(*self._answers.popleft())

    def _learn(self, contacts: Contacted) -> None:
        np.add.at(self._sums, self._buckets[contacts.customers], contacts.tallies())
        if not self.given:
            self.estimate = estimate([PressureTally(sums) for sums in self._sums])
        if self.own is not None:
            self.own.learn(contacts, self._sums.sum(axis=0), self.estimate)


def _phase_ms(plan: PressurePlan, name: str) -> int:
    digest = blake2b(f"{plan.salt}\0phase\0{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % plan.period_ms
