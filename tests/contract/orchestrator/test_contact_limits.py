"""Decide honours the contact limits of the policy: nothing that has no room is drawn, and what is drawn is reserved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.orchestrator.app.contact_ledger import ContactLedger, LedgerContact, ReservationRequest, Reserved
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.arbitration.slots import SlotDraw
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.decision import Dropped, Mode
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.lineup import NoActionReason
from services.profile.app.rights_requests import EraseSubject
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity as ProfileIdentity
from shared.errors import Unavailable
from shared.values import FeatureStatus
from tests.support.limited_shop import (
    MAIL_1,
    MAIL_2,
    SERVICE_ESPRESSO,
    Wrapped,
    channels,
    ledger_of,
    limits,
    of_limits,
    ready,
    reason,
    reservations,
    states,
    with_ledger,
)
from tests.support.replay import compiled, drawn_again, record_in
from tests.support.shop import Shop, actions, fresh_id, inbound, open_shop, outbound
from tests.support.shop_policy import edited

SERVICE_TEA = {"  green_tea:\n    group: tea\n": "  green_tea:\n    group: tea\n    message_class: service\n"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with ready(tmp_path, limits(MAIL_2)) as opened:
        yield opened


async def test_a_third_mail_is_not_sent_and_the_answer_says_why(shop: Shop) -> None:
    for _ in range(2):
        assert channels(await shop.decide(outbound("EMAIL"))) == ["EMAIL"]
    third = await shop.decide(outbound("EMAIL"))
    assert (channels(third), reason(third), third.candidates) == ([], NoActionReason.CONTACT_POLICY, ())
    assert of_limits(third) == [
        Dropped(
            "green_tea",
            "EMAIL",
            int(Stage.CONTACT_POLICY),
            "mail_week",
            third.versions.policy,
            "contacts.mail_week",
            2,
            FeatureStatus.PRESENT,
            "< 2",
        )
    ]
    assert third.dropped_by_stage[int(Stage.CONTACT_POLICY)] == 1
    assert (await shop.orchestrator.explain_decision(third.decision_id)).answer == third
    assert channels(await shop.decide(outbound())) == ["SMS"]


async def test_a_contact_is_handed_over_when_it_is_answered_and_seen_when_it_is_shown(tmp_path: Path) -> None:
    async with ready(tmp_path, limits("{id: all, max: 9, window: 7d}")) as shop:
        mail = await shop.decide(outbound("EMAIL"))
        web = await shop.decide(inbound("home_hero", count=2))
        page = await ledger_of(shop)
        assert await states(shop) == ["ATTEMPTED", "SEEN", "SEEN"]
    kept = {contact.reservation_id: contact for contact in page.contacts}
    assert set(kept) == {*reservations(mail), *reservations(web)}
    first = kept[reservations(mail)[0]]
    assert (first.channel, first.action, first.issue, first.group, first.treatment) == (
        *("EMAIL", "green_tea", "grow", "tea"),
        "green_tea_mail",
    )
    assert first.reference == mail.placements[0].propositions[0].proposition_id


async def test_a_policy_without_limits_reserves_nothing(tmp_path: Path) -> None:
    async with ready(tmp_path, {}) as shop:
        answer = await shop.decide(outbound("EMAIL"))
        assert reservations(answer) == [""]
        assert answer.timing.ledger_ns == 0
        assert (await ledger_of(shop)).contacts == ()


async def test_what_no_limit_is_about_passes_and_is_recorded(tmp_path: Path) -> None:
    async with ready(tmp_path, {**limits("{id: none, channel: sms, max: 0, window: 7d}"), **SERVICE_ESPRESSO}) as shop:
        answer = await shop.decide(outbound("SMS"))
        (contact,) = (await ledger_of(shop)).contacts
    assert channels(answer) == ["SMS"]
    assert (contact.message_class, [contact.reservation_id]) == ("SERVICE", reservations(answer))


async def test_a_simulation_sees_the_limits_and_leaves_no_trace(shop: Shop) -> None:
    for _ in range(3):
        answer = await shop.decide(outbound("EMAIL"), mode=Mode.SIMULATE)
        assert (channels(answer), reservations(answer)) == (["EMAIL"], [""])
    assert (await ledger_of(shop)).contacts == ()
    for _ in range(2):
        await shop.decide(outbound("EMAIL"))
    assert reason(await shop.decide(outbound("EMAIL"), mode=Mode.SIMULATE)) is NoActionReason.CONTACT_POLICY


async def test_the_slots_of_one_decision_share_the_room(tmp_path: Path) -> None:
    async with ready(tmp_path, limits("{id: web_day, channel: web, max: 3, calendar: day}")) as shop:
        answer = await shop.decide(inbound("home_hero", "side_bar", count=2), across_placements=False)
        assert [len(place.propositions) for place in answer.placements] == [2, 1]
        assert len(set(reservations(answer))) == 3
        after = await shop.decide(inbound("side_bar"))
    assert reason(after) is NoActionReason.CONTACT_POLICY


async def test_somebody_new_is_kept_in_mind(tmp_path: Path) -> None:
    async with ready(tmp_path, limits("{id: web_day, channel: web, max: 1, window: 1d}")) as shop:
        first = await shop.decide(inbound("side_bar", who="cookie:new"))
        second = await shop.decide(inbound("side_bar", who="cookie:new"))
        nobody = [await shop.decide(inbound("side_bar", who=None)) for _ in range(2)]
    assert first.profile_id == second.profile_id != ""
    assert (actions(first.placements[0]), reason(second)) == (["green_tea"], NoActionReason.CONTACT_POLICY)
    assert [actions(each.placements[0]) for each in nobody] == [["green_tea"]] * 2


async def test_a_candidate_without_room_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    """The probabilities of the others are those of a decision from which it was left out."""
    async with ready(tmp_path, limits("{id: once, per: action, max: 1, window: 1d}")) as shop:
        first = await shop.decide(inbound("home_hero"))
        (shown,) = actions(first.placements[0])
        without = await shop.decide(inbound("home_hero", count=3), excluded_actions=(shown,), mode=Mode.SIMULATE)
        capped = await shop.decide(inbound("home_hero", count=3), mode=Mode.SIMULATE)
    assert [each.rule_id for each in of_limits(capped)] == ["once"]
    assert capped.candidates == without.candidates
    assert shown not in {each.action for each in capped.candidates}
    assert sum(each.choice_probability for each in capped.candidates) == pytest.approx(1.0)


class Raced(Wrapped):
    """Somebody else always takes the last e-mail first."""

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        other = LedgerContact("EMAIL", "OUTBOUND", "MARKETING", "grow", "tea", "other", "other_mail", "")
        faster = replace(request, request_id=fresh_id("race"), contacts=(other,))
        await self._ledger.reserve(faster, deadline_ms=deadline_ms)
        return await super().reserve(request, deadline_ms=deadline_ms)


async def test_a_contact_that_is_refused_is_drawn_again_without_it(tmp_path: Path) -> None:
    async with with_ledger(tmp_path, Raced, limits(MAIL_1)) as shop:
        answer = await shop.decide(outbound("EMAIL"))
        explained = await shop.orchestrator.explain_decision(answer.decision_id)
        recorded = await shop.orchestrator.get_decision(answer.decision_id)
    assert (channels(answer), reason(answer)) == ([], NoActionReason.CONTACT_POLICY)
    (dropped,) = of_limits(answer)
    assert (dropped.action, dropped.rule_id, dropped.observed, dropped.threshold) == (
        "green_tea",
        "mail_week",
        1,
        "< 1",
    )
    assert len(answer.dropped) == sum(answer.dropped_by_stage.values())
    assert explained.answer == answer == recorded.answer


async def test_the_probability_after_a_refusal_is_that_of_the_draw_without_what_it_closed(tmp_path: Path) -> None:
    async with with_ledger(tmp_path, Raced, limits(MAIL_1)) as shop:
        answer = await shop.decide(outbound("SMS"), mode=Mode.SIMULATE)
        while not of_limits(answer):  # until the e-mail is drawn first
            who = fresh_id("crm:raced")
            await shop.knows(who, age=42)
            await shop.hears(ConsentStatus.GRANTED, who)
            answer = await shop.decide(outbound(who=who))
    record = await record_in(tmp_path, answer.decision_id)
    policy = compiled(edited(limits(MAIL_1)))
    by_channel = {each.channel: each for each in answer.candidates}
    assert by_channel["EMAIL"].choice_probability == 0.0
    silence = float(record.slots[-1].probabilities[-1])
    assert 0.0 < silence < 0.2
    assert by_channel["SMS"].choice_probability == pytest.approx(1.0 - silence)
    (refusal,) = record.refusals
    assert policy.catalogue.options[record.candidates.option[refusal.row]].channel == "EMAIL"
    assert refusal.counts == (ContactCount("mail_week", "", 1),)
    assert same_draws(record, drawn_again(record, policy))


def same_draws(record: DecisionRecord, draws: Sequence[SlotDraw]) -> bool:
    recorded = [(each.place, each.slot, each.row, each.refusals) for each in record.slots]
    again = [(each.place, each.slot, each.row, each.refusals) for each in draws]
    vectors = zip(record.slots, draws, strict=False)
    return recorded == again and all(np.array_equal(one.probabilities, other.probabilities) for one, other in vectors)


class RacedOnce(Wrapped):
    """Somebody else takes what the second contact of a person's first call needs."""

    def __init__(self, ledger: ContactLedger) -> None:
        super().__init__(ledger)
        self._raced: set[object] = set()

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        if request.identities not in self._raced:
            self._raced.add(request.identities)
            taken = replace(request.contacts[1], reference="")
            faster = replace(request, request_id=fresh_id("race"), contacts=(taken,))
            await self._ledger.reserve(faster, deadline_ms=deadline_ms)
        return await super().reserve(request, deadline_ms=deadline_ms)


