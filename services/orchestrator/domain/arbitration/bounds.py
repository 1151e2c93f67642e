"""Bounds on the vector of a slot: a floor under every probability, and a budget for all that is not the best.

Where both are declared the budget has the last word: it is a promise about contacts that are spent, the floor only
about what is learnt.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import Column


def fitting_floor(floor: float, explores: NDArray[np.bool_]) -> float:
    """The floor, or the equal share where so many floors are more than the whole."""
    count = int(explores.sum())
    return min(floor, 1.0 / count) if count else 0.0


def raised_to_floor(probabilities: Column, explores: NDArray[np.bool_], floor: float) -> Column:
    """float64[C + 1]: `floor` for everyone who explores, and what is above it shrunk by one factor to make room.

    Keeps the order of those who explore, and a vector that is above the floor already. `floor` fits.
    """
    least = np.append(np.where(explores, floor, 0.0), 0.0)
    if floor <= 0.0 or (probabilities >= least).all():
        return probabilities
    above = np.maximum(probabilities - least, 0.0)
    total = above.sum()
    room = max(0.0, 1.0 - float(least.sum()))
    result: Column = least + above * (room / total if total > 0.0 else 0.0)
    return result


def within_budget(probabilities: Column, incumbent: int, channel: NDArray[np.int32], budget: Column) -> Column:
    """float64[C + 1], of those in play: mixed with what takes the incumbent always, by as little as needed, so that

    - contacts on a channel that are not the incumbent have at most the budget of the channel together;
    - everything that is not the incumbent, silence included, has at most the greatest budget of their channels.

    With one channel that is 1 − p(incumbent) <= budget. The budget of a channel that has none is 1.
    """
    if not channel.size or bool((budget[channel] >= 1.0).all()):
        return probabilities
    departures = probabilities.copy()
    departures[incumbent] = 0.0
    spent, limit = np.bincount(channel, departures[:-1], budget.size), float(budget[channel].max())
    if (spent <= budget).all() and departures.sum() <= limit:
        return probabilities
    departures[:-1] *= np.divide(budget, spent, out=np.ones(budget.size), where=spent > budget)[channel]
    total = float(departures.sum())
    if total > limit:
        departures *= limit / total
    departures[incumbent] = max(0.0, 1.0 - float(departures.sum()))
    return departures
