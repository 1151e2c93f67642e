"""Decide keeps quiet hours, suppression rules, cool-downs and the order of channels; what is fetched ahead counts when
it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.domain.decision import Answer, Dropped, Mode, Proposition
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.outcome import Outcome
from services.profile.domain.ledger.contacts import ContactResponse
from shared.clock import MS_PER_DAY, system_clock, to_datetime, to_ms
from shared.values import FeatureStatus
from tests.support.dumps import dump_sqlite
from tests.support.limited_shop import channels, ledger_of, of_limits, ready, reason, reservations, states
from tests.support.replay import record_in
from tests.support.shop import Shop, cart_add, fresh_id, inbound, outbound

HOUR = timedelta(hours=1)
NIGHT = datetime(2090, 6, 7, 21, 30, tzinfo=UTC)  # 23:30 in Berlin
NOON = datetime(2090, 6, 7, 10, 0, tzinfo=UTC)
TRAITS = {
    "  first_name: {type: string, predictive: false}\n": (
        "  first_name: {type: string, predictive: false}\n"
        "  zone: {type: string, predictive: false}\n"
        "  country: {type: string, predictive: false}\n"
        "  likes: {type: list<string>, predictive: false}\n"
    )
}
EMAIL_ESPRESSO = {
    "      espresso_sms: {channel: sms": (
        "      espresso_mail: {channel: email, cost: 0.002, content: {en: {subject: Espresso, body: Roasted.}}}\n"
        "      espresso_sms: {channel: sms"
    )
}


def contact_policy(text: str) -> Mapping[str, str]:
    return {"policy: corner_shop\n": f"policy: corner_shop\ncontact_policy: {{{text}}}\n", **TRAITS}


def quiet(rules: str, more: str = "time_zone: Europe/Berlin, time_zone_trait: zone") -> Mapping[str, str]:
    return contact_policy(f"quiet_hours: [{rules}], {more}")


def at(moment: datetime) -> dict[str, Any]:
    return {"decision_time_ms": to_ms(moment), "mode": Mode.SIMULATE}


def only(answer: Answer) -> Proposition:
    (proposition,) = answer.placements[0].propositions
    return proposition


def span(answer: Answer) -> tuple[datetime, datetime]:
    window = only(answer).send_window
    assert window is not None
    return to_datetime(window.earliest_ms), to_datetime(window.latest_ms)


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NIGHTLY = "{id: night, channels: [email, sms], from: '21:00', to: '08:00'}"


async def test_what_is_decided_in_quiet_hours_is_dropped_and_the_answer_says_why(tmp_path: Path) -> None:
    async with ready(tmp_path, quiet(NIGHTLY)) as shop:
        by_night = await shop.decide(outbound("EMAIL"), **at(NIGHT))
        by_day = await shop.decide(outbound("EMAIL"), **at(NOON))
        shown = await shop.decide(inbound("home_hero"), **at(NIGHT))
    assert (channels(by_night), reason(by_night), by_night.advisories) == ([], NoActionReason.CONTACT_POLICY, ())
    assert of_limits(by_night) == [
        Dropped(
            "green_tea",
            "EMAIL",
            7,
            "night",
            by_night.versions.policy,
            "local_time",
            "Wed 2090-06-07 23:30 Europe/Berlin",
            FeatureStatus.PRESENT,
            "not 21:00 to 08:00",
        )
    ]
    assert by_night.dropped_by_stage[7] == 1
    assert channels(by_day) == ["EMAIL"]
    assert span(by_day) == (NOON, datetime(2090, 6, 7, 19, 0, tzinfo=UTC))
    assert channels(shown) == ["WEB"], "who comes to us is answered at any hour"
    assert only(shown).send_window is None


async def test_what_waits_goes_out_at_the_next_allowed_time_where_the_person_lives(tmp_path: Path) -> None:
    deferred = NIGHTLY.replace("}", ", then: defer}")
    async with ready(tmp_path, quiet(deferred)) as shop:
        berlin = await shop.decide(outbound("EMAIL"), **at(NIGHT))
        await shop.knows(zone="Asia/Kathmandu")
        kathmandu = await shop.decide(outbound("EMAIL"), **at(NIGHT))
    morning = datetime(2090, 6, 8, 6, 0, tzinfo=UTC)
    assert span(berlin) == (morning, morning + 13 * HOUR)
    assert span(kathmandu)[0] == datetime(2090, 6, 8, 2, 15, tzinfo=UTC)


async def test_nothing_goes_out_to_somebody_whose_time_zone_nobody_knows(tmp_path: Path) -> None:
    async with ready(tmp_path, quiet(NIGHTLY, "time_zone_trait: zone")) as shop:
        closed = await shop.decide(outbound("EMAIL"), **at(NOON))
        await shop.knows(zone="Europe/Berlin")
        known = await shop.decide(outbound("EMAIL"), **at(NOON))
    (dropped,) = of_limits(closed)
    assert (dropped.rule_id, dropped.attribute, dropped.status) == ("night", "zone", FeatureStatus.NOT_FOUND)
    assert channels(known) == ["EMAIL"]


async def test_holidays_are_those_of_where_the_person_lives(tmp_path: Path) -> None:
    rules = quiet(
        "{id: holidays, holidays: true, channel: email}",
        "time_zone: Europe/Paris, public_holidays: {country: FR, country_trait: country}",
    )
    bastille = datetime(2090, 7, 14, 10, 0, tzinfo=UTC)
    async with ready(tmp_path, rules) as shop:
        french = await shop.decide(outbound("EMAIL"), **at(bastille))
        await shop.knows(country="DE")
        german = await shop.decide(outbound("EMAIL"), **at(bastille))
    assert [(each.rule_id, each.threshold) for each in of_limits(french)] == [("holidays", "not on a public holiday")]
    assert channels(german) == ["EMAIL"]


async def test_a_service_message_goes_out_at_night_unless_the_policy_says_otherwise(tmp_path: Path) -> None:
    service = {"  green_tea:\n    group: tea\n": "  green_tea:\n    group: tea\n    message_class: service\n"}
    async with ready(tmp_path, {**quiet(NIGHTLY), **service}) as shop:
        assert channels(await shop.decide(outbound("EMAIL"), **at(NIGHT))) == ["EMAIL"]
        await shop.publish({**quiet(NIGHTLY.replace("}", ", message_class: '*'}")), **service})
        assert channels(await shop.decide(outbound("EMAIL"), **at(NIGHT))) == []


async def test_what_ends_before_it_may_go_out_is_dropped(tmp_path: Path) -> None:
    ending = {"  green_tea:\n    group: tea\n": "  green_tea:\n    group: tea\n    valid_until: 2090-06-07T23:00:00Z\n"}
    async with ready(tmp_path, {**quiet(NIGHTLY.replace("}", ", then: defer}")), **ending}) as shop:
        answer = await shop.decide(outbound("EMAIL"), **at(NIGHT))
    assert [each.rule_id for each in of_limits(answer)] == ["night"]


async def test_an_executed_decision_is_recorded_with_its_hours_and_explained_by_them(tmp_path: Path) -> None:
    """Today is quiet: it waits until midnight, and counts for the limit at once."""
    written = quiet(
        f"{{id: today, channel: email, from: '00:00', to: '24:00', days: [{_today()}], then: defer}}",
        "time_zone: UTC, limits: [{id: mail, channel: email, max: 1, window: 1d}]",
    )
    async with ready(tmp_path, written) as shop:
        answer = await shop.decide(outbound("EMAIL"))
        explained = await shop.orchestrator.explain_decision(answer.decision_id)
        recorded = await shop.orchestrator.get_decision(answer.decision_id)
        again = await shop.decide(outbound("EMAIL"))
        capped = await shop.orchestrator.replay_decision(again.decision_id)
        replayed = await shop.orchestrator.replay_decision(answer.decision_id)
        (contact,) = (await ledger_of(shop)).contacts
    window = only(answer).send_window
    assert window is not None
    assert window.earliest_ms > answer.decision_time_ms
    assert (window.earliest_ms % MS_PER_DAY, contact.planned_ms) == (0, window.earliest_ms)
    assert explained.answer == answer == recorded.answer
    assert channels(again) == [], "the contact counts while it waits"
    assert not replayed.differing
    assert not capped.differing
    record = await record_in(tmp_path, answer.decision_id)
    assert record.quiet is not None
    assert (record.quiet.zone, record.quiet.windows[0].earliest_ms) == ("UTC", window.earliest_ms)


ANY_AGE = {"when: 'age >= 18'": "when: 'true'"}
EARLIER_MS = 3 * MS_PER_DAY
"""Far enough for another day wherever midnight is."""


@pytest.mark.parametrize("is_quiet_now", [False, True])
async def test_what_is_decided_for_the_past_goes_by_the_quiet_hours_of_now(is_quiet_now: bool, tmp_path: Path) -> None:
    then_ms = system_clock() - EARLIER_MS
    then = DAYS[to_datetime(then_ms).weekday()]
    days = ", ".join(day for day in DAYS if (day == then) is not is_quiet_now)
    rule = f"{{id: closed, channel: email, from: '00:00', to: '24:00', days: [{days}]}}"
    async with ready(tmp_path, quiet(rule, "time_zone: UTC")) as shop:
        executed = await shop.decide(outbound("EMAIL"), decision_time_ms=then_ms)
        explained = await shop.orchestrator.explain_decision(executed.decision_id)
        replayed = await shop.orchestrator.replay_decision(executed.decision_id)
    assert executed.decision_time_ms == then_ms
    assert channels(executed) == ([] if is_quiet_now else ["EMAIL"])
    assert {each.rule_id for each in of_limits(executed)} == ({"closed"} if is_quiet_now else set())
    assert explained.answer == executed
    assert not replayed.differing


async def test_what_is_decided_for_the_past_meets_the_limits_and_the_cool_downs_of_now(tmp_path: Path) -> None:
    then_ms = system_clock() - EARLIER_MS
    rules = contact_policy(
        "suppression_rules: [{id: busy, event: cart_add, pause: 1d, channel: email}],"
        " limits: [{id: text, channel: sms, max: 1, window: 1d}]"
    )
    async with ready(tmp_path, {**rules, **ANY_AGE}) as shop:
        before = [await shop.decide(outbound(each), decision_time_ms=then_ms) for each in ("SMS", "EMAIL")]
        await shop.decide(inbound("side_bar"), events=(cart_add(event_time_ms=system_clock() - 1_000),))
        executed = await shop.decide(outbound(), decision_time_ms=then_ms)
        replayed = await shop.orchestrator.replay_decision(executed.decision_id)
        record = await record_in(tmp_path, executed.decision_id)
    assert [channels(each) for each in before] == [["SMS"], ["EMAIL"]]
    assert channels(executed) == []
    assert {each.rule_id for each in of_limits(executed)} == {"busy", "text"}
    assert record.refusals == (), "the draw knows of the limits already"
    assert not replayed.differing


def _today() -> str:
    return DAYS[to_datetime(system_clock()).weekday()]


async def capture(shop: Shop, answer: Answer, *outcomes: Outcome) -> None:
    proposition_id = only(answer).proposition_id
    items = [OutcomeItem(fresh_id("o"), outcome, proposition_id=proposition_id) for outcome in outcomes]
    await shop.orchestrator.capture_outcomes(fresh_id(), items)


BORED = "suppression_rules: [{id: bored, outcome: IGNORED, times: 2, within: 30d, pause: 60d, per: action}]"


async def test_an_action_that_was_ignored_twice_is_not_sent_again(tmp_path: Path) -> None:
    async with ready(tmp_path, contact_policy(BORED)) as shop:
        for _ in range(2):
            answer = await shop.decide(outbound("EMAIL"))
            assert channels(answer) == ["EMAIL"]
            await capture(shop, answer, Outcome.DELIVERED, Outcome.IGNORED)
        assert await states(shop) == ["DELIVERED", "DELIVERED"], "who ignored it need not have seen it"
        third = await shop.decide(outbound("EMAIL"))
        explained = await shop.orchestrator.explain_decision(third.decision_id)
        replayed = await shop.orchestrator.replay_decision(third.decision_id)
        other = await shop.decide(outbound())
        later = await shop.decide(
            outbound("EMAIL"), mode=Mode.SIMULATE, decision_time_ms=system_clock() + 61 * MS_PER_DAY
        )
        last = (await ledger_of(shop)).contacts[1]
    assert (channels(third), reason(third)) == ([], NoActionReason.CONTACT_POLICY)
    (dropped,) = of_limits(third)
    until = to_datetime(last.responses[0][1] + 60 * MS_PER_DAY).isoformat().replace("+00:00", "Z")
    assert (dropped.rule_id, dropped.attribute, dropped.observed, dropped.threshold) == (
        *("bored", "outcomes.bored", 2),
        f"< 2, or from {until}",
    )
    assert explained.answer == third
    assert replayed.is_identical
    assert channels(other) == ["SMS"]
    assert channels(later) == ["EMAIL"]


async def test_who_clicked_after_all_did_not_ignore_it(tmp_path: Path) -> None:
    async with ready(tmp_path, contact_policy(BORED)) as shop:
        for outcome in (Outcome.CLICKED, Outcome.OPENED):
            answer = await shop.decide(outbound("EMAIL"))
            await capture(shop, answer, Outcome.DELIVERED, Outcome.IGNORED, outcome)
        assert channels(await shop.decide(outbound("EMAIL"))) == ["EMAIL"]
        kept = [[each for each, _ in contact.responses] for contact in (await ledger_of(shop)).contacts[1:]]
    assert kept == [[ContactResponse.IGNORED], [ContactResponse.IGNORED, ContactResponse.CLICKED]]


@pytest.mark.parametrize(
    ("per", "left"), [("action", ["SMS"]), ("channel", ["SMS"]), ("group", ["SMS"]), ("issue", []), ("", [])]
)
async def test_one_rejection_pauses_what_the_rule_counts_together(per: str, left: list[str], tmp_path: Path) -> None:
    apart = f", per: {per}" if per else ""
    rule = f"suppression_rules: [{{id: no, outcome: REJECTED, pause: 90d, direction: outbound{apart}}}]"
    async with ready(tmp_path, contact_policy(rule)) as shop:
        await capture(shop, await shop.decide(outbound("EMAIL")), Outcome.REJECTED)
        assert channels(await shop.decide(outbound(), mode=Mode.SIMULATE)) == left


async def test_a_machine_rejects_nothing(tmp_path: Path) -> None:
    async with ready(tmp_path, contact_policy("suppression_rules: [{id: no, outcome: REJECTED, pause: 90d}]")) as shop:
        answer = await shop.decide(outbound("EMAIL"))
        item = OutcomeItem(fresh_id("o"), Outcome.REJECTED, only(answer).proposition_id, is_machine=True)
        await shop.orchestrator.capture_outcomes(fresh_id(), [item])
        assert channels(await shop.decide(outbound("EMAIL"))) == ["EMAIL"]


async def test_after_an_event_there_is_a_cool_down(tmp_path: Path) -> None:
    rule = contact_policy("suppression_rules: [{id: busy, event: cart_add, pause: 1d, channel: email}]")
    async with ready(tmp_path, rule) as shop:
        assert channels(await shop.decide(outbound("EMAIL"))) == ["EMAIL"]
        after = await shop.decide(outbound("EMAIL"), events=(cart_add(event_time_ms=system_clock() - 1_000),))
        explained = await shop.orchestrator.explain_decision(after.decision_id)
        shown = await shop.decide(inbound("home_hero"))
        later = await shop.decide(outbound("EMAIL"), mode=Mode.SIMULATE, decision_time_ms=system_clock() + MS_PER_DAY)
    (dropped,) = of_limits(after)
    assert (dropped.rule_id, dropped.attribute, dropped.observed, dropped.threshold) == (
        *("busy", "events.cart_add", 1),
        "< 1 within 1d",
    )
    assert explained.answer == after
    assert "cooldown_busy" not in after.feature_statuses
    assert (channels(shown), channels(later)) == (["WEB"], ["EMAIL"])


async def test_the_first_channel_that_is_open_carries_the_action(tmp_path: Path) -> None:
    order = contact_policy(
        "channel_priority: {order: [sms, email], trait: likes}, limits: [{id: text, channel: sms, max: 1, window: 1d}]"
    )
    async with ready(tmp_path, {**order, **EMAIL_ESPRESSO}) as shop:
        excluded = {"excluded_actions": ("green_tea",)}
        simulated = {**excluded, "mode": Mode.SIMULATE}
        first = await shop.decide(outbound(), **simulated)
        await shop.knows(likes=("email",))
        liked = await shop.decide(outbound(), **simulated)
        await shop.knows(likes=("pigeon",))
        executed = await shop.decide(outbound(), **excluded)
        explained = await shop.orchestrator.explain_decision(executed.decision_id)
        capped = await shop.decide(outbound(), **simulated)
    assert (channels(first), channels(liked), channels(capped)) == (["SMS"], ["EMAIL"], ["EMAIL"])
    (second,) = of_limits(first)
    assert (second.action, second.channel, second.rule_id, second.observed) == (
        "espresso",
        "EMAIL",
        "channel_priority",
        2,
    )
    assert [each.channel for each in first.candidates] == ["SMS"]
    assert (channels(executed), explained.answer) == (["SMS"], executed)


SEEN_ONCE = "limits: [{id: once, channel: web, max: 1, window: 7d, counts: IMPRESSION}], prefetch_ttl: 1h"


async def test_what_is_fetched_ahead_is_reserved_and_counts_when_it_is_seen(tmp_path: Path) -> None:
    async with ready(tmp_path, contact_policy(SEEN_ONCE)) as shop:
        command = replace(inbound("side_bar"), mode=Mode.PREFETCH)
        ahead = await shop.decide(command)
        assert await shop.decide(command) == ahead
        assert await states(shop) == ["RESERVED"]
        (held,) = (await ledger_of(shop)).contacts
        assert [held.reservation_id] == reservations(ahead)
        assert held.expire_ms is not None
        assert 0 < held.expire_ms - held.reserved_ms <= 3_600_000
        assert only(ahead).expire_time_ms == ahead.decision_time_ms + 3_600_000
        waiting = await shop.decide(inbound("side_bar"))
        await capture(shop, ahead, Outcome.IMPRESSION)
        assert await states(shop) == ["SEEN"]
        seen = await shop.decide(inbound("side_bar"))
        explained = await shop.orchestrator.explain_decision(ahead.decision_id)
        replayed = await shop.orchestrator.replay_decision(ahead.decision_id)
    assert (reason(waiting), reason(seen)) == (NoActionReason.CONTACT_POLICY,) * 2
    assert explained.answer == ahead
    assert replayed.is_identical


async def test_what_is_fetched_ahead_and_not_shown_is_given_back(tmp_path: Path) -> None:
    async with ready(tmp_path, contact_policy(SEEN_ONCE)) as shop:
        ahead = await shop.decide(inbound("side_bar"), mode=Mode.PREFETCH)
        await capture(shop, ahead, Outcome.NOT_PRESENTED)
        assert await states(shop) == ["RELEASED"]
        assert channels(await shop.decide(inbound("side_bar"))) == ["WEB"]


async def test_a_mail_that_is_fetched_ahead_is_not_handed_over(tmp_path: Path) -> None:
    async with ready(tmp_path, contact_policy("limits: [{id: mail, channel: email, max: 9, window: 7d}]")) as shop:
        ahead = await shop.decide(outbound("EMAIL"), mode=Mode.PREFETCH)
        assert await states(shop) == ["RESERVED"]
        await capture(shop, ahead, Outcome.SENT)
        assert await states(shop) == ["ATTEMPTED"]


async def test_a_simulation_leaves_every_table_as_it_was(tmp_path: Path) -> None:
    everything = contact_policy(
        f"{BORED}, quiet_hours: [{NIGHTLY.replace('}', ', then: defer}')}], time_zone: UTC, time_zone_trait: zone,"
        " channel_priority: {order: [sms], trait: likes}, limits: [{id: once, max: 3, window: 7d}]"
    )
    async with ready(tmp_path, everything) as shop:
        await capture(shop, await shop.decide(outbound("EMAIL"), mode=Mode.PREFETCH), Outcome.IGNORED)
        before = dump_sqlite(tmp_path)
        for moment in (NOON, NIGHT):
            await shop.decide(outbound(), **at(moment))
            await shop.decide(inbound("side_bar"), **at(moment))
        assert dump_sqlite(tmp_path) == before
