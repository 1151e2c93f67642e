"""The columns of a forest: what it reads of a presentation, the same at training and at scoring.

    name                                 column                                          side
    action, group, issue                 a code                                          ACTION
    action.<attribute>                   as a feature                                    ACTION
    channel, placement                   a code                                          CROSS
    a feature   number, bool             its value                                       CUSTOMER
                string                   a code
                timestamp                its hour and its weekday, UTC
                list                     its length, and of frequent labels 1 or 0 each
                past contacts            none: crosses read them
    a cross                              a number (`crosses`)                            CROSS

Codes come from vocabularies that are kept with the model: 0 is the bucket of everything unknown or rare, 1 the most
frequent label of the data that taught it. NaN is whatever is not PRESENT, is not of the type it had then, or is not
declared any more: a model outlives the policy that it learnt from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.feature_set import ActionDeclaration, CrossDeclaration, FeatureSet
from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.past_contacts import PAST_CONTACTS
from shared.values import NOT_FOUND, AttributeType, Feature, Value

Floats = NDArray[np.float64]

MAX_LABELS = 1_000
"""Of a vocabulary."""
MAX_MEMBERS = 16
"""Labels of a list that have a column of their own."""
LEAST_ROWS = 3
"""Of a label: what occurs less often is of the unknown bucket, which thereby is learnt, too."""
KIN = ("action", "group", "issue")
PLACES = ("channel", "placement")
ATTRIBUTE_PREFIX = "action."


class Reading(StrEnum):
    """How a value becomes a number."""

    NUMBER = "number"
    CODE = "code"
    HOUR = "hour"
    WEEKDAY = "weekday"
    LENGTH = "length"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class ForestColumn:
    """`label`: of a MEMBER, the one it asks for."""

    name: str
    side: Side
    reading: Reading
    label: str = ""

    @property
    def key(self) -> str:
        """Of its vocabulary. A feature may be called `channel`, too."""
        return self.name if self.side is Side.CUSTOMER else f"@{self.name}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A presentation, as the forest sees it."""

    features: Mapping[str, Feature]
    action: ActionDeclaration
    channel: str
    placement: str


