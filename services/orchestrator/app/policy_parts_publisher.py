"""Hands the parts of a policy to the services that keep them."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.app.policy_store import PolicyVersions
from services.orchestrator.app.ports import FeatureSetPublisher, RuleSetPublisher, TraitSchemaPublisher
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class PartPublishers:
    """Parts are addressed by their content, so each call has a request id of its own: publishing twice changes nothing,
    and activating a schema again, after another one, must not be mistaken for a repetition."""

    traits: TraitSchemaPublisher
    rules: RuleSetPublisher
    features: FeatureSetPublisher

    async def publish(self, policy: CompiledPolicy, *, activate: bool) -> PolicyVersions:
        """Publishes every part; with `activate` the profile service checks writes against the trait schema from now on.

        Raises Unavailable, and InvalidArgument where a service refuses its part.
        """
        return PolicyVersions(
            policy=policy.version,
            rule_set=await self.rules.publish_rule_set(new_id("req"), policy.rule_set),
            feature_set=await self.features.publish_feature_set(new_id("req"), policy.feature_set),
            trait_schema=await self.publish_schema(policy, activate=activate),
            catalogue=policy.catalogue.version,
        )

    async def publish_schema(self, policy: CompiledPolicy, *, activate: bool) -> str:
        return await self.traits.publish_trait_schema(new_id("req"), policy.trait_schema, activate=activate)
