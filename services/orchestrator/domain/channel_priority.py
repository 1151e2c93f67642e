"""Channel priority: of the channels on which an action could go out, the one that comes first.

A person's own order, where a trait says it, comes before the policy's. Channels that neither names come last, and are
equals: of those what is worth most competes. It orders what is left of an action after consents, quiet hours and
contact limits, so that an action whose first channel is closed goes out on the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Catalogue
from shared.values import Feature

Mask = NDArray[np.bool_]
Ranks = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ChannelPriority:
    order: tuple[str, ...] = ()
    """Names of channels, the first one first."""
    trait: str = ""
    """That says which a person prefers: one name, or several in their order; "" for none."""

    def ranks(self, preferred: Feature | None, names: Sequence[str]) -> Ranks:
        """int32[channels]: 0 for the first. A name that is no channel of the policy is passed over."""
        order = dict.fromkeys((*_names(preferred), *self.order))
        place = {name: rank for rank, name in enumerate(name for name in order if name in names)}
        return np.array([place.get(name, len(place)) for name in names], dtype=np.int32)


def first_channels(catalogue: Catalogue, candidates: Mask, ranks: Ranks) -> Mask:
    """bool[O]: of the candidates of a request, whatever their place, those on the first channel of their action."""
    options = np.flatnonzero(candidates)
    actions, rank = catalogue.option_action[options], ranks[catalogue.option_channel[options]]
    best = np.full(len(catalogue.actions), np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(best, actions, rank)
    first = np.zeros_like(candidates)
    first[options[rank == best[actions]]] = True
    return first


def _names(preferred: Feature | None) -> tuple[str, ...]:
    value = None if preferred is None else preferred.value
    said = value if isinstance(value, tuple) else (value,)
    return tuple(each.strip().upper() for each in said if isinstance(each, str))
