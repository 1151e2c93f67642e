"""A score taken apart: what everybody has, and what each name adds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.scoring.domain.base_model.columns import ATTRIBUTE_PREFIX, KIN, PLACES, Shown, place_of
from services.scoring.domain.base_model.crosses import bind_cross
from services.scoring.domain.feature_set import CrossDeclaration, CrossKind
from shared.values import NOT_FOUND, Feature, present


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one name adds to the log-odds: by the base model, and by what was learnt since. `feature` is what was read
    of it."""

    name: str
    feature: Feature
    base: float
    learnt: float

    @property
    def total(self) -> float:
        return self.base + self.learnt


@dataclass(frozen=True, slots=True)
class Explanation:
    """`expected_log_odds` and all contributions, the farthest from zero first, add up to `log_odds`; `mean` is the
    propensity that is expected of log-odds about it."""

    model_version: str
    mean: float
    log_odds: float
    expected_log_odds: float
    contributions: tuple[Contribution, ...]


def contributions_of(
    base: Mapping[str, float], learnt: Mapping[str, float], shown: Shown, crosses: Iterable[CrossDeclaration]
) -> tuple[Contribution, ...]:
    """Of every name that adds anything, the farthest from zero first, ties by name."""
    declared = {cross.name: cross for cross in crosses}
    parts = {name: (base.get(name, 0.0), learnt.get(name, 0.0)) for name in base.keys() | learnt.keys()}
    found = [Contribution(name, _read(name, shown, declared), *both) for name, both in parts.items() if any(both)]
    return tuple(sorted(found, key=lambda each: (-abs(each.total), each.name)))


def _read(name: str, shown: Shown, crosses: Mapping[str, CrossDeclaration]) -> Feature:
    if name in KIN or name in PLACES:
        label = place_of(shown, name)
        return present(label) if label else NOT_FOUND
    if name.startswith(ATTRIBUTE_PREFIX):
        attribute = name.removeprefix(ATTRIBUTE_PREFIX)
        attributes = shown.action.attributes
        return present(attributes[attribute]) if attribute in attributes else NOT_FOUND
    if name in crosses:
        return _read_cross(crosses[name], shown)
    return shown.features.get(name, NOT_FOUND)


def _read_cross(cross: CrossDeclaration, shown: Shown) -> Feature:
    number = float(bind_cross(cross, [shown.action])(shown.features.get(cross.feature, NOT_FOUND))[0])
    if math.isnan(number):
        return NOT_FOUND
    return present(bool(number) if cross.kind in (CrossKind.CONTAINS, CrossKind.EQUALS) else number)
