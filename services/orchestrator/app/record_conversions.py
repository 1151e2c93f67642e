"""RecordConversions and RecordTouches: what systems tell that know no decision. Durable when answered, and once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from services.orchestrator.app.capture_answer import ItemFault
from services.orchestrator.app.conversion_store import (
    ConversionBatch,
    ConversionDraft,
    ConversionStore,
    TouchBatch,
    TouchDraft,
    TouchStore,
    Verdict,
)
from services.orchestrator.app.courier import Courier
from services.orchestrator.app.persons import Person, PersonFinder
from services.orchestrator.app.receipts import earlier_answer
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.conversion import Conversion, Line
from services.orchestrator.domain.currency import Currencies, Money
from services.orchestrator.domain.subject import Identity
from services.orchestrator.domain.touch import Touch
from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from shared.ids import content_hash

RECORD_CONVERSIONS, RECORD_TOUCHES = "RecordConversions", "RecordTouches"
MAX_ITEMS = 1_000
FIND_MS = 5_000
"""How long finding the persons may take."""
INLINE_MATCHING_MS = 1_000
"""How long an answer waits for its conversions to be matched, before that is left to the background."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Prices are of one unit. None: not said."""

    sku: str
    quantity: float
    net_price: Money | None = None
    margin: Money | None = None


@dataclass(frozen=True, slots=True)
class ConversionItem:
    """A conversion as it was sent."""

    conversion_id: str
    identities: tuple[Identity, ...] = ()
    occurred_time_ms: int | None = None
    order_id: str = ""
    lines: tuple[OrderLine, ...] = ()
    store_id: str = ""
    coupon_code: str = ""
    reverses_conversion_id: str = ""

    @property
    def is_of_nobody(self) -> bool:
        """A reversal is of whom it takes from."""
        return not self.identities or bool(self.reverses_conversion_id)