async def test_slots_that_are_drawn_again_keep_what_stands_before_them(tmp_path: Path) -> None:
    written = limits("{id: once, per: action, max: 1, window: 1d}", "{id: web, channel: web, max: 5, window: 1d}")
    policy = compiled(edited(written))
    async with with_ledger(tmp_path, RacedOnce, written) as shop:
        answers = []
        for _ in range(12):
            who = fresh_id("crm:raced")
            await shop.knows(who, age=42, tier="gold", margin=3.0)
            command = inbound("home_hero", "side_bar", who=who, count=3)
            answers.append(await shop.decide(replace(command, context={"weather": "rain"})))
            page = await ledger_of(shop, who)
            held = {contact.reservation_id for contact in page.contacts if contact.reference}
            assert held == set(reservations(answers[-1])), "what is not shown is not held"
            assert len(held) == len(reservations(answers[-1]))
        for answer in answers:
            assert (await shop.orchestrator.explain_decision(answer.decision_id)).answer == answer
            assert len(answer.dropped) == sum(answer.dropped_by_stage.values())
    records = [await record_in(tmp_path, answer.decision_id) for answer in answers]
    assert all(len(record.refusals) == 1 and record.slots[0].refusals == 0 for record in records)
    assert any(record.slots[-1].refusals == 1 for record in records)
    assert all(same_draws(record, drawn_again(record, policy)) for record in records)


