"""What callers may send: names, ids and times, checked one by one; each error names the field by its path."""

from __future__ import annotations

import re

from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import InvalidArgument

MAX_ID_LENGTH = 128
EARLIEST_EVENT_MS = 0
EARLIEST_OBSERVATION_MS = -2_208_988_800_000
"""1900-01-01: a birthday may be said to be known since then, no earlier."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def missing(path: str) -> InvalidArgument:
    return InvalidArgument.field(path, "required and missing", reason="REQUIRED_FIELD_MISSING")


def check_name(text: str, path: str) -> None:
    """Names of traits, aggregates, event types and namespaces."""
    if not text:
        raise missing(path)
    if not is_name(text):
        raise InvalidArgument.field(path, "must match [a-z][a-z0-9_]*, at most 64 characters")


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def check_code(text: str, path: str) -> None:
    """Channels and purposes, in upper case."""
    if not is_code(text):
        raise InvalidArgument.field(path, "must match [A-Z][A-Z0-9_]*, at most 64 characters")


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def check_id(text: str, path: str) -> None:
    """Ids that callers choose."""
    if not text:
        raise missing(path)
    check_text(text, path, MAX_ID_LENGTH)


def check_text(text: str, path: str, max_length: int) -> None:
    """Short descriptive text, possibly empty."""
    if not is_text(text, max_length):
        raise InvalidArgument.field(path, f"must have at most {max_length} printable characters")


def is_text(text: str, max_length: int) -> bool:
    return len(text) <= max_length and text.isprintable()


def check_event_time(time_ms: int, path: str, now_ms: int) -> None:
    if time_ms < EARLIEST_EVENT_MS:
        raise InvalidArgument.field(path, "must not be before 1970")
    _check_not_ahead(time_ms, path, now_ms)


def check_observed_time(time_ms: int, path: str, now_ms: int) -> None:
    if time_ms < EARLIEST_OBSERVATION_MS:
        raise InvalidArgument.field(path, "must not be before 1900")
    _check_not_ahead(time_ms, path, now_ms)


def _check_not_ahead(time_ms: int, path: str, now_ms: int) -> None:
    if time_ms > now_ms + MAX_CLOCK_SKEW_MS:
        raise InvalidArgument.field(path, "must not be more than five minutes ahead of the server")
