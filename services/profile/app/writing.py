"""Read, change, store if nothing changed meanwhile, else again: the way of every mutation of profiles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.directory import Directory
from services.profile.app.draft import Draft
from services.profile.app.drafts import Drafts
from services.profile.app.fairness import give_way
from services.profile.app.history import History
from services.profile.app.idempotency import Command, answer_of, replayed, request_of
from services.profile.app.keep_out import Doorkeeper
from services.profile.app.ports import MAX_PROFILE_BYTES, Change, Commit, Conflict, ProfileTooLarge, Stores
from services.profile.app.turns import Turns
from services.profile.domain.attribute_index import indexed
from services.profile.domain.changes import ChangeRecord
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.identities import Namespaces, profile_key
from services.profile.domain.profile import Profile
from services.profile.domain.recording import record
from shared.caller import current_caller
from shared.clock import Clock
from shared.errors import Aborted, InvalidArgument

A = TypeVar("A")

MAX_ATTEMPTS = 100
"""Of those who contend, one goes on each time: replicas, because the callers of one process take turns."""
LONGEST_PAUSE_MS = 64


@dataclass(frozen=True, slots=True)
class Mutation(Generic[A]):
    """`edit` changes drafts and answers; it may run several times, so it has no other effects."""

    rpc: str
    command: Command
    answer_type: type[A]
    keys: Collection[str]
    """Of all identities it names."""
    edit: Callable[[Drafts], Awaitable[A]]
    namespaces: Namespaces | None = None
    """By which the identities got their form; None: they have but one."""
    since_ms: int | None = None
    """The earliest moment that anything in it is about; None: now."""
    event_ids: Collection[str] = ()
    """Of all events it brings."""
    merged_away: Collection[str] = ()
    """Ids of merged profiles that may become ones of their own again."""


Plan = Callable[[Namespaces], Mutation[A]]
"""A mutation of identities in the form that the namespaces give them. Raises InvalidArgument."""


class NamespacesChanged(Exception):
    """Another schema became active, and with it another form of identities."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What differs from run to run."""

    clock: Clock
    new_id: Callable[[str], str]
    """By kind: `p` profiles, `m` merges, `i` what happened to identities."""
    jitter: Callable[[], float]
    """Within [0, 1)."""


@dataclass(frozen=True, slots=True)
class _Found(Generic[A]):
    """What a mutation begins with."""

    earlier: A | None
    """What the request was answered before."""
    schema: CompiledSchema
    owners: Mapping[str, Profile]
    """By identity key, of those that somebody holds."""
    fresh: Collection[str]
    """Keys that nobody holds."""
    recorded: Mapping[str, str]
    """Of the events, by id whose they are that the log holds."""

    @property
    def turns(self) -> set[str]:
        """What callers of this process take turns at: profiles, by whatever identity, and identities without one."""
        return {profile_key(owner.profile_id) for owner in self.owners.values()}.union(self.fresh)


