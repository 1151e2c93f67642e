"""Where a decision may put something."""

from __future__ import annotations

import pytest

from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.places import PlacementRequest, PlaceRequest, places_of
from shared.errors import InvalidArgument
from tests.support.catalogues import Offer, Shelf

CATALOGUE = Shelf({"a": Offer()}).catalogue()


def channels(request: PlaceRequest) -> list[set[str]]:
    names = CATALOGUE.channel_names
    return [{names[i] for i in place.has_channel.nonzero()[0]} for place in places_of(request, CATALOGUE)]


def test_without_placements_there_is_one_slot_over_the_channels_of_the_direction() -> None:
    assert channels(PlaceRequest(Direction.INBOUND)) == [{"WEB", "APP"}]
    assert channels(PlaceRequest(Direction.OUTBOUND)) == [{"EMAIL", "SMS"}]


def test_channels_narrow_what_is_allowed() -> None:
    assert channels(PlaceRequest(Direction.OUTBOUND, ("SMS",))) == [{"SMS"}]
    both = (PlacementRequest("home"), PlacementRequest("app_card"))
    assert channels(PlaceRequest(Direction.INBOUND, ("APP",), both)) == [set(), {"APP"}]


def test_a_placement_is_on_its_own_channel() -> None:
    assert channels(PlaceRequest(Direction.INBOUND, (), (PlacementRequest("app_card"),))) == [{"APP"}]


@pytest.mark.parametrize(
    ("request_", "reason", "path"),
    [
        (PlaceRequest(Direction.INBOUND, ("WEB", "FAX")), "UNKNOWN_CHANNEL", "channels[1]"),
        (PlaceRequest(Direction.INBOUND, ("EMAIL",)), "INVALID_FIELD", "channels[0]"),
        (
            PlaceRequest(Direction.INBOUND, (), (PlacementRequest("homee"),)),
            "UNKNOWN_PLACEMENT",
            "placements[0].placement_id",
        ),
        (
            PlaceRequest(Direction.OUTBOUND, (), (PlacementRequest("home"),)),
            "INVALID_FIELD",
            "placements[0].placement_id",
        ),
        (
            PlaceRequest(Direction.INBOUND, (), (PlacementRequest("home"), PlacementRequest("home"))),
            "INVALID_FIELD",
            "placements[1].placement_id",
        ),
    ],
    ids=["unknown channel", "outbound channel", "unknown placement", "inbound placement", "twice"],
)
def test_what_the_policy_does_not_declare_is_refused_with_its_path(
    request_: PlaceRequest, reason: str, path: str
) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        places_of(request_, CATALOGUE)
    assert refusal.value.reason == reason
    assert [violation.field for violation in refusal.value.violations] == [path]
