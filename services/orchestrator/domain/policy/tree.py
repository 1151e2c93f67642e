"""The tree issue -> group -> action -> treatment: what is proposed, by whose rules, and at what worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.arbitration.exploration import Exploration
from services.orchestrator.domain.policy.conditions import STAGE_FIELDS, number_field, rules_of
from services.orchestrator.domain.policy.explorations import EXPLORATION
from services.orchestrator.domain.policy.fields import (
    EntryParser,
    Field,
    Fields,
    leaf,
    mapping,
    named,
    read_fields,
)
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, end_ms, number, start_ms
from services.orchestrator.domain.policy.shapes import VALUE, named_shape, record
from services.orchestrator.domain.policy.value_sources import VALUE_SOURCE, WrittenValue
from services.orchestrator.domain.policy.values import Constant, constants
from services.orchestrator.domain.policy.wording import TREATMENT_FIELDS, TreatmentDeclaration, read_treatment
from services.orchestrator.domain.policy.words import (
    Reference,
    identifier,
    reference,
    upper_identifier,
    within,
)
from services.orchestrator.domain.policy_parts import NumberPart, Place, RulePart
from shared.values import INT64_MAX, INT64_MIN

MAX_LEVER = 1e6


@dataclass(frozen=True, slots=True)
class Level:
    """What an issue, a group and an action have in common; each inherits from the one above."""

    name: str
    place: Place
    parent: Reference | None
    """None for an issue, and where the file names no parent that can be read: reported already."""
    rules: tuple[RulePart, ...]
    numbers: tuple[NumberPart, ...]
    attributes: Mapping[str, Constant]
    lever: float
    regulated: bool
    """What is below it, and itself, is never chosen to learn from it."""
    says_value: bool
    """Whether a business value is written, be it one that cannot be read."""


@dataclass(frozen=True, slots=True)
class GroupDeclaration:
    level: Level
    exploration: Exploration | None
    """None: as the policy's arbitration says."""
    value: WrittenValue | None
    """None: as the policy's arbitration says."""


@dataclass(frozen=True, slots=True)
class ActionDeclaration:
    level: Level
    message_class: str
    valid_from_ms: int
    valid_until_ms: int
    paused: bool
    treatments: tuple[TreatmentDeclaration, ...]


BUSINESS_VALUE = number_field("business_value")
NUMBER_FIELDS = (BUSINESS_VALUE, number_field("context_weight", minimum=0))
ATTRIBUTES = Field("attributes", constants, shape=named_shape(VALUE))
LEVER = Field("lever", within(number, 0, MAX_LEVER))
REGULATED = Field("regulated", leaf(boolean))
LEVEL_FIELDS: tuple[Field[Any], ...] = (*STAGE_FIELDS, *NUMBER_FIELDS, ATTRIBUTES, LEVER, REGULATED)


def _level(name: str, place: Place, parent: Reference | None, fields: Fields) -> Level:
    numbers = (fields.get(field, None) for field in NUMBER_FIELDS)
    return Level(
        name,
        place,
        parent,
        rules=rules_of(fields),
        numbers=tuple(written for written in numbers if written is not None),
        attributes=fields.get(ATTRIBUTES, {}),
        lever=fields.get(LEVER, 1.0),
        regulated=fields.get(REGULATED, False),
        says_value=fields.is_written(BUSINESS_VALUE),
    )


def read_issue(key: ScalarNode, node: Node, findings: Findings) -> Level:
    name = identifier(key)
    return _level(name, key.place, None, read_fields(key.place, node, LEVEL_FIELDS, findings))


ISSUE = Field("issue", leaf(reference), required=True)
GROUP_FIELDS: tuple[Field[Any], ...] = (ISSUE, EXPLORATION, VALUE_SOURCE, *LEVEL_FIELDS)


def read_group(key: ScalarNode, node: Node, findings: Findings) -> GroupDeclaration:
    name = identifier(key)
    fields = read_fields(key.place, node, GROUP_FIELDS, findings)
    level = _level(name, key.place, fields.get(ISSUE, None), fields)
    return GroupDeclaration(level, fields.get(EXPLORATION, None), fields.get(VALUE_SOURCE, None))


GROUP = Field("group", leaf(reference), required=True)
MESSAGE_CLASS = Field("message_class", leaf(upper_identifier))
VALID_FROM = Field("valid_from", leaf(start_ms))
VALID_UNTIL = Field("valid_until", leaf(end_ms))
PAUSED = Field("paused", leaf(boolean))
TREATMENTS = Field("treatments", leaf(mapping), required=True, shape=named_shape(record(TREATMENT_FIELDS)))
_OWN_FIELDS: tuple[Field[Any], ...] = (GROUP, MESSAGE_CLASS, VALID_FROM, VALID_UNTIL, PAUSED, TREATMENTS)
ACTION_FIELDS: tuple[Field[Any], ...] = (*_OWN_FIELDS, *LEVEL_FIELDS)


def action_reader(seen_treatments: dict[str, Place]) -> EntryParser[ActionDeclaration]:
    """Reads actions whose treatments have names of their own over everything that shares `seen_treatments`."""

    def read_action(key: ScalarNode, node: Node, findings: Findings) -> ActionDeclaration:
        name = identifier(key)
        fields = read_fields(key.place, node, ACTION_FIELDS, findings)
        _check_period(fields, findings)
        written = fields.get(TREATMENTS, None)
        treatments = named("treatment", written.entries if written else (), read_treatment, findings, seen_treatments)
        if written is not None and not written.entries:
            findings.error(key.place, "MISSING_TREATMENT", "an action without a treatment can never be shown")
        return ActionDeclaration(
            _level(name, key.place, fields.get(GROUP, None), fields),
            message_class=fields.get(MESSAGE_CLASS, "MARKETING"),
            valid_from_ms=fields.get(VALID_FROM, INT64_MIN),
            valid_until_ms=fields.get(VALID_UNTIL, INT64_MAX),
            paused=fields.get(PAUSED, False),
            treatments=treatments,
        )

    return read_action


def _check_period(fields: Fields, findings: Findings) -> None:
    if fields.get(VALID_UNTIL, INT64_MAX) <= fields.get(VALID_FROM, INT64_MIN):
        findings.error(fields.place(VALID_UNTIL), "OUT_OF_RANGE", "valid_until: must be after valid_from")
