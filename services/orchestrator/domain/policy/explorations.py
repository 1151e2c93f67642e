"""How slots are explored: `exploration: THOMPSON`, or a mapping that says more, of a group or of the arbitration."""

from __future__ import annotations

from typing import Any

from services.orchestrator.domain.arbitration.exploration import DEFAULT_GAMMA, Exploration, ExplorationKind
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.nodes import MapNode, Node
from services.orchestrator.domain.policy.scalars import number
from services.orchestrator.domain.policy.shapes import either, one_of, record
from services.orchestrator.domain.policy.words import choice, within

MAX_GAMMA = 1e9

_kind = choice({kind.name for kind in ExplorationKind})

KIND = Field("kind", leaf(_kind), required=True)
GAMMA = Field("gamma", within(number, 0, MAX_GAMMA))
FLOOR = Field("floor", within(number, 0, 1))
DECLARED_FIELDS: tuple[Field[Any], ...] = (KIND, GAMMA, FLOOR)
_NEEDS = {
    GAMMA.name: frozenset({ExplorationKind.INVERSE_GAP_WEIGHTING}),
    FLOOR.name: frozenset({ExplorationKind.INVERSE_GAP_WEIGHTING, ExplorationKind.THOMPSON}),
}
"""What a parameter is a parameter of."""


def _exploration(node: Node, findings: Findings) -> Exploration:
    if not isinstance(node, MapNode):
        return _of_kind(ExplorationKind[_kind(node)], Fields({}, {}))
    fields = read_fields(node.place, node, DECLARED_FIELDS, findings)
    kind = ExplorationKind[fields.get(KIND, "THOMPSON")]
    _check_parameters(kind, fields, findings)
    return _of_kind(kind, fields)


def _of_kind(kind: ExplorationKind, fields: Fields) -> Exploration:
    is_weighted = kind is ExplorationKind.INVERSE_GAP_WEIGHTING
    return Exploration(kind, fields.get(GAMMA, DEFAULT_GAMMA) if is_weighted else 0.0, fields.get(FLOOR, 0.0))


def _check_parameters(kind: ExplorationKind, fields: Fields, findings: Findings) -> None:
    for field in (GAMMA, FLOOR):
        if fields.is_written(KIND) and fields.is_written(field) and kind not in _NEEDS[field.name]:
            message = f"{field.name}: has no meaning for {kind.name}"
            findings.error(fields.place(field), "CONTRADICTION", message)


EXPLORATION = Field(
    "exploration", _exploration, shape=either(one_of(kind.name for kind in ExplorationKind), record(DECLARED_FIELDS))
)
EXPLORATION_BUDGET = Field("exploration_budget", within(number, 0, 1))
