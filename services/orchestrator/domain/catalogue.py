"""What can be said, on which channel, at what cost: the compiled catalogue of one policy version.

Built once at publication, immutable, shared by every decision. An *option* is one treatment of one action on one
channel; options are what the arbitration chooses among. Columns, by index:

    action a = 0..A-1                      option o = 0..O-1
    lever          float64[A]  >= 0        option_action   int32[O]   -> a
    explores       bool[A]                 option_channel  int32[O]   -> channel_names
    exploration    int32[A] -> explorations
    valid_from_ms  int64[A]                option_cost     float64[O] money of one contact
    valid_until_ms int64[A] (exclusive)
    paused         bool[A]                 channel_budget  float64[H], by channel_names: the greatest
                                                           probability of what is not the best there

`explores` is False for what is regulated, or of a group that declares no exploration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.exploration import Exploration, Exploring
from services.orchestrator.domain.text_limits import NO_LIMITS, TextLimits

NO_ACTION = -1


class Direction(IntEnum):
    """Who opened the conversation. Numbers are those of tandem.orchestrator.v1.Direction."""

    INBOUND = 1
    OUTBOUND = 2


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach a person, or to answer one. Names are upper-case."""

    name: str
    direction: Direction
    purpose: str
    """The purpose a contact needs a consent for: MARKETING unless the policy says otherwise."""
    needs_consent: bool
    limits: TextLimits = NO_LIMITS
    """What a text may be on this channel: domain.content.render keeps to it."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something we may propose."""

    action_id: str
    group: str
    issue: str
    message_class: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """How an action looks on one channel."""

    treatment_id: str
    action: int
    """Index of the action; NO_ACTION for a fallback that belongs to none."""
    channel: str
    contents: Mapping[str, Mapping[str, str]]
    """By locale, by part: texts with slots like {{first_name|vous}}."""
    content_version: str


@dataclass(frozen=True, slots=True)
class PlacementSpec:
    """A slot the policy declares."""

    placement_id: str
    channel: str
    fallback: Treatment | None
    """Shown when nothing was chosen; of the placement's channel. None for no fallback."""


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The columns drawn above, and the names behind their indices."""

    version: str
    default_locale: str
    actions: tuple[Action, ...]
    action_index: Mapping[str, int]
    options: tuple[Treatment, ...]
    channels: Mapping[str, Channel]
    channel_names: tuple[str, ...]
    placements: Mapping[str, PlacementSpec]
    lever: NDArray[np.float64]
    explores: NDArray[np.bool_]
    explorations: tuple[Exploration, ...]
    """The first is the one of the policy's arbitration."""
    exploration: NDArray[np.int32]
    valid_from_ms: NDArray[np.int64]
    valid_until_ms: NDArray[np.int64]
    paused: NDArray[np.bool_]
    option_action: NDArray[np.int32]
    option_channel: NDArray[np.int32]
    option_cost: NDArray[np.float64]
    channel_budget: NDArray[np.float64]

    def exploring(self, option: NDArray[np.int32]) -> Exploring:
        """How slots are explored for which these options compete."""
        return Exploring(
            self.explorations,
            self.exploration[self.option_action[option]],
            self.option_channel[option],
            self.channel_budget,
        )
