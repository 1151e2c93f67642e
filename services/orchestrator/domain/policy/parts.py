"""The parts of a policy that other services keep, cut from its declarations.

Made from whatever could be read, so that conditions are checked even where something else is wrong: an action or group
whose parent is unknown hangs under a group and issue of the name UNRESOLVED, which no policy can declare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from services.orchestrator.domain.objectives import SEGMENTS, Objective
from services.orchestrator.domain.past_contacts import PAST_CONTACTS
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.objectives import ObjectiveDeclaration
from services.orchestrator.domain.policy.tree import ActionDeclaration, Level
from services.orchestrator.domain.policy.trigger_parts import observed_types, trigger_parts
from services.orchestrator.domain.policy.values import Constant
from services.orchestrator.domain.policy.words import Reference
from services.orchestrator.domain.policy_parts import (
    AggregatePart,
    AttributePart,
    CrossPart,
    FeatureSetPart,
    PurposePart,
    RuleSetPart,
    ScopePart,
    ScoredActionPart,
    TraitPart,
    TraitSchemaPart,
)
from shared.values import AttributeType

UNRESOLVED = "_unresolved"


def trait_schema(document: PolicyDocument) -> TraitSchemaPart:
    return TraitSchemaPart(
        tuple(trait.part for trait in document.traits if isinstance(trait.part, TraitPart)),
        (*_declared_aggregates(document), *_cooldowns(document)),
        document.namespaces,
        _purposes(document),
        tuple(event_type.part for event_type in document.event_types),
        relations=document.relations,
        contact_limits=tuple(limit for limit in document.contact.parts if not limit.aggregate),
        time_zone_trait=document.contact.time_zone_trait.name if document.contact.time_zone_trait else "",
        default_time_zone=document.contact.time_zone,
    )


def _declared_aggregates(document: PolicyDocument) -> Iterator[AggregatePart]:
    yield from (aggregate.part for aggregate in document.aggregates if isinstance(aggregate.part, AggregatePart))


def _cooldowns(document: PolicyDocument) -> Iterator[AggregatePart]:
    """What counts the events that pause contacts. No condition and no model reads it."""
    for limit in document.contact.parts:
        if limit.aggregate:
            yield AggregatePart(limit.aggregate, limit.event, "COUNT", window_ms=limit.window_ms)


def _purposes(document: PolicyDocument) -> tuple[PurposePart, ...]:
    """Those that are declared. PROFILING has a basis of its own, which is told where something needs it."""
    parts = {
        purpose.name: PurposePart(purpose.name, purpose.basis or "LEGITIMATE_INTEREST", purpose.double_opt_in)
        for purpose in document.purposes
    }
    if "PROFILING" in parts or any(mention.name == "profiling" for mention in document.mentioned_purposes):
        is_double = "PROFILING" in parts and parts["PROFILING"].double_opt_in
        parts["PROFILING"] = PurposePart("PROFILING", document.written.settings.profiling_basis, is_double)
    return tuple(parts.values())


@dataclass(frozen=True, slots=True)
class Lineage:
    """An action with the group and issue above it."""

    action: ActionDeclaration
    group: str
    issue: str
    levels: tuple[Level, ...]
    """From the issue down; shorter where a parent is unknown."""


def lineages(document: PolicyDocument) -> tuple[Lineage, ...]:
    """Of every action, in the order of the catalogue."""
    issues = {issue.name: issue for issue in document.issues}
    groups = {group.level.name: group.level for group in document.groups}

    def trace(action: ActionDeclaration) -> Lineage:
        group = _find(groups, action.level.parent)
        issue = _find(issues, group.parent) if group is not None else None
        levels = tuple(level for level in (issue, group, action.level) if level is not None)
        return Lineage(action, group.name if group else UNRESOLVED, issue.name if issue else UNRESOLVED, levels)

    return tuple(trace(action) for action in document.actions)


def _find(levels: Mapping[str, Level], reference: Reference | None) -> Level | None:
    return levels.get(reference.name) if reference is not None else None


def rule_set(document: PolicyDocument, actions: tuple[Lineage, ...]) -> RuleSetPart:
    issues = {issue.name for issue in document.issues}
    groups = {group.level.name for group in document.groups}
    scopes = [ScopePart("POLICY", "", "", document.rules)]
    scopes += [_scope("ISSUE", issue, "") for issue in document.issues]
    scopes += [_scope("GROUP", group.level, _parent(group.level, issues)) for group in document.groups]
    attributes = constants(actions)
    action_scopes = [
        _scope("ACTION", lineage.action.level, _parent(lineage.action.level, groups), attributes[index])
        for index, lineage in enumerate(actions)
    ]
    if any(scope.parent_id == UNRESOLVED for scope in [*scopes, *action_scopes]):
        scopes.insert(1, ScopePart("ISSUE", UNRESOLVED, ""))
        scopes.append(ScopePart("GROUP", UNRESOLVED, UNRESOLVED))
    return RuleSetPart(
        tuple(declaration.attribute for declaration in document.attributes),
        tuple(segment.part for segment in document.segments),
        (*scopes, *action_scopes, *_treatment_scopes(document)),
        engine=document.written.engine,
        event_types=observed_types(document),
        triggers=trigger_parts(document),
    )


def _treatment_scopes(document: PolicyDocument) -> Iterator[ScopePart]:
    """Of the channels that have rules, and of the treatments that some rule is about."""
    ruled = document.channel_rules
    yield from (ScopePart("CHANNEL", name, "", rules) for name, rules in ruled.items())
    for action in document.actions:
        for treatment in action.treatments:
            channel = treatment.channel.name.upper() if treatment.channel is not None else ""
            if treatment.rules or channel in ruled:
                treatment_id, parent = treatment.treatment_id, action.level.name
                yield ScopePart("TREATMENT", treatment_id, parent, treatment.rules, channel=channel)


def _parent(level: Level, declared: set[str]) -> str:
    return level.parent.name if level.parent is not None and level.parent.name in declared else UNRESOLVED


def _scope(name: str, level: Level, parent: str, attributes: Mapping[str, Constant] | None = None) -> ScopePart:
    return ScopePart(name, level.name, parent, level.rules, level.numbers, attributes or {})


def constants(actions: tuple[Lineage, ...]) -> tuple[Mapping[str, Constant], ...]:
    """The constants of each action, the nearest level's first; a number is a float for all if it is one for any."""
    inherited = [
        {name: value for level in lineage.levels for name, value in level.attributes.items()} for lineage in actions
    ]
    floats = {name for values in inherited for name, value in values.items() if _is_float(value)}
    return tuple(
        {name: _as_float(value) if name in floats else value for name, value in values.items()} for values in inherited
    )


