"""Contact limits and suppression rules as columns over the options: a decision asks all of them of all options at once.

A *counter* is what a limit counts together: everything, or, where it counts apart, one channel, issue, group, action or
campaign. How much of it is used comes with the person; what it means comes from here. O options, L limits, K counters:

    option_counter  int32[O, L]   the counter of each limit, ENDLESS = K where the limit is not about the option
    counter_limit   int32[K]      -> limits
    most            int64[K + 1]  how many contacts; the last one is endless
    suppresses      bool[K + 1]   of a suppression rule: it counts what came of contacts, or events, and no contacts
    used            int64[K + 1]  by the person, at the moment of the read
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Action, Catalogue, Direction
from services.orchestrator.domain.policy_parts import ContactLimitPart
from shared.values import Feature

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
EVERY_CLASS, MARKETING, SERVICE = "*", "MARKETING", "SERVICE"
PER_CAMPAIGN = "CAMPAIGN"
_PLENTY = 2**40


@dataclass(frozen=True, slots=True)
class ContactCount:
    """How much of a limit a person has used; `counted` says of what, where the limit counts apart."""

    limit_id: str
    counted: str
    used: int
    until_ms: int | None = field(default=None, compare=False)
    """When there is room again, as far as is known."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A contact as limits look at it. `campaign` is that of the decision; most belong to none."""

    channel: str
    direction: Direction
    action: Action
    campaign: str = ""

    def as_counted(self, limits: Iterable[ContactLimitPart]) -> Meeting:
        """A class that no limit names counts as MARKETING, unless it is SERVICE (as in the profile service)."""
        if self.action.message_class in {SERVICE, *(limit.message_class for limit in limits)}:
            return self
        return replace(self, action=replace(self.action, message_class=MARKETING))


_COUNTED: Mapping[str, Callable[[Meeting], str]] = {
    "": lambda _: "",
    "CHANNEL": lambda meeting: meeting.channel,
    "ISSUE": lambda meeting: meeting.action.issue,
    "GROUP": lambda meeting: meeting.action.group,
    "ACTION": lambda meeting: meeting.action.action_id,
    PER_CAMPAIGN: lambda meeting: meeting.campaign,
}


def is_about(limit: ContactLimitPart, meeting: Meeting) -> bool:
    """Whether the contact counts in the limit, and needs room in it."""
    action = meeting.action
    return (
        limit.message_class in (EVERY_CLASS, action.message_class)
        and limit.direction in ("", meeting.direction.name)
        and _within(meeting.channel, limit.channels)
        and _within(action.issue, limit.issues)
        and _within(action.group, limit.groups)
        and _within(action.action_id, limit.actions)
        and _within(meeting.campaign, limit.campaigns)
        and bool(meeting.campaign or limit.scope != PER_CAMPAIGN)
    )


def _within(name: str, names: Collection[str]) -> bool:
    return not names or name in names