class Writer:
    def __init__(
        self, stores: Stores, catalogue: SchemaCatalogue, history: History, doorkeeper: Doorkeeper, chance: Chance
    ) -> None:
        self._store = store = stores.profiles
        self._tokens = stores.tokens
        self._directory = Directory(store)
        self._doorkeeper = doorkeeper
        self._catalogue = catalogue
        self._log = stores.events
        self._history = history
        self._chance = chance
        self._turns = Turns()

    async def run_planned(self, plan: Plan[A]) -> A:
        """Like `run`. Identities get the form of the schema that is active when they are looked up: a guess, which
        costs no read of the store, and where it was wrong the plan is made again.
        """
        while True:
            try:
                return await self.run(await self._planned(plan))
            except NamespacesChanged:
                continue

    async def _planned(self, plan: Plan[A]) -> Mutation[A]:
        mutation, namespaces = await self._catalogue.planned(plan)
        return replace(mutation, namespaces=namespaces)

    async def run(self, mutation: Mutation[A]) -> A:
        """The answer, when everything is durable. Raises Aborted where others always came first."""
        for attempt in range(MAX_ATTEMPTS):
            try:
                return self._acknowledged(await self._attempt(mutation))
            except Conflict as conflict:
                profile_id = conflict.profile_id
                await asyncio.sleep(self._pause_s(attempt))
            except ProfileTooLarge:
                text = f"the profile would have more than {MAX_PROFILE_BYTES} bytes"
                raise InvalidArgument.field("subject", text) from None
        raise Aborted(
            "CONCURRENT_CHANGE",
            "the profile changed at every attempt: read again and retry",
            metadata={"profile_id": profile_id},
        )

    def _acknowledged(self, answer: A) -> A:
        """With the token of a state that has it; one that was answered before may have been read just now."""
        return replace(answer, token=self._tokens.latest())  # type: ignore[type-var]  # answers are dataclasses

    async def _attempt(self, mutation: Mutation[A]) -> A:
        found = await self._find(mutation)
        if found.earlier is not None:
            return found.earlier
        async with self._turns.hold(found.turns) as has_waited:
            if has_waited:
                found = await self._caught_up(found, mutation)
                if found.earlier is not None:
                    return found.earlier
            tombstones = await self._directory.records(mutation.merged_away) if mutation.merged_away else ()
            drafts = Drafts(found.owners, found.schema, self._chance.clock(), self._chance.new_id, tombstones)
            drafts.recorded = found.recorded
            answer = await mutation.edit(drafts)
            for step, draft in enumerate(drafts.changed()):
                await self._fold(draft, drafts.schema)
                await give_way(step)
            changes = tuple(with_index(change, drafts) for change in drafts.changes())
            kept = answer_of(mutation.rpc, mutation.command, answer, drafts.now_ms)
            commit = Commit(changes, kept, _trail(mutation, drafts), drafts.erasure)
            if changes:
                await self._store_in_turn(commit, mutation)
        if not changes:  # then nobody has to wait for it
            await self._store.commit(commit)
        return answer

    async def _caught_up(self, found: _Found[A], mutation: Mutation[A]) -> _Found[A]:
        """What was found before the turn, as those who went before left it."""
        owners = self._turns.caught_up(found.owners, found.fresh)
        if owners is None:
            return await self._find(mutation)
        recorded = await self._log.recorded(mutation.event_ids) if mutation.event_ids else found.recorded
        return replace(found, owners=owners, recorded=recorded)

    async def _store_in_turn(self, commit: Commit, mutation: Mutation[A]) -> None:
        """Tells those who wait what is stored now, by this or, where that came first, by another process."""
        try:
            await self._store.commit(commit)
        except Conflict:
            self._turns.tell_read((await self._find(mutation)).owners)
            raise
        self._turns.tell_stored(commit.changes)

    async def _find(self, mutation: Mutation[A]) -> _Found[A]:
        request = request_of(mutation.rpc, mutation.command)
        look = await self._directory.look_for_writing(
            mutation.keys, request, mutation.event_ids, self._doorkeeper, mutation.since_ms
        )
        earlier = replayed(look.answer, mutation.command, mutation.answer_type)
        schema = await self._catalogue.activated(look.active_version)
        if earlier is None and mutation.namespaces not in (None, schema.namespaces):
            raise NamespacesChanged
        return _Found(earlier, schema, look.owners, {*mutation.keys}.difference(look.owners), look.recorded)

    async def _fold(self, draft: Draft, schema: CompiledSchema) -> None:
        """Brings the states of a profile that is written anyway up to the active schema and the new events."""
        for part in draft.parts:
            part.profile = await self._history.filled(part.profile, schema)
            if part.events:
                part.profile = record(part.profile, part.events, schema, draft.arrival_ms)

    def _pause_s(self, attempt: int) -> float:
        longest_ms: int = min(2**attempt, LONGEST_PAUSE_MS)
        return longest_ms * (0.5 + self._chance.jitter() / 2) / 1000


def with_index(change: Change, drafts: Drafts) -> Change:
    """The change, and what the index says of its profile from now on."""
    draft = drafts.find(change.profile.profile_id)
    assert draft is not None, "every change is one of a draft"
    profile, index = indexed(change.profile, draft.before, drafts.schema.indexed_traits)
    is_as_it_was = index is None and profile is change.profile
    return change if is_as_it_was else replace(change, profile=profile, index=index)


def _trail(mutation: Mutation[A], drafts: Drafts) -> tuple[ChangeRecord, ...]:
    actor, request_id = current_caller(), mutation.command.request_id
    return tuple(
        ChangeRecord(draft.profile_id, draft.arrival_ms, mutation.rpc, request_id, actor, draft.touched())
        for draft in drafts.changed()
    )
