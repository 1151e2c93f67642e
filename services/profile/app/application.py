"""Everything the profile service does, one method per RPC: for the servicer, and in one process for other services."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Sequence

from services.profile.app.batch_upsert_traits import BatchUpsertTraits, TraitsWritten, batch_upsert_traits
from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.confirm_contact import confirm_contact
from services.profile.app.directory import Directory
from services.profile.app.erase_subject import complete_erasures, erase_subject, readmit_subject
from services.profile.app.export_subject import export_subject
from services.profile.app.get_contact_ledger import get_contact_ledger
from services.profile.app.get_profile import ProfileReader
from services.profile.app.history import History
from services.profile.app.identity_requests import (
    IdentitiesLinked,
    IssueLinkToken,
    LinkIdentities,
    LinkTokenIssued,
    MergeHistoryPage,
    MergeHistoryQuery,
    MergeProfiles,
    ProfilesMerged,
    ProfilesUnmerged,
    UnmergeProfiles,
)
from services.profile.app.keep_out import Doorkeeper
from services.profile.app.ledger_requests import (
    ConfirmContact,
    ContactChanged,
    ContactsReserved,
    LedgerPage,
    LedgerQuery,
    ReleaseContact,
    ReserveContact,
)
from services.profile.app.link_identities import link_identities
from services.profile.app.link_tokens import LinkTokens, issue_link_token
from services.profile.app.list_changes import list_changes
from services.profile.app.list_consents import list_consents
from services.profile.app.list_merge_history import list_merge_history
from services.profile.app.maintenance import Maintainer
from services.profile.app.merge_profiles import merge_profiles
from services.profile.app.ports import LoggedErasure, Stores
from services.profile.app.publish_trait_schema import publish_trait_schema
from services.profile.app.record_consent_signals import record_consent_signals
from services.profile.app.record_events import EventDesk, record_events
from services.profile.app.release_contact import release_contact
from services.profile.app.requests import (
    ConsentPage,
    ConsentQuery,
    ConsentRecorded,
    EventsRecorded,
    LoggedEvent,
    LogPage,
    ProfileAnswer,
    ProfileQuery,
    PublishTraitSchema,
    RecordConsentSignals,
    RecordEvents,
    SchemaPublished,
    SetConsent,
    SignalsRecorded,
    Subject,
    TailQuery,
    UpsertTraits,
    Written,
)
from services.profile.app.reserve_contacts import reserve_contacts
from services.profile.app.retention import Retention, Swept
from services.profile.app.rights_requests import (
    ChangePage,
    ChangeQuery,
    EraseSubject,
    ErasureQuery,
    ReadmitSubject,
    SubjectErased,
    SubjectReadmitted,
)
from services.profile.app.rounds import Pause, no_pause
from services.profile.app.search_profiles import SearchPage, SearchQuery, search_profiles
from services.profile.app.set_consent import set_consent
from services.profile.app.tail_erasures import tail_erasures
from services.profile.app.tail_events import Bell, tail_events, tail_to_end
from services.profile.app.unmerge_profiles import unmerge_profiles
from services.profile.app.upsert_traits import upsert_traits
from services.profile.app.writing import Chance, Writer
from shared.clock import Clock, system_clock
from shared.errors import TandemError
from shared.ids import new_id


class ProfileApplication:
    def __init__(
        self,
        stores: Stores,
        *,
        clock: Clock = system_clock,
        new_id: Callable[[str], str] = new_id,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        catalogue = SchemaCatalogue(stores.schemas)
        chance = Chance(clock, new_id, jitter)
        self._stores = stores
        self._catalogue = catalogue
        self._clock = clock
        self._new_id = new_id
        self._bell = Bell()
        self._reader = ProfileReader(stores, catalogue, clock)
        self._doorkeeper = Doorkeeper(stores.secrets, stores.profiles)
        history = History(stores.events)
        self._writer = Writer(stores, catalogue, history, self._doorkeeper, chance)
        self._retention = Retention(stores, catalogue, Maintainer(stores, catalogue, history, chance), clock)
        self._link_tokens = LinkTokens(stores.secrets)
        self._events = EventDesk(self._writer, Directory(stores.profiles), self._link_tokens, clock, self._bell.ring)

    async def get_profile(self, query: ProfileQuery) -> ProfileAnswer:
        return await self._reader.get(query)

    async def batch_get_profiles(self, queries: Sequence[ProfileQuery]) -> list[ProfileAnswer | TandemError]:
        return await self._reader.get_many(queries)

    async def upsert_traits(self, command: UpsertTraits) -> Written:
        return await upsert_traits(self._writer, command)

    async def batch_upsert_traits(self, command: BatchUpsertTraits) -> TraitsWritten:
        return await batch_upsert_traits(self._writer, command)

    async def record_events(self, command: RecordEvents) -> EventsRecorded:
        return await record_events(self._events, command)

    def tail_events(self, query: TailQuery) -> AsyncGenerator[Sequence[LoggedEvent]]:
        return tail_events(self._stores.events, self._bell, query)

    def tail_to_end(self, query: TailQuery) -> AsyncGenerator[LogPage]:
        return tail_to_end(self._stores.events, query)

    async def set_consent(self, command: SetConsent) -> ConsentRecorded:
        return await set_consent(self._writer, self._new_id, command)

    async def record_consent_signals(self, command: RecordConsentSignals) -> SignalsRecorded:
        return await record_consent_signals(self._writer, self._stores.consents, self._new_id, command)

    async def list_consents(self, query: ConsentQuery) -> ConsentPage:
        return await list_consents(self._reader, self._stores.consents, query)

    async def publish_trait_schema(self, command: PublishTraitSchema) -> SchemaPublished:
        return await publish_trait_schema(self._stores.schemas, self._stores.profiles, self._clock, command)

    async def link_identities(self, command: LinkIdentities) -> IdentitiesLinked:
        return await link_identities(self._writer, self._link_tokens, command)

    async def issue_link_token(self, query: IssueLinkToken) -> LinkTokenIssued:
        return await issue_link_token(self._reader, self._link_tokens, self._clock, self._new_id, query)

    async def merge_profiles(self, command: MergeProfiles) -> ProfilesMerged:
        return await merge_profiles(self._writer, command)

    async def unmerge_profiles(self, command: UnmergeProfiles) -> ProfilesUnmerged:
        return await unmerge_profiles(self._writer, self._stores.merges, command)

    async def list_merge_history(self, query: MergeHistoryQuery) -> MergeHistoryPage:
        return await list_merge_history(self._reader, self._stores.merges, query)

    async def reserve_contacts(self, command: ReserveContact) -> ContactsReserved:
        return await reserve_contacts(self._writer, self._catalogue, self._new_id, command)

    async def confirm_contact(self, command: ConfirmContact) -> ContactChanged:
        return await confirm_contact(self._writer, command)

    async def release_contact(self, command: ReleaseContact) -> ContactChanged:
        return await release_contact(self._writer, command)

    async def get_contact_ledger(self, query: LedgerQuery) -> LedgerPage:
        return await get_contact_ledger(self._reader, self._clock, query)

    def search_profiles(self, query: SearchQuery) -> AsyncGenerator[SearchPage]:
        return search_profiles(self._reader, self._stores.scans, query)

    def export_subject(self, subject: Subject) -> AsyncGenerator[Sequence[str]]:
        """Lines of JSON, in pages."""
        return export_subject(self._reader, self._stores, subject)

    async def erase_subject(self, command: EraseSubject) -> SubjectErased:
        return await erase_subject(self._writer, self._stores.erasures, self._doorkeeper, self._new_id, command)

    async def readmit_subject(self, command: ReadmitSubject) -> SubjectReadmitted:
        return await readmit_subject(self._writer, self._doorkeeper, command)

    async def sweep(self, answers_kept_ms: int, pause: Pause = no_pause) -> Swept:
        """Deletes what is past its retention."""
        return await self._retention.sweep(answers_kept_ms, pause)

    async def complete_erasures(self, pause: Pause = no_pause) -> int:
        """Purges what interrupted erasures left, as far as `pause` allows; answers how many there were."""
        return await complete_erasures(self._stores.erasures, pause)

    def tail_erasures(self, query: ErasureQuery) -> AsyncGenerator[Sequence[LoggedErasure]]:
        return tail_erasures(self._stores.erasures, query)

    async def list_changes(self, query: ChangeQuery) -> ChangePage:
        return await list_changes(self._reader, self._stores.changes, query)
