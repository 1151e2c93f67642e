"""Candidates that reached the arbitration and got no slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import Column
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.drops import Check, DropBlock
from services.orchestrator.domain.lineup import Indices


def outranked(
    catalogue: Catalogue, option: Indices, priority: Column, chosen: NDArray[np.intp], first: Column
) -> DropBlock:
    """(action, channel) pairs none of whose rows was chosen, each with the best priority it had.

    `first` float64[C] is what the first of each row's placement was worth. The margin is that of the placement where
    the pair came nearest.
    """
    channels = len(catalogue.channel_names)
    pair = catalogue.option_action[option].astype(np.intp) * channels + catalogue.option_channel[option]
    best = np.full(len(catalogue.actions) * channels, -np.inf)
    np.maximum.at(best, pair, priority)
    margin = np.full(best.size, np.inf)
    np.minimum.at(margin, pair, first - priority)
    best[pair[chosen]] = -np.inf
    lost = np.flatnonzero(best > -np.inf)
    action, channel = np.divmod(lost, max(1, channels))
    return DropBlock(Check.PRIORITY, action.astype(np.int32), channel.astype(np.int32), best[lost], margin=margin[lost])
