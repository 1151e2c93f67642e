"""Scores of all candidates of one customer in one pass over arrays.

    n candidates, T customer tokens, U distinct tokens of the feature set, K tokens per action

    token effects  (U,)    own weight + Σ_T customer value · cross weight          gathered in blocks of (T, ≤ BLOCK / T)
    candidate      (n,)    Σ_K weight · effect[tokens[row]] + channel + placement + action × channel
    shared         ()      base + customer's own effects, the same for all

No Python object per candidate. The deviations leave out what all candidates of the call have in common: the shared part and
every token, channel or placement that all of them carry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.scoring.domain.candidates import Candidates, Column
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.customer import Customer
from services.scoring.domain.hashing import Hashes, Slots, cross_slots, slots
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.priors import Priors
from services.scoring.domain.terms import BASE_SLOT

Floats = npt.NDArray[np.float64]
_BLOCK = 1 << 15
"""Crosses gathered at a time: their slots and weights stay in the second-level cache."""


@dataclass(frozen=True, slots=True)
class LogOdds:
    """Per candidate (n,): the mean, the variance, and the part of the variance that is not shared by all."""

    mean: Floats
    variance: Floats
    own_variance: Floats


@dataclass(frozen=True, slots=True)
class _Effect:
    """Mean and variance of one additive part, elementwise."""

    mean: Floats
    variance: Floats


def predict(
    posterior: Posterior, compiled: CompiledFeatureSet, customer: Customer, candidates: Candidates, priors: Priors
) -> LogOdds:
    """The posterior of every candidate's log-odds, without the prior offset."""
    n = len(candidates.rows)
    tokens = compiled.tokens[candidates.rows]
    weights = compiled.weights[candidates.rows]
    count = np.bincount(tokens.ravel(), weights.ravel() != 0.0, minlength=len(compiled.token_hashes))
    used = np.flatnonzero(count)
    effect = _token_effects(posterior, compiled, customer, used)
    mean = np.einsum("nk,nk->n", weights, effect.mean[tokens])
    np.square(weights, out=weights)
    own = np.einsum("nk,nk->n", weights, np.where(count == n, 0.0, effect.variance)[tokens])
    variance = np.einsum("nk,nk->n", weights, effect.variance[tokens])
    action_channels = compiled.action_hashes[candidates.rows] ^ candidates.channels.hashes[candidates.channels.codes]
    crossed = _effect(posterior, slots(action_channels), priors.action_channel)
    for part, is_shared in (
        (_column_effect(posterior, candidates.channels, priors.channel), len(candidates.channels.hashes) == 1),
        (_column_effect(posterior, candidates.placements, priors.placement), len(candidates.placements.hashes) == 1),
        (crossed, n == 1),
    ):
        mean += part.mean
        variance += part.variance
        if not is_shared:
            own += part.variance
    shared = _shared_effect(posterior, customer, priors)
    return LogOdds(mean + shared.mean, variance + shared.variance, own)


def _token_effects(
    posterior: Posterior, compiled: CompiledFeatureSet, customer: Customer, used: npt.NDArray[np.intp]
) -> _Effect:
    """Of the used tokens; zero elsewhere."""
    mean = np.zeros(len(compiled.token_hashes))
    variance = np.zeros(len(compiled.token_hashes))
    own = _effect(posterior, compiled.token_slots[used], 1.0)
    crossed = _cross_effects(posterior, compiled.token_hashes[used], customer)
    main, cross = compiled.main_scale[used], compiled.cross_scale[used]
    mean[used] = main * own.mean + cross * crossed.mean
    variance[used] = main * main * own.variance + cross * cross * crossed.variance
    return _Effect(mean, variance)


def _cross_effects(posterior: Posterior, hashes: Hashes, customer: Customer) -> _Effect:
    """Σ over the customer's tokens, for each of the tokens: (U,)."""
    mean = np.zeros(len(hashes))
    variance = np.zeros(len(hashes))
    rows, values = customer.hashes[: customer.crossing], customer.values[: customer.crossing]
    if customer.crossing == 0:
        return _Effect(mean, variance)
    squares = values * values
    step = max(_BLOCK // customer.crossing, 1)
    for start in range(0, len(hashes), step):
        block = slice(start, start + step)
        places = cross_slots(rows, hashes[block])
        np.einsum("t,tu->u", values, posterior.mean[places], out=mean[block])
        np.einsum("t,tu->u", squares, posterior.variance[places], out=variance[block])
    return _Effect(mean, variance)


def _column_effect(posterior: Posterior, column: Column, prior: float) -> _Effect:
    distinct = _effect(posterior, slots(column.hashes), prior)
    return _Effect(distinct.mean[column.codes], distinct.variance[column.codes])


def _shared_effect(posterior: Posterior, customer: Customer, priors: Priors) -> _Effect:
    scale = np.sqrt(priors.customer) * customer.values
    base = _effect(posterior, BASE_SLOT, priors.base)
    return _Effect(
        base.mean.sum() + np.dot(scale, posterior.mean[customer.slots]),
        base.variance.sum() + np.dot(scale * scale, posterior.variance[customer.slots]),
    )


def _effect(posterior: Posterior, places: Slots, prior: float) -> _Effect:
    return _Effect(np.sqrt(prior) * posterior.mean[places], prior * posterior.variance[places])
