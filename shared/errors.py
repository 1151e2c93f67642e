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


class TandemError(Exception):
    """A fact that ends a call. Subclasses fix the kind; `reason` says which fact of that kind."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata: dict[str, str] = dict(metadata or {})
        self.violations: tuple[Violation, ...] = tuple(violations)


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
