"""Batches of rows to the destination. What is refused is traced to its row; the rest of the batch goes on."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from google.protobuf.message import Message
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1.consent_pb2 import Consent
from tandem.profile.v1.event_pb2 import Event

from services.cli.importing.destinations import Destination
from services.cli.importing.items import Items
from shared import errors
from shared.ids import content_id
from shared.rpc.errors import from_status

MAX_IN_REQUEST = 1_000
MAX_REQUEST_BYTES = 4 * 2**20
"""Of a request with more than one thing in it."""
PATIENCE_S = 60.0
"""How long a destination that answered before may be away."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0

_RETRYABLE = (errors.Unavailable, errors.Aborted, errors.DeadlineExceeded, errors.ResourceExhausted)
_REFUSALS = (errors.InvalidArgument, errors.FailedPrecondition, errors.NotFound, errors.AlreadyExists)
_OF_ALL_ROWS = frozenset({"NO_ACTIVE_TRAIT_SCHEMA", "UNKNOWN_TRAIT"})
"""What would refuse every row: the mapping or the server has to change."""
_PLACE = re.compile(r"^(?:events|items)\[(\d+)\]\.?")

T = TypeVar("T")
R = TypeVar("R")
Request = TypeVar("Request", bound=Message)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row, or something of it, was not taken in."""

    field: str
    """Of the message that was made of the row."""
    reason: str
    message: str


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    events: int = 0
    duplicates: int = 0
    traits: int = 0
    consents: int = 0
    refused: dict[int, tuple[Items, Refusal]] = field(default_factory=dict)
    """By row number."""

    def refuse(self, items: Items, refusal: Refusal) -> None:
        self.refused.setdefault(items.row.number, (items, refusal))


class Sender:
    """`run_id` tells this import from others, so that what one was refused may be accepted later."""

    def __init__(self, destination: Destination, run_id: str) -> None:
        self._destination = destination
        self._run_id = run_id
        self._has_answered = False

    async def send(self, batch: Sequence[Items]) -> Outcome:
        """Permissions first, because the rest may need them. Raises what ends the whole import."""
        outcome = Outcome()
        await self._send_consents(batch, outcome)
        writes = [items for items in batch if items.traits]
        for portion in _portions(writes, _size_of_traits):
            await self._split(portion, self._send_traits, outcome)
        events = [(items, event) for items in batch for event in items.events]
        for together in _portions(events, lambda each: each[1].ByteSize()):
            await self._split(together, self._send_events, outcome)
        return outcome

    async def _send_events(self, events: Sequence[tuple[Items, Event]], outcome: Outcome) -> None:
        request = self._named(pb.RecordEventsRequest(events=[event for _, event in events]))
        response = await self._patiently(self._destination.record_events, request)
        for (items, _), result in zip(events, response.results, strict=True):
            if result.status in (pb.ITEM_STATUS_NO_BASIS, pb.ITEM_STATUS_ERASED):
                outcome.refuse(items, _left_out(result.status, "event"))
            elif result.duplicate:
                outcome.duplicates += 1
            else:
                outcome.events += 1

    async def _send_traits(self, writes: Sequence[Items], outcome: Outcome) -> None:
        entries = [pb.BatchUpsertTraitsRequest.Item(subject=each.subject, traits=each.traits) for each in writes]
        request = self._named(pb.BatchUpsertTraitsRequest(items=entries))
        response = await self._patiently(self._destination.upsert_traits, request)
        for items, item in zip(writes, response.items, strict=True):
            if item.HasField("error"):
                error = from_status(item.error) or errors.Internal("INTERNAL", item.error.message)
                if error.reason in _OF_ALL_ROWS:
                    raise error
                outcome.refuse(items, _refusal(error))
                continue
            for trait, status in zip(items.traits, item.result.trait_statuses, strict=False):
                if status in (pb.ITEM_STATUS_NO_BASIS, pb.ITEM_STATUS_ERASED):
                    outcome.refuse(items, _left_out(status, f'trait "{trait.name}"'))
            outcome.traits += len(items.traits)

    async def _send_consents(self, batch: Sequence[Items], outcome: Outcome) -> None:
        """The statements of one person in their order, those of different people at once."""
        people: dict[str, list[tuple[Items, Consent]]] = defaultdict(list)
        for items in batch:
            people[items.person] += ((items, consent) for consent in items.consents)

        async def send(statements: Sequence[tuple[Items, Consent]]) -> None:
            for statement in statements:
                await self._split([statement], self._send_consent, outcome)

        await asyncio.gather(*(send(statements) for statements in people.values() if statements))

    async def _send_consent(self, statements: Sequence[tuple[Items, Consent]], outcome: Outcome) -> None:
        ((items, consent),) = statements
        request = pb.SetConsentRequest(subject=items.subject, consent=consent)
        # Named by its content alone: statements are kept for ever, and one is not made twice by importing it twice.
        request.request_id = content_id("import", request.SerializeToString(deterministic=True))
        await self._patiently(self._destination.set_consent, request)
        outcome.consents += 1

    async def _split(
        self, things: Sequence[T], send: Callable[[Sequence[T], Outcome], Awaitable[None]], outcome: Outcome
    ) -> None:
        """Sends again without what was refused: by the place that the refusal names, else by halves."""
        while things:
            try:
                await send(things, outcome)
                return
            except _REFUSALS as error:
                if error.reason in _OF_ALL_ROWS:
                    raise
                refused = _places(error)
                if not refused and len(things) > 1:
                    middle = len(things) // 2
                    await self._split(things[:middle], send, outcome)
                    things = things[middle:]
                    continue
                for index in refused or {0}:
                    outcome.refuse(_items_of(things[index]), _refusal(error, index))
                things = [thing for index, thing in enumerate(things) if index not in (refused or {0})]

    def _named(self, request: Request) -> Request:
        """The same part of the same import, sent again, is the same request."""
        content = request.SerializeToString(deterministic=True)
        request.request_id = content_id("import", [self._run_id, content])  # type: ignore[attr-defined]
        return request

    async def _patiently(self, ask: Callable[[Request], Awaitable[R]], request: Request) -> R:
        pause_s, waited_s = _FIRST_PAUSE_S, 0.0
        while True:
            try:
                response = await ask(request)
            except _RETRYABLE:
                if not self._has_answered or waited_s >= PATIENCE_S:
                    raise
                await asyncio.sleep(pause_s)
                waited_s += pause_s
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                self._has_answered = True
                return response


def _portions(things: Sequence[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """What fits into one request each."""
    portion: list[T] = []
    size_bytes = 0
    for thing in things:
        size = size_of(thing)
        if portion and (len(portion) == MAX_IN_REQUEST or size_bytes + size > MAX_REQUEST_BYTES):
            yield portion
            portion, size_bytes = [], 0
        portion.append(thing)
        size_bytes += size
    if portion:
        yield portion


def _size_of_traits(items: Items) -> int:
    return items.subject.ByteSize() + sum(trait.ByteSize() for trait in items.traits)


def _items_of(thing: object) -> Items:
    found = thing[0] if isinstance(thing, tuple) else thing
    assert isinstance(found, Items)
    return found


def _places(error: errors.TandemError) -> set[int]:
    """Which of the things sent the refusal names."""
    return {int(found[1]) for each in error.violations if (found := _PLACE.match(each.field))}


def _refusal(error: errors.TandemError, index: int = 0) -> Refusal:
    """What the error says of one of the things sent; of the only one, whatever it says."""
    places = (f"events[{index}]", f"items[{index}]")
    named = [each for each in error.violations if each.field.startswith(places)] or error.violations
    if not named:
        return Refusal("", error.reason, error.message)
    return Refusal(_PLACE.sub("", named[0].field), error.reason, named[0].description)


def _left_out(status: int, what: str) -> Refusal:
    if status == pb.ITEM_STATUS_ERASED:
        return Refusal("", "SUBJECT_ERASED", f"the {what} was left out: the person was erased")
    return Refusal("", "NO_BASIS", f"the {what} was left out: there is no basis for collecting it")
