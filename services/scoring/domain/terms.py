"""One presentation as terms: the slots its weights are in and the factors they enter the log-odds with.

    slots    (J,) int64
    factors  (J,) float64   prior standard deviation × value
    kinds    (J,) int64     which scale multiplies them (Kind)

J is about 10 + T + T K for T customer tokens and K tokens of the action. They are the terms that `prediction` sums
over; a test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.customer import Customer
from services.scoring.domain.hashing import Slots, cross_slots, slots, token
from services.scoring.domain.priors import Kind, Priors

BASE_SLOT: Slots = slots(np.array([token("base", "")], np.uint64))


@dataclass(frozen=True, slots=True)
class Terms:
    slots: Slots
    factors: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Presentation:
    """What was shown: the action as a row of the compiled feature set, where, and in which slot."""

    row: int
    channel: str
    placement_id: str


def terms_of(compiled: CompiledFeatureSet, customer: Customer, shown: Presentation, priors: Priors) -> Terms:
    """Every term of one presentation."""
    tokens, weights = compiled.tokens[shown.row], compiled.weights[shown.row]
    known, values = customer.hashes[: customer.crossing], customer.values[: customer.crossing]
    crosses = cross_slots(known, compiled.token_hashes[tokens]).ravel()
    factors = (
        np.sqrt([priors.base, priors.channel, priors.placement, priors.action_channel]),
        compiled.main_scale[tokens] * weights,
        np.sqrt(priors.customer) * customer.values,
        np.outer(values, compiled.cross_scale[tokens] * weights).ravel(),
    )
    counts = (1, 3 + len(tokens), len(customer.slots), len(crosses))
    return Terms(
        np.concatenate([BASE_SLOT, _places(compiled, shown), compiled.token_slots[tokens], customer.slots, crosses]),
        np.concatenate(factors),
        np.repeat((Kind.BASE, Kind.KIN, Kind.CUSTOMER, Kind.CROSS), counts),
    )


def _places(compiled: CompiledFeatureSet, shown: Presentation) -> Slots:
    """Slots of the channel, the placement, and the action on the channel."""
    channel = token("channel", shown.channel)
    action_channel = int(compiled.action_hashes[shown.row]) ^ channel
    return slots(np.array([channel, token("placement", shown.placement_id), action_channel], np.uint64))
