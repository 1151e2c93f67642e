"""Errors on the wire: TandemError <-> google.rpc.Status with ErrorInfo (AIP-193), and back on the caller's side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from shared import errors
from shared.rpc.context import CallContext

D = TypeVar("D", bound=Message)

DOMAIN = "tandem"
DETAILS_HEADER = "grpc-status-details-bin"
RETRY_DELAY_MS = 100

_CODES: Mapping[type[errors.TandemError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Aborted: grpc.StatusCode.ABORTED,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Internal: grpc.StatusCode.INTERNAL,
}
_BY_NUMBER: Mapping[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
_CLASSES: Mapping[grpc.StatusCode, type[errors.TandemError]] = {code: kind for kind, code in _CODES.items()}
_RETRYABLE = (errors.ResourceExhausted, errors.Unavailable)

# What a code means when no service of ours said more: the transport, a proxy or another program answered.
_FALLBACKS: Mapping[grpc.StatusCode, tuple[type[errors.TandemError], str]] = {
    grpc.StatusCode.INVALID_ARGUMENT: (errors.InvalidArgument, "INVALID_FIELD"),
    grpc.StatusCode.UNAUTHENTICATED: (errors.Unauthenticated, "CREDENTIAL_INVALID"),
    grpc.StatusCode.PERMISSION_DENIED: (errors.PermissionDenied, "CREDENTIAL_INVALID"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (errors.ResourceExhausted, "OVERLOADED"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (errors.DeadlineExceeded, "DEADLINE_EXCEEDED"),
    grpc.StatusCode.INTERNAL: (errors.Internal, "INTERNAL"),
    grpc.StatusCode.UNKNOWN: (errors.Internal, "INTERNAL"),
    grpc.StatusCode.DATA_LOSS: (errors.Internal, "INTERNAL"),
}


class RpcFailure(Exception):
    """A call that ends with this status: what the errors interceptor raises for those outside it to see."""

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self.status = status

    @property
    def code(self) -> grpc.StatusCode:
        return _BY_NUMBER[self.status.code]

    @property
    def reason(self) -> str:
        info = _detail(self.status, error_details_pb2.ErrorInfo())
        return "" if info is None else info.reason


def to_status(error: errors.TandemError) -> status_pb2.Status:
    """The status of an error, for a failed call or for one item of a batch."""
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata),
    ]
    if error.violations:
        bad = [
            error_details_pb2.BadRequest.FieldViolation(field=each.field, description=each.description)
            for each in error.violations
        ]
        details.append(error_details_pb2.BadRequest(field_violations=bad))
    if isinstance(error, _RETRYABLE):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(RETRY_DELAY_MS)
        details.append(retry)
    return status_pb2.Status(
        code=code_of(error).value[0], message=error.message, details=[_packed(detail) for detail in details]
    )


def code_of(error: errors.TandemError) -> grpc.StatusCode:
    return next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)


def from_status(status: status_pb2.Status) -> errors.TandemError | None:
    """The error a status of ours stands for; None where it is no error, or not ours."""
    info = _detail(status, error_details_pb2.ErrorInfo())
    kind = _CLASSES.get(_BY_NUMBER.get(status.code, grpc.StatusCode.OK))
    if info is None or info.domain != DOMAIN or kind is None:
        return None
    bad = _detail(status, error_details_pb2.BadRequest())
    violations = [errors.Violation(each.field, each.description) for each in bad.field_violations] if bad else []
    return kind(info.reason, status.message, metadata=dict(info.metadata), violations=violations)


def from_rpc_error(failure: grpc.aio.AioRpcError, service: str = "") -> errors.TandemError:
    """What the called service raised; by the bare code where something else answered in its place."""
    known = _status_of(failure)
    error = known and from_status(known)
    if error is not None:
        return error
    kind, reason = _FALLBACKS.get(failure.code(), (errors.Unavailable, "DEPENDENCY_UNAVAILABLE"))
    text = f"{failure.code().name}: {failure.details()}"
    return kind(reason, text, metadata={"service": service} if service else None)


def code_of_ending(failure: BaseException, context: CallContext) -> grpc.StatusCode:
    """How a call that raised ends for its caller; grpc cancels a call whose deadline passed."""
    if isinstance(failure, RpcFailure):
        return failure.code
    if not isinstance(failure, asyncio.CancelledError):
        return grpc.StatusCode.UNKNOWN
    remaining_s = context.remaining_s()
    is_late = remaining_s is not None and remaining_s <= 0
    return grpc.StatusCode.DEADLINE_EXCEEDED if is_late else grpc.StatusCode.CANCELLED


def _status_of(failure: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    metadata: Any = failure.trailing_metadata() or ()
    encoded = next((value for key, value in metadata if key == DETAILS_HEADER), None)
    if not isinstance(encoded, bytes):
        return None
    try:
        return status_pb2.Status.FromString(encoded)
    except DecodeError:
        return None


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


def _detail(status: status_pb2.Status, empty: D) -> D | None:
    return next((empty for detail in status.details if detail.Unpack(empty)), None)
