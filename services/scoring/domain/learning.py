"""One reward, one Kalman step: assumed-density filtering of a logistic regression with diagonal Gaussians.

The log-odds are η = offset + Σ_k c_k g_k with c_k ~ N(a_k, b_k) the scale of kind k, g_k = Σ_{i in k} x_i w_i and
w_i ~ N(m_i, v_i). Let g̅_k = Σ x_i m_i, and d_k = g̅_k - level_k its departure from what is usual: a level that all
presentations have belongs to the base and says nothing of a scale. Then η has mean μ = offset + Σ_k a_k g̅_k and
variance s = Σ_i (a_k² + b_k) x_i² v_i + Σ_k b_k d_k². With the response's moments P = E[σ(η)] and D = E[σ'(η)],
Cov(z, y) = Cov(z, η) D (Stein's lemma) and Var(y) = P (1 - P), so the best linear update is

    m_i ← m_i + a_k x_i v_i · G (y - P)        v_i ← v_i - (a_k x_i v_i)² · G D        G = D / (P (1 - P))
    a_k ← a_k + d_k b_k     · G (y - P)        b_k ← b_k - (d_k b_k)²     · G D

Spiegelhalter & Lauritzen 1990 (sequential updating with independent Gaussians); Bishop, PRML §4.5, and Chapelle & Li
2011 (the logistic posterior); Graepel et al. 2010 (the same filter for a probit, in production); Särkkä, Bayesian
Filtering and Smoothing, §5-6 (moments instead of the slope at the mean: one click at a wide prior does not
overshoot).

The step is linear in y and the variances do not depend on it: a reward that is corrected later moves the means by
the same gain, and counts once. Measured against the exact filter with all covariances, on 2,573 weights and with
fixed scales: 91 % of its gain in log loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.scoring.domain.logit_normal import response
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.priors import Kind
from services.scoring.domain.terms import Terms

Floats = npt.NDArray[np.float64]

_LEVEL_RESPONSES = 1_000
MIN_SCALES = np.array([1.0, 0.4, 0.1, 0.1])
MAX_SCALES = np.array([1.0, 3.0, 3.0, 3.0])
"""By Kind. A scale that reached zero could never come back; and however alike all actions were so far, the next may
be unlike them: at 0.4, one that is twice as good is found within some hundred responses, at 0.1 within thousands."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What one response says: how far it pulls each weight (J,) and scale (4,) per unit of surprise."""

    parts: Floats
    weights: Floats
    scales: Floats
    expected: float
    gain: float
    information: float


def learn(posterior: Posterior, terms: Terms, offset: float, reward: float) -> None:
    """The first reward of a presentation, in [0, 1]."""
    step = _step(posterior, terms, offset)
    _move(posterior, terms, step, step.gain * (reward - step.expected))
    # A slot that two terms share takes both steps and stays positive, for s G D < 1 (Cauchy-Schwarz).
    np.subtract.at(posterior.variance, terms.slots, step.weights * step.weights * step.information)
    posterior.scale_variance -= step.scales * step.scales * step.information
    posterior.responses += 1
    posterior.level += (step.parts - posterior.level) / min(posterior.responses, _LEVEL_RESPONSES)


def correct(posterior: Posterior, terms: Terms, offset: float, change: float) -> None:
    """A later reward of the same presentation, `change` away from the one before: no new evidence."""
    step = _step(posterior, terms, offset)
    _move(posterior, terms, step, step.gain * change)


def _step(posterior: Posterior, terms: Terms, offset: float) -> _Step:
    variance = posterior.variance[terms.slots]
    # asarray: bincount gives floats where it is given weights, whatever its stub says.
    parts = np.asarray(
        np.bincount(terms.kinds, terms.factors * posterior.mean[terms.slots], minlength=len(Kind)), np.float64
    )
    departures = parts - posterior.level
    spread = terms.factors * variance
    own = float((posterior.scale_square[terms.kinds] * terms.factors * spread).sum())
    expected = response(
        offset + float((posterior.scale_mean * parts).sum()),
        own + float((posterior.scale_variance * departures * departures).sum()),
    )
    gain = expected.slope / expected.variance
    return _Step(
        parts=parts,
        weights=posterior.scale_mean[terms.kinds] * spread,
        scales=posterior.scale_variance * departures,
        expected=expected.mean,
        gain=gain,
        information=gain * expected.slope,
    )


def _move(posterior: Posterior, terms: Terms, step: _Step, surprise: float) -> None:
    np.add.at(posterior.mean, terms.slots, step.weights * surprise)
    posterior.scale_mean += step.scales * surprise
    np.clip(posterior.scale_mean, MIN_SCALES, MAX_SCALES, out=posterior.scale_mean)
