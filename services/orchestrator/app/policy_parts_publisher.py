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
        """Publishes every part; with `activate` the other services go by them from now on, as after `activate`.

        Raises Unavailable, and InvalidArgument where a service refuses its part.
        """
        rule_set = await self.rules.publish_rule_set(new_id("req"), policy.rule_set)
        feature_sets = {
            each.objective: await self.features.publish_feature_set(new_id("req"), each) for each in policy.feature_sets
        }
        versions = PolicyVersions(
            policy=policy.version,
            rule_set=rule_set,
            feature_set=feature_sets[policy.arbitrated],
            trait_schema=await self._publish_schema(policy, activate=activate),
            catalogue=policy.catalogue.version,
            feature_sets=feature_sets if policy.objectives else {},
        )
        if activate:
            await self.rules.activate_triggers(new_id("req"), versions.rule_set)
        return versions

    async def activate(self, policy: CompiledPolicy, versions: PolicyVersions) -> None:
        """The profile service checks writes against the policy's trait schema, and its triggers fire, from now on."""
        await self._publish_schema(policy, activate=True)
        await self.rules.activate_triggers(new_id("req"), versions.rule_set)

    async def _publish_schema(self, policy: CompiledPolicy, *, activate: bool) -> str:
        return await self.traits.publish_trait_schema(new_id("req"), policy.trait_schema, activate=activate)
