"""Outcomes: kept once each, learnt from, and never lost for one that is wrong."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.orchestrator.app.capture_answer import CaptureAnswer
from services.orchestrator.app.outcome_store import Money, OffPolicy, OutcomeItem
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.outcome import Outcome
from shared.clock import MAX_CLOCK_SKEW_MS, system_clock
from shared.errors import AlreadyExists, InvalidArgument
from tests.support.shop import Shop, fresh_id, inbound, open_shop, outbound

HOUR_MS = 3_600_000


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        yield opened


def of(answer: Answer, outcome: Outcome = Outcome.CLICKED) -> OutcomeItem:
    return OutcomeItem(fresh_id("o"), outcome, proposition_id=answer.placements[0].propositions[0].proposition_id)


async def capture(shop: Shop, *items: OutcomeItem | InvalidArgument) -> CaptureAnswer:
    return await shop.orchestrator.capture_outcomes(fresh_id(), items)


def reasons(answer: CaptureAnswer) -> list[str]:
    return [item.fault.reason if item.fault else "" for item in answer.items]


async def propensity(shop: Shop) -> float:
    return (await shop.decide(inbound())).placements[0].propositions[0].propensity


async def test_a_click_raises_the_next_score_and_an_impression_lowers_it(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    cold = decided.placements[0].propositions[0].propensity
    await capture(shop, of(decided, Outcome.IMPRESSION))
    shown = await propensity(shop)
    await capture(shop, of(decided, Outcome.CLICKED))
    clicked = await propensity(shop)
    await capture(shop, of(decided, Outcome.RETURNED))
    returned = await propensity(shop)
    assert shown < cold < clicked
    assert returned < clicked


async def test_what_arrives_in_one_call_is_learnt_as_one(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    await capture(shop, of(decided, Outcome.CLICKED), of(decided, Outcome.IMPRESSION))
    assert (await shop.decide(inbound())).versions.model.endswith("@1")


async def test_machines_teach_nothing_and_are_kept(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    await capture(shop, replace(of(decided), is_machine=True))
    assert (await shop.decide(inbound())).versions.model == decided.versions.model
    assert len((await shop.orchestrator.get_decision(decided.decision_id)).outcomes) == 1


async def test_a_token_is_as_good_as_the_id(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    token = decided.placements[0].propositions[0].tracking_token
    by_token = replace(of(decided), proposition_id="", tracking_token=token)
    answer = await capture(shop, by_token, replace(by_token, idempotency_key=fresh_id(), tracking_token=token + "x"))
    assert reasons(answer) == ["", "INVALID_FIELD"]
    assert answer.items[0].decision_id == decided.decision_id


async def test_one_wrong_item_does_not_lose_the_others(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    right = of(decided)
    elsewhere = f"{decided.decision_id}.7.0"
    answer = await capture(
        shop,
        replace(right, idempotency_key="a", proposition_id="d_unknown.0.0"),
        replace(right, idempotency_key="b", proposition_id=elsewhere),
        replace(right, idempotency_key="c", proposition_id="nonsense"),
        replace(right, idempotency_key="d", outcome_time_ms=system_clock() + HOUR_MS),
        InvalidArgument.field("items[4].outcome", "17 is none of its values"),
        right,
    )
    assert reasons(answer) == [
        "DECISION_NOT_FOUND",
        "PROPOSITION_NOT_FOUND",
        "PROPOSITION_NOT_FOUND",
        "INVALID_FIELD",
        "INVALID_FIELD",
        "",
    ]
    assert answer.items[-1].idempotency_key == right.idempotency_key
    assert answer.items[3].fault is not None
    assert [violation.field for violation in answer.items[3].fault.violations] == ["items[3].outcome_time"]


async def test_a_key_is_taken_once(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    first = of(decided, Outcome.IMPRESSION)
    answer = await capture(shop, first, first)
    assert [item.duplicate for item in answer.items] == [False, True]
    again = await capture(shop, replace(first, outcome=Outcome.CLICKED))
    assert [item.duplicate for item in again.items] == [True]
    recorded = await shop.orchestrator.get_decision(decided.decision_id)
    assert [each.item.outcome for each in recorded.outcomes] == [Outcome.IMPRESSION]


async def test_the_same_request_is_answered_the_same(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    items = (of(decided), replace(of(decided), proposition_id="d_0.0.0"))
    first = await shop.orchestrator.capture_outcomes("capture-1", items)
    assert await shop.orchestrator.capture_outcomes("capture-1", items) == first
    with pytest.raises(AlreadyExists):
        await shop.orchestrator.capture_outcomes("capture-1", items[:1])


async def test_outcomes_may_be_late(shop: Shop) -> None:
    days_ago = system_clock() - 40 * 24 * HOUR_MS
    decided = await shop.decide(inbound(), decision_time_ms=days_ago - HOUR_MS)
    await shop.publish({"reserve: 0.01": "reserve: 0.02"})
    late = replace(of(decided), outcome_time_ms=days_ago, revenue=Money("EUR", 12, 500_000_000), agent_id="a-7")
    assert reasons(await capture(shop, late)) == [""]
    (kept,) = (await shop.orchestrator.get_decision(decided.decision_id)).outcomes
    assert (kept.item, kept.outcome_time_ms) == (late, days_ago)


async def test_an_outcome_is_not_before_its_decision(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    begin_ms = decided.decision_time_ms - MAX_CLOCK_SKEW_MS  # the clock of who tells it may be behind
    early = replace(of(decided), outcome_time_ms=begin_ms - 1)
    shown = replace(off_policy(decided.decision_id), outcome_time_ms=begin_ms - HOUR_MS)
    answer = await capture(shop, early, shown)
    faults = [each.fault for each in answer.items]
    fields = [[violation.field for violation in fault.violations] for fault in faults if fault is not None]
    assert fields == [["items[0].outcome_time"], ["items[1].outcome_time"]]
    assert (await shop.orchestrator.get_decision(decided.decision_id)).outcomes == ()
    assert reasons(await capture(shop, replace(early, outcome_time_ms=begin_ms))) == [""]


def off_policy(decision_id: str, /, **changed: object) -> OutcomeItem:
    shown = OffPolicy(decision_id, "home_hero", "espresso", "WEB", 0.125)
    return OutcomeItem(fresh_id("o"), Outcome.IMPRESSION, off_policy=replace(shown, **changed))  # type: ignore[arg-type]


async def test_what_another_system_showed_is_learnt_from_too(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    answer = await capture(shop, off_policy(decided.decision_id))
    assert reasons(answer) == [""]
    assert (await shop.decide(inbound())).versions.model.endswith("@1")


@pytest.mark.parametrize(
    ("changed", "reason", "path"),
    [
        ({"decision_id": "d_unknown"}, "DECISION_NOT_FOUND", None),
        ({"action": "latte"}, "UNKNOWN_ACTION", "items[0].off_policy.action"),
        ({"channel": "FAX"}, "UNKNOWN_CHANNEL", "items[0].off_policy.channel"),
        ({"placement_id": "cellar"}, "UNKNOWN_PLACEMENT", "items[0].off_policy.placement_id"),
        ({"choice_probability": 0.0}, "INVALID_FIELD", "items[0].off_policy.choice_probability"),
        ({"choice_probability": 1.5}, "INVALID_FIELD", "items[0].off_policy.choice_probability"),
        ({"choice_probability": math.nan}, "INVALID_FIELD", "items[0].off_policy.choice_probability"),
        ({"channel": "", "placement_id": ""}, "INVALID_FIELD", "items[0].off_policy.channel"),
    ],
)
async def test_an_off_policy_presentation_must_make_sense(
    shop: Shop, changed: dict[str, object], reason: str, path: str | None
) -> None:
    decided = await shop.decide(inbound())
    answer = await capture(shop, off_policy(decided.decision_id, **changed))
    assert reasons(answer) == [reason]
    fault = answer.items[0].fault
    assert fault is not None
    assert [violation.field for violation in fault.violations] == ([path] if path else [])


async def test_the_channel_of_an_off_policy_presentation_follows_from_its_placement(shop: Shop) -> None:
    decided = await shop.decide(inbound())
    answer = await capture(shop, off_policy(decided.decision_id, channel=""))
    assert reasons(answer) == [""]


async def test_a_delivery_of_what_nobody_was_sent_is_no_outcome(shop: Shop) -> None:
    silent = await shop.decide(outbound())
    item = OutcomeItem(fresh_id(), Outcome.DELIVERED, proposition_id=f"{silent.decision_id}.0.0")
    assert reasons(await capture(shop, item)) == ["PROPOSITION_NOT_FOUND"]
