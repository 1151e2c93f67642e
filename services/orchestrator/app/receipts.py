"""A request id stands for one request: the same again is answered the same, another body is refused; for 30 days."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from services.orchestrator.app.policy_store import Receipt
from shared.errors import InvalidArgument, request_id_reused

A = TypeVar("A")

MAX_REQUEST_ID_LENGTH = 128


class ReceiptStore(Protocol):
    async def receipt(self, rpc: str, request_id: str) -> Receipt | None: ...


async def earlier_answer(
    store: ReceiptStore, rpc: str, request_id: str, body_hash: str, answer_type: type[A]
) -> A | None:
    """What the request was answered before; None where it is new.

    Raises AlreadyExists (REQUEST_ID_REUSED) for another body, InvalidArgument for an id that is none.
    """
    if not request_id:
        raise InvalidArgument.field("request_id", "required", reason="REQUIRED_FIELD_MISSING")
    if len(request_id) > MAX_REQUEST_ID_LENGTH or not request_id.isprintable():
        raise InvalidArgument.field("request_id", f"must be at most {MAX_REQUEST_ID_LENGTH} printable characters")
    receipt = await store.receipt(rpc, request_id)
    if receipt is None:
        return None
    if receipt.body_hash != body_hash:
        raise request_id_reused(request_id)
    return msgspec.json.decode(receipt.response, type=answer_type)


def receipt_of(rpc: str, request_id: str, body_hash: str, answer: object) -> Receipt:
    """To be stored with what the request changed."""
    return Receipt(rpc, request_id, body_hash, msgspec.json.encode(answer))
