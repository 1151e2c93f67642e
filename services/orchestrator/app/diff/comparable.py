"""Whether a policy can be asked about a decision of another one: every attribute it reads must have been recorded, as
what it takes it for. An attribute that it declares and reads nowhere keeps nobody from comparing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decide.brief import CONTEXT_PREFIX
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.content import slots

_NAMES = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?")


def attributes_read(policy: ActivePolicy) -> frozenset[str]:
    """Of a person: traits and aggregates that rules, numbers, segments, texts, limits or the model look at."""
    compiled, contact = policy.compiled, policy.contact
    read = set(_in_expressions(policy)) | {feature.name for feature in compiled.feature_set.features}
    read |= {limit.aggregate for limit in policy.limits.limits}
    read |= {contact.residence.zone_trait, contact.residence.country_trait, contact.residence.subdivision_trait}
    if contact.priority is not None:
        read.add(contact.priority.trait)
    of_person = (name for name in read if name in policy.attributes and not name.startswith(CONTEXT_PREFIX))
    return frozenset(of_person)


def _in_expressions(policy: ActivePolicy) -> Iterator[str]:
    """More than is read, at the worst: a text that is spelt as a name of an attribute."""
    rule_set = policy.compiled.rule_set
    for segment in rule_set.segments:
        yield from _NAMES.findall(segment.when)
    for scope in rule_set.scopes:
        for rule in scope.rules:
            yield from _NAMES.findall(rule.when)
        for number in scope.numbers:
            yield from _NAMES.findall(number.expression)
    for option in policy.catalogue.options:
        for texts in option.contents.values():
            for text in texts.values():
                yield from (slot.name for slot in slots(text))


def hindrance(record: DecisionRecord, logged: ActivePolicy, policy: ActivePolicy, read: frozenset[str]) -> str:
    """The first attribute that keeps the policy from being asked, in words; empty where none does."""
    for name in sorted(read):
        if name not in record.features:
            return f'attribute "{name}" was not recorded then'
        was, now = logged.attributes.get(name), policy.attributes[name]
        if was is not None and was.type != now.type:
            return f'attribute "{name}" was of type {was.type.text}, and is of type {now.type.text} now'
    return ""
