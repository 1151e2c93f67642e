"""What pressure does to candidates: contacts that count, what they weigh, what they cost, what a gap holds back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from services.orchestrator.domain.catalogue import Action, Catalogue, Direction
from services.orchestrator.domain.contact_pressure import (
    SentContact,
    held_back,
    option_weights,
    pressed,
    sent_contacts,
    touches_of,
)
from services.orchestrator.domain.drops import Check, Stage
from services.orchestrator.domain.lineup import Admission, Lineup, NoActionReason, line_up
from services.orchestrator.domain.past_contacts import MAX_LISTED, PastContact
from services.orchestrator.domain.places import PlaceRequest, places_of
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.pricing import (
    BUSINESS_VALUE,
    CONTEXT_WEIGHT,
    Contest,
    action_numbers,
    price,
    with_learnt_values,
)
from tests.support.catalogues import Offer, Shelf

NOW_MS = 1_000_000
PLAN = PressurePlan(10_000, 80_000, 5_000, channel_weights={"SMS": 3.0})


def past(age_ms: int, channel: str = "EMAIL", reference: str = "d_0.0.0", *, is_outbound: bool = True) -> PastContact:
    sent_ms = NOW_MS - age_ms
    return PastContact("tea", sent_ms + 500, reference, channel, is_outbound, sent_ms)


def catalogue() -> Catalogue:
    """Mail and text of two actions, one of which is a service message; and one on the web."""
    channels = ("EMAIL", "SMS")
    shelf = Shelf({"tea": Offer(channels), "bill": Offer(channels), "banner": Offer(("WEB",))}).catalogue()
    bill = Action("bill", "group", "issue", "SERVICE")
    return replace(shelf, actions=(shelf.actions[0], bill, shelf.actions[2]))


def lineup(of: Catalogue) -> Lineup:
    places = places_of(PlaceRequest(Direction.OUTBOUND), of)
    every = np.ones(len(of.channel_names), dtype=np.bool_)
    admission = Admission(np.arange(3, dtype=np.int32), every, np.array([], dtype=np.int32), 0)
    return line_up(of, places, [np.ones(len(of.options), dtype=np.bool_)], admission)


def contest(of: Catalogue) -> Contest:
    numbers, said = {BUSINESS_VALUE: np.full(3, 10.0)}, np.ones(3, dtype=np.bool_)
    declared = {BUSINESS_VALUE: said, CONTEXT_WEIGHT: ~said}
    return price(of, lineup(of), action_numbers(np.arange(3, dtype=np.int32), numbers, declared))


def names(of: Catalogue, options: np.ndarray) -> list[str]:
    return [of.options[option].treatment_id for option in options.tolist()]


def test_contacts_count_from_their_hand_over_until_the_window_ends() -> None:
    contacts = [past(79_999), past(80_000), past(5, "SMS"), past(0)]
    found = sent_contacts(contacts, PLAN, NOW_MS, "d_1")
    assert found == (
        SentContact(NOW_MS - 79_999, "EMAIL"),
        SentContact(NOW_MS - 5, "SMS"),
        SentContact(NOW_MS, "EMAIL"),
    )


def test_answers_and_what_an_earlier_try_of_the_decision_sent_do_not_count() -> None:
    contacts = [past(5, reference="d_1.0.0"), past(6, is_outbound=False), past(7, reference="d_10.0.0")]
    assert [each.time_ms for each in sent_contacts(contacts, PLAN, NOW_MS, "d_1")] == [NOW_MS - 7]


def test_a_ledger_whose_clock_is_ahead_knows_of_no_contact_to_come() -> None:
    assert sent_contacts([past(-9)], PLAN, NOW_MS, "d_1") == (SentContact(NOW_MS, "EMAIL"),)


def test_of_a_flood_the_newest_count() -> None:
    found = sent_contacts([past(age) for age in range(1, 1_000)], PLAN, NOW_MS, "d_1")
    assert (len(found), found[0].time_ms, found[-1].time_ms) == (MAX_LISTED, NOW_MS - MAX_LISTED, NOW_MS - 1)


def test_a_touch_weighs_as_its_channel() -> None:
    touches = touches_of([SentContact(1, "SMS"), SentContact(2, "EMAIL")], PLAN)
    assert [(each.time_ms, each.weight) for each in touches] == [(1, 3.0), (2, 1.0)]


def test_service_messages_and_answers_weigh_nothing_for_the_next_decision() -> None:
    shelf = catalogue()
    weights = dict(zip(names(shelf, np.arange(5)), option_weights(shelf, PLAN).tolist(), strict=True))
    assert weights == {"tea_email": 1.0, "tea_sms": 3.0, "bill_email": 0.0, "bill_sms": 0.0, "banner_web": 0.0}


def test_a_gap_holds_back_marketing_and_says_so() -> None:
    shelf = catalogue()
    held = held_back(shelf, lineup(shelf), option_weights(shelf, PLAN))
    assert names(shelf, held.option) == ["bill_email", "bill_sms"]
    block = held.drops[-1]
    assert (block.check, block.check.stage, block.rule_id) == (Check.CONTACT_GAP, Stage.CONTACT_POLICY, "contact_gap")
    assert (block.action.tolist(), block.channel.tolist()) == ([0, 0], [2, 3])
    assert held.empty_reasons == (None,)


def test_where_a_gap_leaves_nothing_it_is_the_reason() -> None:
    shelf = Shelf({"tea": Offer(("EMAIL",)), "banner": Offer(("WEB",))}).catalogue()
    places = places_of(PlaceRequest(Direction.OUTBOUND), shelf)
    every = np.ones(len(shelf.channel_names), dtype=np.bool_)
    admission = Admission(np.arange(2, dtype=np.int32), every, np.array([], dtype=np.int32), 0)
    lined = line_up(shelf, places, [np.ones(2, dtype=np.bool_)], admission)
    held = held_back(shelf, lined, option_weights(shelf, PLAN))
    assert (held.option.size, held.empty_reasons) == (0, (NoActionReason.CONTACT_GAP,))


def test_a_channel_without_weight_is_neither_held_back_nor_priced() -> None:
    shelf = catalogue()
    weights = option_weights(shelf, replace(PLAN, channel_weights={"EMAIL": 0.0}))
    assert names(shelf, held_back(shelf, lineup(shelf), weights).option) == ["tea_email", "bill_email", "bill_sms"]
    assert pressed(contest(shelf), weights, 2.0).worth.at(np.full(4, 0.5)).tolist() == [5.0, 3.0, 5.0, 5.0]


def test_what_a_contact_costs_later_is_subtracted_by_its_weight() -> None:
    shelf = catalogue()
    priced = pressed(contest(shelf), option_weights(shelf, PLAN), 0.5)
    assert names(shelf, priced.option) == ["tea_email", "tea_sms", "bill_email", "bill_sms"]
    assert priced.worth.at(np.full(4, 0.5)).tolist() == [4.5, 3.5, 5.0, 5.0]
    assert priced.prices.pressure_cost is not None
    assert priced.prices.pressure_cost.tolist() == [0.5, 1.5, 0.0, 0.0]


def test_without_a_price_nothing_changes() -> None:
    shelf = catalogue()
    before = contest(shelf)
    assert pressed(before, option_weights(shelf, PLAN), 0.0) is before


def test_it_is_subtracted_from_what_was_learnt_too() -> None:
    shelf = catalogue()
    priced = pressed(contest(shelf), option_weights(shelf, PLAN), 0.5)
    scarce = replace(priced, prices=replace(priced.prices, resource_cost=np.full(4, 1.0)))
    learnt = with_learnt_values(scarce, np.array([True, False, False, False]), np.full(4, 30.0))
    assert learnt.worth.at(np.full(4, 0.5)).tolist() == [13.5, 2.5, 4.0, 4.0]
