"""Which options a soft opt-in permits, where channels rest on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.consent import Permission
from services.orchestrator.domain.lineup import Mask


def similar_options(catalogue: Catalogue, permissions: Sequence[Permission]) -> Mask | None:
    """bool[O]: options whose channel is permitted for their group, or for every group. None where all channels are: the
    usual case costs nothing. `permissions` by channel of the catalogue.
    """
    if all(permission.similar is None for permission in permissions):
        return None
    numbers, group_of_action = _groups(catalogue)
    allowed = np.ones((len(permissions), len(numbers)), dtype=np.bool_)
    for channel, permission in enumerate(permissions):
        if permission.similar is not None:
            allowed[channel] = [group in permission.similar for group in numbers]
    similar: Mask = allowed[catalogue.option_channel, group_of_action[catalogue.option_action]]
    return similar


@lru_cache(maxsize=8)
def _groups(catalogue: Catalogue) -> tuple[Mapping[str, int], NDArray[np.int32]]:
    """The groups, numbered, and int32[A] the number of each action's."""
    numbers: dict[str, int] = {}
    group_of_action = [numbers.setdefault(action.group, len(numbers)) for action in catalogue.actions]
    return numbers, np.array(group_of_action, dtype=np.int32)
