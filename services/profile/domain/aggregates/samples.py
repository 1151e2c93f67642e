"""What a formula reads of an event. An event whose property is missing or of another type does not exist for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from services.profile.domain.aggregates.exact import MAX_ADDEND
from services.profile.domain.events import Event
from shared.values import INT64_MAX, INT64_MIN, AttributeType, Value, conform

MAX_TEXT_BYTES = 256

_encode = msgspec.msgpack.Encoder().encode


def newest_ms(events: Sequence[Event], before: int) -> int:
    """The newest time among the events and `before`."""
    return max(before, max((event.event_ms for event in events), default=before))


def numbers(events: Iterable[Event], name: str) -> Iterator[tuple[int, float]]:
    """Time and value of every event whose property is a number (not a bool, and not beyond ±1e290)."""
    for event in events:
        value = event.properties.get(name)
        if type(value) in (int, float) and abs(value) <= MAX_ADDEND:  # type: ignore[arg-type]
            yield event.event_ms, float(value)  # type: ignore[arg-type]


def typed(events: Iterable[Event], name: str, kind: AttributeType | None) -> Iterator[tuple[Event, Value]]:
    """Every event whose property is of the type or known to be empty, with the property."""
    for event in events:
        if name not in event.properties:
            continue
        value = event.properties[name]
        try:
            yield event, value if kind is None else conform(value, kind)
        except ValueError:
            continue


def hashes(events: Iterable[Event], name: str) -> Iterator[tuple[int, int]]:
    """Time and value hash of every event whose property is not empty."""
    for event in events:
        value = event.properties.get(name)
        if value is not None:
            yield event.event_ms, hash_of(value)


def texts(events: Iterable[Event], name: str) -> Iterator[tuple[int, str, str]]:
    """Time, nothing and value of every event whose property is a text; whole numbers count as their digits, a list as
    each of its members once. Texts of more than MAX_TEXT_BYTES do not exist.
    """
    for event in events:
        value = event.properties.get(name)
        for member in dict.fromkeys(value) if type(value) is tuple else (value,):
            if type(member) in (str, int):
                text = str(member)
                if len(text.encode()) <= MAX_TEXT_BYTES:
                    yield event.event_ms, "", text


def each_once(values: Sequence[Value]) -> list[int]:
    """Where each different value stands first."""
    first: dict[Value, int] = {}
    for place, value in enumerate(values):
        first.setdefault(value, place)
    return list(first.values())


def hash_of(value: Value) -> int:
    """64 bits of the value and its type; a whole double is the same value as the int."""
    digest = hashlib.blake2b(_encode(_canonical(value)), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _canonical(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(_canonical(item) for item in value)  # type: ignore[misc]
    if isinstance(value, float) and value.is_integer() and INT64_MIN <= value <= INT64_MAX:
        return int(value)
    return value
