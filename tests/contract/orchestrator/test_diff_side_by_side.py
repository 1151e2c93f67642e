"""Policies over a log whose decisions ran side by side: what was drawn, and what somebody else had taken by then."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from services.orchestrator.app.courier import Courier
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.diff_policies import DiffQuestion
from services.orchestrator.app.diff.side import winners
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.volume.desk import VolumeDesk
from services.orchestrator.app.volume.quotas import Shortage, Taken
from services.orchestrator.domain.decision import Answer
from services.orchestrator.domain.diff.verdict import Finding
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.refusals import Refusal
from services.orchestrator.domain.trouble import Cause
from services.orchestrator.domain.volume.resources import MILLIONTHS
from services.orchestrator.domain.volume.standing import ResourceUse
from services.profile.domain.consents import ConsentStatus
from tests.support.diffed import candidate
from tests.support.limited_shop import MAIL_1, limits
from tests.support.shop import Shop, actions, fresh_id, inbound, open_shop, outbound
from tests.support.volume import declared

PERSONS, PIECES = 60, 12
PATIENCE_MS = 600_000
"""They wait for one another, and on a busy machine long."""
GREEDY = {"exploration: THOMPSON": "exploration: NONE"}
CHANCE = {"lever: 1.5": "lever: 1.1"}
TITLE = {"title: Espresso for": "title: An espresso for"}


def stock(units: int) -> dict[str, str]:
    return dict(declared("stock:", f"  beans: {{units: {units}, action: espresso}}"))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path, budget_ms=PATIENCE_MS) as opened:
        await opened.publish()
        for index in range(PERSONS):
            await opened.knows(f"crm:b{index}", age=30)
        yield opened


async def together(shop: Shop) -> list[str]:
    """All at once; what each of them got."""
    answers = await asyncio.gather(*(shop.decide(inbound("side_bar", who=f"crm:b{each}")) for each in range(PERSONS)))
    for answer in answers[::2]:
        if answer.placements[0].propositions:
            await shop.clicks(answer)
    return [action for answer in answers for action in actions(answer.placements[0])]


async def one_by_one(shop: Shop, persons: int) -> list[str]:
    answers = [await shop.decide(inbound("side_bar", who=f"crm:b{each}")) for each in range(persons)]
    return [action for answer in answers for action in actions(answer.placements[0])]


async def refused(shop: Shop) -> int:
    """How many decisions drew what was gone."""
    replay = await shop.orchestrator.diffing.replay(DiffQuestion(await active(shop)))
    return sum(each.logged is not None and each.logged.anew is not None for each in replay.decisions)


async def active(shop: Shop) -> str:
    return (await shop.orchestrator.get_policy()).summary.policy_version


async def check_repeats_itself(shop: Shop, twin: Mapping[str, str] | None = None) -> None:
    """The active policy, which decided, made again; and beside it a twin that differs in a title."""
    version = await active(shop) if twin is None else await candidate(shop, {**twin, **TITLE})
    replay = await shop.orchestrator.diffing.replay(DiffQuestion(version))
    used = Counter[str]()
    for each in replay.decisions:
        for made in each.made:
            assert (winners(made), refusals(made)) == (winners(each.record), refusals(each.record))
        for shown in (shown for place in each.record.answer.placements for shown in place.propositions):
            used.update({use.resource_id: use.used for use in shown.uses})
    report = await shop.orchestrator.diff_policies(DiffQuestion(version))
    assert (report.winners_changed, report.left_out, report.valued) == (0, {}, len(replay.decisions))
    assert report.candidate.side.used == used
    assert report.candidate.untried_share == pytest.approx(0.0, abs=1e-9)
    assert report.probability_moved == pytest.approx(0.0, abs=1e-9)
    assert report.verdict is not None
    assert report.verdict.finding is not Finding.REFUSED


def refusals(record: DecisionRecord) -> list[Refusal]:
    """But for how much there was: it may have come back before somebody asked."""
    return [replace(each, room=0) for each in record.refusals]


@pytest.mark.parametrize("exploring", [GREEDY, CHANCE], ids=["greedy", "by chance"])
async def test_a_policy_beside_itself_is_the_log(shop: Shop, exploring: dict[str, str]) -> None:
    await shop.publish({**stock(PIECES), **exploring})
    got = await together(shop)
    assert got.count("espresso") == PIECES
    assert await refused(shop) > 0
    report = await shop.orchestrator.diff_policies(DiffQuestion(await active(shop)))
    assert report.winners_changed == 0
    assert report.candidate.side.used == {"beans": PIECES * MILLIONTHS}
    assert (report.valued, report.left_out) == (PERSONS, {}), "whoever was refused is valued, too"
    assert report.candidate.effective_size == pytest.approx(PERSONS)
    assert report.candidate.untried_share == pytest.approx(0.0, abs=1e-9)
    assert report.difference is not None
    assert (report.difference.money_dr.low, report.difference.money_dr.high) == (0.0, 0.0)


async def test_its_value_is_what_came_of_the_log(shop: Shop) -> None:
    await shop.publish({**stock(PIECES), **GREEDY})
    got = await together(shop)
    assert got.count("green_tea") == PERSONS - PIECES
    report = await shop.orchestrator.simulate_policy(DiffQuestion(await active(shop)))
    assert report.candidate.value is not None
    assert report.candidate.value.successes_dr.mean == pytest.approx(0.5)
    assert report.candidate.value.successes_snips.mean == pytest.approx(0.5)


@pytest.mark.parametrize("units", [PIECES, PIECES + 5])
async def test_another_policy_never_uses_more_than_it_grants(shop: Shop, units: int) -> None:
    await shop.publish({**stock(PIECES), **CHANCE})
    await together(shop)
    eager = await candidate(shop, {**stock(units), "lever: 1.5": "lever: 3.0"})
    report = await shop.orchestrator.simulate_policy(DiffQuestion(eager))
    assert report.candidate.side.used == {"beans": units * MILLIONTHS}


@pytest.mark.parametrize("exploring", [GREEDY, CHANCE], ids=["greedy", "by chance"])
async def test_a_little_more_stock_is_a_little_that_was_never_tried(shop: Shop, exploring: dict[str, str]) -> None:
    """Two more pieces: what the candidate has used up is not there for it in one step either."""
    await shop.publish({**stock(7), **exploring})
    assert (await one_by_one(shop, 40)).count("espresso") == 7
    more = await candidate(shop, {**stock(9), **exploring})
    report = await shop.orchestrator.diff_policies(DiffQuestion(more))
    assert report.winners_changed == 2
    assert report.probability_moved == pytest.approx(2 / 40)
    assert report.candidate.untried_share == pytest.approx(2 / 40)
    assert report.difference is not None
    hopes = report.difference.money_dr
    assert (hopes.low, hopes.high) == pytest.approx((0.0, 0.0), abs=1e-9), "nobody has answered yet: it proves nothing"
    assert report.verdict is not None
    assert report.verdict.finding is Finding.NO_DIFFERENCE_SEEN


@pytest.mark.parametrize("exploring", [GREEDY, CHANCE], ids=["greedy", "by chance"])
async def test_who_was_refused_gets_what_there_is_more(shop: Shop, exploring: dict[str, str]) -> None:
    """All drew while there was some: who was refused first is not by the candidate, which the log never tried."""
    await shop.publish({**stock(5), **exploring})
    assert (await together(shop)).count("espresso") == 5
    more = await candidate(shop, {**stock(7), **exploring})
    report = await shop.orchestrator.diff_policies(DiffQuestion(more))
    assert report.winners_changed == 2
    assert report.candidate.untried_share == pytest.approx(2 / PERSONS)
    assert report.candidate.effective_size == pytest.approx(PERSONS - 2)
    assert 0.0 < report.probability_moved <= 2 / PERSONS + 1e-9
    assert report.verdict is not None
    assert report.verdict.finding is not Finding.REFUSED
    other = await candidate(shop, {**stock(5 + PERSONS), **exploring})
    refused = await shop.orchestrator.diff_policies(DiffQuestion(other))
    assert refused.verdict is not None
    assert refused.verdict.finding is Finding.REFUSED


@pytest.mark.parametrize("exploring", [GREEDY, CHANCE], ids=["greedy", "by chance"])
async def test_a_refusal_counts_where_it_left_nothing_to_draw(shop: Shop, exploring: dict[str, str]) -> None:
    """One action only: whoever came too late got nothing."""
    await shop.publish({**stock(PIECES), **exploring})
    asked = [inbound("side_bar", who=f"crm:b{each}") for each in range(PERSONS)]
    answers = await asyncio.gather(*(shop.decide(each, excluded_actions=("green_tea",)) for each in asked))
    assert sum(len(actions(each.placements[0])) for each in answers) == PIECES
    assert await refused(shop) > 0
    await check_repeats_itself(shop)
    await check_repeats_itself(shop, {**stock(PIECES), **exploring})
    more = await candidate(shop, {**stock(PIECES + 1), **exploring})
    report = await shop.orchestrator.diff_policies(DiffQuestion(more))
    assert report.candidate.side.used == {"beans": (PIECES + 1) * MILLIONTHS}
    assert report.candidate.untried_share == pytest.approx(1 / PERSONS)


async def test_a_limit_counts_where_it_left_nothing_to_draw(shop: Shop) -> None:
    """One mail a week, and several calls at once for everybody."""
    await shop.publish({**limits(MAIL_1), **CHANCE})
    persons = [f"crm:b{each}" for each in range(12)]
    for who in persons:
        await shop.hears(ConsentStatus.GRANTED, who)
    answers = await asyncio.gather(*(shop.decide(outbound("EMAIL", who=who)) for who in persons * 4))
    assert sum(len(actions(each.placements[0])) for each in answers) == len(persons)
    assert await refused(shop) > 0
    await check_repeats_itself(shop)
    await check_repeats_itself(shop, {**limits(MAIL_1), **CHANCE})
    other = await candidate(shop, {**limits(MAIL_1.replace("max: 1", "max: 2")), **CHANCE})
    report = await shop.orchestrator.diff_policies(DiffQuestion(other))
    assert report.verdict is not None
    assert report.verdict.finding is Finding.REFUSED


async def test_what_slots_had_before_a_resource_fell_silent_they_have(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two slots, and nobody answers for the second one's units: the first one has its own."""
    both = declared(
        "stock:", f"  beans: {{units: {PERSONS}, action: espresso}}", f"  web: {{units: {PERSONS}, channel: web}}"
    )
    await shop.publish({**both, **CHANCE})
    take = VolumeDesk.take

    async def deaf(
        desk: VolumeDesk, uses: tuple[ResourceUse, ...], place: int, slot: int, *, deadline_ms: int
    ) -> Taken | Shortage:
        if slot:
            return Shortage("web", 0, Cause.DOWN)
        return await take(desk, uses, place, slot, deadline_ms=deadline_ms)

    monkeypatch.setattr(VolumeDesk, "take", deaf)
    answers = [await shop.decide(inbound("side_bar", who=f"crm:b{each}", count=2)) for each in range(12)]
    monkeypatch.undo()
    assert [len(actions(each.placements[0])) for each in answers] == [1] * 12
    await check_repeats_itself(shop)
    other = await candidate(shop, {**both, "lever: 1.5": "lever: 3.0"})
    report = await shop.orchestrator.diff_policies(DiffQuestion(other))
    assert report.candidate.side.used["web"] == 12 * MILLIONTHS


