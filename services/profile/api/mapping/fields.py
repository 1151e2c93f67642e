"""Fields that several messages share, from the wire; each error names the field by its path."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from tandem.common.v1 import subject_pb2

from services.profile.app.requests import Subject
from services.profile.domain.identities import Identity
from services.profile.domain.limits import missing
from shared.clock import LATEST_MS
from shared.errors import InvalidArgument
from shared.rpc.values import timestamp_ms

E = TypeVar("E", bound=IntEnum)

MAX_NANOS = 999_999_999


def subject(message: subject_pb2.Subject) -> Subject:
    return tuple(map(identity, message.identities))


def identity(message: subject_pb2.Identity) -> Identity:
    return Identity(message.namespace, message.value, message.primary)


def enum(kind: type[E], number: int, path: str, default: E | None = None) -> E:
    """The member of an enum that has the numbers of the contract. UNSPECIFIED is the default, or missing."""
    if not number:
        if default is None:
            raise missing(path)
        return default
    try:
        return kind(number)
    except ValueError:
        raise InvalidArgument.field(path, f"has no member {number}") from None


def time_ms(message: Message, field: str, path: str) -> int | None:
    """A time of the message; None where it is not set."""
    return timestamp_ms(getattr(message, field), f"{path}{field}") if message.HasField(field) else None


def reading_ms(message: Message, field: str, path: str) -> int | None:
    """A moment to read at; None where it is not set."""
    moment_ms = time_ms(message, field, path)
    if moment_ms is not None and not 0 <= moment_ms <= LATEST_MS:
        raise InvalidArgument.field(f"{path}{field}", "must be from 1970 to 8999")
    return moment_ms


def period_ms(message: Message, field: str, path: str) -> int:
    """A duration of the message in whole milliseconds; 0 where it is not set."""
    if not message.HasField(field):
        return 0
    duration: Duration = getattr(message, field)
    if abs(duration.nanos) > MAX_NANOS or duration.seconds * duration.nanos < 0:
        raise InvalidArgument.field(f"{path}{field}", "is no duration: nanos beyond a second, or of the other sign")
    total_ms = duration.seconds * 1000 + duration.nanos // 1_000_000
    if total_ms < 1:
        raise InvalidArgument.field(f"{path}{field}", "must be at least a millisecond")
    if total_ms >= 2**63:
        raise InvalidArgument.field(f"{path}{field}", "is too long")
    return total_ms