@dataclass(frozen=True, slots=True, eq=False)
class LimitTable:
    """The columns drawn above, made once per policy version."""

    limits: tuple[ContactLimitPart, ...]
    counters: Mapping[tuple[str, str], int]
    """Index by limit id and what is counted."""
    counter_limit: NDArray[np.int32]
    option_counter: NDArray[np.int32]
    most: Counts
    suppresses: Mask

    @property
    def endless(self) -> int:
        return len(self.counters)

    @property
    def counts_answers(self) -> bool:
        """Whether a suppression rule goes by what people make of contacts."""
        return any(limit.outcomes for limit in self.limits)

    def counts_of(self, catalogue: Catalogue, contacts: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """How much contacts, each a channel and an action, take of each counter. What suppresses they leave alone."""
        names, counts = list(self.counters), Counter[tuple[str, str]]()
        for channel, action in contacts:
            for option in range(len(catalogue.options)):
                named = catalogue.options[option]
                if named.channel == channel and catalogue.actions[named.action].action_id == action:
                    taken = self.option_counter[option][~self.suppresses[self.option_counter[option]]].tolist()
                    counts.update(names[each] for each in taken if each != self.endless)
                    break
        return counts

    def cooldowns(self, features: Mapping[str, Feature]) -> tuple[ContactCount, ...]:
        """The cool-downs that hold, by what the profile service counted of the events that bring them about."""
        counted = ((limit, features.get(limit.aggregate)) for limit in self.limits if limit.aggregate)
        return tuple(
            ContactCount(limit.limit_id, "", feature.value)
            for limit, feature in counted
            if feature is not None and isinstance(feature.value, int) and feature.value > 0
        )

    def limited(self, options: NDArray[np.int32]) -> Mask:
        """bool[C]: whether any limit is about the option that the ledger counts."""
        asked = np.array([not self.limits[index].aggregate for index in self.counter_limit.tolist()] + [False])
        about: Mask = np.logical_or.reduce(asked[self.option_counter[options]], axis=1)
        return about

    def allowance(self, counts: Iterable[ContactCount]) -> Allowance:
        """What is left for a person. Counts of what no option can meet are passed over."""
        used, until_ms = np.zeros(self.most.size, dtype=np.int64), dict[int, int]()
        for count in counts:
            counter = self.counters.get((count.limit_id, count.counted))
            if counter is not None:
                used[counter] = count.used
                if count.until_ms is not None:
                    until_ms[counter] = count.until_ms
        return Allowance(self, used, until_ms)


@dataclass(frozen=True, slots=True, eq=False)
class Allowance:
    """What the limits leave a person."""

    table: LimitTable
    used: Counts
    until_ms: Mapping[int, int] = field(default_factory=dict)
    """By counter: when there is room again, where that is known."""

    @property
    def room(self) -> Counts:
        """int64[K + 1]: how many contacts more; not more than 0 where there is none. A suppression rule has all or
        none: contacts take no room of it."""
        left = self.table.most - self.used
        plenty: Counts = np.where(self.table.suppresses & (left > 0), _PLENTY, left)
        return plenty

    def roomy(self) -> Mask:
        """bool[O]: whether every limit that is about the option has room."""
        fits: Mask = np.logical_and.reduce((self.room > 0)[self.table.option_counter], axis=1)
        return fits

    def first_full(self, options: NDArray[np.int32]) -> NDArray[np.int32]:
        """int32[D]: the counter of the first limit without room, for options that have one."""
        counters = self.table.option_counter[options]
        full = (self.room <= 0)[counters].argmax(axis=1)
        first: NDArray[np.int32] = counters[np.arange(options.size), full]
        return first

    def ends_ms(self, limit_id: str, action: int, channel: int, catalogue: Catalogue) -> int | None:
        """When the limit has room again for an action on a channel; None where that is not known."""
        options = np.flatnonzero((catalogue.option_action == action) & (catalogue.option_channel == channel))
        for counter in self.table.option_counter[options].ravel().tolist():
            if counter in self.until_ms and self.table.limits[self.table.counter_limit[counter]].limit_id == limit_id:
                return self.until_ms[counter]
        return None


def limit_table(catalogue: Catalogue, limits: tuple[ContactLimitPart, ...], campaign: str = "") -> LimitTable:
    """One row per option. All options of an action on a channel are one to every limit, so each such pair is asked
    once."""
    pairs, row_of_option = _pairs(catalogue, campaign)
    pairs = [meeting.as_counted(limits) for meeting in pairs]
    counters: dict[tuple[str, str], int] = {}
    rows = np.full((len(pairs), len(limits)), -1, dtype=np.int32)
    for column, limit in enumerate(limits):
        for row, meeting in enumerate(pairs):
            if is_about(limit, meeting):
                key = (limit.limit_id, _COUNTED[limit.scope](meeting))
                rows[row, column] = counters.setdefault(key, len(counters))
    rows[rows < 0] = len(counters)
    by_id = {limit.limit_id: index for index, limit in enumerate(limits)}
    counter_limit = np.array([by_id[limit_id] for limit_id, _ in counters], dtype=np.int32)
    counted = [limits[index] for index in counter_limit.tolist()]
    return LimitTable(
        limits,
        counters,
        counter_limit,
        rows[row_of_option],
        most=np.array([*(limit.max for limit in counted), _PLENTY], dtype=np.int64),
        suppresses=np.array([*(bool(limit.outcomes or limit.aggregate) for limit in counted), False]),
    )


def _pairs(catalogue: Catalogue, campaign: str) -> tuple[list[Meeting], NDArray[np.intp]]:
    """Every (action, channel) that has an option, and intp[O]: which of them each option is."""
    width = max(1, len(catalogue.channel_names))
    keys, row_of_option = np.unique(
        catalogue.option_action.astype(np.int64) * width + catalogue.option_channel, return_inverse=True
    )
    channels = [catalogue.channels[name] for name in catalogue.channel_names]
    meetings = [
        Meeting(channels[key % width].name, channels[key % width].direction, catalogue.actions[key // width], campaign)
        for key in keys.tolist()
    ]
    return meetings, row_of_option
