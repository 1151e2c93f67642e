"""Who contacts the customers of a simulated world: by a fixed cap, or by what pressure is learnt to cost.

Everything of orchestrator.domain.pressure is the real thing: gaps, levels, samples, tallies in buckets, the estimate
and the price, which is subtracted from priorities by orchestrator.domain.arbitration. What came of a contact is known
after RESPONSE_DAYS, and the estimate of a day is made of what is known by then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.orchestrator.domain.arbitration.worth import Prices, worth_of
from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate, estimate
from services.orchestrator.domain.pressure.level import PastTouch
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.pressure.price import PressureStanding, pressure_standing
from services.orchestrator.domain.pressure.sample import PressureSample
from services.orchestrator.domain.pressure.tally import BUCKETS, EMPTY, PressureTally, bucket_of
from tests.support.simulated_pressure import (
    CONTACT_COST,
    UNSUBSCRIBE_VALUE,
    VALUE,
    Flags,
    Floats,
    Happened,
    PressedCustomers,
    PressedWorld,
)

DAY_MS = 86_400_000
RESPONSE_DAYS = 3
WEEK = 7
KEPT_A_DAY = 0.96
"""Of what the scorer knows: it forgets in four weeks."""
NO_CAP = WEEK
"""Contacts within a week: one a day, which is as often as anybody can be reached."""
PLAN = PressurePlan(
    half_life_ms=7 * DAY_MS,
    window_ms=56 * DAY_MS,
    response_window_ms=RESPONSE_DAYS * DAY_MS,
    unsubscribe_value=UNSUBSCRIBE_VALUE,
    gap_share=0.05,
    gap_lengths_ms=(4 * DAY_MS, 8 * DAY_MS),
    salt="simulated",
)


@dataclass(frozen=True, slots=True, eq=False)
class Season:
    """What came of it, by day: int or float64 (days,). `contacted` (customers, days): whom it reached."""

    contacts: Floats
    responses: Floats
    unsubscribes: Floats
    contacted: Flags

    @property
    def money(self) -> Floats:
        result: Floats = VALUE * self.responses - CONTACT_COST * self.contacts - UNSUBSCRIBE_VALUE * self.unsubscribes
        return result


def totals(seasons: Sequence[Season], name: str, since: int) -> list[float]:
    """Of each season, what came from that day on."""
    columns = {"conversions": "responses", "contacts": "contacts", "unsubscribes": "unsubscribes", "money": "money"}
    return [float(getattr(each, columns[name])[since:].sum()) for each in seasons]


def worth(propensity: Floats) -> Floats:
    """(customers,): what contacting each is worth, before pressure."""
    ones = np.ones_like(propensity)
    return worth_of(Prices(ones, VALUE * ones, ones, CONTACT_COST * ones)).at(propensity)


@dataclass(slots=True)
class Scorer:
    """Sees who is more likely than others, and learns how likely they are on average of late."""

    expected: float = 20.0
    responses: float = 20.0

    def score(self, believed: Floats) -> Floats:
        scaled: Floats = believed * self.responses / self.expected
        return scaled

    def learn(self, believed: float, responses: int) -> None:
        """Of one day."""
        self.expected = KEPT_A_DAY * self.expected + believed
        self.responses = KEPT_A_DAY * self.responses + responses


def capped(world: PressedWorld, cap: int) -> Season:
    """Whoever is worth a contact has one, but for those who had `cap` within the week."""

    def choose(customers: PressedCustomers, day: int) -> Flags:
        recent = customers.contacted[:, max(0, day - WEEK + 1) : day].sum(axis=1)
        chosen: Flags = customers.reachable(day) & (worth(world.believed[:, day]) > 0.0) & (recent < cap)
        return chosen

    return season(world, choose, lambda day, happened: None)


def season(
    world: PressedWorld,
    choose: Callable[[PressedCustomers, int], Flags],
    tell: Callable[[int, Happened], None],
) -> Season:
    customers, rows = PressedCustomers(world), np.zeros((3, world.days))
    for day in range(world.days):
        whom = choose(customers, day)
        happened = customers.contact(day, whom)
        tell(day, happened)
        rows[:, day] = whom.sum(), happened.responded.sum(), happened.left.sum()
    return Season(rows[0], rows[1], rows[2], customers.contacted)


def profile_of(customer: int) -> str:
    return f"p_{customer}"


def moment_ms(day: int) -> int:
    """Nine in the morning."""
    return (20_000 + day) * DAY_MS + DAY_MS * 9 // 24


@dataclass(slots=True, eq=False)
class Presser:
    """Contacts by what pressure was learnt to cost. `is_pricing` False: only the gaps are made."""

    world: PressedWorld
    plan: PressurePlan = PLAN
    is_pricing: bool = True
    estimate: PressureEstimate = NO_ESTIMATE
    samples: list[PressureSample] = field(default_factory=list)
    """All that were learnt from."""
    _names: list[str] = field(init=False)
    _touches: list[list[PastTouch]] = field(init=False)
    _tallies: list[PressureTally] = field(default_factory=lambda: [EMPTY] * BUCKETS)
    _waiting: deque[list[PressureSample]] = field(default_factory=deque)
    _answers: deque[tuple[float, int]] = field(default_factory=deque)
    _made: dict[int, PressureStanding] = field(default_factory=dict)
    _scorer: Scorer = field(default_factory=Scorer)
    _scores: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        self._names = [profile_of(number) for number in range(self.world.customers)]
        self._touches = [[] for _ in self._names]

    def run(self) -> Season:
        return season(self.world, self._choose, self._hear)

    def _choose(self, customers: PressedCustomers, day: int) -> Flags:
        self._scores = self._scorer.score(self.world.believed[:, day])
        whom, value = np.zeros(self.world.customers, np.bool_), worth(self._scores)
        self._made = {}
        for number in np.flatnonzero(customers.reachable(day) & (value > 0.0)).tolist():
            touches = self._touches[number]
            standing = pressure_standing(self.plan, self.estimate, self._names[number], touches, moment_ms(day))
            price = standing.price if self.is_pricing else 0.0
            if not standing.gap.is_open and value[number] > price:
                whom[number] = True
                self._made[number] = standing
        return whom

    def _hear(self, day: int, happened: Happened) -> None:
        now_ms = moment_ms(day)
        self._waiting.append([self._sample(number, happened) for number in self._made])
        believed = self.world.believed[list(self._made), day].sum()
        self._answers.append((float(believed), int(happened.responded.sum())))
        for number in self._made:
            touches = self._touches[number]
            touches.append(PastTouch(now_ms, 1.0))
            while now_ms - touches[0].time_ms >= self.plan.window_ms:
                touches.pop(0)
        if len(self._waiting) > RESPONSE_DAYS:
            self._learn(self._waiting.popleft())
            believed, responses = self._answers.popleft()
            self._scorer.learn(believed, responses)

    def _sample(self, number: int, happened: Happened) -> PressureSample:
        standing = self._made[number]
        return PressureSample(
            self._names[number],
            standing.level,
            standing.deviation,
            float(self._scores[number]),
            VALUE,
            bool(happened.responded[number]),
            bool(happened.left[number]),
        )

    def _learn(self, samples: list[PressureSample]) -> None:
        self.samples += samples
        for sample in samples:
            bucket = bucket_of(sample.profile_id)
            self._tallies[bucket] = self._tallies[bucket].plus(PressureTally.of(sample))
        self.estimate = estimate(self._tallies)


def slope_of_levels(samples: list[PressureSample]) -> float:
    """Of responses, by least squares with propensities as they were believed: what whoever asks the log would find."""
    rows = np.array([[1.0, each.propensity, each.level] for each in samples])
    answers = np.array([float(each.responded) for each in samples])
    return float(np.linalg.lstsq(rows, answers, rcond=None)[0][-1])
