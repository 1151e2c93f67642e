"""From a line-up to candidates that can be compared in money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.orchestrator.domain.arbitration.worth import Formula, Worth
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.drops import Check
from services.orchestrator.domain.lineup import Admission, NoActionReason, line_up
from services.orchestrator.domain.outranked import outranked
from services.orchestrator.domain.places import PlacementRequest, PlaceRequest, places_of
from services.orchestrator.domain.pricing import (
    BUSINESS_VALUE,
    CONTEXT_WEIGHT,
    Contest,
    action_numbers,
    price,
    with_learnt_values,
)
from tests.support.catalogues import Offer, Shelf

NAN = float("nan")
SAID = np.array([True, True, False])


def contest(values: list[float], weights: list[float] | None = None) -> Contest:
    """Three actions on two placements; the policy says a value of the first two."""
    offers = {"a": Offer(lever=2.0, cost=0.5), "b": Offer(), "c": Offer()}
    catalogue = Shelf(offers).catalogue()
    eligible = np.arange(3, dtype=np.int32)
    placements = (PlacementRequest("home"), PlacementRequest("side"))
    places = places_of(PlaceRequest(Direction.INBOUND, (), placements), catalogue)
    admission = Admission(eligible, np.ones(4, dtype=np.bool_), np.array([], dtype=np.int32), 0)
    lineup = line_up(catalogue, places, [np.ones(3, dtype=np.bool_)] * 2, admission)
    numbers = {BUSINESS_VALUE: np.array(values)}
    declared = {BUSINESS_VALUE: SAID, CONTEXT_WEIGHT: np.zeros(3, dtype=np.bool_)}
    if weights is not None:
        numbers[CONTEXT_WEIGHT] = np.array(weights)
        declared[CONTEXT_WEIGHT] = np.ones(3, dtype=np.bool_)
    return price(catalogue, lineup, action_numbers(eligible, numbers, declared))


def test_every_candidate_has_the_price_of_its_action() -> None:
    priced = contest([10.0, 4.0, NAN])
    assert priced.worth.at(np.full(6, 0.5)).tolist() == [9.5, 2.0, 0.5, 9.5, 2.0, 0.5]
    assert priced.place_of_row().tolist() == [0, 0, 0, 1, 1, 1]


def test_what_was_learnt_takes_the_place_of_what_the_policy_says_where_it_should() -> None:
    learnt = np.array([True, False, False] * 2)
    priced = with_learnt_values(contest([10.0, 4.0, NAN]), learnt, np.full(6, 30.0))
    assert priced.prices.business_value.tolist() == [30.0, 4.0, 1.0] * 2
    assert priced.worth.at(np.full(6, 0.5)).tolist() == [29.5, 2.0, 0.5] * 2, "a line of the propensity, as before"


def test_what_a_contact_takes_from_others_is_subtracted_from_what_was_learnt_too() -> None:
    plain, taken = contest([10.0, 4.0, NAN]), np.array([1.0, 2.0, 3.0] * 2)
    worth = Worth(plain.worth.slope, plain.worth.offset - taken)
    scarce = replace(plain, prices=replace(plain.prices, resource_cost=taken), worth=worth)
    learnt = with_learnt_values(scarce, np.array([True, False, False] * 2), np.full(6, 30.0))
    assert learnt.worth.at(np.full(6, 0.5)).tolist() == [28.5, 0.0, -2.5] * 2


def test_what_was_learnt_counts_only_in_a_formula_that_has_values() -> None:
    by_chance = Formula(business_value=False, lever=False, cost=False)
    learnt = with_learnt_values(contest([10.0, 4.0, NAN]), np.ones(6, dtype=np.bool_), np.full(6, 30.0), by_chance)
    assert learnt.worth.at(np.full(6, 0.5)).tolist() == [0.5] * 6
    assert learnt.prices.business_value.tolist() == [30.0] * 6


def test_a_learnt_value_beyond_all_numbers_is_not_used() -> None:
    learnt = np.array([True, True, False] * 2)
    amounts = np.array([1e12, 1e12, 1.0] * 2)
    priced = with_learnt_values(contest([10.0, 4.0, NAN], [1e300, 1.0, 1.0]), learnt, amounts)
    assert priced.prices.business_value.tolist() == [10.0, 1e12, 1.0] * 2
    assert np.isfinite(priced.worth.slope).all()


def test_what_the_policy_does_not_say_counts_as_one() -> None:
    assert contest([10.0, 4.0, NAN]).prices.business_value.tolist() == [10.0, 4.0, 1.0] * 2


def test_what_it_says_and_cannot_be_computed_drops_the_candidate() -> None:
    priced = contest([NAN, 4.0, NAN])
    assert priced.action.tolist() == [1, 2, 1, 2]
    assert priced.starts.tolist() == [0, 2, 4]
    assert [(block.check, block.action.tolist()) for block in priced.drops] == [(Check.BUSINESS_VALUE, [0])]


def test_an_unknown_weight_is_told_apart_from_an_unknown_value() -> None:
    priced = contest([NAN, 4.0, NAN], [1.0, NAN, 1.0])
    checks = {block.check: block.action.tolist() for block in priced.drops}
    assert checks == {Check.BUSINESS_VALUE: [0], Check.CONTEXT_WEIGHT: [1]}


def test_a_place_where_nothing_has_a_price_says_so() -> None:
    priced = contest([NAN, NAN, NAN], [NAN, NAN, NAN])
    assert priced.size == 0
    assert priced.empty_reasons == (NoActionReason.NOT_PRICED, NoActionReason.NOT_PRICED)


def test_money_beyond_all_numbers_is_no_price() -> None:
    assert contest([1.7e308, 4.0, NAN], [1e6, 1.0, 1.0]).action.tolist() == [1, 2, 1, 2]


def test_the_outranked_are_the_pairs_that_were_never_chosen() -> None:
    catalogue = Shelf({"a": Offer(("WEB", "APP")), "b": Offer()}).catalogue()
    option = np.array([0, 2, 0, 1], dtype=np.int32)
    first = np.array([5.0, 5.0, 4.5, 1.5])
    block = outranked(catalogue, option, np.array([1.0, 5.0, 3.0, 2.0]), np.array([1], dtype=np.intp), first)
    web, app = catalogue.channel_names.index("WEB"), catalogue.channel_names.index("APP")
    assert list(zip(block.action.tolist(), block.channel.tolist(), block.observed.tolist(), strict=True)) == [
        (0, web, pytest.approx(3.0)),
        (0, app, pytest.approx(2.0)),
    ]
    assert block.margin is not None
    # In the placement where it came nearest; the second was worth more than what was drawn first.
    assert block.margin.tolist() == [1.5, -0.5]


def test_of_no_candidates_none_is_outranked() -> None:
    catalogue = Shelf({"a": Offer()}).catalogue()
    nothing = np.array([])
    block = outranked(catalogue, np.array([], dtype=np.int32), nothing, np.array([], dtype=np.intp), nothing)
    assert block.size == 0
