"""Persons as a report of performance fills them in, and what the arms of them come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.orchestrator.app.performance_report import ArmRow, LeftOut, Measure, Tally
from services.orchestrator.app.performance_store import PerformanceRow
from services.orchestrator.app.persons import Person
from services.orchestrator.domain.arms import CONTROLS, Arm, Membership
from services.orchestrator.domain.currency import MILLIONTHS
from services.orchestrator.domain.lift import Kind, Sums, estimate_of, lift_of


@dataclass(slots=True)
class Customer:
    """One profile. `arm` and the rest of the first line are of its first decision of the period."""

    arm: Arm
    first_ms: int
    first_decision: str
    policy_version: str
    membership: Membership
    has_moved: bool = False
    keys: dict[str, int] = field(default_factory=dict)
    """Of persons: since when they are in each."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """By key, of persons or of contacts."""

    def tally(self, key: str) -> Tally:
        return self.tallies.setdefault(key, Tally())

    def buys(self, time_ms: int, tally: Tally) -> None:
        """Under every key that they were in by then."""
        for key, since_ms in self.keys.items():
            if time_ms >= since_ms:
                self.tally(key).add(tally)

    def rename(self, old: str, new: str) -> None:
        """One key of theirs."""
        if new != old:
            self.keys = {new if key == old else key: since_ms for key, since_ms in self.keys.items()}
            self.tallies = {new if key == old else key: tally for key, tally in self.tallies.items()}


@dataclass(slots=True)
class ArmSums:
    """Of one arm and key."""

    tally: Tally = field(default_factory=Tally)
    rate: Sums = field(default_factory=lambda: Sums(kind=Kind.SHARE))
    contacts: Sums = field(default_factory=Sums)
    conversions: Sums = field(default_factory=Sums)
    revenue: Sums = field(default_factory=lambda: Sums(kind=Kind.MONEY))

    def add(self, tally: Tally) -> None:
        """What one person's was."""
        self.tally.add(tally)
        self.rate.add(tally.contacts, tally.responses)
        self.contacts.add(1, tally.contacts)
        self.conversions.add(1, tally.conversions)
        self.revenue.add(1, tally.revenue / MILLIONTHS)

    def over(self, persons: int) -> ArmSums:
        """So many they are, with those who did nothing."""
        self.rate.persons = persons
        per_person = (each.per_person(persons) for each in (self.contacts, self.conversions, self.revenue))
        return ArmSums(self.tally, self.rate, *per_person)


class Book:
    """The customers of one report, by profile."""

    def __init__(self) -> None:
        self.customers: dict[str, Customer] = {}

    def enter(self, row: PerformanceRow, keys: Iterable[str]) -> Customer:
        """A decision, and the keys of the person that it says. Rows come in the order of time."""
        standing = row.standing
        customer = self.customers.get(row.profile_id)
        if customer is None:
            customer = Customer(
                standing.arm, row.decision_time_ms, row.decision_id, row.policy_version, standing.membership
            )
            self.customers[row.profile_id] = customer
        customer.has_moved |= standing.arm is not customer.arm
        if standing.membership is Membership.TWO_ARMS:
            customer.membership = standing.membership
        for key in keys:
            customer.keys.setdefault(key, row.decision_time_ms)
        return customer

    def compared(self, persons: Mapping[str, Person], left_out: LeftOut) -> Sequence[Customer]:
        """Without those who are several profiles, or were in several arms. Counts them in `left_out`, once a person."""
        kept, gone = [], set[str]()
        arms_of: dict[str, set[Arm]] = {}
        for profile_id, customer in self.customers.items():
            arms_of.setdefault(persons[profile_id].profile_id, set()).add(customer.arm)
        for profile_id, customer in self.customers.items():
            person = persons[profile_id]
            if not person.merged and person.profile_id == profile_id and not customer.has_moved:
                kept.append(customer)
            elif person.profile_id not in gone:
                gone.add(person.profile_id)
                is_merged = bool(person.merged) or person.profile_id != profile_id
                _count(customer, left_out, is_merged=is_merged, arms=len(arms_of[person.profile_id]))
        return kept

    def singles(self, persons: Mapping[str, Person]) -> Iterable[Customer]:
        """Who is one profile, moved or not."""
        for profile_id, customer in self.customers.items():
            if not persons[profile_id].merged and persons[profile_id].profile_id == profile_id:
                yield customer


def _count(customer: Customer, left_out: LeftOut, *, is_merged: bool, arms: int) -> None:
    if not is_merged:
        left_out.moved += 1
    elif arms > 1 or customer.membership is Membership.TWO_ARMS:
        left_out.two_arms += 1
    else:
        left_out.merged += 1


def rows_of(customers: Sequence[Customer], baseline: Arm | None, *, is_of_contacts: bool) -> Sequence[ArmRow]:
    """By key, the baseline first. Keys of contacts are over all persons of the arm."""
    sums: dict[str, dict[Arm, ArmSums]] = {}
    sizes: dict[tuple[str, Arm], int] = {}
    arms: dict[Arm, int] = {}
    for customer in customers:
        arms[customer.arm] = arms.get(customer.arm, 0) + 1
        for key in customer.keys:
            sizes[key, customer.arm] = sizes.get((key, customer.arm), 0) + 1
            sums.setdefault(key, {}).setdefault(customer.arm, ArmSums())
        for key, tally in customer.tallies.items():
            sums.setdefault(key, {}).setdefault(customer.arm, ArmSums()).add(tally)
    rows = []
    for key in sorted(sums):
        of_key = {arm: sums[key].get(arm, ArmSums()) for arm in arms} if is_of_contacts else sums[key]
        of_key = {arm: each.over(arms[arm] if is_of_contacts else sizes[key, arm]) for arm, each in of_key.items()}
        order = sorted(of_key, key=lambda arm: (arm is not baseline, arm))
        rows += [_row(key, arm, of_key[arm], of_key.get(baseline) if baseline else None, baseline) for arm in order]
    return rows


def _row(key: str, arm: Arm, sums: ArmSums, base: ArmSums | None, baseline: Arm | None) -> ArmRow:
    other = None if arm is baseline else base
    return ArmRow(
        key,
        arm,
        sums.rate.persons,
        sums.tally,
        _measure(sums.rate, None if other is None else other.rate),
        _measure(sums.contacts, None if other is None else other.contacts),
        _measure(sums.conversions, None if other is None else other.conversions),
        _measure(sums.revenue, None if other is None else other.revenue),
    )


def _measure(sums: Sums, base: Sums | None) -> Measure:
    return Measure(estimate_of(sums), None if base is None else lift_of(sums, base))


def usual_baseline(arms: Iterable[Arm]) -> Arm | None:
    """The first control arm there is: a holdout before all others."""
    there = set(arms)
    return next((arm for arm in CONTROLS if arm in there), None)
