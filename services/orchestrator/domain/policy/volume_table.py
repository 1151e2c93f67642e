"""Resources against the catalogue: what each treatment uses of each, and resources that do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion
from services.orchestrator.domain.policy.parts import Lineage, constants
from services.orchestrator.domain.policy.values import Constant
from services.orchestrator.domain.policy.volume import MAX_AMOUNT, ResourceDeclaration
from services.orchestrator.domain.policy.wording import TreatmentDeclaration
from services.orchestrator.domain.policy.words import Reference
from services.orchestrator.domain.volume.resources import NO_VOLUME, ResourceKind, VolumeTable, in_millionths


def check_volume(document: PolicyDocument, actions: tuple[Lineage, ...], findings: Findings) -> None:
    """Only where every name that is mentioned is declared."""
    if findings.has("UNKNOWN_CHANNEL", "UNKNOWN_ISSUE", "UNKNOWN_GROUP", "UNKNOWN_ACTION", "CONSTANT_TYPE"):
        return
    attributes = constants(actions)
    names = {lineage.action.level.name for lineage in actions}
    for declared in document.resources:
        _check_scope(declared, names, findings)
        uses = list(_uses(scoped(declared, names), actions, attributes))
        if not uses:
            message = f'no action of this policy can ever use "{declared.resource.resource_id}"'
            findings.warning(declared.place, "RESOURCE_WITHOUT_ACTION", message)
        _check_uses(declared, uses, findings)


def volume_table(document: PolicyDocument, actions: tuple[Lineage, ...]) -> VolumeTable:
    """Only for a document without errors."""
    if not document.resources:
        return NO_VOLUME
    names = {lineage.action.level.name for lineage in actions}
    attributes = constants(actions)
    use = np.zeros((sum(len(each.action.treatments) for each in actions), len(document.resources)), dtype=np.int64)
    for column, declared in enumerate(document.resources):
        for option, _, units in _uses(scoped(declared, names), actions, attributes):
            assert units is not None, "a document without errors has a number for every use"
            use[option, column] = in_millionths(units)
    return VolumeTable(tuple(declared.resource for declared in document.resources), use)


def scoped(declared: ResourceDeclaration, actions: set[str]) -> ResourceDeclaration:
    """Stock that names nothing is of the action of its own name."""
    resource = declared.resource
    if resource.kind is not ResourceKind.STOCK or not declared.is_about_everything:
        return declared
    if resource.resource_id not in actions:
        return declared
    return replace(
        declared, mentions={**declared.mentions, "action": (Reference(resource.resource_id, declared.place),)}
    )


def _check_scope(declared: ResourceDeclaration, actions: set[str], findings: Findings) -> None:
    resource = declared.resource
    if resource.kind is ResourceKind.STOCK and declared.is_about_everything and resource.resource_id not in actions:
        message = (
            f'stock is of something: no action is called "{resource.resource_id}"'
            f"{suggestion(resource.resource_id, actions)}, so write action, group, issue or channel"
        )
        findings.error(declared.place, "MISSING_KEY", message)


def _check_uses(declared: ResourceDeclaration, uses: list[tuple[int, str, float | None]], findings: Findings) -> None:
    """A use that is none, and a contact that could never be paid."""
    use, amount = declared.use, declared.resource.amount
    for _, action, units in uses:
        if units is None or not 0 <= units <= MAX_AMOUNT:
            message = f'uses: the action "{action}" has no attribute "{use.attribute}" that is a number of at least 0'
            findings.error(use.place, "UNKNOWN_ATTRIBUTE", message)
            return
    if uses and all((units or 0.0) == 0.0 for _, _, units in uses):
        message = f'nothing uses any of "{declared.resource.resource_id}": its contacts have no cost'
        findings.warning(use.place, "RESOURCE_WITHOUT_USE", message)
    elif any(in_millionths(units or 0.0) > amount for _, _, units in uses):
        message = "a single contact uses more than there is: it is never proposed"
        findings.warning(declared.place, "RESOURCE_TOO_SMALL", message)


def _uses(
    declared: ResourceDeclaration, actions: tuple[Lineage, ...], attributes: tuple[Mapping[str, Constant], ...]
) -> list[tuple[int, str, float | None]]:
    """Option, action and units, of the options it is about; units None where the action does not say."""
    found: list[tuple[int, str, float | None]] = []
    option = 0
    for lineage, own in zip(actions, attributes, strict=True):
        for treatment in lineage.action.treatments:
            if _is_about(declared, lineage, treatment):
                found.append((option, lineage.action.level.name, _units(declared, treatment, own)))
            option += 1
    return found


def _units(
    declared: ResourceDeclaration, treatment: TreatmentDeclaration, attributes: Mapping[str, Constant]
) -> float | None:
    use = declared.use
    if not use.attribute:
        return treatment.cost if use.units is None else use.units
    value = attributes.get(use.attribute)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_about(declared: ResourceDeclaration, lineage: Lineage, treatment: TreatmentDeclaration) -> bool:
    names = {
        "channel": treatment.channel.name if treatment.channel is not None else "",
        "issue": lineage.issue,
        "group": lineage.group,
        "action": lineage.action.level.name,
    }
    return all(
        not references or any(reference.name == names[kind] for reference in references)
        for kind, references in declared.mentions.items()
    )
