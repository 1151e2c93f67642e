"""The same request is answered the same, whatever happened since."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from services.profile.app.ports import Answer, Request
from services.profile.domain.limits import check_id
from shared.errors import request_id_reused
from shared.ids import content_hash

A = TypeVar("A")


class Command(Protocol):
    """A mutation somebody asked for. Its content, as msgspec encodes it, is what the request id stands for."""

    @property
    def request_id(self) -> str: ...


def request_of(rpc: str, command: Command) -> Request:
    """Raises InvalidArgument."""
    check_id(command.request_id, "request_id")
    return rpc, command.request_id


def replayed(answer: Answer | None, command: Command, answer_type: type[A]) -> A | None:
    """What the request was answered before; None where it is new. Raises AlreadyExists for another body."""
    if answer is None:
        return None
    if answer.body_hash != content_hash(command):
        raise request_id_reused(command.request_id)
    return msgspec.msgpack.decode(answer.response, type=answer_type)


def answer_of(rpc: str, command: Command, response: object, now_ms: int) -> Answer:
    """To be stored with what the request changed."""
    encoded = msgspec.msgpack.encode(response)
    return Answer(rpc, command.request_id, content_hash(command), encoded, now_ms)