async def comes_back(shop: Shop, answers: Sequence[Answer]) -> int:
    """What was not shown after all; how many units that is of each resource."""
    shown = [each for answer in answers for place in answer.placements for each in place.propositions if each.uses]
    items = [OutcomeItem(fresh_id("o"), Outcome.NOT_PRESENTED, proposition_id=each.proposition_id) for each in shown]
    if items:
        await shop.orchestrator.capture_outcomes(fresh_id(), items)
    for courier in shop.orchestrator.couriers:
        if isinstance(courier, Courier):
            await courier.deliver_now(PATIENCE_MS)
    for courier in shop.orchestrator.couriers:
        if isinstance(courier, VolumeDesk):
            await courier.beat()
    return len(shown)


async def used_by(shop: Shop, changes: Mapping[str, str]) -> float:
    """Units of beans, by a policy that decided nothing of the log."""
    version = await candidate(shop, changes)
    report = await shop.orchestrator.diff_policies(DiffQuestion(version))
    assert report.verdict is not None
    return report.candidate.side.used["beans"] / MILLIONTHS


async def test_what_comes_back_is_there_again(shop: Shop) -> None:
    """One piece, and five who get it in turn, for nobody keeps it."""
    await shop.publish({**stock(1), **GREEDY})
    for each in range(5):
        answer = await shop.decide(inbound("side_bar", who=f"crm:b{each}"), excluded_actions=("green_tea",))
        assert await comes_back(shop, [answer]) == 1
    await check_repeats_itself(shop)
    await check_repeats_itself(shop, {**stock(1), **GREEDY})
    assert await used_by(shop, {**stock(2), **GREEDY}) == 5
    assert await used_by(shop, {**declared("stock:", "  beans: {units: 1, channel: web}"), **GREEDY}) == 5


