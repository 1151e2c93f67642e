"""The vector of a slot after what the slots before it got, by the code that fills slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.exploration import ExplorationKind
from services.orchestrator.domain.arbitration.slate_states import Known, State
from services.orchestrator.domain.arbitration.slots import Field, SlotPlan, Standing, Terms, fill_slots
from services.orchestrator.domain.arbitration.succession import Succession


@dataclass(frozen=True, slots=True, eq=False)
class Closing:
    """From a slot on the rows `closed` bool[C] are out, because the contact ledger refused some."""

    place: int
    slot: int
    closed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SlateVectors:
    """All that the draws of one decision depend on."""

    field: Field
    plans: Sequence[SlotPlan]
    terms: Terms
    closings: Sequence[Closing] = ()

    def after(self, state: State, place: int, slot: int) -> Known | None:
        """None where nobody is left."""
        settled = [sum(draw.place == each for draw in state.draws) for each in range(place)]
        plans = [replace(plan, count=count) for plan, count in zip(self.plans, (*settled, slot + 1), strict=False)]
        draws = fill_slots(self.field, plans, self.terms, Standing(state.draws, self._closed(place, slot)))
        if len(draws) == len(state.draws):
            return None
        succession = None if self.closings else Succession.of(self.field, place, self.terms.reserve)
        says_more = succession is not None and succession.begins_with(draws[-1].explored)
        return Known(draws[-1].probabilities, succession if says_more else None)

    @property
    def carries_over(self) -> bool:
        """Whether what one place got matters to the next."""
        return self.terms.across_placements or self.field.contacts is not None

    def slots_from(self, place: int, slot: int) -> int:
        """How many slots there are from this one on."""
        return sum(plan.count for plan in self.plans[place:]) - slot

    def cost(self, place: int) -> float:
        """Of one vector, in what one candidate more costs Thompson sampling."""
        has_quadrature = any(each.kind is ExplorationKind.THOMPSON for each in self.field.exploring.table)
        return float(100 + self.field.starts[place + 1] - self.field.starts[place]) / (1 if has_quadrature else 10)

    def _closed(self, place: int, slot: int) -> NDArray[np.bool_] | None:
        closed = [each.closed for each in self.closings if (each.place, each.slot) <= (place, slot)]
        return closed[-1] if closed else None
