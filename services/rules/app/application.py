"""Everything the rules service does, one method per RPC: for the servicer, and in one process for other services."""

from __future__ import annotations

from services.rules.app.compiled_policies import CompiledPolicies
from services.rules.app.evaluate import evaluate
from services.rules.app.ports import RuleSetStore
from services.rules.app.publish import RuleSetPublisher
from services.rules.app.requests import EvaluationQuery, PolicyEvaluation, PublishRuleSet, RuleSetPublished
from services.rules.domain.evaluation import RuleEngine
from services.rules.domain.rule_set import Finding, RuleSet
from shared.clock import Clock, system_clock


class RulesApplication:
    def __init__(self, store: RuleSetStore, engine: RuleEngine, *, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._policies = CompiledPolicies(store, engine)
        self._publisher = RuleSetPublisher(store, engine, self._policies, clock)

    async def publish_rule_set(self, command: PublishRuleSet) -> RuleSetPublished:
        return await self._publisher.publish(command)

    async def validate_rule_set(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        return await self._publisher.validate(rule_set)

    async def evaluate(self, query: EvaluationQuery) -> PolicyEvaluation:
        return await evaluate(self._policies, self._clock, query)
