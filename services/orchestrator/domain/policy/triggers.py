"""Triggers: rules about what happens over time, one person at a time.

terms_no_renewal:
  when: {event: terms_page, where: 'event.section == "cancel"'}
  within: 2d                                          # all, sequence, count, sum: from the first event to the last
  join: contract                                      # all of the events are about the same one
  unless: {event: renewal, for: 2d, restarts: false}  # fires when this time has passed without such an event
  if: 'contract_end_days < 90'                        # at the moment of firing
  on_unknown: FAIL
  cooldown: 30d
  then: [{emit: call_customer, payload: {contract: event.contract}}, {enter: undecided, for: 90d}]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.conditions import ON_UNKNOWN, expression
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.shapes import DURATION, EXPRESSION, NAME, either, record
from services.orchestrator.domain.policy.trigger_effects import THEN, EffectDeclaration, Moving, Setting
from services.orchestrator.domain.policy.trigger_patterns import (
    UNLESS_FIELDS,
    WHEN_FIELDS,
    Unless,
    When,
    read_unless,
    read_when,
    span,
)
from services.orchestrator.domain.policy.words import Reference, choice, identifier
from services.orchestrator.domain.policy_parts import OnUnknown, PatternPart, Place, SchedulePart

MAX_TRIGGERS = 500
WINDOWED = frozenset({"ALL", "SEQUENCE", "COUNT", "SUM"})


@dataclass(frozen=True, slots=True)
class TriggerDeclaration:
    """`condition` is "" where none is written; `place` is its first character, or else the trigger's id."""

    trigger_id: str
    place: Place
    when: PatternPart | SchedulePart
    events: tuple[Reference, ...]
    """The types it mentions."""
    condition: str
    on_unknown: OnUnknown
    cooldown_ms: int
    effects: tuple[EffectDeclaration, ...]

    @property
    def settings(self) -> Iterator[Setting]:
        return (effect for effect in self.effects if isinstance(effect, Setting))

    @property
    def moves(self) -> Iterator[Moving]:
        return (effect for effect in self.effects if isinstance(effect, Moving))


WHEN = Field("when", read_when, required=True, shape=either(NAME, record(WHEN_FIELDS)))
WITHIN = Field("within", leaf(span, DURATION))
JOIN = Field("join", leaf(identifier))
UNLESS = Field("unless", read_unless, shape=record(UNLESS_FIELDS))
IF = Field("if", leaf(expression, EXPRESSION))
COOLDOWN = Field("cooldown", leaf(span, DURATION))
PER = Field("per", leaf(choice({"SUBJECT"})))
"""Says what is so anyway: a trigger is about one person at a time."""
TRIGGER_FIELDS: tuple[Field[Any], ...] = (WHEN, WITHIN, JOIN, UNLESS, IF, ON_UNKNOWN, COOLDOWN, PER, THEN)


def read_trigger(key: ScalarNode, node: Node, findings: Findings) -> TriggerDeclaration | None:
    name = identifier(key)
    fields = read_fields(key.place, node, TRIGGER_FIELDS, findings)
    when, unless = fields.get(WHEN, None), fields.get(UNLESS, None)
    if when is None:
        return None
    _check_together(key.place, when, fields, findings)
    condition, place = fields.get(IF, None) or ("", key.place)
    return TriggerDeclaration(
        name,
        place,
        when.schedule or _pattern(when, unless, fields),
        tuple(match.event for match in (*when.matches, *((unless.match,) if unless else ()))),
        condition,
        fields.get(ON_UNKNOWN, OnUnknown()),
        fields.get(COOLDOWN, 0),
        fields.get(THEN, ()),
    )


def _pattern(when: When, unless: Unless | None, fields: Fields) -> PatternPart:
    return PatternPart(
        when.kind,
        tuple(match.part for match in when.matches),
        within_ms=fields.get(WITHIN, 0),
        at_least=when.at_least,
        sum_of=when.sum_of,
        join=fields.get(JOIN, ""),
        absent=unless.match.part if unless else None,
        absent_ms=unless.absent_ms if unless else 0,
        restarts=unless is not None and unless.restarts,
    )


def _check_together(owner: Place, when: When, fields: Fields, findings: Findings) -> None:
    kind = when.kind.lower()
    if when.kind in WINDOWED and not fields.is_written(WITHIN):
        findings.error(owner, "MISSING_KEY", f'{kind} needs the key "within"')
    useless: tuple[Field[Any], ...] = () if when.kind in WINDOWED else (WITHIN,)
    if when.schedule is not None:
        useless = (WITHIN, JOIN, UNLESS)
        if not fields.is_written(IF):
            findings.error(owner, "MISSING_KEY", 'schedule needs the key "if": it says for whom the moment counts')
    for field in useless:
        if fields.is_written(field):
            message = f'{"one event" if kind == "any" else kind} has no use for the key "{field.name}"'
            findings.error(fields.place(field), "UNKNOWN_KEY", message)
    _check_join(when, fields, findings)


def _check_join(when: When, fields: Fields, findings: Findings) -> None:
    last = when.matches[-1:] if when.kind == "SEQUENCE" and len(when.matches) > 1 else ()
    for match in when.matches:
        part = match.part
        if part.join_property and not fields.is_written(JOIN):
            message = f'{match.event.name}: names its property of a join, but the trigger has no key "join"'
            findings.error(match.event.place, "MISSING_KEY", message)
        if part.by_anyone and not (match in last and fields.is_written(JOIN)):
            message = "by_anyone: is for the last event of a sequence, about the thing that `join` names"
            findings.error(match.event.place, "OUT_OF_RANGE", message)
