"""Case files of the rules: JSON Lines, facts typed by their JSON.

true 18 0.5 "gold" [41, 42]                               bool int double string list<int>
{"type": "timestamp", "value": "2026-06-01T00:00:00Z"}    what JSON has no type for, and empty lists
{"type": "int", "status": "NOT_FOUND"}                    what is not known: NOT_FOUND, NULL_VALUE, STALE

The time of every evaluation is 2026-06-15T12:00:00Z.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.values import ATTRIBUTE_TYPES, AttributeType, Feature, FeatureStatus, Value
from tests.support.rules import type_of

FOLDER = Path(__file__).parents[1] / "contract" / "cases"

Case = dict[str, Any]


def cases(name: str) -> list[Case]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def read_facts(raw: dict[str, Any]) -> tuple[dict[str, AttributeType], dict[str, Feature]]:
    """Types and features by name."""
    types = {name: _type(fact) for name, fact in raw.items()}
    return types, {name: _feature(fact) for name, fact in raw.items()}


def read_value(raw: Any) -> Value:
    if isinstance(raw, dict):
        return _typed(raw.get("value"), ATTRIBUTE_TYPES[raw["type"]])
    return tuple(raw) if isinstance(raw, list) else raw


def _type(fact: Any) -> AttributeType:
    return ATTRIBUTE_TYPES[fact["type"]] if isinstance(fact, dict) else type_of(read_value(fact))


def _feature(fact: Any) -> Feature:
    status = fact.get("status", "PRESENT") if isinstance(fact, dict) else "PRESENT"
    return Feature(read_value(fact), FeatureStatus[status])


def _typed(raw: Any, kind: AttributeType) -> Value:
    if isinstance(raw, list):
        return tuple(_typed(each, kind.element) for each in raw)  # type: ignore[misc]
    if raw is not None and kind is AttributeType.TIMESTAMP:
        return datetime.fromisoformat(raw)
    return raw  # type: ignore[no-any-return]
