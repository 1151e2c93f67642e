"""Filling the slots of a request in order, each by one draw.

Candidates are rows, place by place; a place's rows are `starts[p] : starts[p + 1]`. A slot's vector of probabilities
has one entry for every row of its place and one for silence, the last. Rows have 0 whose action an earlier slot took,
for which the limits leave no room after the earlier slots, or that the contact ledger refused.

What is served again takes its slots before any draw. What was withheld on purpose counts as shown for every other
slot: silence in one place changes nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.draw import pick, uniform
from services.orchestrator.domain.arbitration.exploration import NO_EXPLORATION, Exploring
from services.orchestrator.domain.arbitration.explore import Explored, explore
from services.orchestrator.domain.arbitration.silence import NO_GHOST, Withheld, draw_or_withhold
from services.orchestrator.domain.arbitration.worth import Column, Worth

SILENCE = -1


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """How many propositions a place takes, and by which name its draws are seeded."""

    placement_id: str
    count: int


@dataclass(frozen=True, slots=True)
class Sticky:
    """A proposition of an earlier decision that is served again: no draw is made for it."""

    row: int
    decision_id: str
    """The one that drew it."""
    choice_probability: float
    """Its probability there."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """All rows of one decision."""

    starts: NDArray[np.intp]
    """intp[places + 1]"""
    action: NDArray[np.int32]
    worth: Worth
    beliefs: Beliefs
    exploring: Exploring
    contacts: ContactRoom | None = None
    """None where no limit is declared."""
    silence: Column | None = None
    """float64[C]: with which probability each is withheld on purpose; None where nothing is."""
    sticky: Sequence[Sticky] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ContactRoom:
    """counter int32[C, L], room int64[K + 1], as domain.contact_limits draws them, before the first slot."""

    counter: NDArray[np.int32]
    room: NDArray[np.int64]

    def and_also(self, other: ContactRoom) -> ContactRoom:
        """Both: the counters of the other come behind these."""
        own, more = self.room.size - 1, other.room.size - 1
        mine = np.where(self.counter == own, own + more, self.counter)
        return ContactRoom(
            np.concatenate((mine, other.counter + own), axis=1, dtype=np.int32),
            np.concatenate((self.room[:-1], other.room)),
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the whole arbitration. `reserve` is what silence is worth."""

    decision_id: str
    reserve: float
    across_placements: bool
    """Whether an action that filled one place is out for the other places, on the same channel."""
    across_channels: bool = True
    """The same on other channels."""