@dataclass(frozen=True, slots=True)
class TouchItem:
    touch_id: str
    identities: tuple[Identity, ...]
    platform: str
    campaign_ref: str = ""
    cost: Money | None = None
    occurred_time_ms: int | None = None

    @property
    def is_of_nobody(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class RecordedItem:
    """`key` is the conversion's or touch's id; empty where the item is faulty."""

    key: str
    profile_id: str = ""
    duplicate: bool = False
    fault: ItemFault | None = None


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """In the order of the request."""

    items: tuple[RecordedItem, ...]


class _Item(Protocol):
    @property
    def identities(self) -> tuple[Identity, ...]: ...

    @property
    def occurred_time_ms(self) -> int | None: ...

    @property
    def is_of_nobody(self) -> bool: ...


I = TypeVar("I", bound=_Item)  # noqa: E741  the usual letter of an item
D = TypeVar("D")


class RecordConversions:
    def __init__(self, world: Surroundings, store: ConversionStore, finder: PersonFinder, matching: Courier) -> None:
        self._world = world
        self._store = store
        self._finder = finder
        self._matching = matching

    async def __call__(self, request_id: str, items: Sequence[ConversionItem | InvalidArgument]) -> RecordAnswer:
        """`items` may hold what was wrong with an item already. Raises InvalidArgument, AlreadyExists, Unavailable,
        FailedPrecondition (NO_ACTIVE_POLICY)."""
        body_hash = _body_hash(items, "conversions")
        earlier = await earlier_answer(self._store, RECORD_CONVERSIONS, request_id, body_hash, RecordAnswer)
        if earlier is not None:
            return earlier
        judged = await _judged(self._world, self._finder, items, "conversions", _conversion_draft)
        drafts = [each for each in judged if isinstance(each, ConversionDraft)]

        def response_of(verdicts: Sequence[Verdict]) -> bytes:
            return _response(judged, [draft.conversion.conversion_id for draft in drafts], verdicts)

        batch = ConversionBatch(RECORD_CONVERSIONS, request_id, body_hash, drafts, response_of)
        receipt = await self._store.append(batch)
        await self._matching.deliver_now(INLINE_MATCHING_MS)
        return msgspec.json.decode(receipt.response, type=RecordAnswer)


class RecordTouches:
    def __init__(self, world: Surroundings, store: TouchStore, finder: PersonFinder) -> None:
        self._world = world
        self._store = store
        self._finder = finder

    async def __call__(self, request_id: str, items: Sequence[TouchItem | InvalidArgument]) -> RecordAnswer:
        """As RecordConversions."""
        body_hash = _body_hash(items, "touches")
        earlier = await earlier_answer(self._store, RECORD_TOUCHES, request_id, body_hash, RecordAnswer)
        if earlier is not None:
            return earlier
        judged = await _judged(self._world, self._finder, items, "touches", _touch_draft)
        drafts = [each for each in judged if isinstance(each, TouchDraft)]

        def response_of(verdicts: Sequence[Verdict]) -> bytes:
            return _response(judged, [draft.touch.touch_id for draft in drafts], verdicts)

        receipt = await self._store.append(TouchBatch(RECORD_TOUCHES, request_id, body_hash, drafts, response_of))
        return msgspec.json.decode(receipt.response, type=RecordAnswer)


def _body_hash(items: Sequence[object], path: str) -> str:
    if len(items) > MAX_ITEMS:
        raise InvalidArgument.field(path, f"must be at most {MAX_ITEMS}")
    return content_hash([str(item) if isinstance(item, InvalidArgument) else item for item in items])


@dataclass(frozen=True, slots=True)
class _Setting:
    """What an item is judged by."""

    currencies: Currencies
    now_ms: int
    path: str
    profile_id: str

    def occurred_ms(self, told_ms: int | None) -> int:
        time_ms = self.now_ms if told_ms is None else told_ms
        if not 0 <= time_ms <= self.now_ms + MAX_CLOCK_SKEW_MS:
            message = "must not be before 1970 or more than five minutes ahead of the server"
            raise InvalidArgument.field(f"{self.path}.occurred_time", message)
        return time_ms


async def _judged(
    world: Surroundings,
    finder: PersonFinder,
    items: Sequence[I | InvalidArgument],
    path: str,
    draft_of: Callable[[I, _Setting], D],
) -> Sequence[D | ItemFault]:
    """A draft of each item, or what is wrong with it."""
    policy = await world.policies.current()
    if policy is None:
        raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
    persons = await _persons(finder, items, world.clock() + FIND_MS)
    judged: list[D | ItemFault] = []
    for index, item in enumerate(items):
        try:
            if isinstance(item, InvalidArgument):
                raise item
            profile_id = _profile_id(item, persons, f"{path}[{index}].subject")
            setting = _Setting(policy.settings.currencies, world.clock(), f"{path}[{index}]", profile_id)
            judged.append(draft_of(item, setting))
        except (InvalidArgument, NotFound) as fault:
            judged.append(ItemFault.of(fault))
    return judged


Persons = dict[tuple[Identity, ...], Person | None]


async def _persons(finder: PersonFinder, items: Sequence[I | InvalidArgument], deadline_ms: int) -> Persons:
    named = [item for item in items if not isinstance(item, InvalidArgument) and not item.is_of_nobody]
    subjects = list(dict.fromkeys(item.identities for item in named if item.identities))
    if not subjects:
        return {}
    return dict(zip(subjects, await finder.persons(subjects, deadline_ms=deadline_ms), strict=True))


def _profile_id(item: _Item, persons: Persons, path: str) -> str:
    if item.is_of_nobody:
        return ""
    if not item.identities:
        raise InvalidArgument.field(path, "required and missing", reason="REQUIRED_FIELD_MISSING")
    person = persons[item.identities]
    if person is None:
        raise NotFound("PROFILE_NOT_FOUND", f"{path}: nobody holds these identities", metadata={"field": path})
    return person.profile_id


def _conversion_draft(item: ConversionItem, setting: _Setting) -> ConversionDraft:
    conversion = Conversion(
        item.conversion_id,
        setting.profile_id,
        setting.occurred_ms(item.occurred_time_ms),
        setting.now_ms,
        tuple(_line(item, index, setting) for index in range(len(item.lines))),
        item.order_id,
        item.store_id,
        item.coupon_code,
        item.reverses_conversion_id,
    )
    if abs(conversion.revenue) > setting.currencies.most:
        raise InvalidArgument.field(f"{setting.path}.lines", "come to more than any order can be worth")
    return ConversionDraft(conversion, content_hash(item), setting.path)


def _line(item: ConversionItem, index: int, setting: _Setting) -> Line:
    line, path = item.lines[index], f"{setting.path}.lines[{index}]"
    if line.net_price is None and not item.reverses_conversion_id:
        raise InvalidArgument.field(f"{path}.net_price", "required and missing", reason="REQUIRED_FIELD_MISSING")
    revenue = margin = None
    if line.net_price is not None:
        revenue = setting.currencies.owed(line.net_price, f"{path}.net_price", line.quantity)
    if line.margin is not None:
        margin = setting.currencies.millionths(line.margin, f"{path}.margin", line.quantity)
    elif not item.reverses_conversion_id:
        margin = 0
    return Line(line.sku, line.quantity, revenue, margin)


def _touch_draft(item: TouchItem, setting: _Setting) -> TouchDraft:
    cost = 0 if item.cost is None else setting.currencies.owed(item.cost, f"{setting.path}.cost")
    touch = Touch(
        item.touch_id,
        setting.profile_id,
        item.platform,
        item.campaign_ref,
        setting.occurred_ms(item.occurred_time_ms),
        setting.now_ms,
        cost,
    )
    return TouchDraft(touch, content_hash(item), setting.path)


def _response(judged: Sequence[object], keys: Sequence[str], verdicts: Sequence[Verdict]) -> bytes:
    drafts = iter(zip(keys, verdicts, strict=True))
    items = []
    for each in judged:
        if isinstance(each, ItemFault):
            items.append(RecordedItem("", fault=each))
            continue
        key, verdict = next(drafts)
        is_faulty = verdict.fault is not None
        items.append(RecordedItem("" if is_faulty else key, verdict.profile_id, verdict.is_duplicate, verdict.fault))
    return msgspec.json.encode(RecordAnswer(tuple(items)))
