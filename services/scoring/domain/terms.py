"""One presentation as terms: the slots its weights are in and the factors they enter the log-odds with, both (J,).

The same terms that `prediction` sums over; a property test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.customer import Customer
from services.scoring.domain.hashing import Slots, cross_slots, slots, token
from services.scoring.domain.priors import Priors

BASE_SLOT: Slots = slots(np.array([token("base", "")], np.uint64))


@dataclass(frozen=True, slots=True)
class Terms:
    slots: Slots
    factors: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Presentation:
    """What was shown, as hashes of the channel and the placement and the row of the action."""

    row: int
    channel: str
    placement_id: str


def terms_of(compiled: CompiledFeatureSet, customer: Customer, shown: Presentation, priors: Priors) -> Terms:
    """Every term of one presentation."""
    tokens, weights = compiled.tokens[shown.row], compiled.weights[shown.row]
    hashes = compiled.token_hashes[tokens]
    known = customer.crossing
    places = cross_slots(customer.hashes[:known], hashes)
    factors = np.outer(customer.values[:known], compiled.cross_scale[tokens] * weights)
    action, channel = compiled.action_hashes[shown.row], np.uint64(token("channel", shown.channel))
    single = slots(np.array([channel, token("placement", shown.placement_id), action ^ channel], np.uint64))
    single_factors = np.sqrt(np.array([priors.base, priors.channel, priors.placement, priors.action_channel]))
    return Terms(
        np.concatenate([BASE_SLOT, single, compiled.token_slots[tokens], customer.slots, places.ravel()]),
        np.concatenate(
            [
                single_factors,
                compiled.main_scale[tokens] * weights,
                np.sqrt(priors.customer) * customer.values,
                factors.ravel(),
            ]
        ),
    )
