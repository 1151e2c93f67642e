"""`budgets:`, `stock:` and `capacity:` - what is limited over all people.

budgets:  {autumn_mail: {amount: 10000, group: win_back, from: 2026-11-01, until: 2026-11-30, pacing: traffic}}
stock:    {comeback_15: {units: 500}}
capacity: {calls: {units: 40, per: 1h, channel: call_center, uses: action.minutes}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.contact_limit import NARROWING, ONE, SEVERAL, refuse_both
from services.orchestrator.domain.policy.fields import EntryParser, Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import duration_ms, end_ms, number, scalar, span_of, start_ms
from services.orchestrator.domain.policy.shapes import DURATION, NAME_PATTERN, TEXT, either, one_of
from services.orchestrator.domain.policy.time_zones import time_zone
from services.orchestrator.domain.policy.words import Reference, choice, identifier
from services.orchestrator.domain.policy_parts import Place
from services.orchestrator.domain.volume.resources import Pacing, Resource, ResourceKind, in_millionths
from shared.clock import MS_PER_DAY, MS_PER_SECOND
from shared.values import INT64_MAX

MAX_RESOURCES = 100
"""Of each kind."""
MAX_AMOUNT = 1e12
MIN_SPAN_MS, MAX_SPAN_MS = 60 * MS_PER_SECOND, 400 * MS_PER_DAY
UNITS = frozenset({"HOUR", "DAY", "WEEK", "MONTH"})
KINDS = tuple(kind for kind in NARROWING if kind != "campaign")
ACTION_PREFIX = "action."
COST, CONTACT = "cost", "contact"


@dataclass(frozen=True, slots=True)
class Use:
    """What one contact takes: a number of units, its cost, or a constant of its action."""

    place: Place
    units: float | None = None
    """None for the cost of the contact, or the constant."""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class ResourceDeclaration:
    """`mentions` has the references of "channel", "issue", "group" and "action"; none of any: it is about all."""

    resource: Resource
    place: Place
    use: Use
    mentions: Mapping[str, tuple[Reference, ...]]

    @property
    def is_about_everything(self) -> bool:
        return not any(self.mentions.values())


def _amount(node: Node) -> int:
    amount = number(node)
    if 0 <= amount <= MAX_AMOUNT:
        return in_millionths(amount)
    raise Refused(node.place, f"must be between 0 and {MAX_AMOUNT:g}", code="OUT_OF_RANGE")


def _use(node: Node) -> Use:
    written = scalar(node).text
    if written in (COST, CONTACT):
        return Use(node.place, None if written == COST else 1.0)
    if written.startswith(ACTION_PREFIX):
        name = ScalarNode(written.removeprefix(ACTION_PREFIX), True, node.place, node.place)
        return Use(node.place, attribute=identifier(name))
    try:
        units = number(node)
    except Refused:
        message = f"must be contact, cost, action.<attribute> or a number, not {written[:80]!r}"
        raise Refused(node.place, message) from None
    if 0 < units <= MAX_AMOUNT:
        return Use(node.place, units)
    raise Refused(node.place, f"must be greater than 0 and at most {MAX_AMOUNT:g}", code="OUT_OF_RANGE")


def _per(node: Node) -> int | str:
    """A span, or a unit of the calendar."""
    written = scalar(node).text
    if span_of(written) is None:
        return choice(UNITS)(node)
    span_ms = duration_ms(node)
    if MIN_SPAN_MS <= span_ms <= MAX_SPAN_MS:
        return span_ms
    raise Refused(node.place, "must be from one minute to 400 days", code="OUT_OF_RANGE")


_AMOUNT_SHAPE = {"type": "number", "minimum": 0, "maximum": MAX_AMOUNT}
_USE_SHAPE = either(
    {"type": "number", "exclusiveMinimum": 0},
    {"type": "string", "pattern": rf"^({COST}|{CONTACT}|action\.{NAME_PATTERN.strip('^$')})$"},
)
AMOUNT = Field("amount", leaf(_amount, _AMOUNT_SHAPE), required=True)
AMOUNT_OF_PIECES = Field("units", leaf(_amount, _AMOUNT_SHAPE), required=True)
USES = Field("uses", leaf(_use, _USE_SHAPE))
FROM = Field("from", leaf(start_ms))
UNTIL = Field("until", leaf(end_ms))
PER = Field("per", leaf(_per, either(DURATION, one_of(UNITS))))
EVERY = Field("per", leaf(_per, either(DURATION, one_of(UNITS))), required=True)
PACING = Field("pacing", leaf(choice({pacing.name for pacing in Pacing})))
TIME_ZONE = Field("time_zone", leaf(time_zone, TEXT))
_SCOPE: tuple[Field[Any], ...] = tuple(field for kind in KINDS for field in (ONE[kind], SEVERAL[kind]))
_COURSE: tuple[Field[Any], ...] = (USES, FROM, UNTIL, PACING, TIME_ZONE, *_SCOPE)
BUDGET_FIELDS: tuple[Field[Any], ...] = (AMOUNT, PER, *_COURSE)
STOCK_FIELDS: tuple[Field[Any], ...] = (AMOUNT_OF_PIECES, PER, *_COURSE)
CAPACITY_FIELDS: tuple[Field[Any], ...] = (AMOUNT_OF_PIECES, EVERY, *_COURSE)
VOLUME_FIELDS: Mapping[str, tuple[Field[Any], ...]] = {
    "budgets": BUDGET_FIELDS,
    "stock": STOCK_FIELDS,
    "capacity": CAPACITY_FIELDS,
}
KIND_OF = {"budgets": ResourceKind.BUDGET, "stock": ResourceKind.STOCK, "capacity": ResourceKind.CAPACITY}
WORD_OF = {"budgets": "budget", "stock": "stock", "capacity": "capacity"}


def resource_reader(section: str) -> EntryParser[ResourceDeclaration | None]:
    """Reads the entries of one of the three sections."""

    def read(key: ScalarNode, node: Node, findings: Findings) -> ResourceDeclaration | None:
        name = identifier(key)
        fields = read_fields(key.place, node, VOLUME_FIELDS[section], findings)
        mentions = {kind: _narrowing(kind, fields, findings) for kind in KINDS}
        amount_field = AMOUNT if section == "budgets" else AMOUNT_OF_PIECES
        amount = fields.get(amount_field, None)
        if amount is None:
            return None
        _check_course(fields, findings)
        by_cost = section == "budgets" and not fields.is_written(USES)
        default = Use(key.place, None if by_cost else 1.0)
        resource = _resource(name, KIND_OF[section], amount, fields, fields.place(amount_field))
        return ResourceDeclaration(resource, key.place, fields.get(USES, default), mentions)

    return read


def _resource(name: str, kind: ResourceKind, amount: int, fields: Fields, place: Place) -> Resource:
    per = fields.get(PER, 0)
    until_ms = fields.get(UNTIL, INT64_MAX)
    usual = Pacing.TRAFFIC if per or until_ms < INT64_MAX else Pacing.ASAP
    return Resource(
        name,
        kind,
        amount,
        Pacing[fields.get(PACING, usual.name)],
        fields.get(FROM, None),
        until_ms,
        per if isinstance(per, int) else 0,
        per if isinstance(per, str) else "",
        fields.get(TIME_ZONE, "UTC"),
        place,
    )


def _check_course(fields: Fields, findings: Findings) -> None:
    if fields.get(UNTIL, INT64_MAX) <= (fields.get(FROM, None) or 0):
        findings.error(fields.place(UNTIL), "OUT_OF_RANGE", "until: must be after from")
    paces = fields.get(PACING, Pacing.ASAP.name) != Pacing.ASAP.name
    if paces and not fields.is_written(UNTIL) and not fields.is_written(PER):
        message = "pacing: spreads an amount over a time that ends: write until, or per"
        findings.error(fields.place(PACING), "MISSING_KEY", message)


def _narrowing(kind: str, fields: Fields, findings: Findings) -> tuple[Reference, ...]:
    refuse_both(fields, ONE[kind], SEVERAL[kind], findings)
    one = fields.get(ONE[kind], None)
    return fields.get(SEVERAL[kind], ()) if one is None else (one,)
