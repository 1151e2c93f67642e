"""A policy folder as its declarations: everything that could be read, in order of file and line, each thing once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.orchestrator.domain.arms import NO_ARMS, Arms
from services.orchestrator.domain.catalogue import Channel
from services.orchestrator.domain.policy.aggregates import AggregateDeclaration, aggregate_reader
from services.orchestrator.domain.policy.arms import ARMS, read_arms
from services.orchestrator.domain.policy.attributes import AttributeDeclaration, read_context, read_trait
from services.orchestrator.domain.policy.channels import (
    PlacementDeclaration,
    read_channel,
    read_placement,
)
from services.orchestrator.domain.policy.conditions import STAGE_FIELDS
from services.orchestrator.domain.policy.contact import ContactPolicyDeclaration, read_contact_policy
from services.orchestrator.domain.policy.currencies import MAX_CURRENCIES
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.folder import Folder
from services.orchestrator.domain.policy.inferred_traits import inferred_traits
from services.orchestrator.domain.policy.namespaces import read_namespace
from services.orchestrator.domain.policy.objectives import MAX_OBJECTIVES, ObjectiveDeclaration, read_objective
from services.orchestrator.domain.policy.pressure import PRESSURE, PressureDeclaration, PressureWeight, read_pressure
from services.orchestrator.domain.policy.purposes import (
    EventTypeDeclaration,
    PurposeDeclaration,
    read_event_type,
    read_purpose,
)
from services.orchestrator.domain.policy.relations import read_relation
from services.orchestrator.domain.policy.sections import Sections
from services.orchestrator.domain.policy.segments import SegmentDeclaration, read_segment
from services.orchestrator.domain.policy.settings import RECORDS, SINGLES, WrittenSettings, read_settings
from services.orchestrator.domain.policy.targets import MAX_TARGETS, TargetDeclaration, read_target
from services.orchestrator.domain.policy.tree import (
    ActionDeclaration,
    GroupDeclaration,
    Level,
    action_reader,
    read_group,
    read_issue,
)
from services.orchestrator.domain.policy.triggers import MAX_TRIGGERS, TriggerDeclaration, read_trigger
from services.orchestrator.domain.policy.uses import USE, Use, used_aggregates
from services.orchestrator.domain.policy.volume import (
    MAX_RESOURCES,
    VOLUME_FIELDS,
    WORD_OF,
    ResourceDeclaration,
    resource_reader,
)
from services.orchestrator.domain.policy.wording import TreatmentDeclaration, read_fallback
from services.orchestrator.domain.policy.words import Reference
from services.orchestrator.domain.policy_parts import USUAL_OBJECTIVE, NamespacePart, Place, RelationPart, RulePart

MAX_DECLARED = {
    "traits": 2_000,
    "aggregates": 500,
    "namespaces": 200,
    "purposes": 200,
    "event_types": 2_000,
    "relations": 20,
    "segments": 2_000,
    "actions": 10_000,
    "triggers": MAX_TRIGGERS,
    "objectives": MAX_OBJECTIVES,
    **dict.fromkeys(VOLUME_FIELDS, MAX_RESOURCES),
    "currencies": MAX_CURRENCIES,
    "targets": MAX_TARGETS,
}
"""By top-level key."""

NAMED_SECTIONS = frozenset(
    {"traits", "aggregates", "context", "namespaces", "segments", "channels", "placements", ARMS}
    | {"fallbacks", "issues", "groups", "actions", "purposes", "event_types", "relations", "triggers", "objectives"}
    | {"currencies", "targets", *VOLUME_FIELDS}
)
FIELD_SECTIONS = {field.name for field in SINGLES} | {field.name for field in STAGE_FIELDS}
TOP_LEVEL_KEYS = NAMED_SECTIONS | FIELD_SECTIONS | {*RECORDS, "contact_policy", PRESSURE, USE.name}


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """What the files say, checked one by one but not yet against each other."""

    written: WrittenSettings
    traits: tuple[AttributeDeclaration, ...]
    """Those behind inferred segments included."""
    computed: tuple[AggregateDeclaration, ...]
    """The aggregates that it declares itself."""
    uses: tuple[Use, ...]
    used: tuple[AttributeDeclaration, ...]
    """The ready aggregates that come with them."""
    relations: tuple[RelationPart, ...]
    context: tuple[AttributeDeclaration, ...]
    namespaces: tuple[NamespacePart, ...]
    purposes: tuple[PurposeDeclaration, ...]
    event_types: tuple[EventTypeDeclaration, ...]
    segments: tuple[SegmentDeclaration, ...]
    triggers: tuple[TriggerDeclaration, ...]
    rules: tuple[RulePart, ...]
    """Of the whole policy."""
    channels: Mapping[str, Channel]
    """By upper-case name."""
    channel_rules: Mapping[str, tuple[RulePart, ...]]
    """Of the channels that have any."""
    channel_budgets: Mapping[str, float]
    """How much of a slot may go to exploration, of the channels that say so."""
    placements: tuple[PlacementDeclaration, ...]
    fallbacks: tuple[TreatmentDeclaration, ...]
    issues: tuple[Level, ...]
    groups: tuple[GroupDeclaration, ...]
    actions: tuple[ActionDeclaration, ...]
    contact: ContactPolicyDeclaration
    objectives: tuple[ObjectiveDeclaration, ...]
    resources: tuple[ResourceDeclaration, ...] = ()
    """Budgets, then stock, then capacities."""
    channel_silences: Mapping[str, float] = field(default_factory=dict)
    """With which probability a place stays silent on purpose, of the channels that say so."""
    arms: Arms = NO_ARMS
    """The salt is empty where it is not written."""
    targets: tuple[TargetDeclaration, ...] = ()
    channel_weights: Mapping[str, PressureWeight] = field(default_factory=dict)
    """How much a contact counts as pressure, on the channels that say so."""
    pressure: PressureDeclaration | None = None

    @property
    def arbitrated(self) -> str:
        """The declared objective by which is decided: the one that is named, the only one, or the one of the usual
        name; empty where there is none, or it is not clear."""
        names = [declared.objective.name for declared in self.objectives]
        wanted = self.written.objective.name if self.written.objective is not None else USUAL_OBJECTIVE
        return wanted if wanted in names else names[0] if len(names) == 1 else ""

    @property
    def aggregates(self) -> tuple[AttributeDeclaration, ...]:
        return tuple(each.attribute for each in self.computed) + self.used

    @property
    def attributes(self) -> tuple[AttributeDeclaration, ...]:
        return self.traits + self.aggregates + self.context

    @property
    def mentioned_purposes(self) -> tuple[Reference, ...]:
        """By traits and event types."""
        by_traits = tuple(purpose for trait in self.traits for purpose in trait.purposes)
        return by_traits + tuple(purpose for event_type in self.event_types for purpose in event_type.purposes)


def read_document(folder: Folder, findings: Findings) -> PolicyDocument:
    sections = Sections(folder, findings)
    sections.check_keys(TOP_LEVEL_KEYS)
    for name, limit in MAX_DECLARED.items():
        sections.check_size(name, limit)
    if folder.sections and not folder.sections.keys() - {field.name for field in SINGLES}:
        place = next(iter(folder.sections.values()))[0][0].place
        findings.error(place, "EMPTY_POLICY", "declares nothing that could be proposed, or asked of anybody")
    attribute_names: dict[str, Place] = {}
    treatment_names: dict[str, Place] = {}
    purposes = sections.named("purposes", "purpose", read_purpose)
    event_types = sections.named("event_types", "event type", read_event_type)
    traits = sections.named("traits", "trait", read_trait, attribute_names)
    segments = sections.named("segments", "segment", read_segment)
    triggers = sections.named("triggers", "trigger", read_trigger)
    channels = sections.named("channels", "channel", read_channel)
    inferred = inferred_traits(segments, triggers, attribute_names, findings)
    properties = {each.part.type: each.properties for each in event_types}
    computed = sections.named("aggregates", "aggregate", aggregate_reader(properties), attribute_names)
    uses = sections.single(USE) or ()
    own = frozenset(each.part.name for each in computed)
    return PolicyDocument(
        written=read_settings(sections, purposes, findings),
        traits=traits + inferred,
        computed=computed,
        uses=uses,
        used=used_aggregates(uses, own, attribute_names, findings),
        relations=sections.named("relations", "relation", read_relation),
        context=sections.named("context", "context attribute", read_context),
        namespaces=sections.named("namespaces", "namespace", read_namespace),
        purposes=purposes,
        event_types=event_types,
        segments=segments,
        triggers=triggers,
        rules=tuple(rule for field in STAGE_FIELDS for rule in sections.joined(field)),
        channels={each.channel.name: each.channel for each in channels},
        channel_rules={each.channel.name: each.rules for each in channels if each.rules},
        channel_budgets={
            each.channel.name: each.exploration_budget for each in channels if each.exploration_budget is not None
        },
        resources=_read_resources(sections),
        channel_silences={each.channel.name: each.silence for each in channels if each.silence is not None},
        channel_weights={
            each.channel.name: each.pressure_weight for each in channels if each.pressure_weight is not None
        },
        placements=sections.named("placements", "placement", read_placement),
        issues=sections.named("issues", "issue", read_issue),
        groups=sections.named("groups", "group", read_group),
        actions=sections.named("actions", "action", action_reader(treatment_names)),
        fallbacks=sections.named("fallbacks", "treatment", read_fallback, treatment_names),
        contact=_read_contact(sections, findings),
        objectives=sections.named("objectives", "objective", read_objective),
        arms=read_arms(sections, findings),
        targets=sections.named("targets", "target", read_target),
        pressure=read_pressure(sections, findings),
    )


def _read_resources(sections: Sections) -> tuple[ResourceDeclaration, ...]:
    """Each name once over the three sections."""
    seen: dict[str, Place] = {}
    return tuple(
        each for name in VOLUME_FIELDS for each in sections.named(name, WORD_OF[name], resource_reader(name), seen)
    )


def _read_contact(sections: Sections, findings: Findings) -> ContactPolicyDeclaration:
    contact_policy = sections.record("contact_policy")
    if contact_policy is None:
        return ContactPolicyDeclaration()
    return read_contact_policy(contact_policy.place, contact_policy, findings)
