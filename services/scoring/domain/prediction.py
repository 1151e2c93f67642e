"""Scores of all candidates of one customer in one pass over arrays.

    n candidates, T customer tokens, U distinct tokens of the feature set, K tokens per action

    token effects   (U,)  kin: own weight; cross: Σ_T value · weight; variance of both       gathered in blocks of BLOCK
    candidate       (n,)  kin = Σ_K weight · kin[tokens[row]] + channel + placement + action × channel; cross likewise
    log-odds        (n,)  base + c_customer · customer + c_kin · kin + c_cross · cross          c: scales (`learning`)

No Python object per candidate. The own variance leaves out what all candidates of the call have in common: the base,
the customer's own effects, and every token, channel and placement that all of them carry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.scoring.domain.candidates import Candidates
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.customer import Customer
from services.scoring.domain.hashing import Hashes, Slots, cross_slots, slots
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.priors import Kind, Priors
from services.scoring.domain.terms import BASE_SLOT

Floats = npt.NDArray[np.float64]
_BLOCK = 1 << 15
"""Crosses gathered at a time: their slots and weights stay in the second-level cache."""


@dataclass(frozen=True, slots=True)
class LogOdds:
    """Per candidate (n,), relative to the offset: mean, variance, and the part of the variance that is its own."""

    mean: Floats
    variance: Floats
    own_variance: Floats


@dataclass(frozen=True, slots=True)
class _Effect:
    """Mean and variance of one additive part, before scaling; elementwise or a single number."""

    mean: Floats
    variance: Floats


def predict(
    posterior: Posterior, compiled: CompiledFeatureSet, customer: Customer, candidates: Candidates, priors: Priors
) -> LogOdds:
    """The posterior of every candidate's log-odds."""
    square = posterior.scale_square
    kin, cross, variance, own = _token_parts(posterior, compiled, customer, candidates)
    for place, is_shared in _places(posterior, compiled, candidates, priors):
        kin += place.mean
        scaled = square[Kind.KIN] * place.variance
        variance += scaled
        if not is_shared:
            own += scaled
    base = _effect(posterior, BASE_SLOT, 1.0, np.sqrt(priors.base))
    mine = _effect(posterior, customer.slots, customer.values, np.sqrt(priors.customer))
    scale = posterior.scale_mean
    mean = base.mean.sum() + scale[Kind.CUSTOMER] * mine.mean.sum() + scale[Kind.KIN] * kin + scale[Kind.CROSS] * cross
    variance += base.variance.sum() + square[Kind.CUSTOMER] * mine.variance.sum()
    for kind, part in ((Kind.CUSTOMER, mine.mean.sum()), (Kind.KIN, kin), (Kind.CROSS, cross)):
        variance += posterior.scale_variance[kind] * (part - posterior.level[kind]) ** 2
    return LogOdds(mean, variance, own)


def _token_parts(
    posterior: Posterior, compiled: CompiledFeatureSet, customer: Customer, candidates: Candidates
) -> tuple[Floats, Floats, Floats, Floats]:
    """Sums over each candidate's tokens, (n,) each: kin mean, cross mean, scaled variance, scaled own variance."""
    tokens, weights = compiled.tokens.take(candidates.rows, 0), compiled.weights.take(candidates.rows, 0)
    carriers = np.bincount(tokens.ravel(), weights.ravel() != 0.0, minlength=len(compiled.token_hashes))
    used = np.flatnonzero(carriers)
    kin = _effect(posterior, compiled.token_slots[used], 1.0, compiled.main_scale[used])
    cross = _crosses(posterior, compiled.token_hashes[used], customer, compiled.cross_scale[used])
    square = posterior.scale_square
    variance = square[Kind.KIN] * kin.variance + square[Kind.CROSS] * cross.variance
    own = np.where(carriers[used] == len(candidates.rows), 0.0, variance)
    squares = weights * weights

    def over_tokens(effect: Floats, of: Floats) -> Floats:
        every = np.zeros(len(carriers))
        every[used] = effect
        total: Floats = np.einsum("nk,nk->n", of, every.take(tokens))
        return total

    return (
        over_tokens(kin.mean, weights),
        over_tokens(cross.mean, weights),
        over_tokens(variance, squares),
        over_tokens(own, squares),
    )


def _crosses(posterior: Posterior, hashes: Hashes, customer: Customer, factors: Floats) -> _Effect:
    """Σ over the customer's known tokens, for each of the given tokens and its factor."""
    mean, variance = np.zeros(len(hashes)), np.zeros(len(hashes))
    if customer.crossing == 0:
        return _Effect(mean, variance)
    rows, values = customer.hashes[: customer.crossing], customer.values[: customer.crossing]
    step = max(_BLOCK // customer.crossing, 1)
    for start in range(0, len(hashes), step):
        block = slice(start, start + step)
        places = cross_slots(rows, hashes[block])
        np.einsum("t,tu->u", values, posterior.mean.take(places), out=mean[block])
        np.einsum("t,tu->u", values * values, posterior.variance.take(places), out=variance[block])
    return _Effect(factors * mean, factors * factors * variance)


def _places(
    posterior: Posterior, compiled: CompiledFeatureSet, candidates: Candidates, priors: Priors
) -> list[tuple[_Effect, bool]]:
    """Channel, placement, and action on channel: their effects, and whether all candidates share them."""
    channels, placements = candidates.channels, candidates.placements
    action_channels = compiled.action_hashes[candidates.rows] ^ channels.hashes[channels.codes]
    parts: list[tuple[_Effect, bool]] = []
    for column, prior in ((channels, priors.channel), (placements, priors.placement)):
        distinct = _effect(posterior, slots(column.hashes), 1.0, np.sqrt(prior))
        effect = _Effect(distinct.mean[column.codes], distinct.variance[column.codes])
        parts.append((effect, len(column.hashes) == 1))
    crossed = _effect(posterior, slots(action_channels), 1.0, np.sqrt(priors.action_channel))
    return [*parts, (crossed, bool((action_channels == action_channels[:1]).all()))]


def _effect(posterior: Posterior, places: Slots, values: Floats | float, factor: Floats | float) -> _Effect:
    entering = factor * values
    return _Effect(entering * posterior.mean[places], entering * entering * posterior.variance[places])
