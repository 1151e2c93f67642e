"""What the application needs of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from services.scoring.domain.compiled import CompiledFeatureSet, Floats
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.models import Assignment, ModelRecord, Training
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


class ModelStore(Protocol):
    """The registry. Durable when a method returns; raises Unavailable where the store does not answer."""

    async def put(self, record: ModelRecord, content: bytes) -> None:
        """The same model twice is one."""

    async def get(self, model_id: str) -> ModelRecord | None: ...

    async def content(self, model_id: str) -> bytes | None: ...

    async def list(self, objective: str, limit: int) -> Sequence[ModelRecord]:
        """The newest first."""

    async def assignment(self, objective: str) -> Assignment:
        """The latest; of revision 0 where there is none."""

    async def assign(self, request_id: str, assignment: Assignment) -> bool:
        """False where its revision is not the one after the latest: nothing is stored then. The same request again
        changes nothing and answers True. Raises AlreadyExists for a reused request id.
        """

    async def assignments(self, objective: str, limit: int) -> Sequence[Assignment]:
        """The newest first."""

    async def objectives(self) -> Sequence[str]:
        """Those of which there is an assignment."""


class TrainingStore(Protocol):
    async def begin(self, request_id: str, training: Training, stale_before_ms: int) -> Training:
        """Stores it, unless one of its objective runs that has said so since `stale_before_ms`, or the request was made
        before: then that one is answered. Atomic. Those that stopped saying so are FAILED.
        """

    async def say(self, training: Training) -> None:
        """Puts it in the place of what was known of it."""

    async def trainings(self, objective: str, limit: int) -> Sequence[Training]:
        """The newest first."""


class Observer(Protocol):
    """Told what happens, for metrics."""

    def scored(self, means: Floats) -> None: ...

    def rewarded(self, results: Mapping[str, int]) -> None:
        """Items by result: learnt, corrected, duplicate, refused."""

    def model_is(self, position: int, age_seconds: float) -> None: ...
