"""tandem.profile.v1.ProfileService: translates, calls, translates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing

from tandem.profile.v1 import profile_service_pb2 as pb

from services.profile.api.mapping import answers, commands
from services.profile.app.application import ProfileApplication
from services.profile.app.requests import ProfileAnswer, ProfileQuery
from shared.errors import InvalidArgument, TandemError
from shared.rpc.context import CallContext
from shared.rpc.server import ServiceBinding


def bind(app: ProfileApplication, check: Callable[[], Awaitable[None]]) -> ServiceBinding:
    """What a server serves; `check` raises where the store does not answer."""
    return ServiceBinding(pb.DESCRIPTOR.services_by_name["ProfileService"], ProfileServicer(app), check)


class ProfileServicer:
    def __init__(self, app: ProfileApplication) -> None:
        self._app = app

    async def GetProfile(self, request: pb.GetProfileRequest, _: CallContext) -> pb.GetProfileResponse:
        return answers.profile_response(await self._app.get_profile(commands.profile_query(request)))

    async def BatchGetProfiles(
        self, request: pb.BatchGetProfilesRequest, _: CallContext
    ) -> pb.BatchGetProfilesResponse:
        queries = [_query_or_error(each) for each in request.requests]
        asked = [query for query in queries if isinstance(query, ProfileQuery)]
        found = iter(await self._app.batch_get_profiles(asked)) if asked or not queries else iter(())
        return answers.batch_response(_in_order(queries, found))

    async def UpsertTraits(self, request: pb.UpsertTraitsRequest, _: CallContext) -> pb.UpsertTraitsResponse:
        return answers.written_response(await self._app.upsert_traits(commands.upsert_traits(request)))

    async def RecordEvents(self, request: pb.RecordEventsRequest, _: CallContext) -> pb.RecordEventsResponse:
        return answers.events_response(await self._app.record_events(commands.record_events(request)))

    async def TailEvents(self, request: pb.TailEventsRequest, _: CallContext) -> AsyncIterator[pb.TailEventsResponse]:
        async with aclosing(self._app.tail_events(commands.tail_query(request))) as pages:
            async for page in pages:
                for response in answers.tail_responses(page):
                    yield response

    async def SetConsent(self, request: pb.SetConsentRequest, _: CallContext) -> pb.SetConsentResponse:
        return answers.consent_response(await self._app.set_consent(commands.set_consent(request)))

    async def ListConsents(self, request: pb.ListConsentsRequest, _: CallContext) -> pb.ListConsentsResponse:
        return answers.consents_response(await self._app.list_consents(commands.consent_query(request)))

    async def PublishTraitSchema(
        self, request: pb.PublishTraitSchemaRequest, _: CallContext
    ) -> pb.PublishTraitSchemaResponse:
        return answers.schema_response(await self._app.publish_trait_schema(commands.publish_trait_schema(request)))


def _query_or_error(request: pb.GetProfileRequest) -> ProfileQuery | InvalidArgument:
    try:
        return commands.profile_query(request)
    except InvalidArgument as failure:
        return failure


def _in_order(
    queries: Iterable[ProfileQuery | InvalidArgument], found: Iterable[ProfileAnswer | TandemError]
) -> Iterable[ProfileAnswer | TandemError]:
    """The errors of the translation among the answers, each at its place."""
    answered = iter(found)
    return [next(answered) if isinstance(query, ProfileQuery) else query for query in queries]
