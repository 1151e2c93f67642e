"""Quiet hours as they are written, and what is wrong with each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.orchestrator.domain.policy.contact_limit import MESSAGE_CLASS, ONE, SEVERAL, refuse_both
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, time_of_day
from services.orchestrator.domain.policy.shapes import TIME_OF_DAY, either
from services.orchestrator.domain.policy.words import Reference, choice, reference
from services.orchestrator.domain.policy_parts import Place
from services.orchestrator.domain.quiet_hours import EVERY_DAY, MIDNIGHT, QuietHour

DAYS: Mapping[str, int] = {name: day for day, name in enumerate(("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"))}
DROP, DEFER = "DROP", "DEFER"
MAX_RULES = 100


@dataclass(frozen=True, slots=True)
class QuietDeclaration:
    """`part` None: it makes no rule, reported already."""

    channels: tuple[Reference, ...]
    part: QuietHour | None
    place: Place
    rule_id: Reference | None = None
    holidays_place: Place | None = None
    """Where it asks for public holidays."""


def _minute(node: Node) -> int:
    moment = time_of_day(node)
    return moment.hour * 60 + moment.minute


def _end(node: Node) -> int:
    """Midnight may be written as the end of a day."""
    if isinstance(node, ScalarNode) and node.text == "24:00":
        return MIDNIGHT
    return _minute(node)


def _days(node: Node, findings: Findings) -> frozenset[int]:
    names = list_of(leaf(choice(DAYS)))(node, findings)
    if isinstance(node, ListNode) and not node.items:
        raise Refused(node.place, "must name at least one day", code="OUT_OF_RANGE")
    return frozenset(DAYS[name] for name in names) or EVERY_DAY


RULE_ID = Field("id", leaf(reference))
FROM = Field("from", leaf(_minute, TIME_OF_DAY))
TO = Field("to", leaf(_end, either(TIME_OF_DAY, {"const": "24:00"})))
ON_DAYS = Field(
    "days", _days, shape={"type": "array", "items": {"enum": [*DAYS, *(d.lower() for d in DAYS)]}, "minItems": 1}
)
HOLIDAYS = Field("holidays", leaf(boolean))
THEN = Field("then", leaf(choice({DROP, DEFER})))
CHANNEL, CHANNELS = ONE["channel"], SEVERAL["channel"]
QUIET_FIELDS = (RULE_ID, CHANNEL, CHANNELS, FROM, TO, ON_DAYS, HOLIDAYS, THEN, MESSAGE_CLASS)


def read_quiet_hours(node: Node, findings: Findings) -> tuple[QuietDeclaration, ...]:
    """Rules without an id are named by their number."""
    read = list_of(_quiet_hour)(node, findings)
    if len(read) > MAX_RULES:
        findings.error(
            read[MAX_RULES].place, "TOO_LARGE", f"{len(read):,} quiet hours; at most {MAX_RULES} make a policy"
        )
    return tuple(_named(each, number) for number, each in enumerate(read, start=1))


def _named(declared: QuietDeclaration, number: int) -> QuietDeclaration:
    if declared.part is None or declared.part.rule_id:
        return declared
    return replace(declared, part=replace(declared.part, rule_id=f"quiet_hours_{number}"))


def _quiet_hour(node: Node, findings: Findings) -> QuietDeclaration:
    fields = read_fields(node.place, node, QUIET_FIELDS, findings)
    refuse_both(fields, CHANNEL, CHANNELS, findings)
    one = fields.get(CHANNEL, None)
    channels = fields.get(CHANNELS, ()) if one is None else (one,)
    begin, end = _hours(node, fields, findings)
    rule_id = fields.get(RULE_ID, None)
    keeps_holidays = fields.get(HOLIDAYS, False)
    part = QuietHour(
        "" if rule_id is None else rule_id.name,
        tuple(channel.name.upper() for channel in channels),
        begin,
        end,
        fields.get(ON_DAYS, EVERY_DAY),
        keeps_holidays,
        fields.get(MESSAGE_CLASS, "MARKETING"),
        defers=fields.get(THEN, DROP) == DEFER,
    )
    return QuietDeclaration(channels, part, node.place, rule_id, fields.place(HOLIDAYS) if keeps_holidays else None)


def _hours(node: Node, fields: Fields, findings: Findings) -> tuple[int, int]:
    """Minutes of the day; 0, 0 for none."""
    for one, other in ((FROM, TO), (TO, FROM)):
        if fields.is_written(one) and not fields.is_written(other):
            findings.error(node.place, "MISSING_KEY", f'the key "{other.name}" is missing')
    if not (fields.is_written(FROM) or fields.is_written(TO)):
        if not fields.get(HOLIDAYS, False):
            findings.error(node.place, "MISSING_KEY", 'the keys "from" and "to" are missing, or "holidays: true"')
        elif fields.is_written(ON_DAYS):
            findings.error(fields.place(ON_DAYS), "CONFLICTING_KEYS", "days: means nothing without from and to")
    begin, end = fields.get(FROM, None), fields.get(TO, None)
    if begin is None or end is None:
        return 0, 0
    if begin == end:
        findings.error(fields.place(TO), "OUT_OF_RANGE", "to: must differ from from; a whole day is '00:00' to '24:00'")
        return 0, 0
    return begin, end or MIDNIGHT
