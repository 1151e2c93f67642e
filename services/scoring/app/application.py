"""The scoring service without its wire: domain dataclasses and numpy arrays in and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.scoring.app.batch_score import Answers, BatchQuery, batch_score
from services.scoring.app.evaluate_policy import EvaluatePolicy, EvaluationQuery
from services.scoring.app.explain_score import ExplainedScore, ExplainQuery, ExplainScore, no_contributions
from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.follow import Follower
from services.scoring.app.health import DEFAULT_WINDOW, ModelHealth
from services.scoring.app.health_watch import HealthWatch, Watchfulness
from services.scoring.app.model_in_use import ModelMaker
from services.scoring.app.models import Activation, Models, RegisteredModel, Registry
from services.scoring.app.models_in_use import ModelsInUse
from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import (
    FeatureSetStore,
    ForestContributions,
    ModelStore,
    Observer,
    RewardLog,
    Scorer,
    SnapshotStore,
    TrainingStore,
)
from services.scoring.app.publish_feature_set import publish_feature_set
from services.scoring.app.record_rewards import RecordRewards, RewardItem
from services.scoring.app.rescore import Rescorer
from services.scoring.app.roll_back import RollBack
from services.scoring.app.score import score
from services.scoring.app.train import NoTrainers, Trainers, TrainModel
from services.scoring.app.training_order import TrainingOrder
from services.scoring.domain.evaluation.targets import TargetEvaluation
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE, FeatureSet
from services.scoring.domain.health.report import HealthReport
from services.scoring.domain.models import Assignment, Training
from services.scoring.domain.reward_batch import RewardOutcome
from services.scoring.domain.rewards import Reward
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
    models: ModelStore
    trainings: TrainingStore


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the background loop looks at the log, and how many rewards a snapshot waits for."""

    follow_seconds: float = 1.0
    snapshot_rewards: int = 10_000
    watchfulness: Watchfulness = field(default_factory=Watchfulness)


@dataclass(frozen=True, slots=True)
class RecordedRewards:
    """One outcome per item, and the champion of the first one's objective after them; empty where it has none."""

    outcomes: tuple[RewardOutcome, ...]
    model_version: str


