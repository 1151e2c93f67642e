"""What a feature was like in the data that a model learnt from, as shares of its rows.

shares        missing | (-∞, edge 0] | (edge 0, edge 1] | … | (edge k, ∞)    of numbers, and of the lengths of lists
label_shares  missing | label 0 | … | other                                  of strings, booleans and lists' elements
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.values import Value


class Kind(StrEnum):
    """How a feature's values are counted."""

    NUMBER = "number"
    HOUR = "hour"
    """A timestamp, by its hour of the day: it always moves on, and that is no drift."""
    LABEL = "label"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class FeatureReference:
    """Of one feature. `edges` and `labels` are empty where its kind has none."""

    kind: Kind
    rows: int
    edges: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    label_shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for what `reference_of` cannot have made."""
        has_bins, has_labels = self.kind is not Kind.LABEL, self.kind in (Kind.LABEL, Kind.LIST)
        if self.rows < 1:
            raise ValueError("a reference has rows")
        for is_there, count, shares in (
            (has_bins, len(self.edges), self.shares),
            (has_labels, len(self.labels), self.label_shares),
        ):
            if len(shares) != (count + 2 if is_there else 0):
                raise ValueError("a reference has a share of every bin")
            if not all(0.0 <= share <= 1.0 for share in shares):
                raise ValueError("shares of a reference are from 0 to 1")
        if not all(map(math.isfinite, self.edges)) or list(self.edges) != sorted(set(self.edges)):
            raise ValueError("edges of a reference increase")

    @property
    def missing(self) -> float:
        """The share of rows without a value."""
        return (self.shares or self.label_shares)[0]

    def to_plain(self) -> dict[str, Any]:
        """Of numbers, texts and lists, for any encoding."""
        return {
            "kind": self.kind.value,
            "rows": self.rows,
            "edges": list(self.edges),
            "shares": list(self.shares),
            "labels": list(self.labels),
            "label_shares": list(self.label_shares),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> FeatureReference:
        """Raises ValueError where it is not what `to_plain` gives."""
        try:
            return cls(
                Kind(plain["kind"]),
                int(plain["rows"]),
                _floats(plain["edges"]),
                _floats(plain["shares"]),
                tuple(str(label) for label in plain["labels"]),
                _floats(plain["label_shares"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"a feature's reference cannot be read: {error}") from error


def to_plain(references: Mapping[str, FeatureReference]) -> dict[str, Any]:
    """By name; the part `reference` of a model's content."""
    return {name: each.to_plain() for name, each in references.items()}


def from_plain(plain: Mapping[str, Any]) -> dict[str, FeatureReference]:
    """Raises ValueError where it is not what `to_plain` gives."""
    if not isinstance(plain, Mapping):
        raise ValueError("references of features are a map by name")
    return {str(name): FeatureReference.from_plain(each) for name, each in plain.items()}


def kind_of(value: Value) -> Kind:
    """Of a value that is there."""
    if isinstance(value, tuple):
        return Kind.LIST
    if isinstance(value, datetime):
        return Kind.HOUR
    return Kind.LABEL if isinstance(value, bool | str) else Kind.NUMBER


def _floats(numbers: Iterable[Any]) -> tuple[float, ...]:
    return tuple(float(number) for number in numbers)
