"""One suppression rule as it is written: what people made of contacts, or an event, pauses further ones."""

from __future__ import annotations

from typing import Any

from services.orchestrator.domain.contact_steps import ANSWERS
from services.orchestrator.domain.policy.contact_limit import (
    APART,
    DIRECTION,
    MAX_CONTACTS,
    MAX_WINDOW_MS,
    MESSAGE_CLASS,
    MIN_WINDOW_MS,
    NARROWING_FIELDS,
    LimitDeclaration,
    Narrowed,
    narrowed,
    refuse_both,
    window,
)
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, Node
from services.orchestrator.domain.policy.scalars import integer
from services.orchestrator.domain.policy.shapes import DURATION, list_shape, one_of
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference, within
from services.orchestrator.domain.policy_parts import ContactLimitPart
from shared.clock import MS_PER_DAY

COOLDOWN = "cooldown_"
"""What counts the events of a cool-down is named after the rule."""
MAX_ID_LENGTH = 64 - len(COOLDOWN)
_OUTCOMES = frozenset(outcome.name for outcome in ANSWERS)


def _outcomes(node: Node, findings: Findings) -> tuple[str, ...]:
    names = list_of(leaf(choice(_OUTCOMES)))(node, findings)
    if isinstance(node, ListNode) and not node.items:
        raise Refused(node.place, "must name at least one", code="OUT_OF_RANGE")
    return tuple(dict.fromkeys(names))


RULE_ID = Field("id", leaf(reference), required=True)
OUTCOME = Field("outcome", leaf(choice(_OUTCOMES)))
OUTCOMES = Field("outcomes", _outcomes, shape={**list_shape(one_of(_OUTCOMES)), "minItems": 1})
EVENT = Field("event", leaf(identifier))
TIMES = Field("times", within(integer, 1, MAX_CONTACTS))
WITHIN = Field("within", leaf(window, DURATION))
PAUSE = Field("pause", leaf(window, DURATION), required=True)
PER = Field("per", leaf(choice(APART - {"CAMPAIGN"})))
SUPPRESSION_FIELDS: tuple[Field[Any], ...] = (
    *(RULE_ID, OUTCOME, OUTCOMES, EVENT, TIMES, WITHIN, PAUSE, PER, DIRECTION, MESSAGE_CLASS),
    *NARROWING_FIELDS,
)


def read_suppression_rule(node: Node, findings: Findings) -> LimitDeclaration | None:
    fields = read_fields(node.place, node, SUPPRESSION_FIELDS, findings)
    named = narrowed(fields, findings)
    is_sound = _check(node, fields, findings)
    rule_id, pause_ms = fields.get(RULE_ID, None), fields.get(PAUSE, None)
    if rule_id is None:
        return None
    part = None
    if pause_ms is not None and is_sound:
        part = (
            _cooldown(rule_id, pause_ms, fields, named) if fields.is_written(EVENT) else _rule(rule_id, fields, named)
        )
    return LimitDeclaration(rule_id, named.mentions, part, rule_id.place)


def _rule(rule_id: Reference, fields: Fields, named: Narrowed) -> ContactLimitPart:
    outcome = fields.get(OUTCOME, None)
    return named.part(
        rule_id.name,
        fields.get(TIMES, 1),
        window_ms=fields.get(WITHIN, MIN_WINDOW_MS),
        direction=fields.get(DIRECTION, ""),
        message_class=fields.get(MESSAGE_CLASS, "MARKETING"),
        scope=fields.get(PER, ""),
        outcomes=fields.get(OUTCOMES, ()) if outcome is None else (outcome,),
        pause_ms=fields.get(PAUSE, None),
    )


def _cooldown(rule_id: Reference, pause_ms: int, fields: Fields, named: Narrowed) -> ContactLimitPart:
    """An event within the pause is one too many."""
    return named.part(
        rule_id.name,
        1,
        window_ms=pause_ms,
        direction=fields.get(DIRECTION, ""),
        message_class=fields.get(MESSAGE_CLASS, "MARKETING"),
        aggregate=f"{COOLDOWN}{rule_id.name}",
        event=fields.get(EVENT, ""),
    )


def _check(node: Node, fields: Fields, findings: Findings) -> bool:
    """Whether it says what it is about, once, and what fits that."""
    before = findings.errors
    refuse_both(fields, OUTCOME, OUTCOMES, findings)
    if fields.is_written(EVENT):
        for field in (OUTCOME, OUTCOMES, TIMES, WITHIN, PER):
            refuse_both(fields, EVENT, field, findings)
        rule_id = fields.get(RULE_ID, None)
        if rule_id is not None and len(rule_id.name) > MAX_ID_LENGTH:
            message = f"id: at most {MAX_ID_LENGTH} characters where an event is counted"
            findings.error(rule_id.place, "OUT_OF_RANGE", message)
    elif not (fields.is_written(OUTCOME) or fields.is_written(OUTCOMES)):
        findings.error(node.place, "MISSING_KEY", 'the key "outcome" or "event" is missing')
    _check_times(node, fields, findings)
    return findings.errors == before


def _check_times(node: Node, fields: Fields, findings: Findings) -> None:
    if fields.get(TIMES, 1) > 1 and not fields.is_written(WITHIN):
        findings.error(node.place, "MISSING_KEY", 'the key "within" is missing: how long together are several times?')
    if fields.get(WITHIN, 0) + fields.get(PAUSE, 0) > MAX_WINDOW_MS:
        message = (
            f"pause: together with within at most {MAX_WINDOW_MS // MS_PER_DAY} days, as long as contacts are kept"
        )
        findings.error(fields.place(PAUSE), "OUT_OF_RANGE", message)
