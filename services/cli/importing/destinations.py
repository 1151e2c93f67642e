"""Where an import goes: a server, or the stores of a data directory in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1.profile_service_pb2_grpc import ProfileServiceStub

from services.cli.failures import CommandFailed
from services.profile.bootstrap import bootstrap
from services.profile.settings import ProfileSettings
from shared.errors import StartupError
from shared.rpc.channel import call
from shared.rpc.context import CallContext

SQLITE_FILE = "profile.sqlite"
"""What the profile service calls its store."""


class Destination(Protocol):
    """Each call raises a TandemError where it is refused."""

    async def record_events(self, request: pb.RecordEventsRequest) -> pb.RecordEventsResponse: ...

    async def upsert_traits(self, request: pb.BatchUpsertTraitsRequest) -> pb.BatchUpsertTraitsResponse: ...

    async def set_consent(self, request: pb.SetConsentRequest) -> pb.SetConsentResponse: ...


class Server:
    def __init__(self, profiles: ProfileServiceStub, timeout_s: float) -> None:
        self._profiles = profiles
        self._timeout_s = timeout_s

    async def record_events(self, request: pb.RecordEventsRequest) -> pb.RecordEventsResponse:
        return await call(self._profiles.RecordEvents, request, timeout_s=self._timeout_s)

    async def upsert_traits(self, request: pb.BatchUpsertTraitsRequest) -> pb.BatchUpsertTraitsResponse:
        return await call(self._profiles.BatchUpsertTraits, request, timeout_s=self._timeout_s)

    async def set_consent(self, request: pb.SetConsentRequest) -> pb.SetConsentResponse:
        return await call(self._profiles.SetConsent, request, timeout_s=self._timeout_s)


class Embedded:
    """The service itself, without a server around it. A server on the same directory may run meanwhile."""

    def __init__(self, servicer: Any) -> None:
        self._servicer = servicer

    async def record_events(self, request: pb.RecordEventsRequest) -> pb.RecordEventsResponse:
        return await self._servicer.RecordEvents(request, _context("RecordEvents"))  # type: ignore[no-any-return]

    async def upsert_traits(self, request: pb.BatchUpsertTraitsRequest) -> pb.BatchUpsertTraitsResponse:
        return await self._servicer.BatchUpsertTraits(request, _context("BatchUpsertTraits"))  # type: ignore[no-any-return]

    async def set_consent(self, request: pb.SetConsentRequest) -> pb.SetConsentResponse:
        return await self._servicer.SetConsent(request, _context("SetConsent"))  # type: ignore[no-any-return]


def holds_data(data_dir: Path) -> bool:
    """Whether a profile service has kept something there."""
    return (data_dir / SQLITE_FILE).is_file()


@asynccontextmanager
async def embedded(data_dir: Path) -> AsyncIterator[Destination]:
    """The profile store in `data_dir`, created where there is none. Raises CommandFailed where it does not open."""
    async with AsyncExitStack() as stack:
        try:
            components = await bootstrap(ProfileSettings(data_dir=data_dir), stack)
        except StartupError as error:
            raise CommandFailed("STORE_UNAVAILABLE", str(error)) from error
        yield Embedded(components.binding.servicer)


def _context(method: str) -> CallContext:
    return CallContext("", f"/tandem.profile.v1.ProfileService/{method}", None, {})