@dataclass(frozen=True, slots=True, eq=False)
class SlotDraw:
    """What happened in one slot. `row` is SILENCE where silence was drawn."""

    place: int
    slot: int
    row: int
    probabilities: Column
    best_priority: float
    """Money expected of the best candidate the slot could have had, at its mean propensity."""
    explored: Explored
    refusals: int = 0
    """How many contacts the ledger had refused before."""
    withheld: Withheld | None = None
    """None where nothing could be withheld on purpose."""
    sticky: Sticky | None = None
    """Of what is served again: its vector says that it is shown, nothing more."""

    @property
    def silence_probability(self) -> float:
        return float(self.probabilities[-1])


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is settled when the filling begins: the first draws, and what the ledger refused."""

    kept: Sequence[SlotDraw] = ()
    closed: NDArray[np.bool_] | None = None
    """bool[C]: rows that are out for all slots to come."""
    refusals: int = 0


FROM_THE_START = Standing()


def fill_slots(
    field: Field, plans: Sequence[SlotPlan], terms: Terms, standing: Standing = FROM_THE_START
) -> list[SlotDraw]:
    """The draws in order. A place ends with its first silence, or without a draw where no candidate is left."""
    filling = Filling(field, plans, terms, standing)
    for place in range(len(plans)):
        while filling.free(place) and (rows := filling.left(place)).size:
            filling.settle(filling.draw(place, rows))
    return filling.draws()


class Filling:
    """One pass over the places. `_open` bool[C] are the rows that nothing settled keeps out, `_room` what the limits
    leave after the slots so far."""

    def __init__(self, field: Field, plans: Sequence[SlotPlan], terms: Terms, standing: Standing) -> None:
        self._field = field
        self._plans = plans
        self._terms = terms
        self._refusals = standing.refusals
        self._open = np.ones(field.action.size, dtype=np.bool_) if standing.closed is None else ~standing.closed
        self._room = None if field.contacts is None else field.contacts.room.copy()
        self._settled: list[list[SlotDraw]] = [[] for _ in plans]
        for each in standing.kept:
            self.settle(each)
        for sticky in field.sticky:
            self._serve_again(sticky)

    def draws(self) -> list[SlotDraw]:
        """All so far, place by place."""
        return list(chain.from_iterable(self._settled))

    def free(self, place: int) -> int:
        """How many slots are to be filled yet."""
        settled = self._settled[place]
        is_silent = bool(settled) and settled[-1].row == SILENCE
        return 0 if is_silent else self._plans[place].count - len(settled)

    def left(self, place: int) -> NDArray[np.intp]:
        """The rows that may have the next slot of the place."""
        first, stop = self._rows_of(place)
        rows = first + np.flatnonzero(self._open[first:stop])
        if self._field.contacts is not None and self._room is not None:
            rows = rows[(self._room > 0)[self._field.contacts.counter[rows]].all(axis=1)]
        return rows

    @property
    def room(self) -> NDArray[np.int64] | None:
        """int64[K + 1]"""
        return self._room

    def settle(self, draw: SlotDraw) -> None:
        self._settled[draw.place].append(draw)
        taken = draw.row
        if taken == SILENCE and draw.withheld is not None:
            taken = draw.withheld.ghost
        if taken >= 0:
            self.take(taken)

    def take(self, row: int) -> None:
        """No other slot gets it, nor what it leaves no room for."""
        field, terms = self._field, self._terms
        first, stop = self._rows_of(self.place_of(row))
        same, channel = field.action == field.action[row], field.exploring.channel
        elsewhere = np.where(channel == channel[row], terms.across_placements, terms.across_channels)
        elsewhere[first:stop] = True
        self._open &= ~(same & elsewhere)
        if field.contacts is not None and self._room is not None:
            self._room[field.contacts.counter[row]] -= 1

    def place_of(self, row: int) -> int:
        return int(np.searchsorted(self._field.starts, row, side="right")) - 1

    def draw(self, place: int, rows: NDArray[np.intp]) -> SlotDraw:
        """One of the rows, or silence, as the policy explores."""
        field, (first, stop) = self._field, self._rows_of(place)
        contenders = Contenders.of(field.worth.take(rows), field.beliefs.take(rows), self._terms.reserve)
        vector = explore(contenders, field.exploring.take(rows))
        probabilities = np.zeros(stop - first + 1)
        probabilities[rows - first] = vector.probabilities[:-1]
        probabilities[-1] = vector.probabilities[-1]
        return self._drawn(place, probabilities, float(contenders.priority.max()), vector.explored)

    def choose(self, place: int, row: int, best_priority: float) -> SlotDraw:
        """This row, or SILENCE, without exploration; only randomised silence is drawn."""
        first, stop = self._rows_of(place)
        probabilities = np.zeros(stop - first + 1)
        probabilities[-1 if row == SILENCE else row - first] = 1.0
        return self._drawn(place, probabilities, best_priority, Explored(NO_EXPLORATION))

    def _drawn(self, place: int, probabilities: Column, best_priority: float, explored: Explored) -> SlotDraw:
        (first, stop), slot = self._rows_of(place), len(self._settled[place])
        number = uniform(self._terms.decision_id, self._plans[place].placement_id, slot, self._refusals)
        silence = None if self._field.silence is None or slot else self._field.silence[first:stop]
        withheld = None
        if silence is None or not silence.any():
            drawn = pick(probabilities, number)
        else:
            result = draw_or_withhold(probabilities, silence, number)
            drawn, probabilities, withheld = result.choice, result.probabilities, _from_row(first, result.withheld)
        row = first + drawn if drawn < stop - first else SILENCE
        return SlotDraw(place, slot, row, probabilities, best_priority, explored, self._refusals, withheld)

    def _serve_again(self, sticky: Sticky) -> None:
        """Where it is still a candidate, and its place has a slot for it."""
        place = self.place_of(sticky.row)
        if not self.free(place) or sticky.row not in self.left(place):
            return
        first, stop = self._rows_of(place)
        probabilities = np.zeros(stop - first + 1)
        probabilities[sticky.row - first] = 1.0
        slot, explored = len(self._settled[place]), Explored(NO_EXPLORATION)
        best = float(self._field.worth.at(self._field.beliefs.propensity)[sticky.row])
        self.settle(SlotDraw(place, slot, sticky.row, probabilities, best, explored, self._refusals, sticky=sticky))

    def _rows_of(self, place: int) -> tuple[int, int]:
        return int(self._field.starts[place]), int(self._field.starts[place + 1])


def _from_row(first: int, withheld: Withheld | None) -> Withheld | None:
    """With the ghost's row among all rows."""
    if withheld is None or withheld.ghost == NO_GHOST:
        return withheld
    return Withheld(withheld.silence, withheld.probability, first + withheld.ghost)
