"""Makes google.api.field_behavior REQUIRED true, at every depth (AIP-203)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from google.api.field_behavior_pb2 import REQUIRED, field_behavior  # type: ignore[import-untyped]
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from shared.errors import InvalidArgument, Violation
from shared.rpc.chain import CallNext, Interceptor
from shared.rpc.context import CallContext

MAX_VIOLATIONS = 20

ServicerMethod = TypeVar("ServicerMethod", bound=Callable[..., Any])
_Check = Callable[[Message, str], Iterator[str]]
"""The paths of what is missing in a message, each behind a prefix."""


def require_fields(message_type: Descriptor) -> Interceptor:
    check = FieldCheck(message_type)

    async def check_required(request: Any, context: CallContext, call_next: CallNext) -> Any:
        check(request)
        return await call_next(request, context)

    return check_required


class FieldCheck:
    """Of one message type, compiled once; a message pays only for fields that have something to check below them."""

    def __init__(self, message_type: Descriptor) -> None:
        self._missing = _check_message(message_type, {})

    def __call__(self, message: Message) -> None:
        """Raises InvalidArgument with the paths of what is missing."""
        paths = list(islice(self._missing(message, ""), MAX_VIOLATIONS)) if self._missing else []
        if paths:
            raise _required(paths)


def each_checked(answer: ServicerMethod) -> ServicerMethod:
    """Marks a servicer method whose items are requests of their own: it checks what they require itself, so that what
    one of them lacks does not fail the others."""
    answer.checks_required = True  # type: ignore[attr-defined]
    return answer


def checks_required(answer: object) -> bool:
    return bool(getattr(answer, "checks_required", False))


def _required(paths: list[str]) -> InvalidArgument:
    return InvalidArgument(
        "REQUIRED_FIELD_MISSING",
        f"{', '.join(paths)}: required and missing",
        metadata={"field": paths[0]},
        violations=[Violation(path, "required and missing") for path in paths],
    )


def _check_message(message_type: Descriptor, known: dict[str, _Check]) -> _Check | None:
    """The check of a message type; None where nothing at or below it is required. `known` ends recursive types."""
    if message_type.full_name in known:
        return known[message_type.full_name]
    if not _reaches_required(message_type, set()):
        return None
    checks: list[_Check] = []

    def check(message: Message, prefix: str) -> Iterator[str]:
        for each in checks:
            yield from each(message, prefix)

    known[message_type.full_name] = check
    for field in message_type.fields:
        checks.extend(_field_checks(field, known))
    return check


def _field_checks(field: FieldDescriptor, known: dict[str, _Check]) -> Iterator[_Check]:
    if _is_required(field):
        yield _presence_check(field)
    below = _value_type(field)
    nested = below and _check_message(below, known)
    if nested:
        yield _nested_check(field, nested)


def _presence_check(field: FieldDescriptor) -> _Check:
    """A number without presence is never missing: its zero is a value."""
    name = field.name
    if field.has_presence:
        return lambda message, prefix: iter(() if message.HasField(name) else (prefix + name,))
    if field.is_repeated or field.type in (field.TYPE_STRING, field.TYPE_BYTES, field.TYPE_ENUM):
        return lambda message, prefix: iter(() if getattr(message, name) else (prefix + name,))
    return lambda _message, _prefix: iter(())


def _nested_check(field: FieldDescriptor, nested: _Check) -> _Check:
    name = field.name

    def check_one(message: Message, prefix: str) -> Iterator[str]:
        if message.HasField(name):
            yield from nested(getattr(message, name), f"{prefix}{name}.")

    def check_each(message: Message, prefix: str) -> Iterator[str]:
        for index, item in enumerate(getattr(message, name)):
            yield from nested(item, f"{prefix}{name}[{index}].")

    def check_values(message: Message, prefix: str) -> Iterator[str]:
        for key, item in getattr(message, name).items():
            yield from nested(item, f'{prefix}{name}["{key}"].')

    if not field.is_repeated:
        return check_one
    return check_values if _is_map(field) else check_each


def _reaches_required(message_type: Descriptor, seen: set[str]) -> bool:
    if message_type.full_name in seen:
        return False
    seen.add(message_type.full_name)
    return any(
        _is_required(field) or ((below := _value_type(field)) is not None and _reaches_required(below, seen))
        for field in message_type.fields
    )


def _is_required(field: FieldDescriptor) -> bool:
    behaviours: Any = field.GetOptions().Extensions[field_behavior]
    return REQUIRED in behaviours


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _value_type(field: FieldDescriptor) -> Descriptor | None:
    """The message type a field holds: of its values for a map, of its items for a list."""
    below = field.message_type
    return below.fields_by_name["value"].message_type if below is not None and _is_map(field) else below
