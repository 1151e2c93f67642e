"""What the application needs of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from services.scoring.domain.compiled import CompiledFeatureSet, Floats
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.reward_batch import Appended, Receipt, RewardBatch
from services.scoring.domain.rewards import ErasedEntry, LogEntry
from services.scoring.domain.scoring import ScoreQuery, Scores


class Scorer(Protocol):
    """A model: it answers, and it is a deterministic fold over the reward log.

    Not for two threads at once; `fold` may change it in place.
    """

    @property
    def model_id(self) -> str:
        """Names the model and everything that its fold depends on: snapshots of another id are of no use to it."""

    @property
    def position(self) -> int:
        """The last log entry that was folded, 0 before the first."""

    def compile(self, feature_set: FeatureSet) -> CompiledFeatureSet: ...

    def score(self, compiled: CompiledFeatureSet, query: ScoreQuery) -> Scores: ...

    def fold(self, compiled: CompiledFeatureSet, entry: LogEntry) -> None: ...

    def skip(self, position: int) -> None:
        """Goes on to an entry that cannot be learnt any more."""

    def copy(self) -> Scorer: ...

    def snapshot(self) -> bytes: ...

    def restored(self, content: bytes) -> Scorer:
        """Raises ValueError where the content is not a whole snapshot of this model."""


class FeatureSetStore(Protocol):
    async def put(self, request_id: str, feature_set: FeatureSet) -> None:
        """Durable when it returns; the same content twice is one. Raises AlreadyExists for a reused request id."""

    async def get(self, version: str) -> FeatureSet | None: ...


class RewardLog(Protocol):
    """Positions begin at 1 and become visible in their order: who has read one has read all before it."""

    async def receipt(self, request_id: str) -> Receipt | None: ...

    async def append(self, batch: RewardBatch) -> Appended:
        """Settles the batch against the keys, atomically and durably. Raises AlreadyExists for a reused request id."""

    async def read(self, after: int, limit: int) -> Sequence[LogEntry | ErasedEntry]: ...

    async def erase(self, decision_ids: Collection[str]) -> int:
        """Erases every entry whose reward key begins with one of the ids and a slash; answers how many. Their places
        in the log stay.
        """

    async def last_position(self) -> int: ...


class SnapshotStore(Protocol):
    async def save(self, model_id: str, position: int, content: bytes) -> None:
        """Keeps the latest two of the model."""

    async def latest(self, model_id: str) -> Sequence[bytes]:
        """The latest first."""


class Observer(Protocol):
    """Told what happens, for metrics."""

    def scored(self, means: Floats) -> None: ...

    def rewarded(self, results: Mapping[str, int]) -> None:
        """Items by result: learnt, corrected, duplicate, refused."""

    def model_is(self, position: int, age_seconds: float) -> None: ...
