"""Several profile servers on one store, as real processes, and callers that spread over them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from tandem.common.v1 import subject_pb2, value_pb2
from tandem.profile.v1 import contact_ledger_pb2, contact_pb2, profile_service_pb2, profile_service_pb2_grpc, trait_pb2

from tests.support.servers import ServerProcess, Storage, free_address

PREFIX = "TANDEM_PROFILE_"
TIMEOUT_S = 60.0
RETRY_PAUSE_S = 0.05
MAIL = contact_pb2.Contact(channel="EMAIL", direction="OUTBOUND", action="comeback")


@contextmanager
def profile_fleet(count: int, storage: Storage, logs: Path) -> Iterator[list[ServerProcess]]:
    """Starts them, and stops those that still run; none may have failed."""
    servers = [_server(index, storage, logs) for index in range(count)]
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_serving()
        yield servers
        for server in servers:
            was_running = server.is_running
            code = server.stop()
            assert not was_running or code == 0, f"a server ended with {code}: {server.last_words()}"
    finally:
        for server in servers:
            if server.is_running:
                server.kill()


def _server(index: int, storage: Storage, logs: Path) -> ServerProcess:
    address = free_address()
    settings = {f"{PREFIX}LISTEN_ADDRESS": address, f"{PREFIX}METRICS_ADDRESS": "off"}
    settings |= storage.settings(PREFIX, storage.database)
    return ServerProcess("services.profile", address, settings, logs / f"profile-{index}.log")


@dataclass(frozen=True, slots=True)
class Reserved:
    """The answer to one call: granted (`reservation_id`) or refused (empty), by which profile, asked and told when."""

    reservation_id: str
    profile_id: str
    asked_s: float
    told_s: float


@dataclass(slots=True)
class Callers:
    """Callers of a fleet. Without `retries` every error is one; with them, a lost server is not, and the same request
    goes to another.
    """

    servers: Sequence[ServerProcess]
    retries: bool = False
    stubs: list[Any] = field(init=False)
    _channels: list[grpc.aio.Channel] = field(init=False)

    def __post_init__(self) -> None:
        # Each has a connection of its own, though it may call the same address as another one.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 200)]
        self._channels = [grpc.aio.insecure_channel(server.address, options=options) for server in self.servers]
        self.stubs = [profile_service_pb2_grpc.ProfileServiceStub(each) for each in self._channels]  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close(None)

    async def publish(self, *limits: contact_pb2.ContactLimit) -> None:
        schema = trait_pb2.TraitSchema(
            traits=[trait_pb2.TraitDeclaration(name="age", type=value_pb2.ATTRIBUTE_TYPE_INT)], contact_limits=limits
        )
        request = profile_service_pb2.PublishTraitSchemaRequest(
            request_id=fresh("publish"), schema=schema, activate=True
        )
        await self.stubs[0].PublishTraitSchema(request, timeout=TIMEOUT_S)

    async def create(self, person: subject_pb2.Subject) -> str:
        """Somebody all of whose identities are known to be one person's; answers the profile id."""
        age = trait_pb2.Trait(name="age", value=value_pb2.TypedValue(int_value=40))
        request = profile_service_pb2.UpsertTraitsRequest(request_id=fresh("create"), subject=person, traits=[age])
        return str((await self.call(0, "UpsertTraits", request)).profile_id)

    async def reserve(self, caller: int, person: subject_pb2.Subject, **fields: Any) -> Reserved:
        """By one of the person's identities."""
        named = subject_pb2.Subject(identities=[person.identities[caller % len(person.identities)]])
        request = contact_ledger_pb2.ReserveContactRequest(
            request_id=fresh("reserve"), subject=named, contacts=[MAIL], **fields
        )
        clock = asyncio.get_running_loop().time
        asked_s = clock()
        answer = await self.call(caller, "ReserveContact", request)
        return Reserved(answer.results[0].granted.reservation_id, answer.profile_id, asked_s, clock())

    async def call(self, caller: int, method: str, request: Any) -> Any:
        while True:
            stub = self.stubs[caller % len(self.stubs)]
            try:
                return await getattr(stub, method)(request, timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError as failure:
                if not self.retries or failure.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                caller += 1
                await asyncio.sleep(RETRY_PAUSE_S)


def somebody(*namespaces: str) -> subject_pb2.Subject:
    """Whom nobody has seen yet."""
    return subject_pb2.Subject(
        identities=[
            subject_pb2.Identity(namespace=namespace, value=f"{uuid.uuid4().hex}@x.org") for namespace in namespaces
        ]
    )


def cap(most: int, **fields: Any) -> contact_pb2.ContactLimit:
    return contact_pb2.ContactLimit(limit_id="cap", max=most, window=Duration(seconds=86_400), **fields)


def fresh(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex}"
