"""The store of conversions and of touches: what shops and other systems tell, each thing once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.orchestrator.app.capture_answer import ItemFault
from services.orchestrator.app.policy_store import Receipt
from services.orchestrator.domain.conversion import Conversion, settled
from services.orchestrator.domain.touch import Touch
from shared.errors import AlreadyExists, InvalidArgument, NotFound


@dataclass(frozen=True, slots=True)
class ConversionDraft:
    """A conversion as it was sent; reversals are not settled yet. `path` is that of its item."""

    conversion: Conversion
    body_hash: str
    path: str


@dataclass(frozen=True, slots=True)
class TouchDraft:
    touch: Touch
    body_hash: str
    path: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one draft: `fault` None where it is there, now or before."""

    is_duplicate: bool = False
    fault: ItemFault | None = None
    profile_id: str = ""


@dataclass(frozen=True, slots=True)
class ConversionBatch:
    """One call. Ids of drafts may repeat."""

    rpc: str
    request_id: str
    body_hash: str
    drafts: Sequence[ConversionDraft]
    response_of: Callable[[Sequence[Verdict]], bytes]
    """The response to keep, given a verdict per draft. Pure: a store may ask more than once."""


@dataclass(frozen=True, slots=True)
class TouchBatch:
    rpc: str
    request_id: str
    body_hash: str
    drafts: Sequence[TouchDraft]
    response_of: Callable[[Sequence[Verdict]], bytes]


@dataclass(slots=True)
class Known:
    """What a store has of the conversions that a batch is about, and what the batch adds: by id, with the hash of the
    body; reversals by what they reverse."""

    conversions: dict[str, tuple[str, Conversion]] = field(default_factory=dict)
    reversals: dict[str, list[Conversion]] = field(default_factory=dict)

    def judge(self, drafts: Sequence[ConversionDraft]) -> tuple[Sequence[Verdict], Sequence[ConversionDraft]]:
        """A verdict on each, and those that are new, settled: purchases first, so that a batch may reverse what it
        holds, whichever it tells first."""
        fresh: list[ConversionDraft] = []
        order = sorted(range(len(drafts)), key=lambda index: bool(drafts[index].conversion.reverses))
        verdicts = {index: self._verdict(drafts[index], fresh) for index in order}
        return [verdicts[index] for index in range(len(drafts))], fresh

    def _verdict(self, draft: ConversionDraft, fresh: list[ConversionDraft]) -> Verdict:
        conversion = draft.conversion
        known = self.conversions.get(conversion.conversion_id)
        if known is not None and known[0] == draft.body_hash:
            return Verdict(is_duplicate=True, profile_id=known[1].profile_id)
        try:
            if known is not None:
                raise reused("conversion_id", conversion.conversion_id, draft.path)
            taken = self._settled(draft)
        except (InvalidArgument, NotFound, AlreadyExists) as fault:
            return Verdict(fault=ItemFault.of(fault))
        self.conversions[taken.conversion_id] = draft.body_hash, taken
        if taken.reverses:
            self.reversals.setdefault(taken.reverses, []).append(taken)
        fresh.append(ConversionDraft(taken, draft.body_hash, draft.path))
        return Verdict(profile_id=taken.profile_id)

    def _settled(self, draft: ConversionDraft) -> Conversion:
        conversion, field_path = draft.conversion, f"{draft.path}.reverses_conversion_id"
        if not conversion.reverses:
            return conversion
        _, bought = self.conversions.get(conversion.reverses, ("", None))
        if bought is None:
            raise NotFound(
                "CONVERSION_NOT_FOUND",
                f"{field_path}: there is no conversion {conversion.reverses!r}",
                metadata={"field": field_path, "conversion_id": conversion.reverses},
            )
        if bought.reverses:
            raise InvalidArgument.field(field_path, f"{conversion.reverses!r} is a reversal itself")
        if conversion.occurred_time_ms < bought.occurred_time_ms:
            message = f"must not be before that of {conversion.reverses!r}, which it takes from"
            raise InvalidArgument.field(f"{draft.path}.occurred_time", message)
        return settled(conversion, bought, self.reversals.get(conversion.reverses, ()), draft.path)


