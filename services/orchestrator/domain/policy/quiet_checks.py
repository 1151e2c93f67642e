"""Checks quiet hours against the rest of the policy: channels nobody reaches out on, hours that never end, rules that
contradict each other, and people of whom nobody knows what time it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Channel, Direction
from services.orchestrator.domain.contact_limits import EVERY_CLASS
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, where
from services.orchestrator.domain.policy.quiet_hour import QuietDeclaration
from services.orchestrator.domain.policy_parts import Place
from services.orchestrator.domain.quiet_hours import MIDNIGHT, QuietHour

_WEEK = 7 * MIDNIGHT
Minutes = NDArray[np.bool_]


def check_quiet_hours(document: PolicyDocument, findings: Findings) -> None:
    contact = document.contact
    _check_ids(document, findings)
    _check_residence(document, findings)
    outbound = [each for each in document.channels.values() if each.direction is Direction.OUTBOUND]
    for rule in contact.quiet_hours:
        _check_channels(rule, document, findings)
    if findings.has("UNKNOWN_CHANNEL"):
        return
    readable = [rule for rule in contact.quiet_hours if rule.part is not None]
    for one, other in combinations(readable, 2):
        _check_contradiction(one, other, findings)
    if contact.quiet_place is not None:
        _check_never_open(readable, outbound, contact.quiet_place, findings)


def _check_ids(document: PolicyDocument, findings: Findings) -> None:
    seen = {limit.limit_id.name: limit.limit_id.place for limit in document.contact.limits}
    for rule in document.contact.quiet_hours:
        name, place = ("" if rule.part is None else rule.part.rule_id), rule.place
        if name in seen:
            message = f'"{name}" names another rule of the contact policy, at {where(seen[name])}'
            findings.error(rule.rule_id.place if rule.rule_id else place, "DUPLICATE_QUIET_HOUR", message)
        if name:
            seen.setdefault(name, place)


def _check_residence(document: PolicyDocument, findings: Findings) -> None:
    contact = document.contact
    if contact.quiet_place is not None and not contact.time_zone and contact.time_zone_trait is None:
        message = (
            "nobody's time zone is known: nothing goes out on these channels. "
            "Declare time_zone, or time_zone_trait, under contact_policy"
        )
        findings.warning(contact.quiet_place, "NO_TIME_ZONE", message)
    for rule in contact.quiet_hours:
        if rule.holidays_place is not None and not contact.region.is_known:
            message = "holidays: of which country? Declare public_holidays under contact_policy"
            findings.error(rule.holidays_place, "NO_COUNTRY", message)


def _check_channels(rule: QuietDeclaration, document: PolicyDocument, findings: Findings) -> None:
    for mentioned in rule.channels:
        channel = document.channels.get(mentioned.name.upper())
        if channel is not None and channel.direction is Direction.INBOUND:
            message = f"{mentioned.name} is a channel on which people come to us: it is never quiet"
            findings.error(mentioned.place, "CONTRADICTION", message)


def _check_contradiction(one: QuietDeclaration, other: QuietDeclaration, findings: Findings) -> None:
    first, second = one.part, other.part
    assert first is not None, "only what was read is compared"
    assert second is not None, "only what was read is compared"
    is_same = _meet(first.channels, second.channels) and _same_class(first.message_class, second.message_class)
    if first.defers == second.defers or not is_same:
        return
    if (first.holidays and second.holidays) or (_minutes(first) & _minutes(second)).any():
        message = f"what the rule at {where(one.place)} says of these hours is another thing: drop wins over defer"
        findings.warning(other.place, "CONFLICTING_QUIET_HOURS", message)


def _check_never_open(
    rules: Sequence[QuietDeclaration], outbound: Iterable[Channel], place: Place, findings: Findings
) -> None:
    parts = [rule.part for rule in rules if rule.part is not None]
    classes = {part.message_class for part in parts}
    for channel in outbound:
        for message_class in sorted(classes):
            about = [
                part
                for part in parts
                if (not part.channels or channel.name in part.channels)
                and part.message_class in (EVERY_CLASS, message_class)
            ]
            if about and np.logical_or.reduce([_minutes(part) for part in about]).all():
                message = f"{channel.name.lower()} is quiet all week: nothing ever goes out on it"
                findings.error(place, "NEVER_OPEN", message)
                break


def _minutes(rule: QuietHour) -> Minutes:
    """bool[minutes of a week]: quiet whatever the holidays, by the wall's clock."""
    quiet = np.zeros(_WEEK, dtype=np.bool_)
    length = (rule.end - rule.begin) % MIDNIGHT or (MIDNIGHT if rule.end else 0)
    for day in rule.days:
        start = day * MIDNIGHT + rule.begin
        quiet[np.arange(start, start + length) % _WEEK] = True
    return quiet


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return not one or not other or not set(one).isdisjoint(other)


def _same_class(one: str, other: str) -> bool:
    return one == other or EVERY_CLASS in (one, other)
