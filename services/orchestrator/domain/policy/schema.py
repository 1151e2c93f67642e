"""The JSON Schema of policy files, from the tables of fields by which they are read.

A file holds some of the top-level keys, and nothing says which: none is required here, and what keys and names mean to
each other is for `tandem lint` to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.orchestrator.domain.policy.aggregates import AGGREGATE_FIELDS
from services.orchestrator.domain.policy.arms import ARMS, ARMS_SHAPE
from services.orchestrator.domain.policy.attributes import CONTEXT_FIELDS, TRAIT_FIELDS
from services.orchestrator.domain.policy.channels import CHANNEL_FIELDS, PLACEMENT_FIELDS
from services.orchestrator.domain.policy.conditions import STAGE_FIELDS
from services.orchestrator.domain.policy.contact import CONTACT_FIELDS
from services.orchestrator.domain.policy.currencies import CURRENCIES, CURRENCIES_SHAPE
from services.orchestrator.domain.policy.fields import Field, Shape
from services.orchestrator.domain.policy.namespaces import NAMESPACE_FIELDS
from services.orchestrator.domain.policy.objectives import OBJECTIVE_FIELDS
from services.orchestrator.domain.policy.pressure import PRESSURE, PRESSURE_FIELDS
from services.orchestrator.domain.policy.purposes import EVENT_TYPE_FIELDS, PURPOSE_FIELDS
from services.orchestrator.domain.policy.segments import SEGMENT_FIELDS
from services.orchestrator.domain.policy.settings import RECORDS, SINGLES
from services.orchestrator.domain.policy.shapes import SCALAR, list_shape, named_shape, record, shape_of
from services.orchestrator.domain.policy.targets import TARGET_FIELDS
from services.orchestrator.domain.policy.tree import ACTION_FIELDS, GROUP_FIELDS, LEVEL_FIELDS
from services.orchestrator.domain.policy.triggers import TRIGGER_FIELDS
from services.orchestrator.domain.policy.uses import USE
from services.orchestrator.domain.policy.volume import VOLUME_FIELDS
from services.orchestrator.domain.policy.wording import FALLBACK_FIELDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

NAMED: Mapping[str, tuple[Field[Any], ...]] = {
    "traits": TRAIT_FIELDS,
    "aggregates": AGGREGATE_FIELDS,
    "context": CONTEXT_FIELDS,
    "namespaces": NAMESPACE_FIELDS,
    "purposes": PURPOSE_FIELDS,
    "event_types": EVENT_TYPE_FIELDS,
    "segments": SEGMENT_FIELDS,
    "channels": CHANNEL_FIELDS,
    "placements": PLACEMENT_FIELDS,
    "fallbacks": FALLBACK_FIELDS,
    "issues": LEVEL_FIELDS,
    "groups": GROUP_FIELDS,
    "actions": ACTION_FIELDS,
    "triggers": TRIGGER_FIELDS,
    "objectives": OBJECTIVE_FIELDS,
    "targets": TARGET_FIELDS,
    **VOLUME_FIELDS,
}
"""The tables of what one declares by name, by top-level key."""

_RELATIONS = named_shape(
    {"type": ["object", "null"], "additionalProperties": {"anyOf": [SCALAR, list_shape(SCALAR)]}},
)


def policy_schema() -> dict[str, Any]:
    """A document of JSON Schema 2020-12 that one policy file satisfies."""
    return {
        "$schema": DIALECT,
        "title": "Tandem policy",
        "type": ["object", "null"],
        "properties": dict(sorted(_sections().items())),
        "additionalProperties": False,
    }


def _sections() -> dict[str, Shape]:
    singles: tuple[Field[Any], ...] = (*SINGLES, *STAGE_FIELDS, USE)
    return {
        **{name: named_shape(record(table)) for name, table in NAMED.items()},
        **{name: record(_optional(table)) for name, table in RECORDS.items()},
        **{field.name: shape_of(field) for field in singles},
        "contact_policy": record(CONTACT_FIELDS),
        "relations": _RELATIONS,
        PRESSURE: record(_optional(PRESSURE_FIELDS)),
        ARMS: ARMS_SHAPE,
        CURRENCIES: CURRENCIES_SHAPE,
    }


def _optional(table: tuple[Field[Any], ...]) -> tuple[Field[Any], ...]:
    """Entries of one mapping may stand in several files."""
    return tuple(Field(field.name, field.parse, shape=field.shape) for field in table)
