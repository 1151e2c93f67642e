"""Read, change, store if nothing changed meanwhile, else again: the way of every mutation of profiles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.drafts import Draft, Drafts
from services.profile.app.fairness import give_way
from services.profile.app.history import History
from services.profile.app.idempotency import Command, answer_of, replayed
from services.profile.app.locks import KeyedLocks
from services.profile.app.ports import MAX_PROFILE_BYTES, Commit, Conflict, ProfileStore, ProfileTooLarge
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.recording import record
from shared.clock import Clock
from shared.errors import Aborted, InvalidArgument

A = TypeVar("A")

MAX_ATTEMPTS = 20
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


@dataclass(frozen=True, slots=True)
class Chance:
    """What differs from run to run."""

    clock: Clock
    new_profile_id: Callable[[], str]
    jitter: Callable[[], float]
    """Within [0, 1)."""


class Writer:
    def __init__(self, store: ProfileStore, catalogue: SchemaCatalogue, history: History, chance: Chance) -> None:
        self._store = store
        self._catalogue = catalogue
        self._history = history
        self._chance = chance
        self._locks = KeyedLocks()

    async def run(self, mutation: Mutation[A]) -> A:
        """The answer, when everything is durable. Raises Aborted where others always came first."""
        async with self._locks.hold(mutation.keys):
            for attempt in range(MAX_ATTEMPTS):
                try:
                    return await self._attempt(mutation)
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

    async def _attempt(self, mutation: Mutation[A]) -> A:
        earlier, schema, owners = await asyncio.gather(
            replayed(self._store, mutation.rpc, mutation.command, mutation.answer_type),
            self._catalogue.active(),
            self._store.find(mutation.keys),
        )
        if earlier is not None:
            return earlier
        drafts = Drafts(owners, schema, self._chance.clock(), self._chance.new_profile_id)
        answer = await mutation.edit(drafts)
        for step, draft in enumerate(drafts.changed()):
            await self._fold(draft, drafts.schema)
            await give_way(step)
        changes = tuple(draft.change() for draft in drafts.changed())
        kept = answer_of(mutation.rpc, mutation.command, answer, drafts.now_ms)
        await self._store.commit(Commit(changes, kept))
        return answer

    async def _fold(self, draft: Draft, schema: CompiledSchema) -> None:
        """Brings the states of a profile that is written anyway up to the active schema and the new events."""
        draft.profile = await self._history.filled(draft.profile, schema)
        if draft.events:
            draft.profile = record(draft.profile, draft.events, schema, draft.arrival_ms)

    def _pause_s(self, attempt: int) -> float:
        longest_ms: int = min(2**attempt, LONGEST_PAUSE_MS)
        return longest_ms * (0.5 + self._chance.jitter() / 2) / 1000
