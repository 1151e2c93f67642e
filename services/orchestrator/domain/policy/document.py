"""A policy folder as its declarations: everything that could be read, in order of file and line, each thing once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.domain.catalogue import Channel
from services.orchestrator.domain.policy.attributes import (
    AttributeDeclaration,
    read_aggregate,
    read_context,
    read_namespace,
    read_trait,
)
from services.orchestrator.domain.policy.channels import PlacementDeclaration, read_channel, read_placement
from services.orchestrator.domain.policy.conditions import read_segment
from services.orchestrator.domain.policy.contact import check_arms, read_arm, read_contact_policy
from services.orchestrator.domain.policy.findings import Findings
from services.orchestrator.domain.policy.folder import Folder
from services.orchestrator.domain.policy.sections import Sections
from services.orchestrator.domain.policy.settings import RECORDS, SINGLES, WrittenSettings, read_settings
from services.orchestrator.domain.policy.tree import (
    STAGE_FIELDS,
    ActionDeclaration,
    GroupDeclaration,
    Level,
    action_reader,
    read_group,
    read_issue,
)
from services.orchestrator.domain.policy.wording import TreatmentDeclaration, read_treatment
from services.orchestrator.domain.policy.words import Reference
from services.orchestrator.domain.policy_parts import Place, RulePart, SegmentPart

MAX_DECLARED = {"traits": 2_000, "aggregates": 500, "namespaces": 200, "segments": 2_000, "actions": 10_000}
"""By top-level key."""

NAMED_SECTIONS = frozenset(
    {"traits", "aggregates", "context", "namespaces", "segments", "channels", "placements", "arms"}
    | {"fallbacks", "issues", "groups", "actions"}
)
FIELD_SECTIONS = {field.name for field in SINGLES} | {field.name for field in STAGE_FIELDS}
TOP_LEVEL_KEYS = NAMED_SECTIONS | FIELD_SECTIONS | {*RECORDS, "contact_policy"}


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """What the files say, checked one by one but not yet against each other."""

    written: WrittenSettings
    traits: tuple[AttributeDeclaration, ...]
    aggregates: tuple[AttributeDeclaration, ...]
    context: tuple[AttributeDeclaration, ...]
    namespaces: Mapping[str, bool]
    segments: tuple[SegmentPart, ...]
    rules: tuple[RulePart, ...]
    """Of the whole policy."""
    channels: Mapping[str, Channel]
    """By upper-case name."""
    placements: tuple[PlacementDeclaration, ...]
    fallbacks: tuple[TreatmentDeclaration, ...]
    issues: tuple[Level, ...]
    groups: tuple[GroupDeclaration, ...]
    actions: tuple[ActionDeclaration, ...]
    contacted_channels: tuple[Reference, ...]
    """The channels that the contact policy mentions."""

    @property
    def attributes(self) -> tuple[AttributeDeclaration, ...]:
        return self.traits + self.aggregates + self.context


def read_document(folder: Folder, findings: Findings) -> PolicyDocument:
    sections = Sections(folder, findings)
    sections.check_keys(TOP_LEVEL_KEYS)
    for name, limit in MAX_DECLARED.items():
        sections.check_size(name, limit)
    attribute_names: dict[str, Place] = {}
    treatment_names: dict[str, Place] = {}
    return PolicyDocument(
        written=read_settings(sections, findings),
        traits=sections.named("traits", "trait", read_trait, attribute_names),
        aggregates=sections.named("aggregates", "aggregate", read_aggregate, attribute_names),
        context=sections.named("context", "context attribute", read_context),
        namespaces=dict(sections.named("namespaces", "namespace", read_namespace)),
        segments=sections.named("segments", "segment", read_segment),
        rules=tuple(rule for field in STAGE_FIELDS for rule in sections.joined(field)),
        channels={channel.name: channel for channel in sections.named("channels", "channel", read_channel)},
        placements=sections.named("placements", "placement", read_placement),
        issues=sections.named("issues", "issue", read_issue),
        groups=sections.named("groups", "group", read_group),
        actions=sections.named("actions", "action", action_reader(treatment_names)),
        fallbacks=sections.named("fallbacks", "treatment", read_treatment, treatment_names),
        contacted_channels=_read_contact(sections, findings),
    )


def _read_contact(sections: Sections, findings: Findings) -> tuple[Reference, ...]:
    arms = sections.record("arms")
    if arms is not None:
        check_arms(arms.place, sections.named("arms", "arm", read_arm), findings)
    contact_policy = sections.record("contact_policy")
    return () if contact_policy is None else read_contact_policy(contact_policy.place, contact_policy, findings)
