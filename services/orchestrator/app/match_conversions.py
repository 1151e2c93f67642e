"""Finds what a conversion is the success of, where the system that tells of it knows no decision.

A conversion waits from the moment it is durable until it was looked at, and again whenever something is reported to
have been seen before it. Of each objective that says so, the last matching presentation gets the credit, and keeps it:
what is merged or reported later moves none. When all of it came back, the credit is taken back, and what came back
before there was a credit earns none. Money stands with the conversion alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.contact_history import Contact, ContactHistory
from services.orchestrator.app.conversion_credits import (
    Credit,
    attribute_of,
    credit_key,
    credited,
    is_credit,
    keep,
    presented_of,
    return_key,
    returned,
)
from services.orchestrator.app.conversion_store import ConversionStore, UnmatchedConversion
from services.orchestrator.app.courier import PASSING, Courier
from services.orchestrator.app.outcome_store import CapturedOutcome, OutcomeItem
from services.orchestrator.app.persons import PersonFinder, people
from services.orchestrator.app.presentations import PresentationFinder, Presented
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.conversion import Conversion, is_returned
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import Effect
from services.orchestrator.domain.policy.contact_limit import MAX_WINDOW_MS
from shared.errors import Internal, TandemError

BATCH = 100
MATCH_MS = 5_000
"""How long one conversion may take."""
IN_VAIN = 10
"""So many failures one after another end a round: more of them would be an outage told at length."""

_log = logging.getLogger("tandem.orchestrator.conversions")


@dataclass(frozen=True, slots=True)
class MatchingStores:
    conversions: ConversionStore
    history: ContactHistory
    persons: PersonFinder


def conversion_matching(world: Surroundings, stores: MatchingStores, rewards: Courier) -> Courier:
    """`rewards`: brings what is learnt from it."""
    return Courier(_Matching(world, stores, rewards), world.clock)


class _Matching:
    """Implements Errand."""

    name = "conversions"

    def __init__(self, world: Surroundings, stores: MatchingStores, rewards: Courier) -> None:
        self._world = world
        self._stores = stores
        self._rewards = rewards
        self._behind: Conversion | None = None
        """The last one that was looked at, where a round ended before all were."""

    async def deliver_all(self, deadline_ms: int) -> None:  # noqa: ARG002 each conversion has a deadline of its own
        """Goes over what waits, from where the last round ended, and from the beginning. Who fails waits for the next
        round, and holds nobody back."""
        if self._behind is not None:
            await self._walk()
        await self._walk()

    async def _walk(self) -> None:
        """To the end of what waits. What was looked at is so also where the round ends in the middle."""
        failures: list[Exception] = []
        in_vain = 0
        while page := await self._stores.conversions.unmatched(BATCH, self._behind):
            matched: list[UnmatchedConversion] = []
            try:
                for each in page:
                    failure = await self._failure_of(each.conversion)
                    self._behind = each.conversion
                    in_vain = 0 if failure is None else in_vain + 1
                    if failure is None:
                        matched.append(each)
                    else:
                        failures.append(failure)
                    if failure is not None and in_vain >= IN_VAIN:
                        raise failure
            finally:
                await self._stores.conversions.mark_matched(matched)
            await self._rewards.deliver_now(MATCH_MS)
        self._behind = None
        if failures:
            raise failures[0]

    async def count_waiting(self) -> int:
        return await self._stores.conversions.count_unmatched()

    def tell(self, waiting: int) -> None:
        self._world.telemetry.conversions_unmatched(waiting)

    async def _failure_of(self, conversion: Conversion) -> Exception | None:
        """Why it has to be looked at again."""
        try:
            await self._match(conversion, self._world.clock() + MATCH_MS)
        except PASSING as failure:
            return failure
        except Exception as fault:  # noqa: BLE001 - a fault in one conversion is not the others'
            _log.exception("a conversion cannot be matched")
            return Internal("INTERNAL", str(fault) or type(fault).__name__)
        return None

    async def _match(self, conversion: Conversion, deadline_ms: int) -> None:
        """One that has no match for good is done."""
        try:
            if conversion.reverses:
                await self._keep(conversion, await self._taken_back(conversion))
            elif earned := await self._credits(conversion, deadline_ms):
                await self._keep(conversion, earned)
                # Another replica may have looked at a reversal meanwhile, and found no credit to take back.
                for reversal in await self._reversals(conversion):
                    await self._keep(reversal, await self._taken_back(reversal))
        except PASSING:
            raise
        except TandemError as failure:
            _log.error("a conversion has no match", extra={"fields": {"cause": failure.message}})

    async def _keep(self, conversion: Conversion, earned: Sequence[Credit]) -> None:
        if earned:
            await keep(self._world, conversion, earned)

    async def _credits(self, bought: Conversion, deadline_ms: int) -> Sequence[Credit]:
        """Of every objective that has none yet, the last presentation of a matching action."""
        reversals = await self._reversals(bought)
        if not bought.profile_id or is_returned(bought, reversals):
            return []
        earlier = await self._world.outcomes.list_by_key(credit_key(bought.conversion_id))
        done = {outcome.item.idempotency_key for outcome in earlier}
        finder = self._finder()
        earned = []
        for contact in await self._eligible(bought, deadline_ms):
            shown = await self._outcome_of(contact)
            presented = None if shown is None else await presented_of(finder, shown)
            for objective in presented.objectives if presented is not None else ():
                key = credit_key(bought.conversion_id, objective.name)
                if key in done or shown is None or presented is None:
                    continue
                if await self._is_match(bought, reversals, presented, objective):
                    done.add(key)
                    amount = await self._amount(bought, presented, objective)
                    earned.append(credited(key, shown, presented, objective, bought, amount))
            await asyncio.sleep(0)
        return earned

    async def _eligible(self, bought: Conversion, deadline_ms: int) -> Sequence[Contact]:
        """What the person was shown before, under whatever profile; the last first."""
        person = await people(self._stores.persons, [bought.profile_id], deadline_ms=deadline_ms)
        moment_ms = bought.occurred_time_ms
        profile_ids = person[bought.profile_id].profile_ids
        shown = await self._stores.history.shown(profile_ids, moment_ms - MAX_WINDOW_MS, moment_ms)
        return [each for each in reversed(shown) if each.matching_ms is not None and each.matching_ms >= moment_ms]

    async def _outcome_of(self, contact: Contact) -> OutcomeItem | None:
        """One that names the presentation."""
        outcomes = await self._world.outcomes.list_by_decision(contact.decision_id)
        return next((each.item for each in outcomes if each.reward_key == contact.presentation), None)

    async def _is_match(
        self, bought: Conversion, reversals: Sequence[Conversion], presented: Presented, objective: Objective
    ) -> bool:
        """Not where all that matches came back already."""
        match, age_ms = objective.conversions, bought.occurred_time_ms - presented.record.decision_time_ms
        if match is None or objective.window_ms is None or not 0 <= age_ms <= objective.window_ms:
            return False
        attribute = await attribute_of(presented, objective, self._world.policies)
        return match.is_met(bought, attribute) and not is_returned(bought, reversals, match.skus(bought, attribute))

    async def _amount(self, bought: Conversion, presented: Presented, objective: Objective) -> int | None:
        """In millionths, of what matched. None where the objective learns no amounts, or those of another currency than
        the active policy's, which money of conversions is in."""
        active = await self._world.policies.current()
        if objective.conversions is None or active is None or active.settings.currency != objective.currency:
            return None
        skus = objective.conversions.skus(bought, await attribute_of(presented, objective, self._world.policies))
        return sum(line.revenue or 0 for line in bought.lines if skus is None or line.sku in skus)

    async def _taken_back(self, reversal: Conversion) -> Sequence[Credit]:
        """Of what the purchase was credited to, that of which nothing is left."""
        bought = (await self._stores.conversions.get([reversal.reverses])).get(reversal.reverses)
        if bought is None:
            return []
        reversals = await self._reversals(bought)
        prefix, finder = credit_key(bought.conversion_id), self._finder()
        earned = []
        for credit in await self._world.outcomes.list_by_key(prefix):
            presented = await presented_of(finder, credit.item)
            name = credit.item.idempotency_key.removeprefix(prefix)
            for objective in presented.objectives if presented is not None else ():
                if presented is None or objective.name != name or objective.conversions is None:
                    continue
                attribute = await attribute_of(presented, objective, self._world.policies)
                if is_returned(bought, reversals, objective.conversions.skus(bought, attribute)):
                    teaches = not await self._succeeds_otherwise(credit, objective)
                    earned.append(returned(credit, presented, objective, reversal, teaches=teaches))
        return earned

    async def _succeeds_otherwise(self, credit: CapturedOutcome, objective: Objective) -> bool:
        """Whether another conversion, that did not come back, is a success of the presentation too."""
        outcomes = await self._world.outcomes.list_by_decision(credit.decision_id)
        keys = {each.item.idempotency_key for each in outcomes}
        reward_key = objective.reward_key(credit.reward_key)
        return any(
            is_credit(key := each.item.idempotency_key)
            and key != credit.item.idempotency_key
            and return_key(key) not in keys
            and any(lesson.reward_key == reward_key and lesson.effect is Effect.SUCCEEDED for lesson in each.lessons)
            for each in outcomes
        )

    async def _reversals(self, bought: Conversion) -> Sequence[Conversion]:
        return (await self._stores.conversions.reversals([bought.conversion_id])).get(bought.conversion_id, ())

    def _finder(self) -> PresentationFinder:
        return PresentationFinder(self._world.log, self._world.signer, self._world.policies)
