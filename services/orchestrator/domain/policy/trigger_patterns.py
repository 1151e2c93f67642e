"""`when` and `unless` of a trigger: what has to happen, and what must not.

{event: terms_page, where: 'event.section == "cancel"'}              one event
{any: [refund, {event: return, where: 'event.amount > 100.0'}]}      one of several; a name alone is every such event
{all: [page_view, cart_add]}, {sequence: [mail_sent, mail_bounced]}  each of them; in this order
{event: cart_add, count: 3}, {event: purchase, sum: amount, at_least: 500}
{schedule: {daily: '09:00', weekdays: [mon, fri], time_zone: Europe/Paris}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.conditions import expression
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, duration_ms, integer, number, time_of_day
from services.orchestrator.domain.policy.shapes import DURATION, EXPRESSION, NAME, TEXT, either, list_shape, record
from services.orchestrator.domain.policy.time_zones import time_zone
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference, within
from services.orchestrator.domain.policy_parts import EventMatchPart, SchedulePart
from shared.clock import MS_PER_DAY

MAX_MATCHES = 8
MAX_COUNT = 1_000
MAX_SPAN_MS = 400 * MS_PER_DAY
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def span(node: Node) -> int:
    """A duration that a window can have."""
    span_ms = duration_ms(node)
    if span_ms <= MAX_SPAN_MS:
        return span_ms
    raise Refused(node.place, f"must be at most {MAX_SPAN_MS // MS_PER_DAY} days", code="OUT_OF_RANGE")


@dataclass(frozen=True, slots=True)
class Match:
    part: EventMatchPart
    event: Reference


@dataclass(frozen=True, slots=True)
class When:
    """`kind` as in the contract. Nothing of it but `schedule` where there is one."""

    kind: str
    matches: tuple[Match, ...] = ()
    at_least: float = 0
    sum_of: str = ""
    schedule: SchedulePart | None = None


@dataclass(frozen=True, slots=True)
class Unless:
    match: Match
    absent_ms: int
    restarts: bool


EVENT = Field("event", leaf(reference), required=True)
WHERE = Field("where", leaf(expression, EXPRESSION))
BY_ANYONE = Field("by_anyone", leaf(boolean))
OWN_JOIN = Field("join", leaf(identifier))
MATCH_FIELDS: tuple[Field[Any], ...] = (EVENT, WHERE, BY_ANYONE, OWN_JOIN)


def _match(node: Node, findings: Findings) -> Match | None:
    if isinstance(node, ScalarNode):
        event = reference(node)
        return Match(EventMatchPart(event.name, "", event.place), event)
    return _match_of(read_fields(node.place, node, MATCH_FIELDS, findings))


def _match_of(fields: Fields) -> Match | None:
    event = fields.get(EVENT, None)
    if event is None:
        return None
    where = fields.get(WHERE, None) or ("", event.place)
    return Match(
        EventMatchPart(event.name, *where, fields.get(BY_ANYONE, False), fields.get(OWN_JOIN, "")),
        event,
    )


def _matches(node: Node, findings: Findings) -> tuple[Match, ...]:
    matches = list_of(_match)(node, findings)
    if not 1 <= len(matches) <= MAX_MATCHES:
        raise Refused(node.place, f"must name 1 to {MAX_MATCHES} events", code="OUT_OF_RANGE")
    return matches


DAILY = Field("daily", leaf(time_of_day), required=True)
ON_WEEKDAYS = Field("weekdays", list_of(leaf(choice(WEEKDAYS))))
TIME_ZONE = Field("time_zone", leaf(time_zone, TEXT))
SCHEDULE_FIELDS: tuple[Field[Any], ...] = (DAILY, ON_WEEKDAYS, TIME_ZONE)


def _schedule(node: Node, findings: Findings) -> SchedulePart | None:
    fields = read_fields(node.place, node, SCHEDULE_FIELDS, findings)
    daily = fields.get(DAILY, None)
    if daily is None:
        return None
    days = tuple(sorted({WEEKDAYS.index(day) + 1 for day in fields.get(ON_WEEKDAYS, ())}))
    return SchedulePart(f"{daily:%H:%M}", days, fields.get(TIME_ZONE, ""))


_MATCHES_SHAPE = list_shape(either(NAME, record(MATCH_FIELDS)))
SCHEDULE = Field("schedule", _schedule, shape=record(SCHEDULE_FIELDS))
ONE = Field("event", leaf(reference))
SEVERAL = tuple(Field(kind, _matches, shape=_MATCHES_SHAPE) for kind in ("any", "all", "sequence"))
COUNT = Field("count", within(integer, 1, MAX_COUNT))
SUM = Field("sum", leaf(identifier))
AT_LEAST = Field("at_least", leaf(number))
WHEN_FIELDS: tuple[Field[Any], ...] = (ONE, WHERE, BY_ANYONE, OWN_JOIN, COUNT, SUM, AT_LEAST, *SEVERAL, SCHEDULE)
_KINDS: tuple[Field[Any], ...] = (ONE, *SEVERAL, SCHEDULE)
_OF_ONE = (WHERE, BY_ANYONE, OWN_JOIN, COUNT, SUM, AT_LEAST)


def read_when(node: Node, findings: Findings) -> When | None:
    if isinstance(node, ScalarNode):
        match = _match(node, findings)
        return When("ANY", (match,)) if match is not None else None
    fields = read_fields(node.place, node, WHEN_FIELDS, findings)
    written = [field for field in _KINDS if fields.is_written(field)]
    if len(written) != 1:
        names = ", ".join(field.name for field in _KINDS)
        raise Refused(
            node.place, f"must say exactly one of {names}", code="MISSING_KEY" if not written else "CONFLICTING_KEYS"
        )
    kind = written[0]
    if kind is ONE:
        return _when_one(node, fields, findings)
    _refuse(_OF_ONE, f'only with "event" the key "{{}}" has a meaning beside {kind.name}', fields, findings)
    if kind is SCHEDULE:
        schedule = fields.get(SCHEDULE, None)
        return When("SCHEDULE", schedule=schedule) if schedule is not None else None
    matches = fields.get(kind, ())
    return When(kind.name.upper(), matches) if matches else None


def _when_one(node: Node, fields: Fields, findings: Findings) -> When | None:
    match = _match_of(fields)
    if fields.is_written(SUM) != fields.is_written(AT_LEAST):
        lacking = AT_LEAST if fields.is_written(SUM) else SUM
        findings.error(node.place, "MISSING_KEY", f'the key "{lacking.name}" is missing: a sum needs both')
    if fields.is_written(COUNT):
        _refuse((SUM, AT_LEAST), '"count" and "{}" exclude each other: write one of them', fields, findings)
    if match is None:
        return None
    if fields.is_written(COUNT):
        return When("COUNT", (match,), float(fields.get(COUNT, 1)))
    if fields.is_written(SUM) or fields.is_written(AT_LEAST):
        return When("SUM", (match,), fields.get(AT_LEAST, 1.0), fields.get(SUM, ""))
    return When("ANY", (match,))


def _refuse(keys: tuple[Field[Any], ...], message: str, fields: Fields, findings: Findings) -> None:
    for field in keys:
        if fields.is_written(field):
            findings.error(fields.place(field), "CONFLICTING_KEYS", message.format(field.name))


FOR = Field("for", leaf(span, DURATION), required=True)
RESTARTS = Field("restarts", leaf(boolean))
UNLESS_FIELDS: tuple[Field[Any], ...] = (EVENT, WHERE, OWN_JOIN, FOR, RESTARTS)


def read_unless(node: Node, findings: Findings) -> Unless | None:
    fields = read_fields(node.place, node, UNLESS_FIELDS, findings)
    match, absent_ms = _match_of(fields), fields.get(FOR, None)
    if match is None or absent_ms is None:
        return None
    return Unless(match, absent_ms, fields.get(RESTARTS, False))
