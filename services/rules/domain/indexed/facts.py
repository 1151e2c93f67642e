"""What one evaluation knows: the values of the declared attributes, and their form for the CEL library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.rules.domain.condition import Default
from shared.cel.library import CelEnvironment, is_readable
from shared.cel.preparation import NOW
from shared.cel.work import MAX_WORK, Polynomial, size_of, work
from shared.errors import InvalidArgument, ResourceExhausted
from shared.values import AttributeType, Feature, FeatureStatus, Value, conform

_PRESENT = FeatureStatus.PRESENT
_EXACT_TYPES: Mapping[AttributeType, type] = {
    AttributeType.BOOL: bool,
    AttributeType.INT: int,
    AttributeType.DOUBLE: float,
    AttributeType.STRING: str,
    AttributeType.TIMESTAMP: datetime,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A declared attribute and its place in the values."""

    name: str
    index: int
    type: AttributeType
    exact: Any = field(init=False, repr=False, compare=False)
    """The Python type of its values; None for lists."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "exact", _EXACT_TYPES.get(self.type))

    def read(self, feature: Feature | None) -> Value:
        """None for unknown. Raises InvalidArgument where the value is not of the declared type.

        Callers keep to shared.values: what has the Python type is within 64 bits, and finite.
        """
        if feature is None or feature.status is not FeatureStatus.PRESENT:
            return None
        value = feature.value
        if type(value) is self.exact:
            return value
        return self._conformed(value)

    def _conformed(self, value: Value) -> Value:
        if type(value) is tuple and self.type.is_list:
            exact = _EXACT_TYPES[self.type.element]
            if all(type(element) is exact for element in value):
                return value
        try:
            return conform(value, self.type)
        except ValueError as error:
            raise InvalidArgument.field(f'attributes["{self.name}"]', f"must be {error}") from error


def read_values(columns: Sequence[Column], facts: Mapping[str, Feature]) -> list[Value]:
    """What `read` says of each column, without a call each."""
    values: list[Value] = []
    for column in columns:
        feature = facts.get(column.name)
        if feature is None or feature.status is not _PRESENT:
            values.append(None)
        else:
            value = feature.value
            values.append(value if type(value) is column.exact else column.read(feature))
    return values


Readers = Mapping[Default | None, Sequence[Column]]
"""The attributes that opaque expressions read, by the default that stands in for unknown ones."""


class Facts:
    """Of one evaluation, by one thread.

    values  one per column, None for unknown; then the time of the evaluation
    """

    __slots__ = ("_activations", "_environment", "_readers", "_work", "now", "values")

    def __init__(self, values: list[Value], now: datetime, environment: CelEnvironment, readers: Readers) -> None:
        self.values = [*values, now]
        self.now = now
        self._environment = environment
        self._readers = readers
        self._activations: dict[Default | None, Any] = {}
        self._work = 0

    def activation(self, default: Default | None) -> Any:
        """The values for the library; one for all expressions with this default."""
        if default not in self._activations:
            self._activations[default] = self._environment.activation(self._bindings(default))
        return self._activations[default]

    def activation_with(self, default: Default | None, variables: Mapping[str, bool]) -> Any:
        """The same, with more variables."""
        return self._environment.activation({**self._bindings(default), **variables})

    def spend(self, bound: Polynomial, columns: Sequence[Column], rule_id: str) -> None:
        """Raises ResourceExhausted where the work of this evaluation goes over its bound."""
        self._work += work(bound, {column.name: size_of(self.values[column.index]) for column in columns})
        if self._work > MAX_WORK:
            raise too_costly(rule_id)

    def _bindings(self, default: Default | None) -> dict[str, object]:
        bindings: dict[str, object] = {NOW: self.now}
        for column in self._readers[default]:
            value = self.values[column.index]
            if value is None and default is not None:
                value = conform(default.value, column.type)
            if value is not None and is_readable(value):
                bindings[column.name] = list(value) if isinstance(value, tuple) else value
        return bindings


def too_costly(rule_id: str) -> ResourceExhausted:
    message = f"the values make rule {rule_id!r} need more work than one evaluation may take"
    return ResourceExhausted("EVALUATION_TOO_COSTLY", message, metadata={"rule": rule_id})
