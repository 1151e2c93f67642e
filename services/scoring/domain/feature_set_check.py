"""Whether a feature set may be published; every violation is named by its path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from services.scoring.domain.encoding import MAX_ELEMENTS
from services.scoring.domain.feature_set import MAX_NAME_LENGTH, ActionDeclaration, FeatureDeclaration, FeatureSet
from shared.errors import InvalidArgument, Violation
from shared.values import AttributeType, Value

MAX_FEATURES = 256
MAX_ACTIONS = 10_000
MAX_ATTRIBUTES = 32
_FEATURE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?")
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
    yield from _too_many(len(feature_set.features), MAX_FEATURES, f"{path}.features")
    yield from _too_many(len(feature_set.actions), MAX_ACTIONS, f"{path}.actions")
    yield from _repeated((feature.name for feature in feature_set.features), f"{path}.features", "name")
    yield from _repeated((action.action for action in feature_set.actions), f"{path}.actions", "action")
    for index, feature in enumerate(feature_set.features):
        yield from _of_feature(feature, f"{path}.features[{index}]")
    for index, action in enumerate(feature_set.actions):
        yield from _of_action(action, f"{path}.actions[{index}]")


def _of_feature(feature: FeatureDeclaration, path: str) -> Iterator[Violation]:
    yield from _name(feature.name, f"{path}.name")
    if feature.type not in AttributeType.__members__.values():
        yield Violation(f"{path}.type", "must be an attribute type")


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
