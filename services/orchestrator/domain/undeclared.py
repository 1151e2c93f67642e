"""Names a request uses and the policy does not declare."""

from __future__ import annotations

from shared.errors import InvalidArgument


def undeclared(kind: str, name: str, path: str) -> InvalidArgument:
    """`kind` is channel, placement or action; the reason is UNKNOWN_<kind>."""
    error = InvalidArgument.field(
        path, f"the active policy declares no {kind} {name!r}", reason=f"UNKNOWN_{kind.upper()}"
    )
    error.metadata[kind] = name
    return error
