"""Contributions in words for people, such as "loyalty_tier is gold: raises it"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from services.scoring.domain.explanation.explanation import Contribution
from shared.values import Feature, FeatureStatus, Scalar, Value

_LEAST = 0.01
"""Of log-odds: less moves no propensity by more than a quarter of a percentage point."""
_MAX_ELEMENTS = 3
_MAX_LENGTH = 40
_LARGE = 1e15
"""From here on a number is shorter by its exponent."""
_STATUSES = {
    FeatureStatus.NULL_VALUE: "is empty",
    FeatureStatus.NOT_FOUND: "is not known",
    FeatureStatus.STALE: "is out of date",
}


def reasons_of(contributions: Iterable[Contribution], most: int) -> tuple[str, ...]:
    """Of the first `most` that are not next to nothing, in their order."""
    telling = (each for each in contributions if abs(each.total) >= _LEAST)
    return tuple(_reason(each) for each in islice(telling, most))


def _reason(contribution: Contribution) -> str:
    direction = "raises it" if contribution.total > 0 else "lowers it"
    return f"{contribution.name} {_state(contribution.feature)}: {direction}"


def _state(feature: Feature) -> str:
    return f"is {_text(feature.value)}" if feature.is_known else _STATUSES[feature.status]


def _text(value: Value) -> str:
    if not isinstance(value, tuple):
        return _scalar(value)
    if not value:
        return "an empty list"
    shown = ", ".join(_scalar(element) for element in value[:_MAX_ELEMENTS])
    more = len(value) - _MAX_ELEMENTS
    return f"{shown} and {more} more" if more > 0 else shown


def _scalar(value: Scalar | None) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return _number(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case str():
            return _shortened(value)
        case _:
            return str(value)


def _number(value: float) -> str:
    """Two places, or three digits where they would leave none."""
    if 0.0 < abs(value) < 0.1 or abs(value) >= _LARGE:
        return f"{value:.3g}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _shortened(text: str) -> str:
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not printable:
        return "blank"
    return printable if len(printable) <= _MAX_LENGTH else f"{printable[: _MAX_LENGTH - 1]}…"
