"""Bytes to the method's message. grpc's own decoding would answer a caller's mistake with INTERNAL."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from shared.errors import InvalidArgument
from shared.rpc.chain import CallNext, Interceptor
from shared.rpc.context import CallContext


def decode(message_type: Descriptor) -> Interceptor:
    parse = GetMessageClass(message_type).FromString
    name = message_type.full_name

    async def decode_request(request: Any, context: CallContext, call_next: CallNext) -> Any:
        try:
            message = parse(request)
        except DecodeError:
            raise InvalidArgument(
                "MALFORMED_MESSAGE", f"the request is not a {name}", metadata={"type": name}
            ) from None
        return await call_next(message, context)

    return decode_request
