"""Everything the orchestrator does, one method per RPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from services.orchestrator.app.activate import ActivatePolicy, PolicySummary
from services.orchestrator.app.capture_answer import CaptureAnswer
from services.orchestrator.app.capture_outcomes import CaptureOutcomes
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.contact_courier import contact_courier
from services.orchestrator.app.decide.flow import Decide
from services.orchestrator.app.erase_subject_data import EraseSubjectData, ErasureCourier
from services.orchestrator.app.erasures import Erasing
from services.orchestrator.app.explain_decision import ExplainDecision, Explanation
from services.orchestrator.app.get_decision import ExportSubjectData, GetDecision, RecordedDecision
from services.orchestrator.app.learning_consent import LearningConsent
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_store import PolicyStore
from services.orchestrator.app.publish import PublishedPolicy, PublishPolicy
from services.orchestrator.app.reward_courier import reward_courier
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.app.validate import ValidatePolicy
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.policy_parts import Finding
from shared.errors import InvalidArgument


class OrchestratorApplication:
    def __init__(self, world: Surroundings, policies: PolicyStore, parts: PartPublishers, erasing: Erasing) -> None:
        consent = LearningConsent(world.profiles, world.policies, world.clock)
        rewards = reward_courier(world.outcomes, world.rewards, consent, world.telemetry, world.clock)
        contacts = contact_courier(world.outbox, world.ledger, world.telemetry, world.clock)
        self._erase = EraseSubjectData(erasing.store, erasing.rewards, world.clock)
        erasures = ErasureCourier(erasing.feed, erasing.store, self._erase, world.telemetry, world.clock)
        self.couriers = (rewards, contacts, erasures)
        """What runs in the background."""
        self._decide = Decide(world)
        self._capture = CaptureOutcomes(world, rewards, contacts)
        self._get = GetDecision(world)
        self._export = ExportSubjectData(self._get, erasing.store)
        self._explain = ExplainDecision(world)
        self._publish = PublishPolicy(policies, parts, world.policies, world.clock)
        self._validate = ValidatePolicy(parts.rules)
        self._activate = ActivatePolicy(policies, parts, world.policies)

    async def decide(self, command: DecideCommand, deadline_ms: int | None = None) -> Answer:
        return await self._decide(command, deadline_ms)

    async def capture_outcomes(self, request_id: str, items: Sequence[OutcomeItem | InvalidArgument]) -> CaptureAnswer:
        return await self._capture(request_id, items)

    async def erase_subject_data(self, profile_ids: Sequence[str]) -> tuple[str, ...]:
        """Answers the decisions that were erased."""
        return await self._erase(profile_ids)

    def export_subject_data(self, profile_ids: Sequence[str]) -> AsyncGenerator[RecordedDecision]:
        """Every decision for the profiles, with its outcomes."""
        return self._export(profile_ids)

    async def get_decision(self, decision_id: str) -> RecordedDecision:
        return await self._get(decision_id)

    async def explain_decision(self, decision_id: str) -> Explanation:
        return await self._explain(decision_id)

    async def publish_policy(self, request_id: str, files: Mapping[str, bytes]) -> PublishedPolicy:
        return await self._publish(request_id, files)

    async def validate_policy(self, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
        return await self._validate(files)

    async def activate_policy(self, request_id: str, policy_version: str) -> PolicySummary:
        return await self._activate(request_id, policy_version)
