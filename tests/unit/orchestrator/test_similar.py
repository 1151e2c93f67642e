"""Soft opt-ins narrow a channel to groups of actions, option by option."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.orchestrator.domain.catalogue import Catalogue, Direction
from services.orchestrator.domain.consent import NOT_NEEDED, Permission
from services.orchestrator.domain.drops import Check
from services.orchestrator.domain.lineup import Admission, line_up
from services.orchestrator.domain.places import PlaceRequest, places_of
from services.orchestrator.domain.similar import similar_options
from tests.support.catalogues import Offer, Shelf

GRANTED, REFUSED = Permission(True, "GRANTED", "r"), Permission(False)
CHANNELS = ("WEB", "APP", "EMAIL", "SMS")
GROUPS = {"green": "tea", "black": "tea", "mug": "cups", "mill": "coffee"}


@pytest.fixture
def catalogue() -> Catalogue:
    shelf = Shelf({name: Offer(("EMAIL", "SMS", "WEB")) for name in GROUPS}).catalogue()
    actions = tuple(replace(action, group=GROUPS[action.action_id]) for action in shelf.actions)
    return replace(shelf, actions=actions)


def soft(*groups: str) -> Permission:
    return Permission(True, "SOFT_OPT_IN", similar=dict.fromkeys(groups, "r"))


def permissions(email: Permission, sms: Permission) -> list[Permission]:
    return [NOT_NEEDED, NOT_NEEDED, email, sms]


def permitted(catalogue: Catalogue, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> set[tuple[str, str]]:
    return {
        (catalogue.actions[option.action].action_id, option.channel)
        for option, is_permitted in zip(catalogue.options, mask.tolist(), strict=True)
        if is_permitted
    }


def test_the_usual_case_costs_nothing(catalogue: Catalogue) -> None:
    assert similar_options(catalogue, permissions(GRANTED, REFUSED)) is None


def test_each_channel_has_the_groups_of_its_own_opt_in(catalogue: Catalogue) -> None:
    mask = similar_options(catalogue, permissions(soft("tea"), soft("cups", "unheard_of")))
    assert mask is not None
    on_web = {(name, "WEB") for name in GROUPS}
    assert permitted(catalogue, mask) == on_web | {("green", "EMAIL"), ("black", "EMAIL"), ("mug", "SMS")}


def test_a_channel_with_a_consent_keeps_every_group(catalogue: Catalogue) -> None:
    mask = similar_options(catalogue, permissions(GRANTED, soft("cups")))
    assert mask is not None
    assert {name for name, channel in permitted(catalogue, mask) if channel == "EMAIL"} == set(GROUPS)


def test_what_is_not_similar_falls_for_want_of_consent(catalogue: Catalogue) -> None:
    given = permissions(soft("tea"), REFUSED)
    admission = Admission(
        np.arange(len(GROUPS), dtype=np.int32),
        np.array([each.permitted for each in given], dtype=np.bool_),
        np.empty(0, dtype=np.int32),
        0,
        similar=similar_options(catalogue, given),
    )
    places = places_of(PlaceRequest(Direction.OUTBOUND, ("EMAIL",)), catalogue)
    lineup = line_up(catalogue, places, [np.ones(len(catalogue.options), dtype=np.bool_)], admission)
    names = {catalogue.actions[catalogue.options[row].action].action_id for row in lineup.option.tolist()}
    assert names == {"green", "black"}
    (block,) = lineup.drops
    assert (block.check, block.size) == (Check.CONSENT, 2)
