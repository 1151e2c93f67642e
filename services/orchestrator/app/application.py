"""Everything the orchestrator does, one method per RPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from services.orchestrator.app.activate import ActivatePolicy, RollBackPolicy
from services.orchestrator.app.approve import ApprovePolicy
from services.orchestrator.app.batch.decide import DecideBatch, Item, Outcome
from services.orchestrator.app.batch.stream import decide_stream
from services.orchestrator.app.capture_answer import CaptureAnswer
from services.orchestrator.app.capture_outcomes import CaptureOutcomes
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.contact_courier import contact_courier
from services.orchestrator.app.decide.flow import Decide
from services.orchestrator.app.decision_index import Cursor, DecisionPage, DecisionSummary
from services.orchestrator.app.diff.diff_policies import DiffPolicies, DiffQuestion
from services.orchestrator.app.diff.report import DiffReport
from services.orchestrator.app.erase_subject_data import EraseSubjectData, ErasureCourier
from services.orchestrator.app.erasures import Erasing
from services.orchestrator.app.explain_decision import ExplainDecision, Explanation
from services.orchestrator.app.feedback_stores import told_of
from services.orchestrator.app.get_attribution import (
    Attribution,
    AttributionQuestion,
    AttributionSources,
    GetAttribution,
)
from services.orchestrator.app.get_decision import ExportSubjectData, GetDecision, RecordedDecision
from services.orchestrator.app.get_performance import GetPerformance
from services.orchestrator.app.implied_outcomes import ImpliedOutcomes
from services.orchestrator.app.learning_consent import LearningConsent
from services.orchestrator.app.list_decisions import ListDecisions, ListQuery
from services.orchestrator.app.list_policies import ListPolicies, PolicyPage, StoredPolicy
from services.orchestrator.app.match_conversions import MatchingStores, conversion_matching
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.performance_reading import PerformanceSources
from services.orchestrator.app.performance_report import Performance, PerformanceQuestion
from services.orchestrator.app.policy_life import PolicyLife, PolicySummary
from services.orchestrator.app.policy_register import PolicyCursor
from services.orchestrator.app.policy_switches import FollowActivePolicy
from services.orchestrator.app.ports import Identity
from services.orchestrator.app.pressure.fold import FoldPressure
from services.orchestrator.app.pressure.get_pressure import GetPressure, PressureReport
from services.orchestrator.app.pressure.learnt import LearntPressure, PressureCourier
from services.orchestrator.app.prune_decisions import PruneDecisions
from services.orchestrator.app.prune_receipts import PruneReceipts, ReceiptBox
from services.orchestrator.app.publish import PublishedPolicy, PublishPolicy
from services.orchestrator.app.record_conversions import (
    ConversionItem,
    RecordAnswer,
    RecordConversions,
    RecordTouches,
    TouchItem,
)
from services.orchestrator.app.replay_decision import Differences, ReplayDecision, Replayed
from services.orchestrator.app.reward_courier import reward_courier
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.app.validate import ValidatePolicy
from services.orchestrator.app.volume.get_volume import GetVolume, Volume, VolumeReport
from services.orchestrator.app.volume.settle import volume_courier
from services.orchestrator.app.why_not import WhyNot, WhyNotAnswer, WhyNotQuestion
from services.orchestrator.domain.conversion import Conversion
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.policy_parts import Finding
from services.orchestrator.domain.touch import Touch
from shared.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Records:
    """How records of decisions are compared, and for how many days they are kept (0: for ever); receipts of calls."""

    differences: Differences
    receipts: ReceiptBox
    kept_days: float = 0


@dataclass(frozen=True, slots=True)
class Shared:
    """What all replicas use up, and learn, together."""

    volume: Volume
    pressure: LearntPressure


class OrchestratorApplication:
    def __init__(
        self,
        world: Surroundings,
        life: PolicyLife,
        erasing: Erasing,
        records: Records,
        shared: Shared,
    ) -> None:
        consent = LearningConsent(world.profiles, world.policies, world.clock)
        rewards = reward_courier(world.outcomes, world.rewards, consent, world.telemetry, world.clock)
        contacts = contact_courier(world.outbox, world.ledger, world.telemetry, world.clock)
        self._erase = EraseSubjectData(erasing.store, erasing.rewards, world.clock, (world.sticky.forget,))
        erasures = ErasureCourier(erasing.feed, erasing.store, self._erase, world.telemetry, world.clock)
        self._feedback = feedback = world.feedback
        matching = conversion_matching(
            world, MatchingStores(feedback.conversions, feedback.history, world.persons), rewards
        )
        implied = ImpliedOutcomes(feedback.implied, world.telemetry, world.clock)
        self._record_conversions = RecordConversions(world, feedback.conversions, world.persons, matching)
        self._record_touches = RecordTouches(world, feedback.touches, world.persons)
        sources = AttributionSources(feedback.conversions, feedback.touches, feedback.history, world.persons)
        self._attribution = GetAttribution(sources, world.policies, world.clock)
        counted = PerformanceSources(feedback.performance, feedback.conversions, world.persons)
        self._performance = GetPerformance(counted, world.policies, world.clock)
        prune = PruneDecisions(world.index, records.kept_days, world.telemetry, world.clock)
        volume = shared.volume
        settling = volume_courier(volume.bank, world.clock)
        self._volume = GetVolume(volume.bank, world.policies, world.clock)
        follow = FollowActivePolicy(life.register, life.restore, world.clock)
        pressing = PressureCourier(FoldPressure(world, consent), shared.pressure, world.clock)
        self._pressure = GetPressure(feedback.pressure, shared.pressure, world.policies, world.clock)
        forget = PruneReceipts(records.receipts, world.clock)
        of_outcomes = (rewards, contacts, matching, implied, settling, volume.desk, pressing)
        self.couriers = (*of_outcomes, erasures, prune, forget, follow)
        """What runs in the background."""
        self._decide = Decide(world)
        self._decide_batch = DecideBatch(world)
        self._capture = CaptureOutcomes(world, rewards, contacts)
        self._get = GetDecision(world)
        self._export = ExportSubjectData(self._get, erasing.store)
        self._explain = ExplainDecision(world)
        self._why_not = WhyNot(world, self._explain)
        self._replay = ReplayDecision(world, records.differences)
        self._list = ListDecisions(world)
        self._publish = PublishPolicy(life)
        self._validate = ValidatePolicy(life.parts.rules, life.policies)
        self._approve = ApprovePolicy(life)
        self._activate = ActivatePolicy(life)
        self._roll_back = RollBackPolicy(life)
        self._policies = ListPolicies(life)
        self.diffing = DiffPolicies(world)

    async def get_volume(self, resource_ids: Sequence[str]) -> VolumeReport:
        return await self._volume(resource_ids)

    async def get_pressure(self) -> PressureReport:
        return await self._pressure()

    async def decide(self, command: DecideCommand, deadline_ms: int | None = None) -> Answer:
        return await self._decide(command, deadline_ms)

    async def decide_batch(self, items: Sequence[Item], deadline_ms: int | None = None) -> Sequence[Outcome]:
        return await self._decide_batch(items, deadline_ms)

    def decide_stream(
        self, items: AsyncIterator[tuple[str, Item]], deadline_ms: int | None = None
    ) -> AsyncGenerator[tuple[str, Outcome]]:
        return decide_stream(self._decide_batch, items, deadline_ms)

    async def capture_outcomes(self, request_id: str, items: Sequence[OutcomeItem | InvalidArgument]) -> CaptureAnswer:
        return await self._capture(request_id, items)

    async def record_conversions(
        self, request_id: str, items: Sequence[ConversionItem | InvalidArgument]
    ) -> RecordAnswer:
        return await self._record_conversions(request_id, items)

    async def record_touches(self, request_id: str, items: Sequence[TouchItem | InvalidArgument]) -> RecordAnswer:
        return await self._record_touches(request_id, items)

    async def get_attribution(self, question: AttributionQuestion) -> Attribution:
        return await self._attribution(question)

    async def get_performance(self, question: PerformanceQuestion) -> Performance:
        return await self._performance(question)

    def export_told(self, profile_ids: Sequence[str]) -> AsyncGenerator[Conversion | Touch]:
        """Every conversion and touch of the profiles."""
        return told_of(self._feedback, profile_ids)

    async def erase_subject_data(self, profile_ids: Sequence[str]) -> tuple[str, ...]:
        """Answers the decisions that were erased."""
        return await self._erase(profile_ids)

    def export_subject_data(self, profile_ids: Sequence[str]) -> AsyncGenerator[RecordedDecision]:
        """Every decision for the profiles, with its outcomes."""
        return self._export(profile_ids)

    async def get_decision(self, decision_id: str) -> RecordedDecision:
        return await self._get(decision_id)

    async def explain_decision(self, decision_id: str, actions: Sequence[str] = ()) -> Explanation:
        return await self._explain(decision_id, actions)

    async def last_decision(self, identities: tuple[Identity, ...], time_ms: int | None = None) -> str:
        return await self._list.last(identities, time_ms)

    async def replay_decision(self, decision_id: str, *, rescore: bool = False) -> Replayed:
        return await self._replay(decision_id, rescore=rescore)

    async def list_decisions(self, query: ListQuery, limit: int, after: Cursor | None = None) -> DecisionPage:
        return await self._list(query, limit, after)

    async def sample_decisions(self, count: int, seed: int) -> Sequence[DecisionSummary]:
        return await self._list.sample(count, seed)

    async def why_not(self, question: WhyNotQuestion) -> WhyNotAnswer:
        return await self._why_not(question)

    async def publish_policy(self, request_id: str, files: Mapping[str, bytes], author: str = "") -> PublishedPolicy:
        return await self._publish(request_id, files, author)

    async def validate_policy(self, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
        return await self._validate(files)

    async def approve_policy(self, request_id: str, policy_version: str, approver: str) -> PolicySummary:
        return await self._approve(request_id, policy_version, approver)

    async def activate_policy(self, request_id: str, policy_version: str, actor: str = "") -> PolicySummary:
        return await self._activate(request_id, policy_version, actor)

    async def roll_back_policy(self, request_id: str, from_version: str = "", actor: str = "") -> PolicySummary:
        return await self._roll_back(request_id, from_version, actor)

    async def diff_policies(self, question: DiffQuestion) -> DiffReport:
        return await self.diffing(question)

    async def simulate_policy(self, question: DiffQuestion) -> DiffReport:
        """One policy alone."""
        return await self.diffing.simulate(question)

    async def get_policy(self, policy_version: str = "") -> StoredPolicy:
        """The active one, where none is named."""
        return await self._policies.get(policy_version)

    async def list_policies(self, limit: int, after: PolicyCursor | None = None) -> PolicyPage:
        """The newest first."""
        return await self._policies(limit, after)