@pytest.mark.parametrize("exploring", [GREEDY, CHANCE], ids=["greedy", "by chance"])
async def test_what_comes_back_is_used_once_more_and_not_more_often(shop: Shop, exploring: dict[str, str]) -> None:
    """Rounds of some who ask at once, after each of which all comes back; two resources, and two slots."""
    pieces = 3

    def shelf(units: int) -> dict[str, str]:
        both = f"  beans: {{units: {units}, action: espresso}}", f"  web: {{units: {units + 2}, channel: web}}"
        return {**declared("stock:", *both), **exploring}

    await shop.publish(shelf(pieces))
    came_back = 0
    for start in range(0, 40, 10):
        asked = [inbound("side_bar", who=f"crm:b{each}", count=1 + each % 2) for each in range(start, start + 10)]
        answers = await asyncio.gather(*(shop.decide(each) for each in asked))
        got = [action for each in answers for action in actions(each.placements[0])]
        assert got.count("espresso") == pieces if exploring is GREEDY else got.count("espresso") <= pieces
        came_back += got.count("espresso")
        await comes_back(shop, answers)
    await check_repeats_itself(shop)
    await check_repeats_itself(shop, shelf(pieces))
    for units in (pieces - 1, pieces, pieces + 1, pieces + 20):
        eager = {**shelf(units), "lever: 1.1" if exploring is CHANCE else "lever: 1.5": "lever: 3.0"}
        assert await used_by(shop, eager) <= units + came_back


