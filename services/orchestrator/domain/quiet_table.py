"""Quiet hours as columns over the options. O options; G groups, each of the options that the same rules are about:

    option_group  int32[O]   -> groups, NEVER_QUIET where no rule is about the option

A decision works out when each group may go out, and looks the options up: nothing is done for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Catalogue, Direction
from services.orchestrator.domain.contact_limits import EVERY_CLASS, MARKETING, SERVICE
from services.orchestrator.domain.quiet_hours import Calendar, QuietHour, Region, SendWindow, send_window
from shared.time_zones import zone

Mask = NDArray[np.bool_]
NEVER_QUIET = -1


@dataclass(frozen=True, slots=True)
class QuietStanding:
    """What the quiet hours say to one person at one moment, and what that goes by. No zone: nobody knows it."""

    zone: str
    region: Region
    windows: tuple[SendWindow, ...]
    """By group."""


@dataclass(frozen=True, slots=True, eq=False)
class QuietTable:
    """The columns drawn above, made once per policy version."""

    rules: tuple[QuietHour, ...]
    groups: tuple[tuple[int, ...], ...]
    """Numbers of the rules."""
    option_group: NDArray[np.int32]

    @property
    def keeps_holidays(self) -> bool:
        return any(rule.holidays for rule in self.rules)

    def standing(self, zone_name: str, region: Region, now_ms: int) -> QuietStanding:
        """Of somebody whose zone nobody knows it may always be night."""
        if not zone_name:
            return QuietStanding("", region, tuple(SendWindow(None, rule=group[0]) for group in self.groups))
        calendar = Calendar(zone(zone_name), region)
        windows = (
            send_window([(number, self.rules[number]) for number in group], calendar, now_ms) for group in self.groups
        )
        return QuietStanding(zone_name, region, tuple(windows))

    def window_of(self, standing: QuietStanding, option: int) -> SendWindow | None:
        """None where no rule is about the option."""
        group = int(self.option_group[option])
        return None if group == NEVER_QUIET else standing.windows[group]

    def awake(self, standing: QuietStanding, ends_ms: NDArray[np.int64]) -> Mask:
        """bool[O]: whether the option may go out, now or later, before it ends. `ends_ms` int64[O]."""
        last = np.iinfo(np.int64)
        earliest = [last.max if each.earliest_ms is None else each.earliest_ms for each in standing.windows]
        opens: NDArray[np.int64] = np.array([*earliest, last.min], dtype=np.int64)[self.option_group]
        awake: Mask = opens < ends_ms
        return awake

    def holding(self, standing: QuietStanding, options: NDArray[np.int32]) -> NDArray[np.int32]:
        """int32[D]: the rule that keeps each of the options back."""
        rules = np.array([each.rule for each in standing.windows], dtype=np.int32)
        kept: NDArray[np.int32] = rules[self.option_group[options]]
        return kept


@dataclass(frozen=True, slots=True, eq=False)
class QuietMoment:
    """The quiet hours, and what they say to the person."""

    table: QuietTable
    standing: QuietStanding


def quiet_table(catalogue: Catalogue, rules: Sequence[QuietHour]) -> QuietTable:
    classes = {rule.message_class for rule in rules}
    numbers: dict[tuple[int, ...], int] = {}
    column = np.full(len(catalogue.options), NEVER_QUIET, dtype=np.int32)
    for option, treatment in enumerate(catalogue.options):
        if catalogue.channels[treatment.channel].direction is Direction.OUTBOUND:
            message_class = _counted(catalogue.actions[treatment.action].message_class, classes)
            about = tuple(n for n, rule in enumerate(rules) if is_quiet_for(rule, treatment.channel, message_class))
            if about:
                column[option] = numbers.setdefault(about, len(numbers))
    return QuietTable(tuple(rules), tuple(numbers), column)


def is_quiet_for(rule: QuietHour, channel: str, message_class: str) -> bool:
    return (not rule.channels or channel in rule.channels) and rule.message_class in (EVERY_CLASS, message_class)


def _counted(message_class: str, classes: set[str]) -> str:
    """A class that no rule names counts as MARKETING, unless it is SERVICE (as for contact limits)."""
    return message_class if message_class in {SERVICE, *classes} else MARKETING
