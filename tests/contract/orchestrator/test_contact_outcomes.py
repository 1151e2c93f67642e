"""The contact ledger hears what became of contacts, however long that takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.outcome import Outcome
from shared.clock import system_clock
from shared.errors import Unavailable
from tests.support.limited_shop import MAIL_2, Wrapped, channels, limits, ready, states, with_ledger
from tests.support.shop import Shop, fresh_id, open_shop, outbound


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with ready(tmp_path, limits(MAIL_2)) as opened:
        yield opened


def outcome_of(answer: Answer, outcome: Outcome, *, is_machine: bool = False) -> OutcomeItem:
    proposition = answer.placements[0].propositions[0]
    return OutcomeItem(fresh_id("o"), outcome, proposition_id=proposition.proposition_id, is_machine=is_machine)


async def capture(shop: Shop, *items: OutcomeItem) -> None:
    await shop.orchestrator.capture_outcomes(fresh_id(), items)


@pytest.mark.parametrize(
    ("outcome", "is_machine", "state"),
    [
        (Outcome.SENT, False, "ATTEMPTED"),
        (Outcome.DELIVERED, False, "DELIVERED"),
        (Outcome.OPENED, False, "SEEN"),
        (Outcome.OPENED, True, "ATTEMPTED"),
        (Outcome.CLICKED, False, "SEEN"),
        (Outcome.BOUNCED, False, "FAILED"),
        (Outcome.FAILED, True, "FAILED"),
        (Outcome.RETURNED, False, "ATTEMPTED"),
    ],
)
async def test_the_ledger_hears_what_became_of_a_contact(
    outcome: Outcome, is_machine: bool, state: str, shop: Shop
) -> None:
    answer = await shop.decide(outbound("EMAIL"))
    await capture(shop, outcome_of(answer, outcome, is_machine=is_machine))
    assert await states(shop) == [state]


@pytest.mark.parametrize(("counts", "again"), [("DELIVERED", ["EMAIL"]), ("RESERVED", ["EMAIL"]), ("ATTEMPTED", [])])
async def test_a_failure_gives_back_what_counts_deliveries_and_not_what_counts_attempts(
    counts: str, again: list[str], tmp_path: Path
) -> None:
    async with ready(tmp_path, limits(f"{{id: mail, channel: email, max: 1, window: 7d, counts: {counts}}}")) as shop:
        answer = await shop.decide(outbound("EMAIL"))
        assert channels(await shop.decide(outbound("EMAIL"))) == []
        await capture(shop, outcome_of(answer, Outcome.FAILED))
        assert channels(await shop.decide(outbound("EMAIL"))) == again


async def test_an_outcome_that_the_ledger_would_not_have_holds_back_no_other(shop: Shop) -> None:
    first, second = await shop.decide(outbound("EMAIL")), await shop.decide(outbound("EMAIL"))
    await capture(shop, outcome_of(first, Outcome.DELIVERED))
    await capture(shop, outcome_of(first, Outcome.FAILED), outcome_of(second, Outcome.OPENED))
    assert await states(shop) == ["DELIVERED", "SEEN"]


async def test_an_outcome_of_long_ago_still_counts(shop: Shop) -> None:
    day_ms = 24 * 3_600_000
    answer = await shop.decide(outbound("EMAIL"), decision_time_ms=system_clock() - day_ms)
    item = replace(outcome_of(answer, Outcome.DELIVERED), outcome_time_ms=system_clock() - day_ms + 3_600_000)
    await capture(shop, item)
    assert await states(shop) == ["DELIVERED"]


class Listening(Wrapped):
    """Notes what it is told."""

    heard: ClassVar[list[Reach]] = []

    async def confirm(
        self,
        request_id: str,
        reservation_id: str,
        reached: Reach,
        event_time_ms: int | None,
        *,
        deadline_ms: int,
        answer: int = 0,
    ) -> None:
        self.heard.append(reached)
        await super().confirm(
            request_id, reservation_id, reached, event_time_ms, deadline_ms=deadline_ms, answer=answer
        )


async def test_an_outcome_that_is_told_again_tells_the_ledger_nothing(tmp_path: Path) -> None:
    async with with_ledger(tmp_path, Listening, limits(MAIL_2)) as shop:
        answer = await shop.decide(outbound("EMAIL"))
        Listening.heard.clear()
        told = outcome_of(answer, Outcome.DELIVERED)
        for _ in range(2):  # without a time it is dated when it comes
            await capture(shop, told)
        await capture(shop, replace(told, outcome=Outcome.OPENED))
        assert Listening.heard == [Reach.DELIVERED]
        assert await states(shop) == ["DELIVERED"]


class Deaf(Wrapped):
    """Reserves, and hears of no outcome."""

    async def confirm(
        self,
        request_id: str,
        reservation_id: str,
        reached: Reach,
        event_time_ms: int | None,
        *,
        deadline_ms: int,
        answer: int = 0,
    ) -> None:
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "down", metadata={"service": "profile"})

    async def release(self, request_id: str, reservation_id: str, *, deadline_ms: int) -> None:
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "down", metadata={"service": "profile"})


async def test_an_outcome_waits_until_the_ledger_hears_it(tmp_path: Path) -> None:
    async with with_ledger(tmp_path, Deaf, limits(MAIL_2)) as shop:
        first, second = await shop.decide(outbound("EMAIL")), await shop.decide(outbound("EMAIL"))
        await capture(shop, outcome_of(first, Outcome.FAILED), outcome_of(second, Outcome.OPENED))
        assert await states(shop) == ["ATTEMPTED", "ATTEMPTED"]
    async with open_shop(tmp_path) as shop:
        async with asyncio.timeout(20):
            while await states(shop) != ["FAILED", "SEEN"]:  # noqa: ASYNC110  polls a store
                await asyncio.sleep(0.05)
