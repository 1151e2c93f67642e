"""What the application needs of others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.compiled import CompiledFeatureSet, Floats
from services.scoring.domain.explanation.explanation import Explanation
from services.scoring.domain.explanation.forest import RawParts
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.health.report import HealthReport
from services.scoring.domain.models import Assignment, AssignmentReceipt, ModelRecord, Training
from services.scoring.domain.reward_batch import Appended, Receipt, RewardBatch
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Outline
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.values import Feature

Compiler = Callable[[FeatureSet], CompiledFeatureSet]
"""A feature set as arrays, for one model."""


class Scorer(Protocol):
    """A model: it answers, and it is a deterministic fold over the reward log.

    Not for two threads at once; `fold` may change it in place.
    """

    @property
    def model_id(self) -> str:
        """As the registry calls it."""

    @property
    def snapshot_id(self) -> str:
        """Names everything that its fold depends on: snapshots of another id are of no use to it."""

    @property
    def objective(self) -> str:
        """It learns the entries of this one alone."""

    @property
    def model_version(self) -> str:
        """ "<model id>@<position>" """

    @property
    def position(self) -> int:
        """The last log entry that was folded, 0 before the first."""

    @property
    def compiler(self) -> Compiler: ...

    def score(self, compiled: CompiledFeatureSet, query: ScoreQuery) -> Scores: ...

    def score_each(
        self, compiled: CompiledFeatureSet, query: ScoreQuery, customers: Sequence[Mapping[str, Feature]]
    ) -> list[Scores]:
        """The candidates of the query for several customers, whose features were read as the set declares them."""

    def explain(self, compiled: CompiledFeatureSet, shown: Shown, base: RawParts | None) -> Explanation:
        """Takes a score apart: of a presentation whose features were read as the set declares them, and of what the
        base's forest says of it, None where there is none.
        """

    def fold(self, compiled: CompiledFeatureSet, entry: LogEntry) -> None: ...

    def skip(self, position: int) -> None:
        """Goes on to an entry that is not for this model, or cannot be learnt any more."""

    def copy(self) -> Scorer: ...

    def snapshot(self) -> bytes: ...

    def restored(self, content: bytes) -> Scorer:
        """Raises ValueError where the content is not a whole snapshot of this model."""

    def check_fits(self, compiled: CompiledFeatureSet) -> None:
        """Raises ValueError where the model has no use for a feature set, or gives what is no number."""

    def id_without_base(self, objective: str) -> str:
        """Of the model that an objective begins with."""

    def untaught(self, objective: str) -> Scorer:
        """The model that an objective begins with: without a base, before the first reward."""

    def over(self, content: bytes) -> Scorer:
        """The model over a base, before the first reward; may take seconds. Raises ValueError where the content must
        not be used.
        """


class FeatureSetStore(Protocol):
    async def put(self, request_id: str, feature_set: FeatureSet) -> None:
        """Durable when it returns; the same content twice is one. Raises AlreadyExists for a reused request id."""

    async def get(self, version: str) -> FeatureSet | None: ...

    async def objectives(self) -> Sequence[str]:
        """Of the feature sets there are; sorted."""


class RewardLog(Protocol):
    """Positions begin at 1 and become visible in their order: who has read one has read all before it."""

    async def receipt(self, request_id: str) -> Receipt | None: ...

    async def append(self, batch: RewardBatch) -> Appended:
        """Settles the batch against the keys, atomically and durably. Raises AlreadyExists for a reused request id."""

    async def read(self, after: int, limit: int) -> Sequence[LogEntry | ErasedEntry]: ...

    async def read_back(self, before: int | None, limit: int) -> Sequence[LogEntry | ErasedEntry]:
        """The last entries before a position, or of all, the newest first. Decoded off the event loop."""

    async def outlines_back(self, before: int | None, limit: int) -> Sequence[Outline | ErasedEntry]:
        """The same without what models look at, for a tenth of the work."""

    async def rewards_of(self, keys: Collection[str]) -> Mapping[str, float]:
        """What keys are worth now; those that nobody knows, or that were erased, are not there."""

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
        """The same model twice is one. Where there is a record, there is its whole content."""

    async def get(self, model_id: str) -> ModelRecord | None: ...

    async def content(self, model_id: str) -> bytes | None:
        """None where there is no such model. Raises ValueError where it is not what was put."""

    async def list(self, objective: str, limit: int) -> Sequence[ModelRecord]:
        """The newest first."""

    async def assignment(self, objective: str) -> Assignment:
        """The latest; of revision 0 where there is none."""

    async def assigned(self, request_id: str) -> AssignmentReceipt | None:
        """What the request led to, if it was made before; remembered for a week."""

    async def assign(self, request_id: str, body_hash: str, assignment: Assignment) -> Assignment | None:
        """None where its revision is not the one after the latest: nothing is stored then. Of several that come at once
        one is stored. The same request again changes nothing and answers what was stored. Raises AlreadyExists for a
        request id that was used with another body.
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
        """Puts it in the place of what was known of it. One that was given up stays FAILED while it says that it runs;
        how it ended is taken from it all the same.
        """

    async def trainings(self, objective: str, limit: int) -> Sequence[Training]:
        """The newest first."""


class ForestContributions(Protocol):
    """Takes the raw score of a forest apart. For several threads at once."""

    def __call__(self, forest: str, row: Floats, /) -> Floats:
        """Of a forest as LightGBM's text and a row, float64[F]: exact Shapley values, and last what is expected before
        anything is looked at, float64[F + 1]. They add up to the raw score.
        """


class HealthObserver(Protocol):
    """Told how models fare, for metrics."""

    def health_is(self, report: HealthReport) -> None: ...

    def rolled_back(self, objective: str) -> None: ...


class Observer(HealthObserver, Protocol):
    """Told what happens, for metrics."""

    def scored(self, means: Floats) -> None: ...

    def rewarded(self, results: Mapping[str, int]) -> None:
        """Items by result: learnt, corrected, duplicate, refused."""

    def model_is(self, model_id: str, position: int, age_seconds: float) -> None:
        """Of a model in use."""

    def model_dropped(self, model_id: str) -> None:
        """It is in use no longer."""

    def assignment_is(self, objective: str, is_refused: bool) -> None:
        """Whether a model that should be used cannot be: the one before stays."""

    def not_learnt(self, objective: str, count: int) -> None:
        """So many entries raised in a model of the objective, which skipped them."""

    def unusable(self, objective: str, count: int) -> None:
        """So many scores of a base were no numbers."""
