"""GetAttribution: what conversions are put down to, over Tandem's own contacts and those that others told of.

Returns are taken off the purchase they belong to, whenever they came, so what a contact earned is what was kept. Costs
are those of all contacts of the period, whether anything came of them or not.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.contact_history import Contact, ContactHistory
from services.orchestrator.app.conversion_store import ConversionStore, TouchStore
from services.orchestrator.app.persons import PersonFinder, people
from services.orchestrator.domain.attribution import AttributionModel, Touchpoint, split, weights
from services.orchestrator.domain.conversion import Conversion
from services.orchestrator.domain.touch import Touch
from shared.clock import MS_PER_DAY, Clock
from shared.errors import FailedPrecondition, InvalidArgument

PAGE = 200
FIND_MS = 10_000
MAX_PERIOD_MS = 400 * MS_PER_DAY
USUAL_LOOKBACK_MS = 30 * MS_PER_DAY
USUAL_HALF_LIFE_MS = 7 * MS_PER_DAY


class AttributionKey(IntEnum):
    """What the report is about. Numbers are those of tandem.orchestrator.v1.AttributionKey."""

    CHANNEL = 1
    CAMPAIGN = 2
    ACTION = 3


@dataclass(frozen=True, slots=True)
class AttributionQuestion:
    """Of conversions that occurred from `from_ms` until before `to_ms`, and contacts `lookback_ms` before them."""

    from_ms: int
    to_ms: int
    model: AttributionModel = AttributionModel.LAST_TOUCH
    by: AttributionKey = AttributionKey.CHANNEL
    lookback_ms: int = USUAL_LOOKBACK_MS
    half_life_ms: int = USUAL_HALF_LIFE_MS


@dataclass(slots=True)
class AttributionRow:
    """Money in millionths of the policy's currency. `conversions` are shares of them."""

    key: str = ""
    conversions: float = 0.0
    revenue: int = 0
    margin: int = 0
    contacts: int = 0
    cost: int = 0

    @property
    def roas(self) -> float | None:
        """Revenue per unit of cost; None where nothing was spent."""
        return self.revenue / self.cost if self.cost else None

    def add(self, other: AttributionRow) -> None:
        self.conversions += other.conversions
        self.revenue += other.revenue
        self.margin += other.margin
        self.contacts += other.contacts
        self.cost += other.cost


@dataclass(slots=True)
class Attribution:
    """Rows with what was not put down to anything add up to the total."""

    currency: str
    rows: Sequence[AttributionRow] = ()
    unattributed: AttributionRow = field(default_factory=AttributionRow)
    total: AttributionRow = field(default_factory=AttributionRow)


@dataclass(frozen=True, slots=True)
class AttributionSources:
    conversions: ConversionStore
    touches: TouchStore
    history: ContactHistory
    persons: PersonFinder


class GetAttribution:
    def __init__(self, sources: AttributionSources, policies: ActivePolicies, clock: Clock) -> None:
        self._sources = sources
        self._policies = policies
        self._clock = clock

    async def __call__(self, question: AttributionQuestion) -> Attribution:
        """Page by page; what is computed is so off the loop. Raises InvalidArgument, FailedPrecondition
        (NO_ACTIVE_POLICY), Unavailable."""
        _check(question)
        policy = await self._policies.current()
        if policy is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        book = _Book(question)
        after_ms, after_id = question.from_ms, ""
        while page := await self._sources.conversions.purchases(after_ms, question.to_ms, after_id, PAGE):
            await self._enter(book, page)
            after_ms, after_id = page[-1].occurred_time_ms, page[-1].conversion_id
        await self._enter_costs(book)
        return book.closed(policy.settings.currency)

    async def _enter(self, book: _Book, page: Sequence[Conversion]) -> None:
        reversals = await self._sources.conversions.reversals([each.conversion_id for each in page])
        persons = await people(
            self._sources.persons, {each.profile_id for each in page}, deadline_ms=self._clock() + FIND_MS
        )
        owners = {profile_id: each.profile_id for each in persons.values() for profile_id in each.profile_ids}
        from_ms, to_ms = page[0].occurred_time_ms - book.question.lookback_ms, page[-1].occurred_time_ms
        contacts = await self._sources.history.shown(list(owners), from_ms, to_ms)
        touches = await self._sources.touches.between(list(owners), from_ms, to_ms)

        def enter() -> None:
            paths = _paths(book.question.by, owners, contacts, touches)
            for conversion in page:
                path = paths.get(owners.get(conversion.profile_id, ""), ())
                book.enter(conversion, reversals.get(conversion.conversion_id, ()), path)

        await asyncio.to_thread(enter)  # somebody may have been shown thousands of things

    async def _enter_costs(self, book: _Book) -> None:
        question = book.question
        for share in await self._sources.history.costs(question.from_ms, question.to_ms):
            key = _key_of(question.by, share.channel, share.campaign, share.action)
            book.spend(key, share.contacts, share.cost)
        told = await self._sources.touches.costs(question.from_ms, question.to_ms)
        for (platform, campaign), (count, cost) in told.items():
            book.spend(_key_of(question.by, platform, campaign, ""), count, cost)


