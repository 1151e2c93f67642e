"""A learner of others in the simulated store: it is told and asked over a pipe, a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from shared.values import AttributeType
from tests.bench.peer_process import PeerProcess
from tests.support.simulated_run import Outcome
from tests.support.simulated_store import ROUNDS_A_DAY, SimulatedStore

BENCH = "explore"
SAMPLE = 2_000
"""Customers that a peer takes its scales from, beforehand: it knows how spend is spread on its first day."""
KINDS = {AttributeType.DOUBLE: "number", AttributeType.STRING: "word", AttributeType.BOOL: "word"}


class PeerFailed(Exception):
    """The peer raised something, or its process ended."""


class Peer(AbstractContextManager["Peer"]):
    """Implements Learner. Ends its process when it is left."""

    def __init__(self, engine: str, parameters: Mapping[str, Any], store: SimulatedStore, seed: int) -> None:
        self._store, self._told_actions = store, 0
        self._outcomes: Sequence[Outcome] = ()
        self._process = PeerProcess(engine, BENCH)
        kinds = {each.name: KINDS[each.type] for each in store.features}
        sample = SimulatedStore(seed=0, rounds=SAMPLE).customers
        self._ask({"parameters": parameters, "seed": seed, "kinds": kinds, "sample": sample, "day": ROUNDS_A_DAY})

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Told with the next question."""
        self._outcomes = outcomes

    def choose(self, start: int, stop: int) -> Sequence[int]:
        answer = self._ask(
            {
                "actions": self._new_actions(start),
                "outcomes": [(each.round, each.reward, each.is_correction) for each in self._outcomes],
                "start": start,
                "customers": self._store.customers[start:stop],
            }
        )
        chosen: list[int] = answer["chosen"]
        return chosen

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.close()

    def _new_actions(self, start: int) -> list[dict[str, Any]]:
        available = self._store.available(start)
        new = self._store.actions[self._told_actions : available]
        self._told_actions = available
        return [
            {"action": each.action, "group": each.group, "issue": each.issue, "attributes": dict(each.attributes)}
            for each in new
        ]

    def _ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._process.ask(message)
        if "error" in answer:
            raise PeerFailed(f"{self._process.engine}: {answer['error']}")
        return answer
