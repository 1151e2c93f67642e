"""A bare grpc.aio server that knows its answers beforehand: what any Python server pays for such messages.

`Echo` answers a GetProfileResponse with itself; `Decide` a DecideRequest with the DecideResponse of the file that is
named on the command line.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
from tandem.orchestrator.v1.decision_pb2 import DecideRequest, DecideResponse
from tandem.profile.v1.profile_service_pb2 import GetProfileResponse

SERVICE = "bench.Echo"
METHOD = f"/{SERVICE}/Echo"
DECIDE = f"/{SERVICE}/Decide"
Context = grpc.aio.ServicerContext[Any, Any]


async def serve(address: str, answer: DecideResponse) -> None:
    async def echo(request: GetProfileResponse, _: Context) -> GetProfileResponse:
        return request

    async def decide(_: DecideRequest, __: Context) -> DecideResponse:
        return answer

    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(
            echo,
            request_deserializer=GetProfileResponse.FromString,
            response_serializer=GetProfileResponse.SerializeToString,
        ),
        "Decide": grpc.unary_unary_rpc_method_handler(
            decide,
            request_deserializer=DecideRequest.FromString,
            response_serializer=DecideResponse.SerializeToString,
        ),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    known = DecideResponse.FromString(Path(sys.argv[2]).read_bytes()) if len(sys.argv) > 2 else DecideResponse()
    asyncio.run(serve(sys.argv[1], known))
