"""Everything the rules service does, one method per RPC: for the servicer, and in one process for other services."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from services.rules.app.compiled_policies import CompiledPolicies
from services.rules.app.evaluate import evaluate, evaluate_batch, evaluate_segments
from services.rules.app.matched_evaluation import MatchedEvaluation
from services.rules.app.ports import RuleSetStore
from services.rules.app.publish import RuleSetPublisher
from services.rules.app.read_rule_sets import get_rule_set, list_rule_sets
from services.rules.app.requests import (
    BatchEvaluation,
    BatchQuery,
    EvaluationQuery,
    PolicyEvaluation,
    PublishedRuleSet,
    PublishRuleSet,
    RuleSetPage,
    RuleSetPublished,
)
from services.rules.app.triggers.desk import FiringPage, ObserveEvents, TriggerDesk
from services.rules.domain.evaluation import RuleEngine
from services.rules.domain.matching import Matcher
from services.rules.domain.rule_set import Finding, RuleSet
from shared.clock import Clock, system_clock


class RulesApplication:
    def __init__(
        self,
        store: RuleSetStore,
        engine: RuleEngine,
        matcher: Matcher,
        triggers: TriggerDesk,
        *,
        clock: Clock = system_clock,
    ) -> None:
        self._triggers = triggers
        self._clock = clock
        self._store = store
        self._policies = CompiledPolicies(store, engine)
        self._matched = MatchedEvaluation(matcher)
        self._publisher = RuleSetPublisher(store, engine, self._policies, self._matched, clock)

    async def publish_rule_set(self, command: PublishRuleSet) -> RuleSetPublished:
        return await self._publisher.publish(command)

    async def validate_rule_set(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        return await self._publisher.validate(rule_set)

    async def activate_triggers(self, request_id: str, version: str) -> None:
        await self._triggers.activate(request_id, version)

    def observe_events(self, query: ObserveEvents) -> AsyncGenerator[FiringPage]:
        return self._triggers.observe(query)

    async def evaluate(self, query: EvaluationQuery) -> PolicyEvaluation:
        return await evaluate(self._policies, self._matched, self._clock, query)

    async def evaluate_batch(self, query: BatchQuery) -> BatchEvaluation:
        return await evaluate_batch(self._policies, self._matched, self._clock, query)

    async def evaluate_segments(self, query: EvaluationQuery) -> tuple[str, ...]:
        return await evaluate_segments(self._policies, self._clock, query)

    async def get_rule_set(self, version: str) -> PublishedRuleSet:
        return await get_rule_set(self._store, version)

    async def list_rule_sets(self, size: int, token: str) -> RuleSetPage:
        page = await list_rule_sets(self._store, size, token)
        return replace(page, active_version=await self._triggers.active_version())