def reused(name: str, key: str, path: str) -> AlreadyExists:
    """The id was used before for something else."""
    return AlreadyExists(
        "ID_REUSED",
        f"{path}.{name}: {key!r} was recorded before with another content",
        metadata={"field": f"{path}.{name}", name: key},
    )


def judged_touches(
    drafts: Sequence[TouchDraft], known: Mapping[str, tuple[str, str]]
) -> tuple[Sequence[Verdict], Sequence[TouchDraft]]:
    """A verdict on each, and those that are new; `known` has the body's hash and the profile, by id."""
    seen, verdicts, fresh = dict(known), [], []
    for draft in drafts:
        touch = draft.touch
        body_hash, profile_id = seen.setdefault(touch.touch_id, ("", touch.profile_id))
        if not body_hash:
            seen[touch.touch_id] = draft.body_hash, touch.profile_id
            fresh.append(draft)
            verdicts.append(Verdict(profile_id=touch.profile_id))
        elif body_hash == draft.body_hash:
            verdicts.append(Verdict(is_duplicate=True, profile_id=profile_id))
        else:
            verdicts.append(Verdict(fault=ItemFault.of(reused("touch_id", touch.touch_id, draft.path))))
    return verdicts, fresh


@dataclass(frozen=True, slots=True)
class UnmatchedConversion:
    """`revision` grows whenever something comes that it may be the success of."""

    conversion: Conversion
    revision: int


class ConversionStore(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def append(self, batch: ConversionBatch) -> Receipt:
        """Stores what is new and right (Known.judge) as unmatched, and the receipt; all or nothing.

        Answers the receipt that is stored: that of the same request, where it was faster and nothing was stored now.
        Raises AlreadyExists (REQUEST_ID_REUSED) when another body has the request id.
        """
        ...

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None: ...

    async def get(self, conversion_ids: Sequence[str]) -> Mapping[str, Conversion]:
        """By id; those that are not there are left out."""
        ...

    async def reversals(self, conversion_ids: Sequence[str]) -> Mapping[str, Sequence[Conversion]]:
        """By what they reverse."""
        ...

    async def unmatched(self, limit: int, after: Conversion | None = None) -> tuple[UnmatchedConversion, ...]:
        """In the order in which they were recorded, from behind `after` on."""
        ...

    async def count_unmatched(self) -> int: ...

    async def mark_matched(self, conversions: Sequence[UnmatchedConversion]) -> None:
        """One that has another revision by now stays unmatched."""
        ...

    async def purchases(self, from_ms: int, to_ms: int, after: str, limit: int) -> tuple[Conversion, ...]:
        """What occurred from a moment until before another and is no reversal, in the order of time and ids: from
        `from_ms` on, of that millisecond only what has an id behind `after`."""
        ...

    async def of_profiles(self, profile_ids: Sequence[str], after: str, limit: int) -> tuple[Conversion, ...]:
        """Reversals too, in the order of the ids, from behind `after` on."""
        ...


class TouchStore(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def append(self, batch: TouchBatch) -> Receipt:
        """As ConversionStore.append; the same touch twice is one."""
        ...

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None: ...

    async def between(self, profile_ids: Sequence[str], from_ms: int, to_ms: int) -> tuple[Touch, ...]:
        """Of these persons, both moments included, in their order."""
        ...

    async def costs(self, from_ms: int, to_ms: int) -> Mapping[tuple[str, str], tuple[int, int]]:
        """How many there were from a moment until before another, and what they cost: by platform and campaign."""
        ...

    async def of_profiles(self, profile_ids: Sequence[str], after: str, limit: int) -> tuple[Touch, ...]:
        """In the order of the ids, from behind `after` on."""
        ...
