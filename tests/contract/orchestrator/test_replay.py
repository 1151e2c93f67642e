"""A decision made again from its record is the one that was answered, whatever happened while it was made or since."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.api.mapping.replay import comparable, differing_fields
from services.orchestrator.app.contact_ledger import ReservationRequest, Reserved
from services.orchestrator.app.ports import (
    PolicyQuestion,
    PolicyVerdict,
    ScoreQuestion,
    Scores,
    SubjectQuery,
    SubjectView,
)
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.decision import Answer, Explain
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.settings import OrchestratorSettings
from services.profile.domain.consents import ConsentStatus
from shared.errors import FailedPrecondition, NotFound, TandemError, Unavailable
from tests.support import decisions
from tests.support.limited_shop import MAIL_1, MAIL_2, Wrapped, limits, ready, with_ledger
from tests.support.shop import Shop, cart_add, fresh_id, inbound, open_shop, outbound

LIMITS = limits(MAIL_2, "{id: web_day, channel: web, max: 3, window: 1d}")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        await opened.knows(age=42)
        await opened.hears(ConsentStatus.GRANTED)
        yield opened


async def assert_identical(shop: Shop, *answers: Answer, rescore: bool = True) -> None:
    for answer in answers:
        replayed = await shop.orchestrator.replay_decision(answer.decision_id, rescore=rescore)
        assert replayed.differing == ()
        assert comparable(replayed.answer) == comparable(answer)
        if rescore:
            assert replayed.rescored is not None
            assert replayed.rescored.is_within_tolerance


@pytest.mark.parametrize("explain", list(Explain))
async def test_a_decision_comes_out_the_same_however_much_was_explained(shop: Shop, explain: Explain) -> None:
    for command in (inbound("home_hero", "side_bar", count=2), outbound(), inbound("home_hero", who=None)):
        answer = await shop.decide(command, explain=explain)
        await assert_identical(shop, answer)


async def test_a_later_policy_later_rewards_and_another_person_change_nothing(shop: Shop) -> None:
    answers = []
    for _ in range(6):
        answer = await shop.decide(inbound("home_hero", "side_bar", count=2))
        await shop.clicks(answer)
        answers.append(answer)
    answers.append(await shop.decide(outbound()))
    await shop.publish({"business_value: '8.0'": "business_value: '3.0'"})
    await shop.knows(age=12)
    await shop.hears(ConsentStatus.REVOKED)
    changed = await shop.decide(inbound("home_hero", "side_bar", count=2))
    assert changed.versions.policy != answers[0].versions.policy
    await assert_identical(shop, *answers, changed)


async def test_what_came_with_the_request_is_part_of_it(shop: Shop) -> None:
    context: Mapping[str, Any] = {"weather": "rain", "unheard_of": 3}
    answers = [
        await shop.decide(inbound("home_hero"), context=context, events=(cart_add(),), locale="fr"),
        await shop.decide(inbound("home_hero"), excluded_actions=("green_tea",)),
        await shop.decide(inbound("home_hero", "side_bar"), across_placements=False),
        await shop.decide(inbound("home_hero", who="cookie:never_seen")),
        await shop.decide(inbound("side_bar"), decision_time_ms=1_760_000_000_000),
    ]
    await assert_identical(shop, *answers)


async def test_contacts_under_limits_keep_their_reservations(tmp_path: Path) -> None:
    async with ready(tmp_path, LIMITS) as shop:
        answers = [await shop.decide(outbound()) for _ in range(4)]
        answers += [await shop.decide(inbound("home_hero", "side_bar", count=2)) for _ in range(3)]
        answers.append(await shop.decide(inbound("side_bar", who="cookie:new")))
        assert any(
            each.reservation_id for answer in answers for place in answer.placements for each in place.propositions
        )
        await assert_identical(shop, *answers)


class Refusing(Wrapped):
    """Somebody else takes what the last contact of every first call needs."""

    calls = 0

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        type(self).calls += 1
        if type(self).calls % 2:
            faster = replace(
                request, request_id=fresh_id("race"), contacts=(replace(request.contacts[-1], reference=""),)
            )
            await self._ledger.reserve(faster, deadline_ms=deadline_ms)
        return await super().reserve(request, deadline_ms=deadline_ms)


async def test_a_contact_that_was_refused_is_refused_again(tmp_path: Path) -> None:
    written = limits("{id: once, per: action, max: 1, window: 1d}", "{id: web, channel: web, max: 9, window: 1d}")
    async with with_ledger(tmp_path, Refusing, written) as shop:
        answers = [await shop.decide(inbound("home_hero", "side_bar", count=2)) for _ in range(2)]
        answers.append(await shop.decide(outbound()))
    async with open_shop(tmp_path) as shop:
        explained = [await shop.orchestrator.explain_decision(each.decision_id) for each in answers]
        assert any(each.answer.dropped for each in explained)
        await assert_identical(shop, *answers)


class Racing(Wrapped):
    """While an espresso is asked for, somebody else takes the last unit of what comes up next; then it is refused."""

    shop: Shop
    races = 0

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        if request.contacts[0].action != "espresso":
            return await super().reserve(request, deadline_ms=deadline_ms)
        type(self).races += 1
        await self.shop.decide(inbound("side_bar", who="crm:bob"), excluded_actions=("espresso",))
        return Reserved((), (ContactCount("coffee", "", 1),))


async def test_a_unit_that_was_refused_after_a_contact_was_is_refused_again(tmp_path: Path) -> None:
    written = limits("{id: coffee, action: espresso, max: 1, window: 1d}")
    stock = "stock: {espresso: {units: 9}, green_tea: {units: 1}}\n"
    changes = {key: stock + value for key, value in written.items()}
    async with with_ledger(tmp_path, Racing, {**changes, "exploration: THOMPSON": "exploration: NONE"}) as shop:
        Racing.shop, Racing.races = shop, 0
        answer = await shop.decide(inbound("side_bar"))
        assert Racing.races == 1
        silence = answer.placements[0].no_action
        assert silence is not None
        assert silence.reason is NoActionReason.VOLUME
        await assert_identical(shop, answer, rescore=False)


class Down(Wrapped):
    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "down", metadata={"service": "profile"})


async def test_a_ledger_that_was_down_is_down_again(tmp_path: Path) -> None:
    async with with_ledger(tmp_path, Down, limits(MAIL_1)) as shop:
        answers = [await shop.decide(outbound("EMAIL")), await shop.decide(outbound())]
        assert all(each.degraded for each in answers)
    async with open_shop(tmp_path) as shop:
        await assert_identical(shop, *answers)


class Silent:
    """No service answers."""

    async def get(self, query: SubjectQuery, *, deadline_ms: int) -> SubjectView:
        raise _down("profile")

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        raise _down("rules")

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        raise _down("scoring")


def _down(service: str) -> Unavailable:
    return Unavailable("DEPENDENCY_UNAVAILABLE", "down", metadata={"service": service})


@pytest.mark.parametrize("service", ["profile", "rules", "scoring"])
async def test_a_service_that_was_down_is_down_again(service: str, tmp_path: Path, shop: Shop) -> None:
    async with open_shop(tmp_path, {service: Silent()}) as deaf:
        answers = [await deaf.decide(inbound("home_hero", "side_bar"))]
        assert answers[0].degraded
    await assert_identical(shop, *answers)


async def test_without_the_rules_nothing_is_claimed(shop: Shop, tmp_path: Path) -> None:
    answer = await shop.decide(inbound("home_hero"))
    async with open_shop(tmp_path, {"rules": Silent()}) as deaf:
        with pytest.raises(Unavailable):
            await deaf.orchestrator.replay_decision(answer.decision_id)


async def test_the_fields_that_differ_are_named(shop: Shop, tmp_path: Path) -> None:
    await shop.publish({"exploration: THOMPSON": "exploration: NONE"})  # what is drawn depends on the id
    answer = await shop.decide(inbound("home_hero"))
    async with AsyncExitStack() as stack:
        stores = await open_stores(OrchestratorSettings(data_dir=tmp_path), stack)
        record = await stores.log.get(answer.decision_id)
        assert record is not None
        (place,) = record.answer.placements
        (proposition,) = place.propositions
        lie = replace(place, propositions=(replace(proposition, priority=9.0, content={"title": "!", "more": "x"}),))
        answered = replace(record.answer, placements=(lie,), profile_id="p_other", degraded=True)
        wrong = replace(record, decision_id="d_wrong", request_id="r_wrong", answer=answered)
        await stores.log.append(wrong)
    replayed = await shop.orchestrator.replay_decision("d_wrong")
    item = "placement_results[0].propositions.items[0]"
    wanted = {f"{item}.{name}" for name in ("priority", "content.title", "content.more")} | {"profile_id", "degraded"}
    # What is made of the decision's id is another, too.
    made_of_id = {"decision_id", f"{item}.proposition_id", f"{item}.tracking_token"}
    assert set(replayed.differing) - made_of_id == wanted


async def test_other_candidates_are_told(shop: Shop, tmp_path: Path) -> None:
    answer = await shop.decide(inbound("home_hero"), explain=Explain.NONE)
    async with AsyncExitStack() as stack:
        stores = await open_stores(OrchestratorSettings(data_dir=tmp_path), stack)
        record = await stores.log.get(answer.decision_id)
        assert record is not None
        priced = replace(record.candidates, business_value=record.candidates.business_value + 1)
        await stores.log.append(replace(record, decision_id="d_wrong", request_id="r_wrong", candidates=priced))
    assert "(candidates)" in (await shop.orchestrator.replay_decision("d_wrong")).differing


def test_timing_and_token_are_not_compared() -> None:
    left = decisions.answer()
    assert differing_fields(left, replace(left, timing=replace(left.timing, total_ns=7), consistency_token="x")) == ()
    assert differing_fields(left, replace(left, decision_time_ms=7)) == ("decision_time",)


async def test_what_was_erased_or_never_there_says_so(shop: Shop) -> None:
    answer = await shop.decide(inbound("home_hero"))
    assert await shop.orchestrator.erase_subject_data([answer.profile_id]) == (answer.decision_id,)
    with pytest.raises(FailedPrecondition) as erased:
        await shop.orchestrator.replay_decision(answer.decision_id)
    assert (erased.value.reason, erased.value.metadata["field"]) == ("DECISION_ERASED", "decision_id")
    assert erased.value.metadata["policy_version"] == answer.versions.policy
    with pytest.raises(NotFound) as gone:
        await shop.orchestrator.get_decision(answer.decision_id)
    assert (gone.value.reason, gone.value.metadata["gone"]) == ("DECISION_NOT_FOUND", "ERASED")
    with pytest.raises(NotFound) as unheard:
        await shop.orchestrator.replay_decision("d_0")
    assert unheard.value.reason == "DECISION_NOT_FOUND"


async def test_a_record_of_before_replay_says_so(shop: Shop, tmp_path: Path) -> None:
    answer = await shop.decide(inbound("home_hero"))
    async with AsyncExitStack() as stack:
        stores = await open_stores(OrchestratorSettings(data_dir=tmp_path), stack)
        record = await stores.log.get(answer.decision_id)
        assert record is not None
        old = replace(record, decision_id="d_old", request_id="r_old", scores=None)
        await stores.log.append(BlobCodec().decode(type(old), BlobCodec().encode(old)))
    with pytest.raises(TandemError) as refused:
        await shop.orchestrator.replay_decision("d_old")
    assert refused.value.reason == "DECISION_NOT_REPLAYABLE"


async def test_replays_at_once_do_not_mix(shop: Shop) -> None:
    answers = [await shop.decide(inbound("home_hero", "side_bar", count=2)) for _ in range(8)]
    await asyncio.gather(*(assert_identical(shop, answer) for answer in answers * 2))
