"""Checks declarations against each other: every name that is mentioned must be declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion, where
from services.orchestrator.domain.policy.parts import Lineage
from services.orchestrator.domain.policy.purposes import USUAL_PURPOSES
from services.orchestrator.domain.policy.tree import Level
from services.orchestrator.domain.policy.wording import TreatmentDeclaration
from services.orchestrator.domain.policy.words import Reference
from shared.values import type_name

MAX_FEATURES = 256
MAX_CONSTANTS = 32


def check_references(document: PolicyDocument, findings: Findings) -> None:
    issues = {issue.name for issue in document.issues}
    groups = {group.level.name for group in document.groups}
    _check("issue", (group.level.parent for group in document.groups), issues, findings)
    _check("group", (action.level.parent for action in document.actions), groups, findings)
    channels = {name.lower() for name in document.channels}
    _check("channel", _mentioned_channels(document), channels, findings)
    purposes = {channel.purpose for channel in document.channels.values()} | USUAL_PURPOSES
    purposes |= {purpose.name for purpose in document.purposes}
    _check("purpose", document.mentioned_purposes, {name.lower() for name in purposes}, findings)
    relations = {relation.name for relation in document.relations}
    mentioned = [each.relation for each in document.computed] + [use.relation for use in document.uses]
    _check("relation", mentioned, relations, findings)
    _check_fallbacks(document, findings)
    actions = {action.level.name for action in document.actions}
    for kind, declared in (("issue", issues), ("group", groups), ("action", actions)):
        _check(kind, (each for limit in document.contact.limits for each in limit.mentions[kind]), declared, findings)
        _check(kind, (each.mentions.get(kind) for each in document.written.at_most), declared, findings)
        mentions = (each for resource in document.resources for each in resource.mentions[kind])
        _check(kind, mentions, declared, findings)
        _check(kind, (target.mentions[kind] for target in document.targets), declared, findings)


def all_treatments(document: PolicyDocument) -> Iterable[TreatmentDeclaration]:
    """Of actions, then of fallbacks."""
    for action in document.actions:
        yield from action.treatments
    yield from document.fallbacks


def _mentioned_channels(document: PolicyDocument) -> Iterable[Reference | None]:
    yield from (treatment.channel for treatment in all_treatments(document))
    yield from (placement.channel for placement in document.placements)
    yield from document.contact.channels
    yield from (channel for resource in document.resources for channel in resource.mentions["channel"])
    yield from (target.mentions["channel"] for target in document.targets)


def _check(kind: str, references: Iterable[Reference | None], declared: Collection[str], findings: Findings) -> None:
    for reference in references:
        if reference is not None and reference.name not in declared:
            message = f'no {kind} "{reference.name}" is declared{suggestion(reference.name, declared)}'
            findings.error(reference.place, f"UNKNOWN_{kind.upper()}", message)


def _check_fallbacks(document: PolicyDocument, findings: Findings) -> None:
    treatments = {treatment.treatment_id: treatment for treatment in all_treatments(document)}
    _check("treatment", (placement.fallback for placement in document.placements), treatments, findings)
    for placement in document.placements:
        fallback = treatments.get(placement.fallback.name) if placement.fallback else None
        if placement.fallback is None or fallback is None or fallback.channel is None or placement.channel is None:
            continue
        if fallback.channel.name != placement.channel.name:
            message = (
                f'the treatment "{fallback.treatment_id}" is for the channel {fallback.channel.name}, '
                f"the placement for {placement.channel.name}"
            )
            findings.error(placement.fallback.place, "WRONG_CHANNEL", message)


def check_guarantees(document: PolicyDocument, findings: Findings) -> None:
    """A fallback is shown whatever happens, so it cannot be on a channel that needs a consent."""
    for placement in document.placements:
        channel = document.channels.get(placement.channel.name.upper()) if placement.channel is not None else None
        if placement.fallback is not None and channel is not None and channel.needs_consent:
            message = f"the channel {channel.name.lower()} needs a consent, so nothing on it can be guaranteed"
            findings.error(placement.fallback.place, "FALLBACK_NEEDS_CONSENT", message)


def check_values(document: PolicyDocument, findings: Findings) -> None:
    """Every action must be worth something: its group or issue may say so for it."""
    issues = {issue.name: issue for issue in document.issues}
    groups = {group.level.name: group.level for group in document.groups}
    for action in document.actions:
        group = groups.get(action.level.parent.name) if action.level.parent else None
        issue = issues.get(group.parent.name) if group is not None and group.parent is not None else None
        if group is None or issue is None:
            continue
        levels = (action.level, group, issue)
        if not any(level.says_value for level in levels):
            message = f'the action "{action.level.name}" has no business_value, nor has its group or issue'
            findings.error(action.level.place, "MISSING_VALUE", message)


def check_constants(actions: Iterable[Lineage], findings: Findings) -> None:
    """action.<name> has one type, whatever the action; whole numbers and others go together, empty lists with any."""
    seen: dict[str, tuple[str, Level]] = {}
    for level in (level for lineage in actions for level in lineage.levels):
        for name, constant in level.attributes.items():
            kind = type_name(constant).replace("int", "double")
            if kind == "list":
                continue
            first_kind, first = seen.setdefault(name, (kind, level))
            if kind != first_kind:
                message = f"action.{name} is of another type than at {where(first.place)}: {kind}, not {first_kind}"
                findings.error(level.place, "CONSTANT_TYPE", message)


def check_model_size(document: PolicyDocument, actions: Iterable[Lineage], findings: Findings) -> None:
    """What the scoring service takes: so many features, so many constants of one action."""
    predictive = [declaration for declaration in document.attributes if declaration.is_feature]
    if len(predictive) > MAX_FEATURES:
        message = f"{len(predictive)} features; the model takes {MAX_FEATURES}: mark others predictive: false"
        findings.error(predictive[MAX_FEATURES].place, "TOO_LARGE", message)
    for lineage in actions:
        names = {name for level in lineage.levels for name in level.attributes}
        if len(names) > MAX_CONSTANTS:
            message = f"{len(names)} attributes with the inherited ones; an action has at most {MAX_CONSTANTS}"
            findings.error(lineage.action.level.place, "TOO_LARGE", message)