class Down(Wrapped):
    """Does not answer."""

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "down", metadata={"service": "profile"})


async def test_without_the_ledger_only_what_no_limit_is_about_may_go(tmp_path: Path) -> None:
    async with with_ledger(tmp_path, Down, {**limits(MAIL_2), **SERVICE_ESPRESSO}) as shop:
        mail = await shop.decide(outbound("EMAIL"))
        any_channel = await shop.decide(outbound())
        explained = await shop.orchestrator.explain_decision(mail.decision_id)
    assert (channels(mail), reason(mail)) == ([], NoActionReason.DEGRADED)
    assert mail.degraded
    assert mail.advisories == ("LEDGER_UNAVAILABLE",)
    assert [(each.action, each.rule_id) for each in of_limits(mail)] == [("green_tea", "contact_ledger")]
    assert explained.answer == mail
    assert (channels(any_channel), reservations(any_channel)) == (["SMS"], [""])
    assert any_channel.advisories == ("LEDGER_UNAVAILABLE",)


class CutShort(Wrapped):
    """The process ends between the reservation and the record of the decision."""

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        await super().reserve(request, deadline_ms=deadline_ms)
        raise asyncio.CancelledError


async def test_a_decision_that_was_cut_short_finds_its_reservation_again(tmp_path: Path) -> None:
    command = outbound("EMAIL")
    async with with_ledger(tmp_path, CutShort, limits(MAIL_1)) as shop:
        with pytest.raises(asyncio.CancelledError):
            await shop.decide(command)
        assert await states(shop) == ["ATTEMPTED"]
    async with open_shop(tmp_path) as shop:
        answer = await shop.decide(command)
        again = await shop.decide(command)
        (contact,) = (await ledger_of(shop)).contacts
        assert channels(await shop.decide(outbound("EMAIL"))) == []
    assert reservations(answer) == [contact.reservation_id]
    assert answer == again


