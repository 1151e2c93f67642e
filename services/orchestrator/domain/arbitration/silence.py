"""Randomised silence: now and then a place stays silent on purpose, so that what a contact changes can be learnt.

The winner of a place's first slot is drawn as if nothing were withheld, and then withheld with the probability q of its
row; a withheld winner is a *ghost*. Both are one draw:

    p'_i = p_i × (1 − q_i)              i is shown
    p'_S = p_S + Σ_i p_i × q_i          silence: because it was worth most, or with a ghost

The shares of [0, 1) lie in this order: who is shown, silence, the ghosts. So the recorded vector p' and the number of
the slot give the choice again, and the ghost is known without another number.

Being shown has the probability 1 − q given who won: who won and was shown is comparable with who won and was not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.orchestrator.domain.arbitration.draw import pick
from services.orchestrator.domain.arbitration.worth import Column

NO_GHOST = -1


@dataclass(frozen=True, slots=True)
class Withheld:
    """How the winner of a slot met randomised silence."""

    silence: float
    """The probability with which it was withheld, given that it won."""
    probability: float
    """That it won: what its choice probability would have been."""
    ghost: int = NO_GHOST
    """Its row where it was withheld."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """`choice` is an index of the vector, its last entry being silence."""

    choice: int
    probabilities: Column
    """float64[C + 1]: what is recorded."""
    withheld: Withheld | None
    """None where silence was worth most, or nothing could be withheld."""


def draw_or_withhold(probabilities: Column, silence: Column, number: float) -> Drawn:
    """`probabilities` float64[C + 1] as if nothing were withheld; `silence` float64[C] the q of each row."""
    winning, size = probabilities[:-1], silence.size
    shown, ghosts = winning * (1.0 - silence), winning * silence
    recorded = np.append(shown, probabilities[-1] + ghosts.sum())
    picked = pick(np.concatenate((shown, probabilities[-1:], ghosts)), number)
    if picked == size:
        return Drawn(size, recorded, None)
    winner = picked if picked < size else picked - size - 1
    is_ghost = picked > size
    withheld = Withheld(float(silence[winner]), float(winning[winner]), winner if is_ghost else NO_GHOST)
    if not withheld.silence:
        return Drawn(winner, recorded, None)
    return Drawn(size if is_ghost else winner, recorded, withheld)
