"""Checks declarations against each other: every name that is mentioned must be declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion
from services.orchestrator.domain.policy.wording import TreatmentDeclaration
from services.orchestrator.domain.policy.words import Reference


def check_references(document: PolicyDocument, findings: Findings) -> None:
    issues = {issue.name for issue in document.issues}
    groups = {group.level.name for group in document.groups}
    _check("issue", (group.level.parent for group in document.groups), issues, findings)
    _check("group", (action.level.parent for action in document.actions), groups, findings)
    channels = {name.lower() for name in document.channels}
    _check("channel", _mentioned_channels(document), channels, findings)
    _check_fallbacks(document, findings)


def all_treatments(document: PolicyDocument) -> Iterable[TreatmentDeclaration]:
    """Of actions, then of fallbacks."""
    for action in document.actions:
        yield from action.treatments
    yield from document.fallbacks


def _mentioned_channels(document: PolicyDocument) -> Iterable[Reference | None]:
    yield from (treatment.channel for treatment in all_treatments(document))
    yield from (placement.channel for placement in document.placements)
    yield from document.contacted_channels


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
        if not any(number.name == "business_value" for level in levels for number in level.numbers):
            message = f'the action "{action.level.name}" has no business_value, nor has its group or issue'
            findings.error(action.level.place, "MISSING_VALUE", message)
