"""Small catalogues for tests of the decision's domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.orchestrator.domain.arbitration.exploration import Exploration
from services.orchestrator.domain.catalogue import Action, Catalogue, Channel, Direction, PlacementSpec, Treatment
from shared.values import INT64_MAX, INT64_MIN


@dataclass(frozen=True, slots=True)
class Offer:
    """An action, and the channels it has a treatment on."""

    channels: Sequence[str] = ("WEB",)
    lever: float = 1.0
    explores: bool = False
    cost: float = 0.0
    paused: bool = False
    valid_from_ms: int = INT64_MIN
    valid_until_ms: int = INT64_MAX


CHANNELS = {
    "WEB": Channel("WEB", Direction.INBOUND, "MARKETING", needs_consent=False),
    "APP": Channel("APP", Direction.INBOUND, "MARKETING", needs_consent=False),
    "EMAIL": Channel("EMAIL", Direction.OUTBOUND, "MARKETING", needs_consent=True),
    "SMS": Channel("SMS", Direction.OUTBOUND, "MARKETING", needs_consent=True),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Offers by action id, on the channels above; placements by id with their channel."""

    offers: Mapping[str, Offer]
    placements: Mapping[str, str] = field(default_factory=lambda: {"home": "WEB", "side": "WEB", "app_card": "APP"})

    def catalogue(self) -> Catalogue:
        offers = list(self.offers.values())
        names = list(self.offers)
        options = [
            _treatment(names[index], index, channel) for index, offer in enumerate(offers) for channel in offer.channels
        ]
        channel_names = tuple(CHANNELS)
        return Catalogue(
            version="c_1",
            default_locale="en",
            actions=tuple(Action(name, "group", "issue", "MARKETING") for name in names),
            action_index={name: index for index, name in enumerate(names)},
            options=tuple(options),
            channels=CHANNELS,
            channel_names=channel_names,
            placements={name: PlacementSpec(name, channel, None) for name, channel in self.placements.items()},
            lever=np.array([offer.lever for offer in offers], dtype=np.float64),
            explores=np.array([offer.explores for offer in offers], dtype=np.bool_),
            valid_from_ms=np.array([offer.valid_from_ms for offer in offers], dtype=np.int64),
            valid_until_ms=np.array([offer.valid_until_ms for offer in offers], dtype=np.int64),
            explorations=(Exploration(),),
            exploration=np.zeros(len(offers), dtype=np.int32),
            paused=np.array([offer.paused for offer in offers], dtype=np.bool_),
            option_action=np.array([option.action for option in options], dtype=np.int32),
            option_channel=np.array([channel_names.index(option.channel) for option in options], dtype=np.int32),
            option_cost=np.array([offers[option.action].cost for option in options], dtype=np.float64),
            channel_budget=np.ones(len(channel_names)),
        )


def _treatment(name: str, index: int, channel: str) -> Treatment:
    return Treatment(f"{name}_{channel.lower()}", index, channel, {"en": {"title": f"Try {name}"}}, "v_1")