async def test_what_a_decision_that_was_cut_short_reserved_and_does_not_use_is_given_back(tmp_path: Path) -> None:
    command = outbound("EMAIL")
    async with with_ledger(tmp_path, CutShort, limits("{id: mail, channel: email, max: 1, window: 7d}")) as shop:
        with pytest.raises(asyncio.CancelledError):
            await shop.decide(command)
    async with open_shop(tmp_path) as shop:
        await shop.hears(ConsentStatus.REVOKED)
        assert channels(await shop.decide(command)) == []
        async with asyncio.timeout(20):
            while await states(shop) != ["FAILED"]:  # noqa: ASYNC110  polls a store
                await asyncio.sleep(0.05)
        await shop.hears(ConsentStatus.GRANTED)
        assert channels(await shop.decide(outbound("EMAIL"))) == ["EMAIL"]


async def test_the_same_request_sent_many_times_at_once_takes_one_allowance(shop: Shop) -> None:
    command = outbound("EMAIL")
    answers = await asyncio.gather(*(shop.decide(command) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert channels(answers[0]) == ["EMAIL"]
    assert channels(await shop.decide(outbound("EMAIL"))) == ["EMAIL"]
    assert await states(shop) == ["ATTEMPTED", "ATTEMPTED"]


async def test_many_decisions_at_once_never_exceed_a_limit(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.decide(outbound("EMAIL")) for _ in range(12)))
    assert sum(map(len, map(channels, answers))) == 2
    assert {reason(answer) for answer in answers if not channels(answer)} == {NoActionReason.CONTACT_POLICY}
    for answer in answers:
        assert (await shop.orchestrator.explain_decision(answer.decision_id)).answer == answer


async def test_a_limit_of_nothing_holds_for_somebody_nobody_knows(tmp_path: Path) -> None:
    async with ready(tmp_path, limits("{id: none, channel: web, max: 0, window: 1d}")) as shop:
        answer = await shop.decide(inbound("side_bar", who="cookie:new"))
        explained = await shop.orchestrator.explain_decision(answer.decision_id)
    assert (answer.profile_id, reason(answer)) == ("", NoActionReason.CONTACT_POLICY)
    assert explained.answer == answer


async def test_a_mail_to_somebody_nobody_knows_is_explained(shop: Shop) -> None:
    answer = await shop.decide(outbound("EMAIL", who="crm:nobody"))
    assert reason(answer) is NoActionReason.NO_CONSENT
    assert (await shop.orchestrator.explain_decision(answer.decision_id)).answer == answer


async def test_of_somebody_who_was_erased_nothing_is_recorded_and_what_is_limited_is_not_shown(tmp_path: Path) -> None:
    async with ready(tmp_path, {**limits("{id: web_day, channel: web, max: 9, window: 1d}"), **SERVICE_TEA}) as shop:
        await shop.profile.erase_subject(EraseSubject(fresh_id(), (ProfileIdentity("crm", "ada"),)))
        answer = await shop.decide(inbound("side_bar", "home_hero", count=2))
        explained = await shop.orchestrator.explain_decision(answer.decision_id)
    assert answer.advisories == ("SUBJECT_ERASED",)
    assert not answer.degraded
    assert {action for place in answer.placements for action in actions(place)} <= {"green_tea"}
    assert set(reservations(answer)) <= {""}
    assert explained.answer == answer
