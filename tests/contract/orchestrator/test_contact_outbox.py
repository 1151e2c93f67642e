"""What every ContactOutbox promises, on SQLite and on MongoDB; and what captures put into it."""

from __future__ import annotations

import asyncio

import pytest

from services.orchestrator.app.contact_outbox import ContactOutbox, ContactReport
from services.orchestrator.app.outcome_store import Capture
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.outcome import Effect
from shared.errors import AlreadyExists
from tests.support.decisions import captured

DELIVERED = ContactReport.of("p_1.r_1", Reach.DELIVERED, 1_800_000_000_000)
SEEN = ContactReport.of("p_1.r_1", Reach.IMPRESSION, 1_800_000_000_001)
GIVEN_BACK = ContactReport.released("p_2.r_2")


@pytest.fixture
def outbox(stores: Stores) -> ContactOutbox:
    return stores.outbox


async def test_reports_wait_in_their_order_until_they_are_done(outbox: ContactOutbox) -> None:
    await outbox.queue([DELIVERED, GIVEN_BACK])
    await outbox.queue([SEEN])
    assert await outbox.waiting(10) == (DELIVERED, GIVEN_BACK, SEEN)
    assert await outbox.waiting(2) == (DELIVERED, GIVEN_BACK)
    await outbox.done([DELIVERED, SEEN])
    assert await outbox.waiting(10) == (GIVEN_BACK,)
    assert await outbox.count_waiting() == 1


async def test_times_come_back_as_whole_numbers(outbox: ContactOutbox) -> None:
    await outbox.queue([DELIVERED, GIVEN_BACK])
    first, second = await outbox.waiting(10)
    assert (type(first.time_ms), type(first.step), second.time_ms) == (int, int, None)
    assert (first.key, second.key) == (DELIVERED.key, GIVEN_BACK.key)


async def test_what_waits_already_waits_once(outbox: ContactOutbox) -> None:
    await asyncio.gather(*(outbox.queue([DELIVERED]) for _ in range(5)))
    await outbox.queue([DELIVERED, DELIVERED])
    assert await outbox.waiting(10) == (DELIVERED,)


async def test_nothing_is_nothing(outbox: ContactOutbox) -> None:
    await outbox.queue([])
    await outbox.done([GIVEN_BACK])
    assert (await outbox.waiting(10), await outbox.count_waiting()) == ((), 0)


def capture(request_id: str, key: str, *reports: ContactReport, body_hash: str = "body") -> Capture:
    outcomes = [captured(key, Effect.NOTHING)]
    return Capture("CaptureOutcomes", request_id, body_hash, outcomes, {}, lambda _: b"", {key: reports})


async def test_a_capture_and_its_reports_are_stored_together(stores: Stores, other_stores: Stores) -> None:
    await stores.outcomes.append(capture("r_1", "o_1", DELIVERED))
    await stores.outcomes.append(capture("r_1", "o_1", DELIVERED))
    with pytest.raises(AlreadyExists):
        await stores.outcomes.append(capture("r_1", "o_2", SEEN, body_hash="other"))
    assert await other_stores.outbox.waiting(10) == (DELIVERED,)


async def test_an_outcome_that_is_told_again_reports_nothing(stores: Stores) -> None:
    await stores.outcomes.append(capture("r_1", "o_1", DELIVERED))
    await stores.outbox.done([DELIVERED])
    await stores.outcomes.append(capture("r_2", "o_1", DELIVERED, SEEN))
    assert await stores.outbox.count_waiting() == 0


async def test_an_outcome_without_a_contact_reports_nothing(stores: Stores) -> None:
    await stores.outcomes.append(capture("r_1", "o_1"))
    assert await stores.outbox.count_waiting() == 0
