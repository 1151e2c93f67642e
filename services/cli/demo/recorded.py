"""What the decisions put on record, as matrices: rows are visits, columns are items.

choice_probabilities  float64[N, 80]  with which Tandem would have shown the item; 0 for an item that fell
propensities          float64[N, 80]  the click probability the model held when it decided, before the visit's
                                      outcome and all later ones; NaN for an item that fell before it was scored
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tandem.orchestrator.v1.decision_pb2 import DecideResponse
from tandem.orchestrator.v1.orchestrator_service_pb2 import GetDecisionRequest

from services.cli.connection import Stubs
from services.cli.demo import requests
from services.cli.demo.visits import ITEM_COUNT
from shared.rpc.channel import call

CONCURRENT_READS = 8
CALL_SECONDS = 30.0

_ITEM_OF_ACTION = {requests.action(item): item for item in range(ITEM_COUNT)}


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """The matrices drawn above."""

    choice_probabilities: NDArray[np.float64]
    propensities: NDArray[np.float64]


async def read_recorded(stubs: Stubs, decision_ids: Sequence[str], advance: Callable[[], None]) -> Recorded:
    """Reads every decision from the log; `advance` is called after each."""
    recorded = Recorded(
        np.zeros((len(decision_ids), ITEM_COUNT)),
        np.full((len(decision_ids), ITEM_COUNT), np.nan),
    )
    places = asyncio.Semaphore(CONCURRENT_READS)

    async def read(row: int, decision_id: str) -> None:
        async with places:
            request = GetDecisionRequest(decision_id=decision_id)
            answer = await call(stubs.orchestrator.GetDecision, request, timeout_s=CALL_SECONDS)
            fill_row(recorded, row, answer.response)
            advance()

    await asyncio.gather(*(read(row, decision_id) for row, decision_id in enumerate(decision_ids)))
    return recorded


def fill_row(recorded: Recorded, row: int, response: DecideResponse) -> None:
    """An item with several treatments is shown with the sum of their probabilities."""
    for candidate in response.candidates:
        item = _ITEM_OF_ACTION.get(candidate.action)
        if item is not None:
            recorded.choice_probabilities[row, item] += candidate.choice_probability
            recorded.propensities[row, item] = candidate.propensity