class _Book:
    """The rows as they grow."""

    def __init__(self, question: AttributionQuestion) -> None:
        self.question = question
        self._rows: dict[str, AttributionRow] = {}
        self._unattributed = AttributionRow()

    def enter(self, bought: Conversion, reversals: Iterable[Conversion], path: Sequence[Touchpoint]) -> None:
        returned = list(reversals)
        revenue = bought.revenue - sum(each.revenue for each in returned)
        margin = bought.margin - sum(each.margin for each in returned)
        first_ms = bought.occurred_time_ms - self.question.lookback_ms
        begin = bisect_left(path, first_ms, key=_time_of)
        within = path[begin : bisect_right(path, bought.occurred_time_ms, key=_time_of)]
        if not within:
            self._unattributed.add(AttributionRow("", 1.0, revenue, margin))
            return
        shares = weights(self.question.model, within, bought.occurred_time_ms, self.question.half_life_ms)
        parts = zip(within, shares, split(revenue, shares), split(margin, shares), strict=True)
        for touchpoint, share, of_revenue, of_margin in parts:
            if share:
                self._row(touchpoint.key).add(AttributionRow("", share, of_revenue, of_margin))

    def spend(self, key: str, contacts: int, cost: int) -> None:
        self._row(key).add(AttributionRow(contacts=contacts, cost=cost))

    def closed(self, currency: str) -> Attribution:
        rows = sorted(self._rows.values(), key=lambda row: (-row.revenue, row.key))
        total = AttributionRow()
        for row in (*rows, self._unattributed):
            total.add(row)
        return Attribution(currency, rows, self._unattributed, total)

    def _row(self, key: str) -> AttributionRow:
        return self._rows.setdefault(key, AttributionRow(key))


def _paths(
    by: AttributionKey, owners: Mapping[str, str], contacts: Iterable[Contact], touches: Iterable[Touch]
) -> Mapping[str, Sequence[Touchpoint]]:
    """All contacts of each person, in their order. `owners`: who each profile is by now."""
    found: dict[str, list[Touchpoint]] = {}
    for contact in contacts:
        key = _key_of(by, contact.channel, contact.campaign, contact.action)
        found.setdefault(owners[contact.profile_id], []).append(Touchpoint(contact.time_ms, key))
    for touch in touches:
        key = _key_of(by, touch.platform, touch.campaign_ref, "")
        found.setdefault(owners[touch.profile_id], []).append(Touchpoint(touch.occurred_time_ms, key))
    return {owner: sorted(path, key=_time_of) for owner, path in found.items()}


def _key_of(by: AttributionKey, channel: str, campaign: str, action: str) -> str:
    """Empty for contacts that have none: those of no campaign, those that are no action of ours."""
    return {AttributionKey.CHANNEL: channel, AttributionKey.CAMPAIGN: campaign, AttributionKey.ACTION: action}[by]


def _time_of(touchpoint: Touchpoint) -> int:
    return touchpoint.time_ms


def _check(question: AttributionQuestion) -> None:
    if not 0 <= question.from_ms < question.to_ms:
        raise InvalidArgument.field("to_time", "must be after from_time")
    if question.to_ms - question.from_ms > MAX_PERIOD_MS:
        raise InvalidArgument.field("to_time", "must be at most 400 days after from_time")
    for name, span_ms in (("lookback", question.lookback_ms), ("half_life", question.half_life_ms)):
        if not 0 < span_ms <= MAX_PERIOD_MS:
            raise InvalidArgument.field(name, "must be positive and at most 400 days")
