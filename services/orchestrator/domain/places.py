"""Where a decision may put something: the placements that were asked for, or one slot over the channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Catalogue, Channel, Direction, Treatment
from services.orchestrator.domain.undeclared import undeclared
from shared.errors import InvalidArgument

DEFAULT_COUNT = 1
MAX_COUNT = 100


@dataclass(frozen=True, slots=True)
class Accepts:
    """What a placement can show; 0 and empty for no bound. Only `max_length` bounds texts."""

    formats: tuple[str, ...] = ()
    max_length: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    placement_id: str
    count: int = DEFAULT_COUNT
    accepts: Accepts = field(default_factory=Accepts)


@dataclass(frozen=True, slots=True)
class PlaceRequest:
    """What was asked for, before the policy is known. Channel names are upper-case."""

    direction: Direction
    channels: tuple[str, ...] = ()
    placements: tuple[PlacementRequest, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """`has_channel` bool[channels of the catalogue]. The single slot of a request without placements has no id."""

    placement_id: str
    count: int
    max_length: int
    """Of every text, in characters; 0 for any."""
    has_channel: NDArray[np.bool_]
    fallback: Treatment | None


def places_of(request: PlaceRequest, catalogue: Catalogue) -> tuple[Place, ...]:
    """The places in order. Raises InvalidArgument for a channel or placement the policy does not declare."""
    allowed = _allowed_channels(request, catalogue)
    if not request.placements:
        return (Place("", DEFAULT_COUNT, 0, allowed, None),)
    _check_distinct(request.placements)
    return tuple(
        _place(placement, f"placements[{index}]", request.direction, allowed, catalogue)
        for index, placement in enumerate(request.placements)
    )


def _allowed_channels(request: PlaceRequest, catalogue: Catalogue) -> NDArray[np.bool_]:
    for index, name in enumerate(request.channels):
        channel = catalogue.channels.get(name)
        if channel is None:
            raise undeclared("channel", name, f"channels[{index}]")
        _check_direction(channel, request.direction, f"channels[{index}]")
    return np.array(
        [
            catalogue.channels[name].direction is request.direction
            and (not request.channels or name in request.channels)
            for name in catalogue.channel_names
        ],
        dtype=np.bool_,
    )


def _place(
    placement: PlacementRequest, path: str, direction: Direction, allowed: NDArray[np.bool_], catalogue: Catalogue
) -> Place:
    spec = catalogue.placements.get(placement.placement_id)
    if spec is None:
        raise undeclared("placement", placement.placement_id, f"{path}.placement_id")
    _check_direction(catalogue.channels[spec.channel], direction, f"{path}.placement_id")
    own = np.array([name == spec.channel for name in catalogue.channel_names], dtype=np.bool_)
    return Place(placement.placement_id, placement.count, placement.accepts.max_length, own & allowed, spec.fallback)


def _check_direction(channel: Channel, direction: Direction, path: str) -> None:
    if channel.direction is not direction:
        raise InvalidArgument.field(
            path, f"{channel.name} is a channel of direction {channel.direction.name}, not {direction.name}"
        )


def _check_distinct(placements: Sequence[PlacementRequest]) -> None:
    seen: set[str] = set()
    for index, placement in enumerate(placements):
        if placement.placement_id in seen:
            raise InvalidArgument.field(
                f"placements[{index}].placement_id", "must be asked for once; count says how many propositions"
            )
        seen.add(placement.placement_id)
