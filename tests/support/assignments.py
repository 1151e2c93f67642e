"""Small requests without exploration, and the slow way to their best assignment: trying every one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.exploration import Exploring
from services.orchestrator.domain.arbitration.slots import SILENCE, ContactRoom, Field, SlotDraw, SlotPlan, Terms
from services.orchestrator.domain.arbitration.worth import Worth
from tests.support.arbitration import exploring


@dataclass(frozen=True, slots=True)
class Request:
    """`worth[p][a]` is what action a is worth in place p; a place is on one channel. `groups` and `most` say how many
    of each group there may be."""

    worth: Sequence[Sequence[float]]
    counts: Sequence[int]
    channels: Sequence[int] = ()
    groups: Sequence[int] = ()
    most: Sequence[int] = ()
    terms: Terms = field(default_factory=lambda: Terms("d1", 0.0, across_placements=True))

    @property
    def plans(self) -> list[SlotPlan]:
        return [SlotPlan(f"p{index}", count) for index, count in enumerate(self.counts)]

    @property
    def field(self) -> Field:
        places, actions = len(self.worth), len(self.worth[0])
        size = places * actions
        flat = np.array(self.worth, dtype=np.float64).ravel()
        ones = np.ones(size)
        action = np.tile(np.arange(actions, dtype=np.int32), places)
        contacts = None
        if self.groups:
            counter = np.array(self.groups, dtype=np.int32)[action][:, None]
            contacts = ContactRoom(counter, np.array([*self.most, 2**40], dtype=np.int64))
        return Field(
            np.arange(places + 1, dtype=np.intp) * actions,
            action,
            Worth(flat, ones * 0.0),
            Beliefs(ones, ones * 3.0, ones, np.zeros(size, dtype=np.bool_)),
            self._exploring(actions),
            contacts,
        )

    def _exploring(self, actions: int) -> Exploring:
        channels = self.channels or [0] * len(self.worth)
        return exploring(len(self.worth) * actions, channels=np.repeat(channels, actions).tolist())

    def chosen(self, draws: Sequence[SlotDraw]) -> list[tuple[int, int]]:
        """Places and actions, in order."""
        actions = len(self.worth[0])
        return [divmod(draw.row, actions) for draw in draws if draw.row != SILENCE]

    def value(self, chosen: Sequence[tuple[int, int]]) -> float:
        return sum(self.worth[place][action] - self.terms.reserve for place, action in chosen)

    def best(self) -> float:
        """Of all assignments that keep the rules."""
        return max(self.value(each) for each in self._all() if self.keeps_rules(each))

    def _all(self) -> Iterator[list[tuple[int, int]]]:
        actions = range(len(self.worth[0]))
        of_place = [
            [chosen for size in range(count + 1) for chosen in combinations(actions, size)] for count in self.counts
        ]
        for chosen in product(*of_place):
            yield [(place, action) for place, each in enumerate(chosen) for action in each]

    def keeps_rules(self, chosen: Sequence[tuple[int, int]]) -> bool:
        channels = self.channels or [0] * len(self.worth)
        for (place, action), (other, again) in combinations(chosen, 2):
            if action != again:
                continue
            same = channels[place] == channels[other]
            if place == other or (self.terms.across_placements if same else self.terms.across_channels):
                return False
        taken = [self.groups[action] for _, action in chosen] if self.groups else []
        return all(taken.count(group) <= most for group, most in enumerate(self.most))