@dataclass(frozen=True, slots=True)
class ForestColumns:
    """`vocabularies` has one for each column that is read as a CODE, by its key."""

    columns: tuple[ForestColumn, ...]
    vocabularies: Mapping[str, tuple[str, ...]]
    crosses: tuple[CrossDeclaration, ...]

    @property
    def sides(self) -> tuple[Side, ...]:
        return tuple(column.side for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Distinct, in order."""
        return tuple(dict.fromkeys(column.name for column in self.columns))

    @property
    def categorical(self) -> tuple[int, ...]:
        """The places of codes."""
        return tuple(place for place, column in enumerate(self.columns) if column.reading is Reading.CODE)

    def of(self, side: Side) -> tuple[ForestColumn, ...]:
        return tuple(column for column in self.columns if column.side is side)

    def codes(self) -> Mapping[str, Mapping[str, float]]:
        """Of each vocabulary, the labels' codes."""
        return {
            key: {label: float(place) for place, label in enumerate(labels, 1)}
            for key, labels in self.vocabularies.items()
        }


Counts = Callable[[Side, str], Iterable[tuple[Value, int]]]
"""Of a feature, or of what an action or a place is, by its name: values and how often each was there. Plain numbers may
be left out."""


def columns_of(feature_set: FeatureSet, shown: Sequence[Shown]) -> ForestColumns:
    """For the features of the set, with the vocabularies of these presentations."""
    return columns_from(feature_set, lambda side, name: [(_value_of(each, side, name), 1) for each in shown])


def columns_from(feature_set: FeatureSet, counts: Counts) -> ForestColumns:
    """For the features of the set, with the vocabularies of presentations that were counted."""
    columns, vocabularies = [], {}
    sides = dict.fromkeys(KIN, Side.ACTION) | dict.fromkeys(PLACES, Side.CROSS)
    for name, side in sides.items():
        column = ForestColumn(name, side, Reading.CODE)
        columns.append(column)
        vocabularies[column.key] = _vocabulary(_texts(counts(side, name)), least=1)
    for attribute, kind in _attribute_types(feature_set.actions).items():
        name = f"{ATTRIBUTE_PREFIX}{attribute}"
        columns += _read_as(name, Side.ACTION, kind, counts, vocabularies)
    for feature in feature_set.features:
        if feature.name != PAST_CONTACTS:
            columns += _read_as(feature.name, Side.CUSTOMER, feature.type, counts, vocabularies)
    columns += [ForestColumn(cross.name, Side.CROSS, Reading.NUMBER) for cross in feature_set.crosses]
    return ForestColumns(tuple(columns), vocabularies, feature_set.crosses)


def place_of(shown: Shown, name: str) -> str:
    """The label of one of KIN and PLACES."""
    return str(getattr(shown if name in PLACES else shown.action, name))


def reader(column: ForestColumn, codes: Mapping[str, Mapping[str, float]], value: Value) -> float:
    """A value as the column's number; NaN where it is not known or not of the type that the column reads."""
    match column.reading:
        case Reading.CODE:
            return codes[column.key].get(value, 0.0) if isinstance(value, str) else np.nan
        case Reading.NUMBER:
            return float(value) if isinstance(value, bool | int | float) else np.nan
        case Reading.LENGTH:
            return float(len(value)) if isinstance(value, tuple) else np.nan
        case Reading.MEMBER:
            return float(column.label in map(label_of, value)) if isinstance(value, tuple) else np.nan
        case Reading.HOUR:
            return float(value.hour) if isinstance(value, datetime) else np.nan
        case Reading.WEEKDAY:
            return float(value.weekday()) if isinstance(value, datetime) else np.nan


def label_of(element: object) -> str:
    """An element of a list as the vocabularies spell it."""
    return element.isoformat() if isinstance(element, datetime) else str(element)


def _value_of(shown: Shown, side: Side, name: str) -> Value:
    if side is Side.CUSTOMER:
        feature = shown.features.get(name, NOT_FOUND)
        return feature.value if feature.is_known else None
    if name in KIN or name in PLACES:
        return place_of(shown, name)
    return shown.action.attributes.get(name.removeprefix(ATTRIBUTE_PREFIX))


def _attribute_types(actions: Iterable[ActionDeclaration]) -> Mapping[str, AttributeType]:
    """By the first value of each; a number is one, be it written without a point."""
    found: dict[str, AttributeType] = {}
    for action in actions:
        for name, value in action.attributes.items():
            if value is not None:
                found.setdefault(name, _type_of(value))
    return found


def _type_of(value: Value) -> AttributeType:
    match value:
        case tuple():
            return AttributeType.STRING_LIST
        case str():
            return AttributeType.STRING
        case datetime():
            return AttributeType.TIMESTAMP
        case _:
            return AttributeType.DOUBLE


def _read_as(
    name: str,
    side: Side,
    kind: AttributeType,
    counts: Counts,
    vocabularies: dict[str, tuple[str, ...]],
) -> list[ForestColumn]:
    if kind.is_list:
        labels = _vocabulary(
            (label_of(element), count)
            for value, count in counts(side, name)
            if isinstance(value, tuple)
            for element in set(value)
        )
        members = [ForestColumn(name, side, Reading.MEMBER, label) for label in labels[:MAX_MEMBERS]]
        return [ForestColumn(name, side, Reading.LENGTH), *members]
    if kind is AttributeType.STRING:
        column = ForestColumn(name, side, Reading.CODE)
        vocabularies[column.key] = _vocabulary(_texts(counts(side, name)))
        return [column]
    if kind is AttributeType.TIMESTAMP:
        return [ForestColumn(name, side, Reading.HOUR), ForestColumn(name, side, Reading.WEEKDAY)]
    return [ForestColumn(name, side, Reading.NUMBER)]


def _texts(counted: Iterable[tuple[Value, int]]) -> Iterator[tuple[str, int]]:
    return ((value, count) for value, count in counted if isinstance(value, str))


def _vocabulary(labels: Iterable[tuple[str, int]], least: int = LEAST_ROWS) -> tuple[str, ...]:
    """The most frequent first; ties by name."""
    counts: Counter[str] = Counter()
    for label, count in labels:
        counts[label] += count
    order = sorted(counts, key=lambda label: (-counts[label], label))
    return tuple(label for label in order[:MAX_LABELS] if counts[label] >= least)
