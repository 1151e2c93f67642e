"""Marketing pressure in decisions: contacts have a price, none are made in a gap, and all of it is on record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from services.orchestrator.api.mapping.decisions import explained_response, recorded_response
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.diff_policies import DiffQuestion
from services.orchestrator.app.diff.replay import Replay
from services.orchestrator.app.why_not import WhyNotQuestion
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE
from services.orchestrator.domain.pressure.gaps import gap_at
from services.orchestrator.domain.subject import Identity
from services.profile.domain.consents import ConsentStatus
from shared.clock import MS_PER_DAY, to_datetime
from tests.support.diffed import candidate
from tests.support.dumps import dump_sqlite
from tests.support.limited_shop import SERVICE_ESPRESSO
from tests.support.pressed import GAPS, HOUR_MS, NAME, PressedShop, harmful, pressed_shop, pressure
from tests.support.shop import inbound, outbound
from tests.support.storages import StorageOf

MAIL_1 = f"{NAME}contact_policy: {{limits: [{{id: mail_week, channel: email, max: 1, window: 7d}}]}}\n"


@pytest.fixture
async def ada(tmp_path: Path) -> AsyncIterator[PressedShop]:
    async with pressed_shop(tmp_path) as found:
        yield found


@pytest.fixture(params=["sqlite", "mongo"])
async def stored(request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path: Path) -> AsyncIterator[PressedShop]:
    """On each store."""
    with storage_of(request.param) as storage:
        async with pressed_shop(tmp_path, storage=storage if request.param == "mongo" else None) as found:
            yield found


def reason(answer: Answer) -> NoActionReason:
    silence = answer.placements[0].no_action
    assert silence is not None
    return silence.reason


def cost(answer: Answer) -> float:
    return answer.placements[0].propositions[0].pressure_cost


async def test_while_nothing_is_known_contacts_cost_nothing_more(ada: PressedShop) -> None:
    first = await ada.mail()
    assert cost(first) == 0.0
    assert first.placements[0].propositions[0].reservation_id, "the ledger has it, limits or not: it will count"


async def test_a_contact_costs_the_more_the_higher_the_level_is(ada: PressedShop) -> None:
    free = await ada.mail(Mode.SIMULATE)
    ada.estimate = harmful()
    costs, levels = [], []
    for _ in range(3):
        answer = await ada.mail()
        (proposition,) = answer.placements[0].propositions
        worth = free.placements[0].propositions[0].priority
        assert proposition.priority == pytest.approx(worth - proposition.pressure_cost)
        assert [each.pressure_cost for each in answer.candidates] == [proposition.pressure_cost]
        costs.append(proposition.pressure_cost)
        decision = await ada.shop.orchestrator.get_decision(answer.decision_id)
        assert decision.pressure is not None
        levels.append(decision.pressure.standing.level)
        ada.clock.now_ms += 1
    assert levels == pytest.approx([0.0, 1.0, 2.0], abs=1e-6)
    assert costs[0] < costs[1] < costs[2]


async def test_what_costs_more_than_it_is_worth_gives_way_to_silence(ada: PressedShop) -> None:
    assert (await ada.mail()).placements[0].propositions
    ada.pass_to(gap=False)
    ada.estimate = harmful(unsubscribe_slope=10.0)
    silent = await ada.mail()
    assert reason(silent) is NoActionReason.BELOW_RESERVE
    assert silent.placements[0].no_action is not None
    assert silent.placements[0].no_action.expected_value < 0.0
    assert (await ada.shop.decide(inbound("side_bar"))).placements[0].propositions, "an answer is no pressure"


async def test_nothing_is_sent_in_a_gap_but_service_messages_and_answers(tmp_path: Path) -> None:
    async with pressed_shop(tmp_path, {**pressure(), **SERVICE_ESPRESSO}) as ada:
        ada.pass_to(gap=True)
        for mode in (Mode.EXECUTE, Mode.PREFETCH, Mode.SIMULATE):
            silent = await ada.mail(mode)
            assert reason(silent) is NoActionReason.CONTACT_GAP
            assert silent.placements[0].no_action is not None
            assert silent.placements[0].no_action.expected_value == 0.0, "what a gap drops was never priced"
            fallen = {each.action: each for each in silent.dropped if each.rule_id == "contact_gap"}
            assert fallen.keys() == {"green_tea"}
            assert (fallen["green_tea"].stage, fallen["green_tea"].channel) == (Stage.CONTACT_POLICY, "EMAIL")
            until_ms = gap_at(ada.plan, ada.profile_id, ada.clock.now_ms).until_ms
            assert until_ms is not None
            ends = to_datetime(until_ms).isoformat().replace("+00:00", "Z")
            assert (fallen["green_tea"].attribute, fallen["green_tea"].threshold) == ("now()", f">= {ends}")
        service = await ada.shop.decide(outbound("SMS"))
        assert [each.action for each in service.placements[0].propositions] == ["espresso"]
        assert cost(service) == 0.0
        assert (await ada.shop.decide(inbound("side_bar"))).placements[0].propositions
        ada.pass_to(gap=False)
        assert (await ada.mail()).placements[0].propositions


async def test_a_service_message_counts_as_pressure_and_has_no_price(tmp_path: Path) -> None:
    async with pressed_shop(tmp_path, {**pressure(), **SERVICE_ESPRESSO}) as ada:
        ada.estimate = harmful()
        before = cost(await ada.mail(Mode.SIMULATE))
        assert cost(await ada.shop.decide(outbound("SMS"))) == 0.0
        ada.clock.now_ms += 1
        decision = await ada.shop.orchestrator.get_decision((await ada.mail()).decision_id)
        assert decision.pressure is not None
        assert decision.pressure.standing.level == pytest.approx(1.0, abs=1e-6)
        assert cost(decision.answer) >= before


async def test_the_weight_of_a_channel_counts_in_the_level_and_in_the_price(tmp_path: Path) -> None:
    changes = {**pressure(), "  sms: {direction: OUTBOUND,": "  sms: {direction: OUTBOUND, pressure_weight: 3,"}
    async with pressed_shop(tmp_path, changes) as ada:
        ada.estimate = harmful()
        mail, text = await ada.mail(Mode.SIMULATE), await ada.shop.decide(outbound("SMS"))
        assert cost(text) == pytest.approx(3 * cost(mail))
        ada.clock.now_ms += 1
        decision = await ada.shop.orchestrator.get_decision((await ada.mail()).decision_id)
        assert decision.pressure is not None
        assert decision.pressure.standing.level == pytest.approx(3.0, abs=1e-5)


@pytest.mark.parametrize("arm", ["NO_LEVERS", "RULES_ONLY", "RANDOM_ELIGIBLE", "PROPENSITY_ONLY"])
async def test_gaps_hold_for_no_control_arm(ada: PressedShop, arm: str) -> None:
    ada.pass_to(gap=True)
    answer = await ada.shop.decide(outbound("EMAIL"), mode=Mode.SIMULATE, forced_arm=arm)
    assert answer.placements[0].propositions


async def test_a_formula_without_a_cost_has_none_for_pressure_either(tmp_path: Path) -> None:
    changes = {**pressure(), "reserve: 0.01": "formula: propensity * business_value, reserve: 0.01"}
    async with pressed_shop(tmp_path, changes) as ada:
        ada.estimate = harmful()
        assert cost(await ada.mail()) == 0.0


async def test_caps_stay_above_the_price(tmp_path: Path) -> None:
    changes = pressure()
    changes = {**changes, NAME: f"{changes[NAME]}{MAIL_1.removeprefix(NAME)}"}
    async with pressed_shop(tmp_path, changes) as ada:
        assert (await ada.mail()).placements[0].propositions
        ada.pass_to(gap=False)
        capped = await ada.mail()
        assert reason(capped) is NoActionReason.CONTACT_POLICY
        assert "mail_week" in {each.rule_id for each in capped.dropped}


async def test_a_simulation_leaves_no_trace(ada: PressedShop) -> None:
    await ada.mail()
    ada.estimate = harmful()
    for gap in (True, False):
        ada.pass_to(gap=gap)
        before = dump_sqlite(ada.folder)
        await ada.mail(Mode.SIMULATE)
        assert dump_sqlite(ada.folder) == before


async def test_without_a_basis_to_profile_nothing_is_made_of_contacts(tmp_path: Path) -> None:
    by_consent = {**pressure(), "profiling: {basis: LEGITIMATE_INTEREST}": "profiling: {basis: CONSENT}"}
    async with pressed_shop(tmp_path, by_consent) as ada:
        ada.estimate = harmful()
        await ada.mail()
        ada.pass_to(gap=False)
        allowed = await ada.mail()
        assert cost(allowed) > 0.0, "reaching out uses the profile on the consent to the contact"
        await ada.shop.hears(ConsentStatus.DENIED, purpose="PROFILING")
        ada.pass_to(gap=True)
        refused = await ada.mail()
        assert cost(refused) == 0.0
        assert (await ada.shop.orchestrator.get_decision(refused.decision_id)).pressure is None


async def test_nobody_known_is_under_no_pressure(ada: PressedShop) -> None:
    ada.estimate = harmful()
    answer = await ada.shop.decide(outbound("EMAIL", who="crm:nobody"), mode=Mode.SIMULATE)
    assert reason(answer) is NoActionReason.NO_CONSENT


async def test_a_decision_is_made_again_the_same_whatever_was_learnt_since(stored: PressedShop) -> None:
    stored.estimate = harmful()
    decisions = [await stored.mail()]
    for gap in (True, False):
        stored.pass_to(gap=gap)
        decisions.append(await stored.mail())
    stored.estimate = harmful(unsubscribe_slope=5.0)
    stored.clock.now_ms += 30 * MS_PER_DAY
    await _are_made_again(stored, decisions)
    stored.estimate = NO_ESTIMATE
    await stored.shop.publish({**pressure(GAPS.replace("0.5", "0.25")), "lever: 1.5": "lever: 1.4"})
    await _are_made_again(stored, decisions)


async def _are_made_again(ada: PressedShop, decisions: Sequence[Answer]) -> None:
    for answer in decisions:
        again = await ada.shop.orchestrator.replay_decision(answer.decision_id)
        assert again.is_identical, again.differing


async def test_explanations_and_records_say_what_a_person_was_under(ada: PressedShop) -> None:
    await ada.mail()
    ada.pass_to(gap=True)
    ada.estimate = harmful()
    held = await ada.mail()
    explained = explained_response(await ada.shop.orchestrator.explain_decision(held.decision_id))
    recorded = recorded_response(await ada.shop.orchestrator.get_decision(held.decision_id))
    assert explained.pressure == recorded.pressure
    standing = explained.pressure
    assert (standing.contacts, standing.in_gap, standing.certainty) == (1, True, 1.0)
    assert standing.level > 0.0
    assert standing.price > 0.0
    assert 0.0 < standing.gap_probability < 1.0
    assert standing.gap_end_time.ToMilliseconds() > ada.clock.now_ms
    assert [each.rule_id for each in explained.response.dropped if each.action == "green_tea"] == ["contact_gap"]
    asked = WhyNotQuestion((Identity("crm", "ada"),), "green_tea", ada.clock.now_ms - 1, ada.clock.now_ms + 1, 10)
    (why,) = (await ada.shop.orchestrator.why_not(asked)).decisions
    assert [each.rule_id for each in why.reasons] == ["contact_gap"]
    assert why.pressure is not None
    assert why.pressure.standing.gap.is_open


async def test_a_batch_weighs_everybody_by_their_own_contacts(tmp_path: Path) -> None:
    async with pressed_shop(tmp_path, pressure("window: 56d")) as ada:
        everybody = [f"crm:p{index}" for index in range(4)]
        for contacts, who in enumerate(everybody):
            await ada.shop.knows(who, age=40)
            await ada.shop.hears(ConsentStatus.GRANTED, who)
            for _ in range(contacts):
                await ada.shop.decide(outbound("EMAIL", who=who))
        ada.clock.now_ms += 1
        ada.estimate = harmful()
        asked = [replace(outbound("EMAIL", who=who), mode=Mode.SIMULATE) for who in everybody]
        single = [cost(await ada.shop.decide(each)) for each in asked]
        together = await ada.shop.orchestrator.decide_batch(asked)
        assert [cost(each) for each in together if isinstance(each, Answer)] == single
        assert sorted(set(single)) == single, "the more contacts, the dearer the next"


async def test_a_contact_is_held_back_by_a_gap_of_now_whatever_moment_it_is_decided_for(
    stored: PressedShop,
) -> None:
    stored.pass_to(gap=True)
    held = await _decided_for(stored, stored.clock.now_ms - HOUR_MS)
    assert reason(held) is NoActionReason.CONTACT_GAP
    (fallen,) = (each for each in held.dropped if each.rule_id == "contact_gap")
    assert fallen.observed == to_datetime(stored.clock.now_ms), "by which the gap is open"
    simulated = await _decided_for(stored, stored.clock.now_ms - HOUR_MS, Mode.SIMULATE)
    assert simulated.placements[0].propositions, "what would have been done then"
    stored.pass_to(gap=False)
    sent = await _decided_for(stored, stored.clock.now_ms - HOUR_MS)
    assert sent.placements[0].propositions, "a gap that is over"
    assert reason(await _decided_for(stored, stored.clock.now_ms - HOUR_MS, Mode.SIMULATE)) is (
        NoActionReason.CONTACT_GAP
    )
    await _are_made_again(stored, [held, sent])


async def test_contacts_of_decisions_for_the_past_count_from_when_they_are_made(stored: PressedShop) -> None:
    stored.clock.now_ms += 12 * MS_PER_DAY
    stored.pass_to(gap=False)
    stored.estimate = harmful(unsubscribe_slope=0.001)
    decisions, levels = [], []
    for back_ms in (10 * MS_PER_DAY, 9 * MS_PER_DAY, 11 * MS_PER_DAY, 0):
        answer = await _decided_for(stored, stored.clock.now_ms - back_ms)
        recorded = await stored.shop.orchestrator.get_decision(answer.decision_id)
        explained = await stored.shop.orchestrator.explain_decision(answer.decision_id)
        assert recorded.pressure is not None
        assert explained.pressure == recorded.pressure
        decisions.append(answer)
        levels.append(recorded.pressure.standing.level)
        stored.clock.now_ms += 1
    assert levels == pytest.approx([0.0, 1.0, 2.0, 3.0], abs=1e-6)
    assert [cost(each) for each in decisions] == sorted({cost(each) for each in decisions})
    stored.clock.now_ms += MS_PER_DAY
    await _are_made_again(stored, decisions)
    active = (await stored.shop.orchestrator.get_policy()).summary.policy_version
    same = await stored.shop.orchestrator.diff_policies(DiffQuestion(active))
    assert (same.decisions, same.winners_changed, same.probability_moved) == (4, 0, 0.0)
    await _replays_in_the_order_of_contacts(stored)


async def _decided_for(ada: PressedShop, moment_ms: int, mode: Mode = Mode.EXECUTE) -> Answer:
    return await ada.shop.decide(outbound("EMAIL"), mode=mode, decision_time_ms=moment_ms)


async def _replays_in_the_order_of_contacts(ada: PressedShop) -> None:
    """A policy that sends something else comes to the same levels, and one that sends nothing to none."""
    instead = {"eligibility: [{id: is_gold, when: 'in_segment(\"gold\")'}]": "lever: 50", "'margin * 2.0'": "'8.0'"}
    silent = {"  green_tea:\n    group: tea\n": "  green_tea:\n    group: tea\n    valid_until: 2020-01-01\n"}
    for changes, action in ((instead, "gold_card"), (silent, "")):
        version = await candidate(ada.shop, {**pressure(), **changes})
        replay = await ada.shop.orchestrator.diffing.replay(DiffQuestion(version))
        logged, made = ([_level(record) for record in side] for side in zip(*_sides(replay), strict=True))
        assert logged == sorted(logged)
        assert made == pytest.approx(logged if action else [0.0] * 4)
        sent = [[each.action for each in made.answer.placements[0].propositions] for _, made in _sides(replay)]
        assert sent == [[action] if action else []] * 4


def _sides(replay: Replay) -> list[tuple[DecisionRecord, DecisionRecord]]:
    """What is on record, and what the candidate makes of it."""
    return [(each.record, each.made[1]) for each in replay.decisions]


async def test_policies_are_compared_by_what_contacts_cost_later(tmp_path: Path) -> None:
    plain = pressure("window: 56d")
    async with pressed_shop(tmp_path, plain) as ada:
        ada.estimate = harmful(unsubscribe_slope=0.001)
        sent = []
        for index in range(32):
            who = f"crm:p{index}"
            await ada.shop.knows(who, age=40)
            await ada.shop.hears(ConsentStatus.GRANTED, who)
            for _ in range(2):
                ada.clock.now_ms += 1
                sent.append(await ada.shop.decide(outbound("EMAIL", who=who)))
        dear = {**plain, NAME: plain[NAME].replace("unsubscribe_value: 10", "unsubscribe_value: 1000000")}
        report = await ada.shop.orchestrator.diff_policies(DiffQuestion(await candidate(ada.shop, dear)))
        assert report.baseline is not None
        assert report.baseline.side.contacts == pytest.approx(64.0)
        assert report.candidate.side.contacts <= 32.0, "each second one costs more than it is worth"
        later = sum(map(cost, sent)) / 64
        assert later > 0.0
        assert report.baseline.value is not None
        assert report.baseline.value.money_snips.mean == pytest.approx(-later - 0.002), "nobody clicked"
        assert report.candidate.value is not None
        assert report.candidate.value.money_snips.mean > report.baseline.value.money_snips.mean


async def test_a_replayed_policy_is_under_the_pressure_of_its_own_contacts(ada: PressedShop) -> None:
    """Level by level the same as on record; and none where it sends nothing."""
    ada.estimate = harmful(unsubscribe_slope=0.001)
    for _ in range(6):
        await ada.mail()
        ada.pass_to(gap=False)
    active = (await ada.shop.orchestrator.get_policy()).summary.policy_version
    same = await ada.shop.orchestrator.diff_policies(DiffQuestion(active))
    assert (same.winners_changed, same.probability_moved) == (0, 0.0)
    silent = {"  green_tea:\n    group: tea\n": "  green_tea:\n    group: tea\n    valid_until: 2020-01-01\n"}
    version = await candidate(ada.shop, {**pressure(), **silent})
    replay = await ada.shop.orchestrator.diffing.replay(DiffQuestion(version))
    levels = [[_level(each.made[side]) for each in replay.decisions] for side in (0, 1)]
    assert levels[0] == [_level(each.record) for each in replay.decisions]
    assert all(level > 0.0 for level in levels[0][1:])
    assert levels[1] == [0.0] * 6, "it sends nothing"


def _level(record: DecisionRecord) -> float:
    assert record.pressure is not None
    return record.pressure.level


async def test_a_gap_on_record_does_not_make_another_policy_untried(ada: PressedShop) -> None:
    """Where nothing was sent for chance alone, a policy without gaps is told by the decisions outside of them."""
    for _ in range(4):
        await ada.mail()
        ada.pass_to(gap=True)
        await ada.mail()
        ada.pass_to(gap=False)
    version = await candidate(ada.shop, {**pressure("window: 56d")})
    report = await ada.shop.orchestrator.diff_policies(DiffQuestion(version))
    assert (report.decisions, report.valued) == (8, 4)
    assert report.baseline is not None
    assert report.baseline.side.capped["contact_gap"] == 4, "it is told with what caps drop"
    assert report.candidate.untried_share == 0.0
    active = (await ada.shop.orchestrator.get_policy()).summary.policy_version
    assert (await ada.shop.orchestrator.diff_policies(DiffQuestion(active))).valued == 8
