"""Pages of a list (AIP-158): a size within bounds, and an opaque token that only continues the query it came from."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from shared.errors import InvalidArgument
from shared.ids import content_hash

_FINGERPRINT_DIGITS = 12


def page_size(requested: int, *, default: int, maximum: int, path: str = "page_size") -> int:
    """Zero means the default; more than the maximum means the maximum. Raises InvalidArgument for a negative size."""
    if requested < 0:
        raise InvalidArgument.field(path, "must not be negative")
    return min(requested or default, maximum)


def page_token(after: int | str, query: object) -> str:
    """The token for what follows `after`; `query` is every parameter of the list but size and token."""
    packed = msgspec.msgpack.encode((_fingerprint(query), after))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def page_start(token: str, query: object, path: str = "page_token") -> int | str | None:
    """What the page follows; None for the first page. Raises InvalidArgument for a token not of this query."""
    if not token:
        return None
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        fingerprint, after = msgspec.msgpack.decode(packed, type=tuple[str, int | str])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise InvalidArgument.field(path, "is not a token of this server") from None
    if fingerprint != _fingerprint(query):
        raise InvalidArgument.field(path, "belongs to a list with other parameters")
    return after


def _fingerprint(query: Any) -> str:
    return content_hash(query)[:_FINGERPRINT_DIGITS]