class ScoringApplication:
    """`start` before the first call, `close` after the last."""

    def __init__(
        self,
        stores: Stores,
        scorer: Scorer,
        clock: Clock,
        observer: Observer,
        pace: Pace,
        trainers: Trainers | None = None,
        contributions: ForestContributions = no_contributions,
    ) -> None:
        self._stores = stores
        self._observer = observer
        self._feature_sets = FeatureSets(stores.feature_sets, scorer.compiler)
        watchfulness = pace.watchfulness
        bounds, baseless = watchfulness.bounds, scorer.id_without_base
        self._objectives = objectives = Objectives(stores.feature_sets)
        maker = ModelMaker(
            stores.feature_sets, stores.rewards, stores.snapshots, objectives, clock, pace.snapshot_rewards, observer
        )
        self._in_use = ModelsInUse(stores.models, maker, scorer, self._feature_sets, objectives, observer)
        self._explain = ExplainScore(stores.feature_sets, stores.models, self._in_use, contributions)
        self._rescore = Rescorer(
            stores.rewards, stores.snapshots, stores.models, stores.feature_sets, objectives, scorer
        )
        self._evaluate_policy = EvaluatePolicy()
        self._follower = Follower(self._in_use, pace.follow_seconds)
        self._record = RecordRewards(stores.rewards, self._feature_sets, self._in_use, observer, clock)
        self._models = Models(stores.models, stores.trainings, objectives, baseless, clock, self._in_use.serving)
        self._health = ModelHealth(
            stores.rewards, stores.models, self._models, objectives, bounds, clock, lambda: self._in_use.refusals
        )
        roll_back = RollBack(stores.models, observer, bounds, clock)
        self._train = TrainModel(objectives, stores.trainings, trainers or NoTrainers(), clock)
        self._watch = HealthWatch(stores.rewards, objectives, self._health, roll_back, observer, watchfulness, clock)

    @property
    def model_version(self) -> str:
        """The champion of the default objective and the last reward it learnt: "<model id>@<log position>"."""
        return self.scorer.model_version

    @property
    def scorer(self) -> Scorer:
        """The champion of the default objective as it is now; look, but do not change it."""
        return self._in_use.champion.scorer

    @property
    def in_use(self) -> ModelsInUse:
        """The models that answer, and those that are tried."""
        return self._in_use

    async def start(self) -> None:
        """Restores the models from their latest snapshots and the log after them, and begins to follow the log."""
        await self._in_use.start()
        self._follower.start()
        self._watch.start()

    async def close(self) -> None:
        """Stops following and saves a snapshot. The stores are still needed for it."""
        await self._watch.stop()
        await self._follower.stop()

    async def check(self) -> None:
        """Raises Unavailable where the store does not answer."""
        await self._stores.rewards.last_position()

    async def publish_feature_set(self, request_id: str, feature_set: FeatureSet) -> str:
        """Answers the version. Raises InvalidArgument with every violation, AlreadyExists for a reused request id."""
        _check_request_id(request_id)
        version = await publish_feature_set(request_id, feature_set, self._stores.feature_sets, self._feature_sets)
        await self._in_use.prepare(feature_set.objective, version)
        return version

    async def score(self, query: ScoreQuery) -> Scores:
        """One vectorised pass over all candidates. Raises NotFound, InvalidArgument."""
        return await score(query, self._feature_sets, self._in_use, self._observer)

    async def rescore(self, query: ScoreQuery, model_version: str) -> Scores:
        """By a model as it was then. Raises NotFound, InvalidArgument, FailedPrecondition."""
        return await self._rescore(query, model_version)

    async def batch_score(self, query: BatchQuery) -> Answers:
        """The same candidates for many subjects: scores or an error each. Raises NotFound, InvalidArgument."""
        return await batch_score(query, self._feature_sets, self._in_use, self._observer)

    async def explain_score(self, query: ExplainQuery) -> ExplainedScore:
        """Why one candidate has its score. Raises NotFound, InvalidArgument, FailedPrecondition."""
        return await self._explain(query)

    async def record_rewards(self, request_id: str, items: Sequence[RewardItem]) -> RecordedRewards:
        """Durable, and in this application's next score, when it returns. Raises InvalidArgument, AlreadyExists."""
        _check_request_id(request_id)
        outcomes = await self._record(request_id, items)
        versions = [item.feature_set_version for item in items if isinstance(item, Reward)]
        objective = (await self._objectives.of(versions[0]) if versions else None) or DEFAULT_OBJECTIVE
        await self._in_use.ready(objective)
        return RecordedRewards(outcomes, self._in_use.version_of(objective))

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
        await self._in_use.save_all_that_is_assigned()
        return await self._stores.rewards.erase(decision_ids)

    async def list_models(self, objective: str = DEFAULT_OBJECTIVE) -> Registry:
        """The models of an objective, who has which role, and the trainings of late. Raises NotFound."""
        return await self._models.list(objective)

    async def get_model(self, model_id: str) -> RegisteredModel:
        """Raises InvalidArgument, NotFound."""
        return await self._models.get(model_id)

    async def activate_model(self, request_id: str, wanted: Activation) -> Assignment:
        """Durable when it returns; every replica follows. Raises as `Models.activate` does."""
        _check_request_id(request_id)
        return await self._models.activate(request_id, wanted)

    async def train_model(self, request_id: str, order: TrainingOrder) -> Training:
        """Begins a training in a process of its own; answers the one that was begun, or that was under way. Raises
        InvalidArgument, NotFound.
        """
        _check_request_id(request_id)
        return await self._train(request_id, order)

    async def model_health(self, objective: str = DEFAULT_OBJECTIVE, window: int = DEFAULT_WINDOW) -> HealthReport:
        """How the models in use fared on the last `window` presentations. Raises InvalidArgument, NotFound."""
        return await self._health.report(objective, window)

    async def evaluate_policy(self, query: EvaluationQuery) -> TargetEvaluation:
        """What policies would have earned, by a log that came with the question. Raises InvalidArgument."""
        return await self._evaluate_policy(query)


def _check_request_id(request_id: str) -> None:
    if not (0 < len(request_id) <= MAX_ID_LENGTH and request_id.isprintable()):
        raise InvalidArgument.field("request_id", f"must be 1 to {MAX_ID_LENGTH} printable characters")