def _inherited(lineage: Lineage) -> Mapping[str, Constant]:
    return {name: value for level in lineage.levels for name, value in level.attributes.items()}


def _is_float(value: Constant) -> bool:
    return isinstance(value, float) or (isinstance(value, tuple) and any(isinstance(each, float) for each in value))


def _as_float(value: Constant) -> Constant:
    if isinstance(value, tuple):
        return tuple(float(each) if type(each) is int else each for each in value)
    return float(value) if type(value) is int else value


def features_of(document: PolicyDocument, objective: ObjectiveDeclaration | None = None) -> tuple[AttributePart, ...]:
    """What a model may look at; of the policy as a whole, or as an objective chooses."""
    excluded = {each.name for each in objective.excluded} if objective is not None else set()
    derived: list[AttributePart] = []
    if objective is not None and objective.reads_segments:
        derived.append(AttributePart(SEGMENTS, AttributeType.STRING_LIST))
    if objective is not None and objective.contacts_ms:
        derived.append(AttributePart(PAST_CONTACTS, AttributeType.STRING_LIST))
    features = tuple(
        AttributePart(declaration.attribute.name, declaration.attribute.type)
        for declaration in document.attributes
        if declaration.is_feature and declaration.attribute.name not in excluded
    )
    return (*features, *derived)


def objectives(document: PolicyDocument) -> tuple[Objective, ...]:
    """Those it declares; amounts are in the currency of the policy."""
    currency = document.written.settings.currency
    return tuple(replace(each.objective, currency=currency if each.prior_value else "") for each in document.objectives)


def feature_sets(document: PolicyDocument, actions: tuple[Lineage, ...]) -> tuple[FeatureSetPart, ...]:
    """One per objective, in their order; that of the usual one where none is declared."""
    prior_propensity = document.written.prior_propensity
    scored = tuple(
        ScoredActionPart(lineage.action.level.name, lineage.group, lineage.issue, attributes)
        for lineage, attributes in zip(actions, constants(actions), strict=True)
    )
    if not document.objectives:
        return (FeatureSetPart(features_of(document), scored, prior_propensity),)
    return tuple(
        FeatureSetPart(
            features_of(document, declared),
            scored,
            declared.prior_propensity or prior_propensity,
            declared.objective.name,
            tuple(
                CrossPart(each.name, each.kind, each.feature.name, each.attribute.name, each.window_ms or 0)
                for each in declared.crosses
            ),
            {mentioned.name: sign for mentioned, sign in declared.monotone.items()},
            tuple(tuple(mentioned.name for mentioned in group) for group in declared.interactions),
            prior_value=declared.prior_value,
            window_ms=declared.objective.window_ms,
        )
        for declared in document.objectives
    )
