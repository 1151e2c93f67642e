"""The guard at run time: from a message to the fields that the engine sees, built from the vocabulary, never from
what the message happens to hold. Names and values of the message reach the engine in no other way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.rules.adapters.durable.compilation import CompiledRules
from services.rules.adapters.durable.fields import Encode
from services.rules.adapters.durable.vocabulary import Probe
from services.rules.domain.matching import NOW_ATTRIBUTE, Message, Unmatched
from shared.values import AttributeType, conform

Fields = tuple[str | None, ...]
"""By index, as JSON `"name":value`; None where the message does not have it."""


class Encoder:
    """For one version."""

    def __init__(self, rules: CompiledRules) -> None:
        self._count = rules.field_count
        self._probes = tuple(_readied(probe) for probe in rules.probes)

    def fields(self, message: Message) -> Fields | Unmatched:
        """Unmatched for a value that is not of its attribute's type, or that the engine would not read as it is."""
        fields: list[str | None] = [None] * self._count
        now: Any = message.get(NOW_ATTRIBUTE)
        for probe, exact, outputs in self._probes:
            value: Any = message.get(probe.attribute, probe.default)
            if value is None:
                value = probe.default
            if value is None or (probe.needs_time and now is None):
                continue
            try:
                if type(value) is not exact:
                    value = conform(value, probe.type)
                if probe.derive is not None:
                    value = probe.derive(value, now)
                for index, prefix, encode in outputs:
                    fields[index] = prefix + encode(value)
            except (ValueError, TypeError) as error:
                # A TypeError is a naive datetime's, compared with one that is not.
                return Unmatched(f"attribute {probe.attribute!r}: {error}")
        return tuple(fields)


_EXACT: Mapping[AttributeType, type] = {
    AttributeType.BOOL: bool,
    AttributeType.INT: int,
    AttributeType.DOUBLE: float,
    AttributeType.STRING: str,
    AttributeType.TIMESTAMP: datetime,
}
"""A value of this type needs no other check than its field's own."""


def _readied(probe: Probe) -> tuple[Probe, type | None, tuple[tuple[int, str, Encode], ...]]:
    outputs = tuple((field.index, f'"{field.name}":', field.encode) for field in probe.fields)
    return probe, _EXACT.get(probe.type), outputs
