"""What every history of contacts promises, and the outcomes that are implied, on SQLite and on MongoDB."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import permutations

import pytest

from services.orchestrator.app.contact_history import CostShare
from services.orchestrator.app.outcome_store import Implied, Sighting, implied_key
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.response import Answering
from tests.support.conversions import KEY, UNIT, capture, contact, sighting

DUE_MS = 5_000


async def kinds(stores: Stores, decision_id: str = "d_1") -> list[Outcome]:
    return [each.item.outcome for each in await stores.outcomes.list_by_decision(decision_id)]


async def imply(stores: Stores, now_ms: int = DUE_MS + 1) -> tuple[Implied, ...]:
    return await stores.feedback.implied.imply(await stores.feedback.implied.unanswered(now_ms, 100))


def answer(key: str = "o_2") -> Sighting:
    return sighting(key, answering=Answering.ANSWERED)


async def test_what_was_seen_is_found_by_person_and_time(stores: Stores) -> None:
    seen = [contact(f"d_{index}/side/welcome/WEB", time_ms=index * 10) for index in (3, 1, 2)]
    unseen = replace(contact("d_4/side/welcome/WEB", time_ms=20), is_shown=False)
    sightings = [sighting(f"o_{index}", each) for index, each in enumerate((*seen, unseen))]
    await stores.outcomes.append(capture("r_1", *sightings))
    found = await stores.feedback.history.shown(["p_1", "p_9"], 10, 20)
    assert found == (seen[1], seen[2])
    assert await stores.feedback.history.shown(["p_2"], 0, 99) == ()


async def test_every_contact_costs_once_seen_or_not(stores: Stores) -> None:
    unseen = replace(contact("d_2/home/welcome/WEB"), is_shown=False)
    mail = contact("d_3//welcome/EMAIL", cost=7)
    sightings = [sighting(f"o_{index}", each) for index, each in enumerate((contact(), contact(), unseen, mail))]
    await stores.outcomes.append(capture("r_1", *sightings))
    assert await stores.feedback.history.costs(500, 501) == (
        CostShare("EMAIL", "welcome", "", 1, 7),
        CostShare("WEB", "welcome", "", 2, 2 * UNIT),
    )
    assert await stores.feedback.history.costs(0, 500) == ()


async def test_silence_is_ignored_when_its_window_is_over_and_not_before(stores: Stores) -> None:
    await stores.outcomes.append(capture("r_1", sighting("o_1")))
    assert await imply(stores, DUE_MS) == ()
    (implied,) = await imply(stores)
    item = implied.outcome.item
    assert (item.outcome, item.idempotency_key) == (Outcome.IGNORED, implied_key(KEY))
    assert await stores.outbox.waiting(9) == implied.reports
    assert await imply(stores) == ()
    assert sorted(await kinds(stores)) == [Outcome.IMPRESSION, Outcome.IGNORED]


async def test_being_seen_again_moves_no_window(stores: Stores) -> None:
    await stores.outcomes.append(capture("r_1", sighting("o_1")))
    await stores.outcomes.append(capture("r_2", sighting("o_2", due_ms=90_000)))
    assert len(await imply(stores)) == 1


@pytest.mark.parametrize("order", list(permutations(("seen", "answered", "over"))))
async def test_a_response_leaves_no_implied_outcome_whenever_it_is_told(stores: Stores, order: tuple[str, ...]) -> None:
    for step in order:
        if step == "seen":
            await stores.outcomes.append(capture("r_1", sighting("o_1")))
        elif step == "answered":
            await stores.outcomes.append(capture("r_2", answer()))
        else:
            await imply(stores)
    await imply(stores)
    assert sorted(await kinds(stores)) == [Outcome.IMPRESSION, Outcome.CLICKED]


async def test_a_duplicate_of_an_outcome_answers_nothing(stores: Stores) -> None:
    await stores.outcomes.append(capture("r_1", sighting("o_1")))
    await stores.outcomes.append(capture("r_2", answer("o_1")))
    assert len(await imply(stores)) == 1


async def test_replicas_imply_each_outcome_once(stores: Stores, other_stores: Stores) -> None:
    seen = [sighting(f"o_{i}", contact(f"d_{i}/side/welcome/WEB")) for i in range(20)]
    await stores.outcomes.append(capture("r_1", *seen))
    told = await asyncio.gather(*(imply(each) for each in (stores, other_stores) * 3))
    keys = [each.outcome.item.idempotency_key for implied in told for each in implied]
    assert sorted(keys) == sorted(implied_key(each.contact.presentation) for each in seen)
    assert [await kinds(stores, f"d_{i}") for i in range(20)] == [[Outcome.IMPRESSION, Outcome.IGNORED]] * 20


async def test_a_response_that_races_with_the_end_of_its_window_wins(stores: Stores, other_stores: Stores) -> None:
    for index in range(10):
        key = f"d_{index}/side/welcome/WEB"
        await stores.outcomes.append(capture(f"r_{index}", sighting(f"o_{index}", contact(key))))
        answered = sighting(f"a_{index}", contact(key), Answering.ANSWERED)
        await asyncio.gather(imply(other_stores), stores.outcomes.append(capture(f"x_{index}", answered)))
        assert sorted(await kinds(stores, f"d_{index}")) == [Outcome.IMPRESSION, Outcome.CLICKED]
