"""The vector of one slot: who is in play, how the incumbent's group explores, the floor, the budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.orchestrator.domain.arbitration.bounds import fitting_floor, raised_to_floor, within_budget
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind, Exploring
from services.orchestrator.domain.arbitration.explorers import explorer_of
from services.orchestrator.domain.arbitration.worth import Column


@dataclass(frozen=True, slots=True)
class Explored:
    """How the vector of a slot came about: what is recorded beside it."""

    exploration: Exploration
    floor: float = 0.0
    """That was granted: below the declared one where so many do not fit, 0 where nothing is explored."""
    floor_binds: bool = False
    """Whether the vector would be another without the floor."""
    budget_binds: bool = False
    """Whether it would be another without the budget."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """`probabilities` float64[C + 1]: of each contender, then of silence; they sum to 1 but for rounding."""

    probabilities: Column
    explored: Explored


def explore(contenders: Contenders, exploring: Exploring) -> Spread:
    """The probabilities of a slot, and how they came about.

    Who does not explore has a probability only as the incumbent. Everyone who explores has at least the floor, unless
    nothing is explored, or the budget of its channel is too small for that.
    """
    playing = contenders.in_play()
    if playing.all():
        return _among_all(contenders, exploring)
    rows = np.flatnonzero(playing)
    among = _among_all(contenders.take(rows), exploring.take(rows))
    probabilities = np.zeros(contenders.size + 1)
    probabilities[np.append(rows, contenders.size)] = among.probabilities
    return Spread(probabilities, among.explored)


def _among_all(contenders: Contenders, exploring: Exploring) -> Spread:
    """All are in play."""
    of = 0 if contenders.is_silent else int(exploring.declared[contenders.incumbent])
    exploration, explores = exploring.table[of], contenders.beliefs.explores
    drawn = explorer_of(exploration).probabilities(contenders)
    if exploration.kind is ExplorationKind.NONE:
        return Spread(drawn, Explored(exploration))
    floor = fitting_floor(exploration.floor, explores)
    raised = raised_to_floor(drawn, explores, floor)
    kept = within_budget(raised, contenders.incumbent, exploring.channel, exploring.budget)
    return Spread(kept, Explored(exploration, floor, raised is not drawn, kept is not raised))
