"""The services around the orchestrator, as far as policies go: they keep parts by their content, in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.orchestrator.domain.policy_parts import FeatureSetPart, Finding, RuleSetPart, TraitSchemaPart
from shared.errors import Unavailable
from shared.ids import content_id


@dataclass
class PolicyServices:
    """Implements TraitSchemaPublisher, RuleSetPublisher and FeatureSetPublisher."""

    kept: dict[str, object] = field(default_factory=dict)
    active_schema: TraitSchemaPart | None = None
    active_triggers: str = ""
    request_ids: list[str] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    """What is wrong with the conditions of any rule set."""
    is_down: bool = False
    on_schema: Callable[[], Awaitable[None]] | None = None
    """Awaited each time a schema was taken."""

    async def publish_trait_schema(self, request_id: str, schema: TraitSchemaPart, *, activate: bool) -> str:
        version = self._keep("schema", request_id, schema)
        if activate:
            self.active_schema = schema
        if self.on_schema is not None:
            await self.on_schema()
        return version

    async def validate_rule_set(self, rule_set: RuleSetPart) -> tuple[Finding, ...]:
        self._answer()
        return self.findings

    async def publish_rule_set(self, request_id: str, rule_set: RuleSetPart) -> str:
        return self._keep("rules", request_id, rule_set)

    async def activate_triggers(self, request_id: str, rule_set_version: str) -> None:
        self._answer()
        self.request_ids.append(request_id)
        self.active_triggers = rule_set_version

    async def publish_feature_set(self, request_id: str, feature_set: FeatureSetPart) -> str:
        return self._keep("features", request_id, feature_set)

    def _keep(self, prefix: str, request_id: str, part: object) -> str:
        self._answer()
        self.request_ids.append(request_id)
        version = content_id(prefix, part)
        self.kept[version] = part
        return version

    def _answer(self) -> None:
        if self.is_down:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", "down", metadata={"service": "any"})
