"""Everything that can go wrong, as facts. Pure: domain and app raise these, one interceptor maps them to gRPC.

TandemError
├── InvalidArgument      the caller sent something wrong; `violations` name the fields
├── NotFound             there is no such thing
├── AlreadyExists        the id is taken, with another content
├── FailedPrecondition   the state does not allow it
├── Aborted              it changed underneath; read again and retry
├── Unauthenticated      no or bad credential
├── PermissionDenied     a good credential that may not
├── ResourceExhausted    shed load or a bound on work (retryable)
├── Unavailable          a store or a service does not answer (retryable)
├── DeadlineExceeded     the caller's time is over
└── Internal             a service we called has a fault; never raised about ourselves (a bug is an ordinary exception)

StartupError stands apart: the process cannot start, and its text is one sentence for the operator.

`reason` is a member of tandem.common.v1.ErrorReason without its prefix; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field: its path ("traits[0].value") or its place in a file ("policy.yaml:3:7")."""

    field: str
    description: str


MAX_MESSAGE_BYTES, MAX_METADATA_BYTES = 1_000, 256
"""What an error says often holds what the caller sent, of any length. It travels in headers, which hold 8 KB, the
message twice."""


def shortened(text: str, most_bytes: int) -> str:
    """Without its middle where it is longer, in UTF-8."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= most_bytes:
        return text
    head, tail = encoded[: most_bytes * 2 // 3], encoded[-(most_bytes // 3 - 3) :]
    return f"{head.decode('utf-8', 'ignore')}…{tail.decode('utf-8', 'ignore')}"


class TandemError(Exception):
    """A fact that ends a call. Subclasses fix the kind; `reason` says which fact of that kind. Texts that are too long
    lose their middle.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        self.reason = reason
        self.message = shortened(message, MAX_MESSAGE_BYTES)
        super().__init__(self.message)
        self.metadata = {name: shortened(text, MAX_METADATA_BYTES) for name, text in (metadata or {}).items()}
        self.violations = tuple(
            Violation(shortened(each.field, MAX_METADATA_BYTES), shortened(each.description, MAX_MESSAGE_BYTES))
            for each in violations
        )


class InvalidArgument(TandemError):
    """The caller sent something wrong."""

    @classmethod
    def field(cls, path: str, description: str, *, reason: str = "INVALID_FIELD") -> InvalidArgument:
        """One wrong field, named by its path."""
        return cls(
            reason,
            f"{path}: {description}",
            metadata={"field": path},
            violations=[Violation(path, description)],
        )


class NotFound(TandemError):
    """There is no such thing."""


class AlreadyExists(TandemError):
    """The id is taken, with another content."""


class FailedPrecondition(TandemError):
    """The state does not allow it."""


class Aborted(TandemError):
    """It changed underneath: read again and retry."""


class Unauthenticated(TandemError):
    """No credential, or a bad one."""


class PermissionDenied(TandemError):
    """A good credential that may not."""


class ResourceExhausted(TandemError):
    """Shed load, or a bound on work. Retryable."""


class Unavailable(TandemError):
    """A store or a service does not answer. Retryable."""


class DeadlineExceeded(TandemError):
    """The caller's time is over."""


class Internal(TandemError):
    """A service we called has a fault."""


class StartupError(Exception):
    """The process cannot start; the text tells the operator what to change, in one sentence."""


def request_id_reused(request_id: str) -> AlreadyExists:
    """The request id was used before with another body."""
    return AlreadyExists(
        "REQUEST_ID_REUSED",
        f"request_id {request_id!r} was used before with another body",
        metadata={"request_id": request_id},
    )
