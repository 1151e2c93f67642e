"""Who competes for what, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.catalogue import Catalogue, Direction
from services.orchestrator.domain.channel_priority import ChannelPriority
from services.orchestrator.domain.contact_limits import Allowance, ContactCount, limit_table
from services.orchestrator.domain.drops import EVERY_CHANNEL, Check, count_by_stage
from services.orchestrator.domain.lineup import Admission, Lineup, NoActionReason, line_up
from services.orchestrator.domain.places import PlacementRequest, PlaceRequest, places_of
from services.orchestrator.domain.policy_parts import ContactLimitPart
from tests.support.catalogues import CHANNELS, Offer, Shelf

NOW = 1_000
OUTBOUND = PlaceRequest(Direction.OUTBOUND)
HOME = PlaceRequest(Direction.INBOUND, (), (PlacementRequest("home"),))


def admit(
    catalogue: Catalogue,
    request: PlaceRequest = HOME,
    *,
    eligible: Sequence[int] | None = None,
    permitted: Sequence[str] = tuple(CHANNELS),
    excluded: Sequence[int] = (),
    unfit: Sequence[int] = (),
    allowance: Allowance | None = None,
    order: Sequence[str] = (),
) -> Lineup:
    everyone = range(len(catalogue.actions))
    admission = Admission(
        np.array(everyone if eligible is None else eligible, dtype=np.int32),
        np.array([name in permitted for name in catalogue.channel_names]),
        np.array(excluded, dtype=np.int32),
        NOW,
        allowance,
        channel_ranks=ChannelPriority(tuple(order)).ranks(None, catalogue.channel_names) if order else None,
    )
    places = places_of(request, catalogue)
    fits = np.ones(len(catalogue.options), dtype=np.bool_)
    fits[list(unfit)] = False
    return line_up(catalogue, places, [fits] * len(places), admission)


def drops(lineup: Lineup) -> Mapping[Check, set[tuple[int, int]]]:
    return {block.check: set(zip(block.action.tolist(), block.channel.tolist(), strict=True)) for block in lineup.drops}


def test_everything_on_the_channel_of_a_place_competes_for_it() -> None:
    catalogue = Shelf({"a": Offer(("WEB", "APP")), "b": Offer(("APP",)), "c": Offer()}).catalogue()
    placements = (PlacementRequest("home"), PlacementRequest("app_card"))
    lineup = admit(catalogue, PlaceRequest(Direction.INBOUND, (), placements))
    assert [catalogue.options[option].treatment_id for option in lineup.option] == ["a_web", "c_web", "a_app", "b_app"]
    assert lineup.starts.tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("offer", "check"),
    [
        (Offer(paused=True), Check.PAUSED),
        (Offer(valid_from_ms=NOW + 1), Check.VALID_FROM),
        (Offer(valid_until_ms=NOW), Check.VALID_UNTIL),
    ],
    ids=["paused", "not yet", "over"],
)
def test_an_action_out_of_season_does_not_compete(offer: Offer, check: Check) -> None:
    lineup = admit(Shelf({"a": offer, "b": Offer(valid_from_ms=NOW, valid_until_ms=NOW + 1)}).catalogue())
    assert lineup.option.tolist() == [1]
    assert drops(lineup) == {check: {(0, EVERY_CHANNEL)}}


def test_an_excluded_action_falls_before_it_is_paused() -> None:
    lineup = admit(Shelf({"a": Offer(paused=True), "b": Offer()}).catalogue(), excluded=[0])
    assert drops(lineup) == {Check.EXCLUDED: {(0, EVERY_CHANNEL)}}


def test_what_the_rules_dropped_is_not_dropped_again() -> None:
    lineup = admit(Shelf({"a": Offer(paused=True), "b": Offer()}).catalogue(), eligible=[1], excluded=[0])
    assert drops(lineup) == {}


def test_without_consent_a_channel_is_out_and_the_other_competes() -> None:
    catalogue = Shelf({"a": Offer(("EMAIL", "SMS")), "b": Offer(("EMAIL",))}).catalogue()
    lineup = admit(catalogue, OUTBOUND, permitted=["SMS"])
    email = catalogue.channel_names.index("EMAIL")
    assert [catalogue.options[option].treatment_id for option in lineup.option] == ["a_sms"]
    assert drops(lineup) == {Check.CONSENT: {(0, email), (1, email)}}


def test_an_action_stays_on_its_first_channel_in_every_place() -> None:
    catalogue = Shelf({"a": Offer(("WEB", "APP")), "b": Offer(("APP",))}).catalogue()
    placements = (PlacementRequest("home"), PlacementRequest("app_card"))
    lineup = admit(catalogue, PlaceRequest(Direction.INBOUND, (), placements), order=("WEB", "APP"))
    assert [catalogue.options[option].treatment_id for option in lineup.option] == ["a_web", "b_app"]
    assert lineup.starts.tolist() == [0, 1, 2]
    assert drops(lineup)[Check.CHANNEL_PRIORITY] == {(0, catalogue.channel_names.index("APP"))}
    without_app = admit(catalogue, PlaceRequest(Direction.INBOUND, (), placements[1:]), order=("WEB", "APP"))
    assert [catalogue.options[option].treatment_id for option in without_app.option] == ["a_app", "b_app"]


def full(catalogue: Catalogue, *limits: ContactLimitPart, used: Sequence[ContactCount]) -> Allowance:
    return limit_table(catalogue, limits).allowance(used)


def test_without_room_under_a_limit_a_channel_is_out_and_the_other_competes() -> None:
    catalogue = Shelf({"a": Offer(("EMAIL", "SMS")), "b": Offer(("EMAIL",))}).catalogue()
    limit = ContactLimitPart("mail", 2, window_ms=1_000, channels=("EMAIL",))
    lineup = admit(catalogue, OUTBOUND, allowance=full(catalogue, limit, used=[ContactCount("mail", "", 2)]))
    email = catalogue.channel_names.index("EMAIL")
    assert [catalogue.options[option].treatment_id for option in lineup.option] == ["a_sms"]
    assert drops(lineup) == {Check.CONTACT_LIMIT: {(0, email), (1, email)}}
    assert [(block.rule_id, block.observed.tolist()) for block in lineup.drops] == [("mail", [2.0, 2.0])]


def test_what_falls_for_want_of_consent_does_not_fall_to_a_limit() -> None:
    catalogue = Shelf({"a": Offer(("EMAIL",)), "b": Offer(("SMS",))}).catalogue()
    limit = ContactLimitPart("few", 0, window_ms=1_000)
    lineup = admit(catalogue, OUTBOUND, permitted=["SMS"], allowance=full(catalogue, limit, used=[]))
    names = catalogue.channel_names
    assert drops(lineup) == {Check.CONSENT: {(0, names.index("EMAIL"))}, Check.CONTACT_LIMIT: {(1, names.index("SMS"))}}
    assert lineup.empty_reasons == (NoActionReason.CONTACT_POLICY,)


def test_an_action_without_a_treatment_for_the_place_falls_at_the_channel() -> None:
    catalogue = Shelf({"a": Offer(("APP",)), "b": Offer()}).catalogue()
    assert drops(admit(catalogue)) == {Check.TREATMENT: {(0, catalogue.channel_names.index("WEB"))}}


def test_a_treatment_too_long_for_one_place_still_competes_for_the_other() -> None:
    catalogue = Shelf({"a": Offer()}).catalogue()
    places = places_of(
        PlaceRequest(Direction.INBOUND, (), (PlacementRequest("home"), PlacementRequest("side"))), catalogue
    )
    admission = Admission(np.array([0], dtype=np.int32), np.ones(4, dtype=np.bool_), np.array([], dtype=np.int32), NOW)
    lineup = line_up(catalogue, places, [np.array([False]), np.array([True])], admission)
    assert lineup.starts.tolist() == [0, 0, 1]
    assert lineup.empty_reasons == (NoActionReason.CHANNEL, None)
    assert drops(lineup) == {}


@pytest.mark.parametrize(
    ("offers", "request_", "options", "reason"),
    [
        ({"a": Offer(("APP",))}, HOME, {}, NoActionReason.NO_CANDIDATE),
        ({"a": Offer()}, HOME, {"eligible": []}, NoActionReason.NOT_ELIGIBLE),
        ({"a": Offer(paused=True)}, HOME, {}, NoActionReason.NOT_ELIGIBLE),
        ({"a": Offer()}, HOME, {"unfit": [0]}, NoActionReason.CHANNEL),
        ({"a": Offer(("EMAIL",))}, OUTBOUND, {"permitted": []}, NoActionReason.NO_CONSENT),
        ({"a": Offer(("EMAIL",))}, OUTBOUND, {"permitted": [], "eligible": []}, NoActionReason.NOT_ELIGIBLE),
        ({"a": Offer()}, HOME, {}, None),
    ],
    ids=["no candidate", "rules", "paused", "too long", "no consent", "rules before consent", "one competes"],
)
def test_an_empty_place_says_why(
    offers: Mapping[str, Offer],
    request_: PlaceRequest,
    options: dict[str, Sequence[int]],
    reason: NoActionReason | None,
) -> None:
    lineup = admit(Shelf(offers).catalogue(), request_, **options)  # type: ignore[arg-type]
    assert lineup.empty_reasons == (reason,)


OFFERS = st.lists(
    st.builds(
        Offer,
        channels=st.lists(st.sampled_from(list(CHANNELS)), min_size=1, max_size=3, unique=True),
        paused=st.booleans(),
        valid_until_ms=st.sampled_from([NOW, NOW + 1]),
    ),
    min_size=1,
    max_size=12,
)


@given(OFFERS, st.data())
def test_every_action_is_accounted_for_once(offers: list[Offer], data: st.DataObject) -> None:
    """With one place on one channel: what the rules left either competes or fell to exactly one check."""
    catalogue = Shelf({f"a{index}": offer for index, offer in enumerate(offers)}).catalogue()
    subset = st.lists(st.integers(0, len(offers) - 1), unique=True)
    eligible, excluded = data.draw(subset), data.draw(subset)
    lineup = admit(catalogue, PlaceRequest(Direction.OUTBOUND, ("SMS",)), eligible=eligible, excluded=excluded)
    competing = set(catalogue.option_action[lineup.option].tolist())
    dropped = [action for block in lineup.drops for action in block.action.tolist()]
    assert len(dropped) == len(set(dropped)) == sum(count_by_stage(lineup.drops).values())
    assert competing.isdisjoint(dropped)
    assert competing | set(dropped) == set(eligible)
