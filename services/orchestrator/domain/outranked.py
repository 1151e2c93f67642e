"""Candidates that reached the arbitration and got no slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import Column
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.drops import Check, DropBlock
from services.orchestrator.domain.lineup import Indices


def outranked(catalogue: Catalogue, option: Indices, priority: Column, chosen: NDArray[np.intp]) -> DropBlock:
    """(action, channel) pairs none of whose rows was chosen, each with the best priority it had."""
    action, channel = catalogue.option_action[option], catalogue.option_channel[option]
    codes = action.astype(np.int64) * len(catalogue.channel_names) + channel
    pairs, pair_of_row = np.unique(codes, return_inverse=True)
    best = np.full(pairs.size, -np.inf)
    np.maximum.at(best, pair_of_row, priority)
    lost = np.ones(pairs.size, dtype=np.bool_)
    lost[pair_of_row[chosen]] = False
    action_of_pair, channel_of_pair = np.divmod(pairs[lost], max(1, len(catalogue.channel_names)))
    return DropBlock(Check.PRIORITY, action_of_pair.astype(np.int32), channel_of_pair.astype(np.int32), best[lost])
