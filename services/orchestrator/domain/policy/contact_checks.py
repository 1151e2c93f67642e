"""Checks the contact policy against the rest: limits that do nothing, traits that do not say what they should."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from services.orchestrator.domain.catalogue import Action
from services.orchestrator.domain.contact_limits import Meeting, is_about
from services.orchestrator.domain.policy.document import PolicyDocument
from services.orchestrator.domain.policy.findings import Findings, suggestion, where
from services.orchestrator.domain.policy.parts import Lineage
from services.orchestrator.domain.policy.quiet_checks import check_quiet_hours
from services.orchestrator.domain.policy.words import Reference
from services.orchestrator.domain.policy_parts import TraitPart
from shared.values import AttributeType


def check_contact(document: PolicyDocument, actions: Iterable[Lineage], findings: Findings) -> None:
    _check_traits(document, findings)
    _check_cooldowns(document, findings)
    check_quiet_hours(document, findings)
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


def _check_traits(document: PolicyDocument, findings: Findings) -> None:
    """The traits that say where somebody lives, and which channels somebody prefers."""
    contact = document.contact
    for named, what in (
        (contact.time_zone_trait, "time zones"),
        (contact.region.country_trait, "countries"),
        (contact.region.subdivision_trait, "parts of countries"),
    ):
        _check_trait(document, named, what, {AttributeType.STRING}, findings)
    preferred = None if contact.priority is None else contact.priority.trait
    kinds = {AttributeType.STRING, AttributeType.STRING_LIST}
    _check_trait(document, preferred, "channels", kinds, findings)


def _check_trait(
    document: PolicyDocument,
    named: Reference | None,
    what: str,
    kinds: Collection[AttributeType],
    findings: Findings,
) -> None:
    if named is None:
        return
    traits = {trait.part.name: trait.part for trait in document.traits if isinstance(trait.part, TraitPart)}
    part = traits.get(named.name)
    if part is None:
        message = f'no trait "{named.name}" is declared{suggestion(named.name, traits)}'
        findings.error(named.place, "UNKNOWN_TRAIT", message)
    elif part.type not in kinds:
        message = f'the trait "{named.name}" is a {part.type.text}: {what} are strings'
        findings.error(named.place, "WRONG_TYPE", message)


def _check_cooldowns(document: PolicyDocument, findings: Findings) -> None:
    """Their counts are aggregates of the profile service, beside those that are declared."""
    taken = {each.attribute.name: each.place for each in (*document.traits, *document.aggregates)}
    for limit in document.contact.limits:
        name = "" if limit.part is None else limit.part.aggregate
        if name in taken:
            message = (
                f'"{name}" counts the events of this rule: another attribute has that name, at {where(taken[name])}'
            )
            findings.error(limit.limit_id.place, "DUPLICATE_ATTRIBUTE", message)
