"""Budgets, stock and capacity in decisions: what is short falls before the draw, what is used is counted once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.volume.desk import VolumeDesk
from services.orchestrator.app.volume.get_volume import ResourceVolume
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.volume.account import AccountKey
from services.orchestrator.domain.volume.resources import in_units
from services.profile.domain.consents import ConsentStatus
from shared.clock import system_clock
from shared.errors import FailedPrecondition, InvalidArgument
from tests.support.dumps import dump_sqlite
from tests.support.shop import Shop, actions, fresh_id, inbound, open_shop, outbound
from tests.support.shop_policy import edited
from tests.support.volume import declared

WEB_2 = declared("stock:", "  greetings: {units: 2, channel: web}")
MAIL = declared("budgets:", "  mail: {amount: 0.005, channel: email}")


@asynccontextmanager
async def ready(folder: Path, changes: Mapping[str, str]) -> AsyncIterator[Shop]:
    async with open_shop(folder) as shop:
        await shop.publish(changes)
        await shop.knows(age=42)
        await shop.hears(ConsentStatus.GRANTED)
        yield shop


async def volume(shop: Shop, name: str) -> ResourceVolume:
    (found,) = (await shop.orchestrator.get_volume([name])).resources
    return found


async def committed(shop: Shop, name: str) -> float:
    found = await volume(shop, name)
    assert found.account is not None
    return in_units(found.account.bound)


def proposed(answer: Answer) -> list[str]:
    return [action for place in answer.placements for action in actions(place)]


async def test_stock_is_used_up_and_then_nothing_is_proposed(tmp_path: Path) -> None:
    async with ready(tmp_path, WEB_2) as shop:
        answers = [await shop.decide(inbound("side_bar")) for _ in range(4)]
        assert [len(proposed(answer)) for answer in answers] == [1, 1, 0, 0]
        assert await committed(shop, "greetings") == 2
        silence = answers[-1].placements[0].no_action
        assert silence is not None
        assert silence.reason is NoActionReason.VOLUME


async def test_a_drop_says_what_was_left_and_what_it_takes(tmp_path: Path) -> None:
    async with ready(tmp_path, WEB_2) as shop:
        answer = [await shop.decide(inbound("side_bar")) for _ in range(3)][-1]
        fallen = {each.action: each for each in answer.dropped if each.stage == Stage.VOLUME}
        assert fallen.keys() == {"green_tea", "espresso"}
        reason = fallen["espresso"]
        assert (reason.rule_id, reason.attribute, reason.observed, reason.threshold) == (
            "greetings",
            "volume.greetings",
            0.0,
            ">= 1",
        )
        assert answer.dropped_by_stage[Stage.VOLUME] == 2


async def test_a_budget_is_used_by_cost_and_leaves_the_other_channels_alone(tmp_path: Path) -> None:
    async with ready(tmp_path, MAIL) as shop:
        answers = [await shop.decide(outbound("EMAIL")) for _ in range(4)]
        assert [len(proposed(answer)) for answer in answers] == [1, 1, 0, 0]
        assert await committed(shop, "mail") == pytest.approx(0.004)
        (proposition,) = answers[0].placements[0].propositions
        assert [(each.resource_id, each.used) for each in proposition.uses] == [("mail", 2_000)]
        assert proposed(await shop.decide(inbound("side_bar")))


async def test_of_many_at_once_exactly_as_many_get_it_as_there_are(tmp_path: Path) -> None:
    async with ready(tmp_path, declared("stock:", "  greetings: {units: 7, channel: web}")) as shop:
        answers = await asyncio.gather(*(shop.decide(inbound("side_bar")) for _ in range(30)))
        assert sum(len(proposed(answer)) for answer in answers) == 7
        assert await committed(shop, "greetings") == 7


async def test_the_last_unit_in_a_request_for_two_is_taken_once(tmp_path: Path) -> None:
    async with ready(tmp_path, declared("stock:", "  greetings: {units: 1, channel: web}")) as shop:
        answer = await shop.decide(inbound("side_bar", count=2))
        assert len(proposed(answer)) == 1
        decision = await shop.orchestrator.explain_decision(answer.decision_id)
        assert any(each.rule_id == "greetings" for each in decision.answer.dropped)
        again = await shop.orchestrator.replay_decision(answer.decision_id)
        assert again.is_identical, again.differing


async def test_an_answer_given_again_takes_nothing(tmp_path: Path) -> None:
    async with ready(tmp_path, WEB_2) as shop:
        request = inbound("side_bar")
        answers = await asyncio.gather(*(shop.decide(request) for _ in range(5)))
        assert len({answer.decision_id for answer in answers}) == 1
        assert proposed(await shop.decide(inbound("side_bar")))
        assert not proposed(await shop.decide(inbound("side_bar")))


STICKY = {"exploration: THOMPSON": "exploration: THOMPSON, sticky: 1h"}


async def test_a_message_that_is_sent_again_is_paid_for_again(tmp_path: Path) -> None:
    async with ready(tmp_path, {**MAIL, **STICKY}) as shop:
        answers = [await shop.decide(outbound("EMAIL"), sticky_key="autumn") for _ in range(4)]
        assert [len(proposed(answer)) for answer in answers] == [1, 1, 0, 0]
        (again,) = answers[1].placements[0].propositions
        assert again.sticky_from_decision_id == answers[0].decision_id
        assert [(each.resource_id, each.used) for each in again.uses] == [("mail", 2_000)]
        assert await committed(shop, "mail") == pytest.approx(0.004)
        replayed = await shop.orchestrator.replay_decision(answers[1].decision_id)
        assert replayed.is_identical, replayed.differing


async def test_a_piece_that_was_promised_is_still_there_when_it_is_served_again(tmp_path: Path) -> None:
    async with ready(tmp_path, {**declared("stock:", "  greetings: {units: 1, channel: web}"), **STICKY}) as shop:
        answers = [await shop.decide(inbound("side_bar"), sticky_key="page") for _ in range(3)]
        assert len({*map(tuple, map(proposed, answers))}) == 1
        assert [len(proposed(answer)) for answer in answers] == [1, 1, 1]
        assert [bool(answer.placements[0].propositions[0].uses) for answer in answers] == [True, False, False]
        assert await committed(shop, "greetings") == 1
        assert not proposed(await shop.decide(inbound("side_bar")))
        assert not proposed(await shop.decide(inbound("side_bar", who="crm:bob"), sticky_key="page"))
        replayed = await shop.orchestrator.replay_decision(answers[2].decision_id)
        assert replayed.is_identical, replayed.differing


async def test_a_piece_that_came_back_is_drawn_anew(tmp_path: Path) -> None:
    async with ready(tmp_path, {**WEB_2, **STICKY}) as shop:
        first = await shop.decide(inbound("side_bar"), sticky_key="page")
        await tell(shop, first, Outcome.NOT_PRESENTED)
        again = await shop.decide(inbound("side_bar"), sticky_key="page")
        (proposition,) = again.placements[0].propositions
        assert proposition.sticky_from_decision_id == ""
        assert [each.resource_id for each in proposition.uses] == ["greetings"]
        await tell(shop, again, Outcome.IMPRESSION)
        served = await shop.decide(inbound("side_bar"), sticky_key="page")
        assert served.placements[0].propositions[0].sticky_from_decision_id == again.decision_id


async def told(shop: Shop, name: str) -> tuple[float, float, float]:
    """Bound, realised and released."""
    found = (await volume(shop, name)).account
    assert found is not None
    return in_units(found.bound), in_units(found.realised), in_units(found.released)


async def test_a_copy_gives_no_piece_back_and_keeps_the_one_that_it_promised(tmp_path: Path) -> None:
    both = declared(
        "stock:", "  greetings: {units: 2, channel: web}", "budgets:", "  web: {amount: 9, uses: 1, channel: web}"
    )
    async with ready(tmp_path, {**both, **STICKY}) as shop:
        first, copy, other = [await shop.decide(inbound("side_bar"), sticky_key="page") for _ in range(3)]
        await tell(shop, copy, Outcome.NOT_PRESENTED)
        assert await told(shop, "greetings") == (1, 0, 0)
        assert await told(shop, "web") == (2, 0, 1)
        served = await shop.decide(inbound("side_bar"), sticky_key="page")
        assert served.placements[0].propositions[0].sticky_from_decision_id == first.decision_id
        await tell(shop, first, Outcome.NOT_PRESENTED)
        assert await told(shop, "greetings") == (0, 0, 1)
        await tell(shop, other, Outcome.CLICKED)
        await tell(shop, served, Outcome.CLICKED)
        assert await told(shop, "greetings") == (1, 1, 0)
        await tell(shop, copy, Outcome.NOT_PRESENTED)
        await tell(shop, first, Outcome.NOT_PRESENTED)
        assert await told(shop, "greetings") == (1, 1, 0)
        assert await told(shop, "web") == (2, 2, 2)


async def test_a_simulation_takes_nothing_and_leaves_no_trace(tmp_path: Path) -> None:
    async with ready(tmp_path, WEB_2) as shop:
        before = dump_sqlite(tmp_path)
        answer = await shop.decide(inbound("side_bar"), mode=Mode.SIMULATE)
        assert [each.resource_id for each in answer.placements[0].propositions[0].uses] == ["greetings"]
        assert dump_sqlite(tmp_path) == before
        assert await committed(shop, "greetings") == 0


async def tell(shop: Shop, answer: Answer, outcome: Outcome) -> None:
    told = OutcomeItem(fresh_id("o"), outcome, proposition_id=answer.placements[0].propositions[0].proposition_id)
    await shop.orchestrator.capture_outcomes(fresh_id(), [told])
    for courier in shop.orchestrator.couriers:
        deliver = getattr(courier, "deliver_now", None)
        if deliver is not None:
            await deliver(5_000)


async def hear(shop: Shop) -> None:
    """The replica does, of what came back: with its next beat."""
    for courier in shop.orchestrator.couriers:
        if isinstance(courier, VolumeDesk):
            await courier.beat()


async def test_committed_and_realised_are_told_apart_and_failures_give_back(tmp_path: Path) -> None:
    async with ready(tmp_path, MAIL) as shop:
        one, other = [await shop.decide(outbound("EMAIL")) for _ in range(2)]
        assert not proposed(await shop.decide(outbound("EMAIL")))
        await tell(shop, one, Outcome.DELIVERED)
        await tell(shop, other, Outcome.BOUNCED)
        await tell(shop, other, Outcome.BOUNCED)
        found = (await volume(shop, "mail")).account
        assert found is not None
        assert (found.realised, found.released) == (2_000, 2_000)
        assert await committed(shop, "mail") == pytest.approx(0.002)
        await hear(shop)
        assert proposed(await shop.decide(outbound("EMAIL")))


async def test_what_bounced_and_converted_all_the_same_is_used(tmp_path: Path) -> None:
    async with ready(tmp_path, WEB_2) as shop:
        for _ in range(2):
            answer = await shop.decide(inbound("side_bar"))
            assert proposed(answer)
            for outcome in (Outcome.BOUNCED, Outcome.DELIVERED, Outcome.NOT_PRESENTED, Outcome.CONVERTED):
                await tell(shop, answer, outcome)
        found = (await volume(shop, "greetings")).account
        assert found is not None
        assert (in_units(found.realised), found.released, found.free) == (2, 0, 0)
        assert not proposed(await shop.decide(inbound("side_bar")))


async def test_a_unit_that_somebody_else_has_meanwhile_is_counted_and_no_more_are_given(tmp_path: Path) -> None:
    async with ready(tmp_path, WEB_2) as shop:
        first, _ = [await shop.decide(inbound("side_bar")) for _ in range(2)]
        await tell(shop, first, Outcome.BOUNCED)
        await hear(shop)
        other = await shop.decide(inbound("side_bar"))
        assert proposed(other)
        await tell(shop, first, Outcome.CLICKED)
        await tell(shop, other, Outcome.BOUNCED)
        await hear(shop)
        assert not proposed(await shop.decide(inbound("side_bar")))
        await tell(shop, other, Outcome.CLICKED)
        found = (await volume(shop, "greetings")).account
        assert found is not None
        assert (in_units(found.bound), in_units(found.realised), found.released, found.remaining) == (3, 2, 0, 0)
        await shop.publish({**WEB_2, "age >= 18": "age >= 17"})
        assert not proposed(await shop.decide(inbound("side_bar")))


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    async with ready(tmp_path, WEB_2) as shop:
        await shop.decide(inbound("side_bar"))
    async with open_shop(tmp_path) as shop:
        answers = [await shop.decide(inbound("side_bar")) for _ in range(2)]
        assert [len(proposed(answer)) for answer in answers] == [1, 0]


async def test_prices_are_subtracted_shown_and_replayed(tmp_path: Path) -> None:
    course = "budgets:", "  tea: {amount: 1000, uses: 2, group: tea, until: 2099-01-01}"
    changes = {**declared(*course), "exploration: THOMPSON": "exploration: NONE", "age >= 18": "age >= 99"}
    async with ready(tmp_path, changes) as shop:
        cheap = await shop.decide(inbound("side_bar"))
        settings = shop.settings
    async with AsyncExitStack() as stack:
        bank = (await open_stores(settings, stack)).bank
        (account,) = (await bank.read([AccountKey("tea", 0)])).values()
        assert await bank.put(replace(account, pace=replace(account.pace, price=0.125, stepped_ms=system_clock())))
    async with open_shop(tmp_path) as shop:
        dear = await shop.decide(inbound("side_bar"))
        (proposition,) = dear.placements[0].propositions
        assert (proposition.resource_cost, proposition.uses[0].price, proposition.uses[0].used) == (
            0.25,
            0.125,
            2_000_000,
        )
        assert proposition.priority == pytest.approx(cheap.placements[0].propositions[0].priority - 0.25)
        again = await shop.orchestrator.replay_decision(dear.decision_id)
        assert again.is_identical, again.differing
        assert (await volume(shop, "tea")).forecast is not None


async def test_a_budget_below_what_is_spent_is_refused_with_the_figures(tmp_path: Path) -> None:
    three = declared("stock:", "  greetings: {units: 3, channel: web}")
    async with ready(tmp_path, declared("stock:", "  greetings: {units: 1, channel: web}")) as shop:
        low = (await shop.orchestrator.publish_policy(fresh_id(), edited(WEB_2))).policy_version
        await shop.publish(three)
        for _ in range(3):
            await shop.decide(inbound("side_bar"))
        with pytest.raises(FailedPrecondition) as refused:
            await shop.orchestrator.activate_policy(fresh_id(), low)
        assert refused.value.reason == "AMOUNT_BELOW_COMMITTED"
        figures = refused.value.metadata
        assert (figures["resource"], figures["amount"], figures["committed"]) == ("greetings", "2", "3")
        with pytest.raises(InvalidArgument) as faulty:
            await shop.orchestrator.publish_policy(fresh_id(), edited({**WEB_2, "currency: EUR": "currency: USD"}))
        (violation,) = faulty.value.violations
        assert "AMOUNT_BELOW_COMMITTED" in violation.description
        assert violation.field.endswith("shop.yaml:4:22")
        assert not proposed(await shop.decide(inbound("side_bar"))), "nothing changed"


async def test_a_lower_budget_holds_at_once(tmp_path: Path) -> None:
    async with ready(tmp_path, declared("stock:", "  greetings: {units: 500, channel: web}")) as shop:
        await asyncio.gather(*(shop.decide(inbound("side_bar")) for _ in range(20)))
        await shop.publish(declared("stock:", "  greetings: {units: 30, channel: web}"))
        answers = await asyncio.gather(*(shop.decide(inbound("side_bar")) for _ in range(20)))
        assert sum(len(proposed(answer)) for answer in answers) <= 10
