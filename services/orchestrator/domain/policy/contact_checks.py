"""Checks the contact policy against the rest: limits that do nothing, and the trait that holds time zones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.orchestrator.domain.catalogue import Action
from services.orchestrator.domain.contact_limits import Meeting, is_about
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion
from services.orchestrator.domain.policy.parts import Lineage
from services.orchestrator.domain.policy_parts import TraitPart
from shared.values import AttributeType


def check_contact(document: PolicyDocument, actions: Iterable[Lineage], findings: Findings) -> None:
    _check_time_zone_trait(document, findings)
    if findings.has("UNKNOWN_CHANNEL", "UNKNOWN_ISSUE", "UNKNOWN_GROUP", "UNKNOWN_ACTION"):
        return
    limits = [limit.part for limit in document.contact.limits if limit.part is not None]
    meetings = tuple(dict.fromkeys(each.as_counted(limits) for each in _meetings(document, actions)))
    for limit in document.contact.limits:
        if limit.part is None:
            continue
        if limit.part.max == 0:
            message = "no such contact is allowed at all: what the limit is about is never proposed"
            findings.warning(limit.max_place, "LIMIT_OF_NOTHING", message)
        if not any(is_about(limit.part, meeting) for meeting in meetings):
            message = f'no action of this policy can ever meet the limit "{limit.part.limit_id}"'
            findings.warning(limit.limit_id.place, "LIMIT_WITHOUT_ACTION", message)


def _meetings(document: PolicyDocument, actions: Iterable[Lineage]) -> Iterator[Meeting]:
    for lineage in actions:
        action = Action(lineage.action.level.name, lineage.group, lineage.issue, lineage.action.message_class)
        for treatment in lineage.action.treatments:
            channel = document.channels.get(treatment.channel.name.upper()) if treatment.channel is not None else None
            if channel is not None:
                yield Meeting(channel.name, channel.direction, action)


def _check_time_zone_trait(document: PolicyDocument, findings: Findings) -> None:
    named = document.contact.time_zone_trait
    if named is None:
        return
    traits = {trait.part.name: trait.part for trait in document.traits if isinstance(trait.part, TraitPart)}
    part = traits.get(named.name)
    if part is None:
        message = f'no trait "{named.name}" is declared{suggestion(named.name, traits)}'
        findings.error(named.place, "UNKNOWN_TRAIT", message)
    elif part.type is not AttributeType.STRING:
        message = f'the trait "{named.name}" is a {part.type.text}: time zones are strings'
        findings.error(named.place, "WRONG_TYPE", message)
