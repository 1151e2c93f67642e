"""A bare grpc.aio server that answers a GetProfileResponse with itself: what any Python server pays for one."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc
from tandem.profile.v1.profile_service_pb2 import GetProfileResponse

METHOD = "/bench.Echo/Echo"


async def echo(request: GetProfileResponse, _: grpc.aio.ServicerContext[Any, Any]) -> GetProfileResponse:
    return request


async def serve(address: str) -> None:
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        echo,
        request_deserializer=GetProfileResponse.FromString,
        response_serializer=GetProfileResponse.SerializeToString,
    )
    service, method = METHOD[1:].split("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
