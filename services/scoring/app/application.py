"""The scoring service without its wire: domain dataclasses and numpy arrays in and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.follow import Follower
from services.scoring.app.learn import Learner
from services.scoring.app.live_model import LiveModel
from services.scoring.app.ports import FeatureSetStore, Observer, RewardLog, Scorer, SnapshotStore
from services.scoring.app.publish_feature_set import publish_feature_set
from services.scoring.app.record_rewards import RecordRewards, RewardItem
from services.scoring.app.score import score
from services.scoring.app.snapshots import Snapshots
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.reward_batch import RewardOutcome
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.clock import Clock
from shared.errors import InvalidArgument

MAX_ID_LENGTH = 128
MAX_ERASED_DECISIONS = 10_000


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the state lives."""

    feature_sets: FeatureSetStore
    rewards: RewardLog
    snapshots: SnapshotStore


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the background loop looks at the log, and how many rewards a snapshot waits for."""

    follow_seconds: float = 1.0
    snapshot_rewards: int = 10_000


@dataclass(frozen=True, slots=True)
class RecordedRewards:
    """One outcome per item, and the model after them."""

    outcomes: tuple[RewardOutcome, ...]
    model_version: str


class ScoringApplication:
    """`start` before the first call, `close` after the last."""

    def __init__(self, stores: Stores, scorer: Scorer, clock: Clock, observer: Observer, pace: Pace) -> None:
        self._stores = stores
        self._observer = observer
        self._model = LiveModel(scorer)
        self._feature_sets = FeatureSets(stores.feature_sets, scorer)
        self._snapshots = Snapshots(stores.snapshots, self._model, pace.snapshot_rewards)
        self._learner = Learner(stores.rewards, self._feature_sets, self._model, self._snapshots, clock)
        self._follower = Follower(self._learner, self._snapshots, self._model, observer, pace.follow_seconds)
        self._record = RecordRewards(stores.rewards, self._feature_sets, self._learner, observer, clock)

    @property
    def model_version(self) -> str:
        """The model and the last reward it learnt: "<model id>@<log position>"."""
        return _version(self._model.scorer)

    @property
    def scorer(self) -> Scorer:
        """The model as it is now; look, but do not change it."""
        return self._model.scorer

    async def start(self) -> None:
        """Restores the model from its latest snapshot and the log after it, and begins to follow the log."""
        await self._snapshots.restore(self._stores.rewards)
        await self._learner.catch_up()
        self._follower.start()

    async def close(self) -> None:
        """Stops following and saves a snapshot. The stores are still needed for it."""
        await self._follower.stop()

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""
        await self._stores.rewards.last_position()

    async def publish_feature_set(self, request_id: str, feature_set: FeatureSet) -> str:
        """Answers the version. Raises InvalidArgument with every violation, AlreadyExists for a reused request id."""
        _check_request_id(request_id)
        return await publish_feature_set(request_id, feature_set, self._stores.feature_sets, self._feature_sets)

    async def score(self, query: ScoreQuery) -> Scores:
        """One vectorised pass over all candidates. Raises NotFound, InvalidArgument."""
        return await score(query, self._feature_sets, self._model, self._observer)

    async def record_rewards(self, request_id: str, items: Sequence[RewardItem]) -> RecordedRewards:
        """Durable, and in this application's next score, when it returns. Raises InvalidArgument, AlreadyExists."""
        _check_request_id(request_id)
        outcomes = await self._record(request_id, items)
        return RecordedRewards(outcomes, self.model_version)

    async def erase_subject_data(self, request_id: str, decision_ids: Sequence[str]) -> int:
        """Erases the rewards of decisions; answers how many. What was learnt of them is in a snapshot first, so that
        every replica keeps the same model. Raises InvalidArgument.
        """
        _check_request_id(request_id)
        if len(decision_ids) > MAX_ERASED_DECISIONS:
            raise InvalidArgument.field("decision_ids", f"must be at most {MAX_ERASED_DECISIONS}")
        for index, decision_id in enumerate(decision_ids):
            if not (0 < len(decision_id) <= MAX_ID_LENGTH and decision_id.isprintable()):
                text = f"must be 1 to {MAX_ID_LENGTH} printable characters"
                raise InvalidArgument.field(f"decision_ids[{index}]", text)
        await self._learner.catch_up()
        await self._snapshots.save()
        return await self._stores.rewards.erase(decision_ids)


def _version(scorer: Scorer) -> str:
    return f"{scorer.model_id}@{scorer.position}"


def _check_request_id(request_id: str) -> None:
    if not (0 < len(request_id) <= MAX_ID_LENGTH and request_id.isprintable()):
        raise InvalidArgument.field("request_id", f"must be 1 to {MAX_ID_LENGTH} printable characters")
