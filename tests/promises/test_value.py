"""What purchases are worth is learnt with how likely they are: a shop earns more than by likelihood alone.

In simulated stores whose truth is known (tests/support/simulated_baskets.py): rates are alike, amounts differ tenfold
and scatter as much as they are large. The real scorer and the real arbitration decide, in batches of fifty.
"""

from __future__ import annotations

import numpy as np

from tests.support.promises import Promise, is_full_strength
from tests.support.simulated_baskets import BasketStore, Seller

FIRST_SEED = 101


def test_learnt_amounts_earn_more_than_likelihood_alone(promise: Promise) -> None:
    """On average over stores; by itself a store may be unlucky, after some hundred purchases."""
    seeds = promise.strength(reduced=2, full=24)
    rounds = 1_500
    stores = [BasketStore.of(FIRST_SEED + seed, rounds, actions=30) for seed in range(seeds)]
    earned = {
        value: np.array([Seller(store, value).run().mean() for store in stores])
        for value in ("learnt", "declared", "known")
    }
    best = np.array([store.worth.max() for store in stores])
    for value, each in earned.items():
        promise.figure(f"{value}: share of the best action's value, mean", round(float((each / best).mean()), 3))
    gain = earned["learnt"] / earned["declared"] - 1.0
    half = 1.96 * float(gain.std(ddof=1)) / np.sqrt(seeds)
    promise.figure("gain of learnt over declared amounts, mean", round(float(gain.mean()), 3))
    promise.figure("its 95 % interval is this wide to either side", round(half, 3))
    assert earned["learnt"].mean() > earned["declared"].mean()
    if is_full_strength():
        assert gain.mean() - half > 0.0
        assert (earned["learnt"] / earned["known"]).mean() > 0.6
