"""Propositions that a placement serves a person again, under one key, for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.orchestrator.domain.arbitration.slots import Sticky
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.lineup import Lineup
from services.orchestrator.domain.places import Place
from services.orchestrator.domain.pricing import Contest


@dataclass(frozen=True, slots=True)
class StickyProposition:
    """Of one rank of one placement."""

    placement_id: str
    treatment: str
    decision_id: str
    """The one that drew it."""
    choice_probability: float
    """Its probability there."""
    expire_ms: int


def still_candidates(
    propositions: Sequence[StickyProposition], catalogue: Catalogue, places: Sequence[Place], contest: Contest | Lineup
) -> tuple[Sticky, ...]:
    """Those that compete for their placement now, as rows, in the order of their ranks."""
    if not propositions:
        return ()
    option_of = {catalogue.options[option].treatment_id: option for option in np.unique(contest.option).tolist()}
    place_of = {place.placement_id: index for index, place in enumerate(places)}
    rows = []
    for each in propositions:
        place, option = place_of.get(each.placement_id), option_of.get(each.treatment)
        if place is None or option is None:
            continue
        first, stop = int(contest.starts[place]), int(contest.starts[place + 1])
        found = np.flatnonzero(contest.option[first:stop] == option)
        rows += [Sticky(first + row, each.decision_id, each.choice_probability) for row in found.tolist()]
    return tuple(rows)