async def test_a_limit_met_with_a_piece_in_hand_is_met_again(shop: Shop) -> None:
    """Several calls at once for everybody, one mail a week, and pieces that come back after each round."""
    text = dict(limits(MAIL_1))
    few = {"policy: corner_shop\n": text["policy: corner_shop\n"] + "stock:\n  mails: {units: 6, channel: email}\n"}
    await shop.publish({**few, **CHANCE})
    for start in range(0, 12, 4):
        persons = [f"crm:b{each}" for each in range(start, start + 4)]
        for who in persons:
            await shop.hears(ConsentStatus.GRANTED, who)
        answers = await asyncio.gather(*(shop.decide(outbound("EMAIL", "SMS", who=who)) for who in persons * 4))
        await comes_back(shop, answers)
    await check_repeats_itself(shop)


async def test_a_little_more_stock_is_a_little_where_some_came_back(shop: Shop) -> None:
    """Rounds of ten at once, of whom every third does not keep it: one piece more is one decision never tried."""
    await shop.publish({**stock(PIECES), **GREEDY})
    used, there = 0, PIECES
    for start in range(0, PERSONS, 10):
        asked = [inbound("side_bar", who=f"crm:b{each}") for each in range(start, start + 10)]
        answers = await asyncio.gather(*(shop.decide(each) for each in asked))
        used += sum(actions(each.placements[0]) == ["espresso"] for each in answers)
        assert used == min(start + 10, there)
        there += await comes_back(shop, answers[::3])
    assert used > PIECES
    await check_repeats_itself(shop)
    for more in (1, 3):
        version = await candidate(shop, {**stock(PIECES + more), **GREEDY})
        report = await shop.orchestrator.diff_policies(DiffQuestion(version))
        assert report.candidate.side.used == {"beans": (used + more) * MILLIONTHS}
        assert report.winners_changed == more
        assert report.candidate.untried_share == pytest.approx(more / PERSONS)
