"""Who is held out is proposed nothing but service messages."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import SERVICE
from services.orchestrator.domain.drops import Check
from services.orchestrator.domain.lineup import Lineup, Mask, NoActionReason, without


def held_out(catalogue: Catalogue, lineup: Lineup) -> Lineup:
    """Without all that is no service message."""
    return without(catalogue, lineup, _is_held_back(catalogue), Check.HOLDOUT, NoActionReason.HOLDOUT)


@lru_cache(maxsize=8)
def _is_held_back(catalogue: Catalogue) -> Mask:
    """bool[O]"""
    by_action = np.array([each.message_class != SERVICE for each in catalogue.actions], dtype=np.bool_)
    mask: Mask = by_action[catalogue.option_action]
    return mask
