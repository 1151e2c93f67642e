"""`then` of a trigger: what it does when it fires.

{emit: call_customer, payload: {contract: event.contract}}
{set: last_shop, value: event.shop}
{enter: bad_payers, for: 180d}, {leave: bad_payers}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.conditions import expression
from services.orchestrator.domain.policy.fields import (
    Field,
    Fields,
    ListOf,
    distinct,
    leaf,
    list_of,
    mapping,
    read_fields,
)
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, Node
from services.orchestrator.domain.policy.scalars import duration_ms
from services.orchestrator.domain.policy.shapes import DURATION, EXPRESSION, list_shape, named_shape, record
from services.orchestrator.domain.policy.words import Reference, identifier, reference
from services.orchestrator.domain.policy_parts import EmitPart, Place, SetTraitPart

MAX_EFFECTS = 8
MAX_PAYLOAD = 32


@dataclass(frozen=True, slots=True)
class Setting:
    """Sets a trait that the policy declares."""

    trait: Reference
    part: SetTraitPart


@dataclass(frozen=True, slots=True)
class Moving:
    """Into an inferred segment, or out of it."""

    segment: Reference
    enters: bool
    for_ms: int | None
    for_place: Place
    """Of the segment's name where no time is written."""


EffectDeclaration = EmitPart | Setting | Moving


def _payload(node: Node, findings: Findings) -> Mapping[str, tuple[str, Place]]:
    read: dict[str, tuple[str, Place]] = {}
    entries = list(distinct(mapping(node), findings))
    if len(entries) > MAX_PAYLOAD:
        raise Refused(node.place, f"must have at most {MAX_PAYLOAD} values", code="OUT_OF_RANGE")
    for key, child in entries:
        try:
            read[identifier(key)] = expression(child)
        except Refused as refusal:
            findings.refused(refusal)
    return read


EMIT = Field("emit", leaf(reference))
PAYLOAD = Field("payload", _payload, shape=named_shape(EXPRESSION))
SET = Field("set", leaf(reference))
VALUE = Field("value", leaf(expression, EXPRESSION))
ENTER = Field("enter", leaf(reference))
FOR = Field("for", leaf(duration_ms, DURATION))
LEAVE = Field("leave", leaf(reference))
EFFECT_FIELDS: tuple[Field[Any], ...] = (EMIT, PAYLOAD, SET, VALUE, ENTER, FOR, LEAVE)
_KINDS = (EMIT, SET, ENTER, LEAVE)
_BELONGS: tuple[tuple[Field[Any], Field[Any]], ...] = ((PAYLOAD, EMIT), (VALUE, SET), (FOR, ENTER))


def _effect(node: Node, findings: Findings) -> EffectDeclaration | None:
    fields = read_fields(node.place, node, EFFECT_FIELDS, findings)
    written = [field for field in _KINDS if fields.is_written(field)]
    if len(written) != 1:
        names = ", ".join(field.name for field in _KINDS)
        code = "CONFLICTING_KEYS" if written else "MISSING_KEY"
        raise Refused(node.place, f"must say exactly one of {names}", code=code)
    for field, owner in _BELONGS:
        if fields.is_written(field) and written[0] is not owner:
            message = f'the key "{field.name}" has a meaning only beside "{owner.name}"'
            findings.error(fields.place(field), "CONFLICTING_KEYS", message)
    named = fields.get(written[0], None)
    return _made(written[0], named, fields, node.place, findings) if named is not None else None


def _made(
    kind: Field[Reference], named: Reference, fields: Fields, place: Place, findings: Findings
) -> EffectDeclaration | None:
    if kind is EMIT:
        payload = fields.get(PAYLOAD, {})
        texts = {key: text for key, (text, _) in payload.items()}
        return EmitPart(named.name, texts, named.place, {key: at for key, (_, at) in payload.items()})
    if kind is not SET:
        for_place = fields.place(FOR) if fields.is_written(FOR) else named.place
        return Moving(named, kind is ENTER, fields.get(FOR, None), for_place)
    if not fields.is_written(VALUE):
        findings.error(place, "MISSING_KEY", 'the key "value" is missing')
    value = fields.get(VALUE, None)
    return Setting(named, SetTraitPart(named.name, *value)) if value is not None else None


_EFFECTS: ListOf[EffectDeclaration] = list_of(_effect)


def _effects(node: Node, findings: Findings) -> tuple[EffectDeclaration, ...]:
    effects = _EFFECTS(node, findings)
    if isinstance(node, ListNode) and not 1 <= len(node.items) <= MAX_EFFECTS:
        raise Refused(node.place, f"must have 1 to {MAX_EFFECTS} effects", code="OUT_OF_RANGE")
    return effects


THEN = Field("then", _effects, required=True, shape={**list_shape(record(EFFECT_FIELDS)), "minItems": 1})
