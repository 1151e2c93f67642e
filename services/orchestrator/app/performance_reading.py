"""One report of performance as it is read: decisions page by page with their outcomes, then what was bought."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.orchestrator.app.active_policies import ActivePolicies, ActivePolicy, PolicyUnreadable
from services.orchestrator.app.contact_results import NOTHING_CAME, ContactResult, contact_results
from services.orchestrator.app.conversion_store import ConversionStore
from services.orchestrator.app.performance_book import Book, Customer
from services.orchestrator.app.performance_report import PerformanceKey, PerformanceQuestion, Tally
from services.orchestrator.app.performance_store import Contacted, PerformanceRow, PerformanceStore
from services.orchestrator.app.performance_totals import Totals
from services.orchestrator.app.persons import PersonFinder
from services.orchestrator.domain.arms import Membership
from services.orchestrator.domain.conversion import Conversion, is_returned
from services.orchestrator.domain.outcome import reward_key
from shared.errors import InvalidArgument, NotFound

PAGE = 500
MAX_DECISIONS = 5_000_000
"""Of one report."""


@dataclass(frozen=True, slots=True)
class PerformanceSources:
    performance: PerformanceStore
    conversions: ConversionStore
    persons: PersonFinder


@dataclass(slots=True)
class PerformanceReading:
    """`compared` are customers of policies with arms, `undeclared` those of policies without."""

    sources: PerformanceSources
    policies: ActivePolicies
    question: PerformanceQuestion
    compared: Book = field(default_factory=Book)
    undeclared: Book = field(default_factory=Book)
    totals: Totals = field(default_factory=Totals)
    of_nobody: int = 0
    without_arms: int = 0
    versions: dict[str, ActivePolicy | None] = field(default_factory=dict)
    """None for a policy that cannot be read."""
    _counted: set[str] = field(default_factory=set)
    """Conversions that were put down to a contact: their money counts once."""

    async def scan(self) -> None:
        after, count, question = None, 0, self.question
        while rows := await self.sources.performance.rows(question.from_ms, question.to_ms, after, PAGE):
            count += len(rows)
            if count > MAX_DECISIONS:
                message = f"the period has more than {MAX_DECISIONS:,} decisions: ask for a shorter one"
                raise InvalidArgument.field("to_time", message)
            await self._enter(rows)
            after = rows[-1].cursor

    async def enter_attributes(self, customers: Collection[Customer]) -> None:
        """Puts each under what their first decision read, where that is the key."""
        if self.question.by is not PerformanceKey.ATTRIBUTE:
            return
        ids = [each.first_decision for each in customers]
        features = await self.sources.performance.features(ids, self.question.attribute)

        def rename() -> None:
            for each in customers:
                feature = features.get(each.first_decision)
                each.rename("", text_of(feature.value) if feature is not None and feature.is_known else "")

        await asyncio.to_thread(rename)

    async def enter_purchases(self, book: Book) -> None:
        """What was bought in the period, less what came back of it."""
        question, after_ms, after_id = self.question, self.question.from_ms, ""
        while page := await self.sources.conversions.purchases(after_ms, question.to_ms, after_id, PAGE):
            reversals = await self.sources.conversions.reversals([each.conversion_id for each in page])
            await asyncio.to_thread(self._enter_purchases, book, page, reversals)
            after_ms, after_id = page[-1].occurred_time_ms, page[-1].conversion_id

    def _enter_purchases(
        self, book: Book, page: Iterable[Conversion], reversals: Mapping[str, Sequence[Conversion]]
    ) -> None:
        for bought in page:
            tally = _of_purchase(bought, reversals.get(bought.conversion_id, ()))
            self.totals.bought.add(tally)
            customer = book.customers.get(bought.profile_id)
            if customer is not None and not self.question.by.is_of_contacts:
                customer.buys(bought.occurred_time_ms, tally)

    async def _enter(self, rows: Sequence[PerformanceRow]) -> None:
        for version in {row.policy_version for row in rows} - self.versions.keys():
            self.versions[version] = await self._policy(version)
        outcomes = await self.sources.performance.outcomes([row.decision_id for row in rows if row.contacts])
        results = await asyncio.to_thread(contact_results, outcomes)
        money = await self._money({key for each in results.values() for key in each.credited})
        await asyncio.to_thread(self._enter_rows, rows, results, money)

    def _enter_rows(
        self, rows: Iterable[PerformanceRow], results: Mapping[str, ContactResult], money: Mapping[str, int]
    ) -> None:
        for row in rows:
            customer = self._customer(row)
            for contact in row.contacts:
                presentation = reward_key(row.decision_id, contact.placement_id, contact.action, contact.channel)
                self._enter_contact(row, customer, contact, results.get(presentation, NOTHING_CAME), money)

    def _customer(self, row: PerformanceRow) -> Customer | None:
        membership = row.standing.membership
        if not row.profile_id or membership is Membership.NOBODY:
            self.of_nobody += 1
            return None
        is_undeclared = membership is Membership.UNDECLARED
        self.without_arms += is_undeclared
        book = self.undeclared if is_undeclared else self.compared
        return book.enter(row, self._keys(row, is_new=row.profile_id not in book.customers))

    def _keys(self, row: PerformanceRow, *, is_new: bool) -> Iterable[str]:
        """Of the person, as this decision says."""
        match self.question.by:
            case PerformanceKey.ALL | PerformanceKey.ATTRIBUTE:
                return ("",)
            case PerformanceKey.CAMPAIGN:
                return (row.campaign_id,)
            case PerformanceKey.SEGMENT:
                return row.segments if is_new else ()
            case _:
                return ()

    def _enter_contact(
        self,
        row: PerformanceRow,
        customer: Customer | None,
        contact: Contacted,
        result: ContactResult,
        money: Mapping[str, int],
    ) -> None:
        told = Tally(int(result.is_shown), int(result.has_responded), int(result.told), result.told_revenue)
        credited = set(result.credited) - self._counted
        self._counted |= credited
        credit = Tally(conversions=len(credited), revenue=sum(money.get(each, 0) for each in credited))
        self.totals.bought.add(Tally(conversions=told.conversions, revenue=told.revenue))
        kind = (*self._place(row, contact), contact.action, contact.channel)
        for each in (told, credit):
            self.totals.contacts.setdefault(kind, Tally()).add(each)
        if customer is None:
            return
        if self.question.by.is_of_contacts:
            tally = customer.tally(self._contact_key(row, contact))
            tally.add(told)
            tally.add(credit)
            return
        # What is put down to a contact was bought all the same: it is counted there.
        for key in (row.campaign_id,) if self.question.by is PerformanceKey.CAMPAIGN else customer.keys:
            customer.tally(key).add(told)

    def _contact_key(self, row: PerformanceRow, contact: Contacted) -> str:
        match self.question.by:
            case PerformanceKey.CHANNEL:
                return contact.channel
            case PerformanceKey.TREATMENT:
                return contact.treatment
            case PerformanceKey.ACTION:
                return contact.action
            case PerformanceKey.ISSUE:
                return self._place(row, contact)[0]
            case PerformanceKey.GROUP:
                return self._place(row, contact)[1]
            case _:
                return self._constant(row, contact)

    def _place(self, row: PerformanceRow, contact: Contacted) -> tuple[str, str]:
        """Issue and group; empty where the policy cannot be read."""
        policy = self.versions[row.policy_version]
        index = None if policy is None else policy.catalogue.action_index.get(contact.action)
        if policy is None or index is None:
            return "", ""
        action = policy.catalogue.actions[index]
        return action.issue, action.group

    def _constant(self, row: PerformanceRow, contact: Contacted) -> str:
        policy = self.versions[row.policy_version]
        index = None if policy is None else policy.catalogue.action_index.get(contact.action)
        if policy is None or index is None:
            return ""
        value = policy.compiled.feature_set.actions[index].attributes.get(self.question.attribute)
        return "" if value is None else text_of(value)

    async def _money(self, conversion_ids: set[str]) -> Mapping[str, int]:
        """What is left of the revenue of each."""
        if not conversion_ids:
            return {}
        ids = sorted(conversion_ids)
        found = await self.sources.conversions.get(ids)
        reversals = await self.sources.conversions.reversals(ids)
        return {key: _of_purchase(each, reversals.get(key, ())).revenue for key, each in found.items()}

    async def _policy(self, version: str) -> ActivePolicy | None:
        try:
            return await self.policies.get(version)
        except (NotFound, PolicyUnreadable):
            return None


def _of_purchase(bought: Conversion, reversals: Sequence[Conversion]) -> Tally:
    revenue = bought.revenue - sum(each.revenue for each in reversals)
    return Tally(conversions=int(not is_returned(bought, reversals)), revenue=revenue)


def text_of(value: object) -> str:
    """A value as a key."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
