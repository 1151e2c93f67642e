"""Single fields of requests, with the path of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence, Sized
from enum import IntEnum
from typing import TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from shared.errors import InvalidArgument
from shared.rpc.values import timestamp_ms, timestamp_proto

E = TypeVar("E", bound=IntEnum)

_LANGUAGE_TAG = re.compile("[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
MAX_ID_LENGTH = 128
MAX_PROFILE_IDS = 1_000
UNSPECIFIED = 0


def identifier(text: str, path: str) -> str:
    """An id that the caller chose, or was given."""
    if not text:
        raise InvalidArgument.field(path, "required and missing", reason="REQUIRED_FIELD_MISSING")
    return short_text(text, path)


def short_text(text: str, path: str) -> str:
    """At most 128 printable characters; may be empty."""
    if len(text) > MAX_ID_LENGTH or not text.isprintable():
        raise InvalidArgument.field(path, f"must be at most {MAX_ID_LENGTH} printable characters")
    return text


def language_tag(text: str, path: str) -> str:
    """As BCP 47 spells one, or with underscores; may be empty."""
    if text and not _LANGUAGE_TAG.fullmatch(short_text(text, path)):
        raise InvalidArgument.field(path, f"{text!r} is no language tag such as fr or en-GB")
    return text


def profile_ids(given: Sequence[str]) -> tuple[str, ...]:
    """1 to 1,000 of them."""
    at_most(given, MAX_PROFILE_IDS, "profile_ids")
    return tuple(identifier(text, f"profile_ids[{index}]") for index, text in enumerate(given))


def enum(kind: type[E], number: int, path: str, default: E | None = None) -> E:
    """The member; `default` for the unspecified one."""
    if number == UNSPECIFIED and default is not None:
        return default
    try:
        return kind(number)
    except ValueError:
        raise InvalidArgument.field(path, f"{number} is none of its values") from None


def count(number: int, path: str, at_most: int) -> int:
    if not 0 <= number <= at_most:
        raise InvalidArgument.field(path, f"must be between 0 and {at_most}")
    return number


def at_most(items: Sized, limit: int, path: str) -> None:
    if len(items) > limit:
        raise InvalidArgument.field(path, f"must be at most {limit}")


def time_ms(message: Message, name: str, prefix: str = "") -> int | None:
    """The moment a field names; None where it is not set."""
    return timestamp_ms(getattr(message, name), f"{prefix}{name}") if message.HasField(name) else None


def time_proto(moment_ms: int | None) -> Timestamp | None:
    return None if moment_ms is None else timestamp_proto(moment_ms)
