"""Who is held out is proposed nothing but service messages."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import SERVICE
from services.orchestrator.domain.drops import Check, DropBlock
from services.orchestrator.domain.lineup import Lineup, Mask, NoActionReason


def held_out(catalogue: Catalogue, lineup: Lineup) -> Lineup:
    """Without all that is no service message."""
    out = _is_held_back(catalogue)[lineup.option]
    if not out.any():
        return lineup
    starts = np.concatenate(([0], np.cumsum(~out)))[lineup.starts].astype(np.intp)
    reasons = tuple(
        NoActionReason.HOLDOUT if reason is None and not size else reason
        for reason, size in zip(lineup.empty_reasons, np.diff(starts), strict=True)
    )
    options = lineup.option[out]
    channels = len(catalogue.channel_names)
    pairs = np.unique(catalogue.option_action[options].astype(np.int64) * channels + catalogue.option_channel[options])
    action, channel = np.divmod(pairs, channels)
    block = DropBlock.of(Check.HOLDOUT, action.astype(np.int32), channel.astype(np.int32))
    return Lineup(lineup.option[~out], starts, (*lineup.drops, block), reasons)


@lru_cache(maxsize=8)
def _is_held_back(catalogue: Catalogue) -> Mask:
    """bool[O]"""
    by_action = np.array([each.message_class != SERVICE for each in catalogue.actions], dtype=np.bool_)
    mask: Mask = by_action[catalogue.option_action]
    return mask
