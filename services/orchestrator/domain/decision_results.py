"""What a decision led to, place by place, as decisions are searched by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from services.orchestrator.domain.decision import PlacementAnswer


class DecisionResult(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.DecisionResult."""

    PROPOSED = 1
    FALLBACK = 2
    SILENCE = 3


@dataclass(frozen=True, slots=True)
class PlacementResult:
    """One proposition, or one placement without any. A fallback has no action, a silence no channel either."""

    placement_id: str
    result: DecisionResult
    action: str = ""
    channel: str = ""


def results_of(placements: Sequence[PlacementAnswer]) -> tuple[PlacementResult, ...]:
    """In the order of the answer."""
    return tuple(result for placement in placements for result in _results(placement))


def _results(placement: PlacementAnswer) -> Sequence[PlacementResult]:
    name = placement.placement_id
    if placement.propositions:
        return [
            PlacementResult(name, DecisionResult.PROPOSED, each.action, each.channel) for each in placement.propositions
        ]
    if placement.fallback is not None:
        return [PlacementResult(name, DecisionResult.FALLBACK, "", placement.fallback.channel)]
    return [PlacementResult(name, DecisionResult.SILENCE)]
