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
from dataclasses import dataclass, replace
from typing import Any

from services.orchestrator.domain.policy.conditions import ON_UNKNOWN, expression
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.shapes import DURATION, EXPRESSION, NAME, either, record
from services.orchestrator.domain.policy.trigger_effects import THEN, EffectDeclaration, Moving, Setting
from services.orchestrator.domain.policy.trigger_patterns import (
    MAX_SPAN_MS,
    UNLESS_FIELDS,
    WHEN_FIELDS,
    Match,
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
_ANY_CONDITION = "true"
"""Of a schedule whose own is missing or empty, which is reported."""


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
    misjoined = tuple(_misjoined(when, fields))
    for match, code, message in misjoined:
        findings.error(match.event.place, code, message)
    condition, place = fields.get(IF, None) or (_ANY_CONDITION if when.schedule else "", key.place)
    return TriggerDeclaration(
        name,
        place,
        when.schedule or _pattern(when, unless, fields, has_join=not misjoined),
        tuple(match.event for match in (*when.matches, *((unless.match,) if unless else ()))),
        condition,
        fields.get(ON_UNKNOWN, OnUnknown()),
        fields.get(COOLDOWN, 0),
        fields.get(THEN, ()),
    )


def _pattern(when: When, unless: Unless | None, fields: Fields, *, has_join: bool) -> PatternPart:
    """What is missing or cannot be read is reported already: in its place stands what nothing more is wrong with."""
    is_sum_of_nothing = when.kind == "SUM" and not when.sum_of
    kind = "ANY" if is_sum_of_nothing else when.kind
    join = fields.get(JOIN, "") if has_join else ""
    parts = (match.part for match in when.matches)
    return PatternPart(
        kind,
        tuple(part if join else replace(part, by_anyone=False, join_property="") for part in parts),
        within_ms=fields.get(WITHIN, MAX_SPAN_MS) if kind in WINDOWED else 0,
        at_least=0 if is_sum_of_nothing else when.at_least,
        sum_of=when.sum_of,
        join=join,
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


def _misjoined(when: When, fields: Fields) -> Iterator[tuple[Match, str, str]]:
    """The events that need a join, or another place, with code and message."""
    last = when.matches[-1:] if when.kind == "SEQUENCE" and len(when.matches) > 1 else ()
    for match in when.matches:
        part = match.part
        if part.join_property and not fields.is_written(JOIN):
            message = f'{match.event.name}: names its property of a join, but the trigger has no key "join"'
            yield match, "MISSING_KEY", message
        if part.by_anyone and not (match in last and fields.is_written(JOIN)):
            message = "by_anyone: is for the last event of a sequence, about the thing that `join` names"
            yield match, "OUT_OF_RANGE", message
