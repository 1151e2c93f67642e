"""The names conditions may read: attributes of the subject and its context, constants of the actions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from services.rules.domain.finding_log import FindingLog
from services.rules.domain.rule_set import AttributeDeclaration
from services.rules.domain.scope_tree import Action
from services.rules.domain.written import SourcePosition
from shared.cel.words import RESERVED_WORDS
from shared.values import ATTRIBUTE_TYPES, AttributeType, Value, conform, type_name

_NAME = re.compile(r"(context\.)?[a-z][a-z0-9_]{0,63}")
_CONSTANT_NAME = re.compile(r"action\.[a-z][a-z0-9_]{0,63}")


def declared_types(attributes: Iterable[AttributeDeclaration], log: FindingLog) -> dict[str, AttributeType]:
    types: dict[str, AttributeType] = {}
    for attribute in attributes:
        if not _NAME.fullmatch(attribute.name):
            log.error(SourcePosition(), "BAD_NAME", f"'{attribute.name}' is no attribute name")
        elif attribute.name in RESERVED_WORDS:
            log.error(SourcePosition(), "BAD_NAME", f"'{attribute.name}' is a word of CEL")
        elif attribute.name in types:
            log.error(SourcePosition(), "DUPLICATE_ATTRIBUTE", f"attribute '{attribute.name}' is declared twice")
        else:
            types[attribute.name] = attribute.type
    return types


def constant_types(actions: Iterable[Action], log: FindingLog) -> dict[str, AttributeType]:
    """The types of action.<name>, which all actions must agree on; int and double together are double."""
    kinds: dict[str, set[str]] = {}
    for action in actions:
        for name, value in action.constants.items():
            if not _CONSTANT_NAME.fullmatch(name):
                log.error(SourcePosition(), "BAD_NAME", f"'{name}' of action '{action.name}' is no attribute name")
            elif value is not None:
                kinds.setdefault(name, set()).add(type_name(value))
    return {name: kind for name, found in kinds.items() if (kind := _common_type(name, found, log)) is not None}


def conformed(constants: Mapping[str, Value], types: Mapping[str, AttributeType]) -> dict[str, Value]:
    """The constants of one action, as their common types hold them. Those without a value are left out."""
    return {name: conform(value, types[name]) for name, value in constants.items() if value is not None}


def _common_type(name: str, found: set[str], log: FindingLog) -> AttributeType | None:
    if found == {"list"}:
        return AttributeType.STRING_LIST
    common = _WIDER.get(frozenset(found - {"list"}), found - {"list"})
    if len(common) == 1 and ("list" not in found or next(iter(common)).startswith("list<")):
        return ATTRIBUTE_TYPES[next(iter(common))]
    log.error(SourcePosition(), "CONSTANT_TYPE", f"{name} has several types: {', '.join(sorted(found))}")
    return None


# type_name() says "list" of an empty list, which fits any list.
_WIDER: Mapping[frozenset[str], set[str]] = {
    frozenset({"int", "double"}): {"double"},
    frozenset({"list<int>", "list<double>"}): {"list<double>"},
}
