"""One contact limit as it is written, and what is wrong with it by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.contact_limits import EVERY_CLASS
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, where
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import duration_ms, integer
from services.orchestrator.domain.policy.shapes import DURATION, NAME, either, list_shape
from services.orchestrator.domain.policy.words import Reference, choice, reference, upper_identifier, within
from services.orchestrator.domain.policy_parts import ContactLimitPart, Place
from shared.clock import MS_PER_DAY, MS_PER_SECOND

MAX_LIMITS = 200
MAX_CONTACTS = 1_000_000
MIN_WINDOW_MS, MAX_WINDOW_MS = MS_PER_SECOND, 400 * MS_PER_DAY
"""What the ledger looks back on: a year, and then some."""
UNITS = frozenset({"HOUR", "DAY", "WEEK", "MONTH", "YEAR"})
APART = frozenset({"CHANNEL", "ISSUE", "GROUP", "ACTION", "CAMPAIGN"})
WHOLE_POLICY = "POLICY"


@dataclass(frozen=True, slots=True)
class LimitDeclaration:
    """`mentions` has the references of "channel", "issue", "group" and "action". `part` None: it makes no limit,
    reported already."""

    limit_id: Reference
    mentions: Mapping[str, tuple[Reference, ...]]
    part: ContactLimitPart | None
    max_place: Place


def window(node: Node) -> int:
    """A span that the ledger looks back on."""
    span_ms = duration_ms(node)
    if MIN_WINDOW_MS <= span_ms <= MAX_WINDOW_MS:
        return span_ms
    message = f"must be from one second to {MAX_WINDOW_MS // MS_PER_DAY} days"
    raise Refused(node.place, message, code="OUT_OF_RANGE")


def _message_class(node: Node) -> str:
    if isinstance(node, ScalarNode) and node.text == EVERY_CLASS:
        return EVERY_CLASS
    return upper_identifier(node)


def _names(node: Node, findings: Findings) -> tuple[Reference, ...]:
    names = list_of(leaf(reference))(node, findings)
    if not names:
        raise Refused(node.place, "must name at least one", code="OUT_OF_RANGE")
    return names


LIMIT_ID = Field("id", leaf(reference), required=True)
MAX = Field("max", within(integer, 0, MAX_CONTACTS), required=True)
WINDOW = Field("window", leaf(window, DURATION))
CALENDAR = Field("calendar", leaf(choice(UNITS)))
COUNTS = Field("counts", leaf(choice({"RESERVED", "ATTEMPTED", "DELIVERED", "IMPRESSION"})))
DIRECTION = Field("direction", leaf(choice({"INBOUND", "OUTBOUND"})))
MESSAGE_CLASS = Field("message_class", leaf(_message_class, either({"const": EVERY_CLASS}, NAME)))
PER = Field("per", leaf(choice(APART)))
SCOPE = Field("scope", leaf(choice(APART | {WHOLE_POLICY})))
"""As it was called before `per`."""
NARROWING = ("channel", "issue", "group", "action", "campaign")
ONE = {kind: Field(kind, leaf(reference)) for kind in NARROWING}
SEVERAL = {kind: Field(f"{kind}s", _names, shape={**list_shape(NAME), "minItems": 1}) for kind in NARROWING}
NARROWING_FIELDS: tuple[Field[Any], ...] = (*ONE.values(), *SEVERAL.values())
LIMIT_FIELDS: tuple[Field[Any], ...] = (
    *(LIMIT_ID, MAX, WINDOW, CALENDAR, COUNTS, DIRECTION, MESSAGE_CLASS, PER, SCOPE),
    *NARROWING_FIELDS,
)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The contacts that a limit is about, by the channels, issues and so on that it mentions."""

    mentions: Mapping[str, tuple[Reference, ...]]

    def part(self, limit_id: str, most: int, **others: Any) -> ContactLimitPart:
        names = {kind: tuple(each.name for each in references) for kind, references in self.mentions.items()}
        return ContactLimitPart(
            limit_id,
            most,
            channels=tuple(name.upper() for name in names["channel"]),
            issues=names["issue"],
            groups=names["group"],
            actions=names["action"],
            campaigns=names["campaign"],
            **others,
        )


def narrowed(fields: Fields, findings: Findings) -> Narrowed:
    return Narrowed({kind: _narrowing(kind, fields, findings) for kind in NARROWING})


def check_limits(limits: Sequence[LimitDeclaration], findings: Findings) -> None:
    """Each id once, suppression rules included."""
    seen: dict[str, Place] = {}
    for limit in limits:
        name, place = limit.limit_id.name, limit.limit_id.place
        if name in seen:
            message = f'the contact limit "{name}" is declared twice: first at {where(seen[name])}'
            findings.error(place, "DUPLICATE_CONTACT_LIMIT", message)
        seen.setdefault(name, place)
    if len(limits) > MAX_LIMITS:
        message = f"{len(limits):,} contact limits; at most {MAX_LIMITS:,} make a policy"
        findings.error(limits[MAX_LIMITS].limit_id.place, "TOO_LARGE", message)


def read_limit(node: Node, findings: Findings) -> LimitDeclaration | None:
    fields = read_fields(node.place, node, LIMIT_FIELDS, findings)
    _check_window(node, fields, findings)
    named = narrowed(fields, findings)
    refuse_both(fields, PER, SCOPE, findings)
    limit_id, most = fields.get(LIMIT_ID, None), fields.get(MAX, None)
    if limit_id is None:
        return None
    part = None if most is None else _part(limit_id.name, most, fields, named)
    return LimitDeclaration(limit_id, named.mentions, part, limit_id.place if most is None else fields.place(MAX))


def _part(limit_id: str, most: int, fields: Fields, named: Narrowed) -> ContactLimitPart:
    apart = fields.get(PER, fields.get(SCOPE, WHOLE_POLICY))
    return named.part(
        limit_id,
        most,
        window_ms=fields.get(WINDOW, None),
        calendar=fields.get(CALENDAR, ""),
        counts=fields.get(COUNTS, "RESERVED"),
        direction=fields.get(DIRECTION, ""),
        message_class=fields.get(MESSAGE_CLASS, "MARKETING"),
        scope="" if apart == WHOLE_POLICY else apart,
    )


def _check_window(node: Node, fields: Fields, findings: Findings) -> None:
    if not refuse_both(fields, WINDOW, CALENDAR, findings) and not (
        fields.is_written(WINDOW) or fields.is_written(CALENDAR)
    ):
        findings.error(node.place, "MISSING_KEY", 'the key "window" or "calendar" is missing')


def _narrowing(kind: str, fields: Fields, findings: Findings) -> tuple[Reference, ...]:
    refuse_both(fields, ONE[kind], SEVERAL[kind], findings)
    one = fields.get(ONE[kind], None)
    return fields.get(SEVERAL[kind], ()) if one is None else (one,)


def refuse_both(fields: Fields, one: Field[Any], other: Field[Any], findings: Findings) -> bool:
    """Whether two keys are written that exclude each other."""
    if not (fields.is_written(one) and fields.is_written(other)):
        return False
    message = f'"{one.name}" and "{other.name}" exclude each other: write one of them'
    findings.error(fields.place(other), "CONFLICTING_KEYS", message)
    return True
