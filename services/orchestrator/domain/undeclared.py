"""Names a request uses and the policy does not declare."""

from __future__ import annotations

from shared.errors import InvalidArgument

_REASONS = {"channel": "UNKNOWN_CHANNEL", "placement": "UNKNOWN_PLACEMENT", "action": "UNKNOWN_ACTION"}


def undeclared(kind: str, name: str, path: str) -> InvalidArgument:
    """`kind` is channel, placement or action."""
    error = InvalidArgument.field(path, f"the active policy declares no {kind} {name!r}", reason=_REASONS[kind])
    error.metadata[kind] = name
    return error
