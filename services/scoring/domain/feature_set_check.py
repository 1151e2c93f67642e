"""Whether a feature set may be published; every violation is named by its path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from services.scoring.domain.amounts import MAX_VALUE
from services.scoring.domain.encoding import MAX_ELEMENTS
from services.scoring.domain.feature_set import (
    MAX_NAME_LENGTH,
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.past_contacts import OF_CONTACTS, PAST_CONTACTS
from shared.errors import InvalidArgument, Violation
from shared.values import AttributeType, Value

MAX_FEATURES = 256
MAX_ACTIONS = 10_000
MAX_ATTRIBUTES = 32
MAX_CROSSES = 64
_FEATURE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?")
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NUMBERS = (AttributeType.INT, AttributeType.DOUBLE)
_PLACES = frozenset({"action", "group", "issue", "channel", "placement"})
_MAX_SHOWN = 100


def check_feature_set(feature_set: FeatureSet, path: str = "feature_set") -> None:
    """Raises InvalidArgument with the violations, the first 100 of them."""
    found = list(_violations(feature_set, path))
    if found:
        first = found[0]
        raise InvalidArgument(
            "INVALID_FIELD",
            f"{first.field}: {first.description}" + (f" (and {len(found) - 1} more)" if len(found) > 1 else ""),
            metadata={"field": first.field},
            violations=found[:_MAX_SHOWN],
        )


def _violations(feature_set: FeatureSet, path: str) -> Iterator[Violation]:
    if not 0.0 < feature_set.prior_propensity < 1.0:
        yield Violation(f"{path}.prior_propensity", "must be between 0 and 1, both excluded")
    if not 0.0 <= feature_set.prior_value <= MAX_VALUE:  # neither is NaN
        yield Violation(f"{path}.prior_value", f"must be from 0 to {MAX_VALUE:g}; 0 for an objective that learns none")
    yield from _too_many(len(feature_set.features), MAX_FEATURES, f"{path}.features")
    yield from _too_many(len(feature_set.actions), MAX_ACTIONS, f"{path}.actions")
    yield from _repeated((action.action for action in feature_set.actions), f"{path}.actions", "action")
    for index, feature in enumerate(feature_set.features):
        yield from _of_feature(feature, f"{path}.features[{index}]")
    for index, action in enumerate(feature_set.actions):
        yield from _of_action(action, f"{path}.actions[{index}]")
    if not _PLAIN_NAME.fullmatch(feature_set.objective):
        yield Violation(f"{path}.objective", "must be a name like click")
    yield from _too_many(len(feature_set.crosses), MAX_CROSSES, f"{path}.crosses")
    yield from _repeated((feature.name for feature in feature_set.features), f"{path}.features", "name")
    yield from _repeated((cross.name for cross in feature_set.crosses), f"{path}.crosses", "name")
    types = {feature.name: feature.type for feature in feature_set.features}
    for index, cross in enumerate(feature_set.crosses):
        yield from _of_cross(cross, types, f"{path}.crosses[{index}]")
    yield from _of_constraints(feature_set, types, path)


def _of_cross(cross: CrossDeclaration, types: Mapping[str, AttributeType], path: str) -> Iterator[Violation]:
    yield from _name(cross.name, f"{path}.name")
    if cross.name in types:
        yield Violation(f"{path}.name", f"{cross.name!r} is a feature already")
    if cross.name in _PLACES or cross.name.startswith("action."):
        yield Violation(f"{path}.name", f"{cross.name!r} is what the model calls a part of the action or its place")
    kind = types.get(cross.feature)
    if cross.kind in OF_CONTACTS or cross.feature == PAST_CONTACTS:
        yield from _of_contacts(cross, path)
    else:
        yield from _name(cross.attribute, f"{path}.attribute")
    if cross.window_ms and cross.kind not in OF_CONTACTS:
        yield Violation(f"{path}.window", f"{cross.kind.name} has none")
    if kind is None:
        yield Violation(f"{path}.feature", f"no feature {cross.feature!r} is declared")
    elif cross.kind is CrossKind.CONTAINS and not kind.is_list:
        yield Violation(f"{path}.feature", f"{cross.feature!r} is {kind.text}; CONTAINS needs a list")
    elif cross.kind in (CrossKind.RATIO, CrossKind.DIFFERENCE) and kind not in _NUMBERS:
        yield Violation(f"{path}.feature", f"{cross.feature!r} is {kind.text}; {cross.kind.name} needs a number")


def _of_contacts(cross: CrossDeclaration, path: str) -> Iterator[Violation]:
    if cross.kind not in OF_CONTACTS:
        yield Violation(f"{path}.feature", f"{cross.kind.name} cannot read {PAST_CONTACTS!r}")
    elif cross.feature != PAST_CONTACTS:
        yield Violation(f"{path}.feature", f"{cross.kind.name} reads {PAST_CONTACTS!r}, not {cross.feature!r}")
    if cross.attribute:
        yield Violation(f"{path}.attribute", f"{cross.kind.name} reads none")
    if cross.kind is CrossKind.TIMES_SHOWN and not cross.window_ms:
        yield Violation(f"{path}.window", "TIMES_SHOWN needs one")


def _of_constraints(feature_set: FeatureSet, types: Mapping[str, AttributeType], path: str) -> Iterator[Violation]:
    attributes = {f"action.{name}" for action in feature_set.actions for name in action.attributes}
    crosses = {cross.name for cross in feature_set.crosses}
    for name, sign in feature_set.monotone.items():
        if sign not in (1, -1):
            yield Violation(f'{path}.monotone["{name}"]', "must be 1 or -1")
        if types.get(name) not in _NUMBERS and name not in crosses | attributes:
            yield Violation(f'{path}.monotone["{name}"]', "must be a number: a feature, a cross or action.<attribute>")
    known = (types.keys() - {PAST_CONTACTS}) | crosses | attributes | _PLACES
    for index, names in enumerate(feature_set.interactions):
        for name in names:
            if name not in known:
                yield Violation(f"{path}.interactions[{index}]", f"no {name!r} is declared")


def _of_feature(feature: FeatureDeclaration, path: str) -> Iterator[Violation]:
    yield from _name(feature.name, f"{path}.name")
    if feature.type not in AttributeType.__members__.values():
        yield Violation(f"{path}.type", "must be an attribute type")
    elif feature.name == PAST_CONTACTS and feature.type is not AttributeType.STRING_LIST:
        yield Violation(f"{path}.type", f"{PAST_CONTACTS!r} is a list of strings")


def _of_action(action: ActionDeclaration, path: str) -> Iterator[Violation]:
    for field, text in (("action", action.action), ("group", action.group), ("issue", action.issue)):
        if not text or len(text) > MAX_NAME_LENGTH or not text.isprintable():
            yield Violation(f"{path}.{field}", f"must be 1 to {MAX_NAME_LENGTH} printable characters")
    yield from _of_attributes(action.attributes, f"{path}.attributes")


def _of_attributes(attributes: Mapping[str, Value], path: str) -> Iterator[Violation]:
    yield from _too_many(len(attributes), MAX_ATTRIBUTES, path)
    for name, value in attributes.items():
        yield from _name(name, f'{path}["{name}"]')
        if isinstance(value, tuple):
            yield from _too_many(len(value), MAX_ELEMENTS, f'{path}["{name}"]')


def _name(name: str, path: str) -> Iterator[Violation]:
    if not _FEATURE_NAME.fullmatch(name):
        yield Violation(path, "must be a name like loyalty_tier or context.weather")


def _too_many(count: int, most: int, path: str) -> Iterator[Violation]:
    if count > most:
        yield Violation(path, f"must have at most {most} items, not {count}")


def _repeated(names: Iterable[str], path: str, field: str) -> Iterator[Violation]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Violation(f"{path}[{index}].{field}", f"{name!r} is declared twice")
        seen.add(name)
