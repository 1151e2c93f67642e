"""Recounts the contacts of persons against limits and suppression rules.

A log says when a decision began and how long it took; the contact was taken somewhere in between. What may have been
right is taken for right: a violation is one in whatever order things happened meanwhile. Outcomes reach those who limit
contacts a moment after they are captured, at most SETTLED_MS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from tests.support.decision_log import RETURNED_UNSEEN, Contact, Logged, Told
from tests.support.decision_rules import Limit, Suppression, unit_of
from tests.support.decision_statements import People

SETTLED_MS = 5_000
ANSWERED = ("CLICKED", "ACCEPTED", "DEFERRED", "DISMISSED", "REJECTED", "CONVERTED", "REDEEMED")
SEEN = frozenset({"IMPRESSION", "OPENED", "PRESENTED", "UNSUBSCRIBED", "COMPLAINED", *ANSWERED})


class Zones(Protocol):
    def __call__(self, profile_id: str) -> str:
        """Where it lives."""


def over_limit(limit: Limit, contacts: Sequence[Contact], people: People, zone: Zones) -> Iterator[tuple[Contact, int]]:
    """The contacts of one person, whoever that was at the time, that no room was left for, with what counted before."""
    counted = [each for each in contacts if limit.scope.holds(each)]
    for group in apart(counted, limit.per):
        ordered = sorted(group, key=lambda each: (each.until_ms, each.proposition_id))
        for position, contact in enumerate(ordered):
            if position < limit.most:
                continue
            person = people.surely(contact.profile_id, contact.from_ms)
            earlier = (each for each in ordered[:position] if each.profile_id in person)
            before = sum(_counts(limit, each, contact, zone) for each in earlier)
            if before >= limit.most:
                yield contact, before


def apart(contacts: Iterable[Contact], per: str) -> Iterable[Sequence[Contact]]:
    groups: dict[str, list[Contact]] = {}
    for each in contacts:
        groups.setdefault(str(getattr(each, per)) if per else "", []).append(each)
    return groups.values()


def _counts(limit: Limit, earlier: Contact, contact: Contact, zone: Zones) -> bool:
    """Whether it does for certain, in the window that ends when the contact was taken."""
    counted_ms = _counted_ms(limit.counts, earlier, contact)
    if counted_ms is None:
        return False
    if limit.window_ms:
        return counted_ms > contact.until_ms - limit.window_ms
    home = zone(contact.profile_id)
    units = {unit_of(limit.calendar, each, home) for each in (contact.from_ms, contact.until_ms)}
    return len(units) == 1 and unit_of(limit.calendar, counted_ms, home) >= min(units)


def _counted_ms(counts: str, earlier: Contact, contact: Contact) -> int | None:
    """Not before which moment the earlier one counts for the contact; None where it may not count."""
    is_handed_over = not earlier.is_prefetch
    taken_ms = max(earlier.from_ms, earlier.earliest_ms)
    if is_handed_over and (earlier.direction == "INBOUND" or counts == "ATTEMPTED"):
        return taken_ms  # seen, or tried: nothing takes that back
    returned = earlier.first_told(RETURNED_UNSEEN)
    if returned is not None and returned.told_ms <= contact.until_ms:
        return None
    if is_handed_over:
        return taken_ms if counts == "RESERVED" else None
    seen = earlier.first_told(SEEN)
    is_seen = seen is not None and seen.told_ms + SETTLED_MS <= contact.from_ms and seen.told_ms < earlier.expire_ms
    if not is_seen and contact.until_ms >= earlier.expire_ms:
        return None
    if counts == "RESERVED":
        return taken_ms
    return min(seen.at_ms, seen.told_ms) if seen is not None else contact.from_ms


def suppressed(rule: Suppression, contacts: Sequence[Contact], people: People) -> Iterator[tuple[Contact, int]]:
    """The contacts within the pause that responses brought about, with the moment of the last of them."""
    for group in apart([each for each in contacts if rule.scope.holds(each)], rule.per):
        answered = [(told.at_ms, told.told_ms, each) for each, told in _responses(rule, group)]
        answered.sort(key=lambda each: each[:2])
        for contact in group if len(answered) >= rule.times else ():
            person = people.surely(contact.profile_id, contact.from_ms)
            times = [
                at_ms
                for at_ms, told_ms, each in answered
                if told_ms + SETTLED_MS <= contact.from_ms and each.profile_id in person
            ]
            last_ms = _last_of_burst(times, rule)
            if last_ms is not None and last_ms + rule.pause_ms > contact.until_ms:
                yield contact, last_ms


def _responses(rule: Suppression, contacts: Iterable[Contact]) -> Iterator[tuple[Contact, Told]]:
    for each in contacts:
        told = each.first_told(rule.outcomes)
        if told is not None and not each.is_prefetch and each.first_told(RETURNED_UNSEEN) is None:
            yield each, told


def _last_of_burst(times: Sequence[int], rule: Suppression) -> int | None:
    """When so many responses came together last."""
    bursts = zip(times, times[rule.times - 1 :], strict=False)
    return max((last for first, last in bursts if last - first < rule.within_ms), default=None)


def after_event(rule: Suppression, decisions: Sequence[Logged], people: People) -> Iterator[tuple[Contact, int]]:
    """The contacts within the pause after an event that a decision brought: that decision's own, and later ones'."""
    events = [(time_ms, each) for each in decisions for kind, time_ms in each.events if kind == rule.event]
    for decision in decisions if events else ():
        person = people.surely(decision.profile_id, decision.from_ms)
        known = [
            time_ms
            for time_ms, each in events
            if each.profile_id in person and (each is decision or each.until_ms < decision.from_ms)
        ]
        last_ms = max((each for each in known if each <= decision.from_ms), default=None)
        if last_ms is None or last_ms + rule.pause_ms <= decision.from_ms:
            continue
        yield from ((each, last_ms) for each in decision.contacts if rule.scope.holds(each))


def by_profile(decisions: Iterable[Logged], names: Mapping[str, str]) -> Mapping[str, Sequence[Logged]]:
    """Decisions by the name of the person."""
    found: dict[str, list[Logged]] = {}
    for each in decisions:
        if each.profile_id:
            found.setdefault(names[each.profile_id], []).append(each)
    return found
