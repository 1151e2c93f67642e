"""tandem.profile.v1.ProfileService: translates, calls, translates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing

from tandem.profile.v1 import contact_ledger_pb2, identity_graph_pb2, rights_pb2, search_pb2
from tandem.profile.v1 import profile_service_pb2 as pb

from services.profile.api.mapping import answers, commands, fields, identities, ledger, rights, searches, trait_batches
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
        return await answers.batch_response(_in_order(queries, found))

    async def UpsertTraits(self, request: pb.UpsertTraitsRequest, _: CallContext) -> pb.UpsertTraitsResponse:
        return answers.written_response(await self._app.upsert_traits(commands.upsert_traits(request)))

    async def BatchUpsertTraits(
        self, request: pb.BatchUpsertTraitsRequest, _: CallContext
    ) -> pb.BatchUpsertTraitsResponse:
        return trait_batches.response_of(await self._app.batch_upsert_traits(trait_batches.command_of(request)))

    async def RecordEvents(self, request: pb.RecordEventsRequest, _: CallContext) -> pb.RecordEventsResponse:
        return answers.events_response(await self._app.record_events(commands.record_events(request)))

    async def TailEvents(self, request: pb.TailEventsRequest, _: CallContext) -> AsyncIterator[pb.TailEventsResponse]:
        query = commands.tail_query(request)
        if request.tell_end:
            async with aclosing(self._app.tail_to_end(query)) as to_end:
                async for log_page in to_end:
                    for response in answers.log_responses(log_page):
                        yield response
            return
        async with aclosing(self._app.tail_events(query)) as pages:
            async for page in pages:
                for response in answers.tail_responses(page):
                    yield response

    async def SetConsent(self, request: pb.SetConsentRequest, _: CallContext) -> pb.SetConsentResponse:
        return answers.consent_response(await self._app.set_consent(commands.set_consent(request)))

    async def RecordConsentSignals(
        self, request: pb.RecordConsentSignalsRequest, _: CallContext
    ) -> pb.RecordConsentSignalsResponse:
        command = commands.record_consent_signals(request)
        return answers.signals_response(await self._app.record_consent_signals(command))

    async def ListConsents(self, request: pb.ListConsentsRequest, _: CallContext) -> pb.ListConsentsResponse:
        return answers.consents_response(await self._app.list_consents(commands.consent_query(request)))

    async def ReserveContact(
        self, request: contact_ledger_pb2.ReserveContactRequest, _: CallContext
    ) -> contact_ledger_pb2.ReserveContactResponse:
        return ledger.reserved_response(await self._app.reserve_contacts(ledger.reserve_contact(request)))

    async def ConfirmContact(
        self, request: contact_ledger_pb2.ConfirmContactRequest, _: CallContext
    ) -> contact_ledger_pb2.ConfirmContactResponse:
        return ledger.confirmed_response(await self._app.confirm_contact(ledger.confirm_contact(request)))

    async def ReleaseContact(
        self, request: contact_ledger_pb2.ReleaseContactRequest, _: CallContext
    ) -> contact_ledger_pb2.ReleaseContactResponse:
        return ledger.released_response(await self._app.release_contact(ledger.release_contact(request)))

    async def GetContactLedger(
        self, request: contact_ledger_pb2.GetContactLedgerRequest, _: CallContext
    ) -> contact_ledger_pb2.GetContactLedgerResponse:
        return ledger.ledger_response(await self._app.get_contact_ledger(ledger.ledger_query(request)))

    async def LinkIdentities(
        self, request: identity_graph_pb2.LinkIdentitiesRequest, _: CallContext
    ) -> identity_graph_pb2.LinkIdentitiesResponse:
        return identities.linked_response(await self._app.link_identities(identities.link_identities(request)))

    async def IssueLinkToken(
        self, request: identity_graph_pb2.IssueLinkTokenRequest, _: CallContext
    ) -> identity_graph_pb2.IssueLinkTokenResponse:
        return identities.issued_response(await self._app.issue_link_token(identities.issue_link_token(request)))

    async def MergeProfiles(
        self, request: identity_graph_pb2.MergeProfilesRequest, _: CallContext
    ) -> identity_graph_pb2.MergeProfilesResponse:
        return identities.merged_response(await self._app.merge_profiles(identities.merge_profiles(request)))

    async def UnmergeProfiles(
        self, request: identity_graph_pb2.UnmergeProfilesRequest, _: CallContext
    ) -> identity_graph_pb2.UnmergeProfilesResponse:
        return identities.unmerged_response(await self._app.unmerge_profiles(identities.unmerge_profiles(request)))

    async def ListMergeHistory(
        self, request: identity_graph_pb2.ListMergeHistoryRequest, _: CallContext
    ) -> identity_graph_pb2.ListMergeHistoryResponse:
        page = await self._app.list_merge_history(identities.merge_history_query(request))
        return identities.merge_history_response(page)

    async def PublishTraitSchema(
        self, request: pb.PublishTraitSchemaRequest, _: CallContext
    ) -> pb.PublishTraitSchemaResponse:
        command = await asyncio.to_thread(commands.publish_trait_schema, request)
        return answers.schema_response(await self._app.publish_trait_schema(command))

    async def SearchProfiles(
        self, request: search_pb2.SearchProfilesRequest, _: CallContext
    ) -> AsyncIterator[search_pb2.SearchProfilesResponse]:
        async with aclosing(self._app.search_profiles(searches.query_of(request))) as pages:
            async for page in pages:
                for response in searches.responses_of(page):
                    yield response

    async def ExportSubject(
        self, request: rights_pb2.ExportSubjectRequest, _: CallContext
    ) -> AsyncIterator[rights_pb2.ExportSubjectResponse]:
        async with aclosing(self._app.export_subject(fields.subject(request.subject))) as pages:
            async for page in pages:
                for response in rights.export_responses(page):
                    yield response

    async def EraseSubject(
        self, request: rights_pb2.EraseSubjectRequest, _: CallContext
    ) -> rights_pb2.EraseSubjectResponse:
        return rights.erased_response(await self._app.erase_subject(rights.erase_subject(request)))

    async def ReadmitSubject(
        self, request: rights_pb2.ReadmitSubjectRequest, _: CallContext
    ) -> rights_pb2.ReadmitSubjectResponse:
        return rights.readmitted_response(await self._app.readmit_subject(rights.readmit_subject(request)))

    async def TailErasures(
        self, request: rights_pb2.TailErasuresRequest, _: CallContext
    ) -> AsyncIterator[rights_pb2.TailErasuresResponse]:
        async with aclosing(self._app.tail_erasures(rights.erasure_query(request))) as pages:
            async for page in pages:
                yield rights.erasures_response(page)

    async def ListChanges(
        self, request: rights_pb2.ListChangesRequest, _: CallContext
    ) -> rights_pb2.ListChangesResponse:
        return rights.changes_response(await self._app.list_changes(rights.change_query(request)))


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
