"""One reward, one Kalman step: assumed-density filtering of a logistic regression with a diagonal Gaussian.

With η = x·w the log-odds, prior N(μ, s), μ = Σ x m, s = Σ x² v, and the response's moments P = E[σ(η)], D = E[σ'(η)] under it
(Cov(w_i, y) = x_i v_i D by Stein's lemma, Var(y) = P (1 - P)), the best linear update is

    m_i ← m_i + x_i v_i · D / (P (1 - P)) · (y - P)
    v_i ← v_i - (x_i v_i)² · D² / (P (1 - P))

Spiegelhalter & Lauritzen 1990 (sequential updating with independent Gaussians); Bishop, PRML §4.5 and Chapelle & Li 2011 (the
logistic posterior); Graepel et al. 2010 (the same filter with a probit); Särkkä, Bayesian Filtering and Smoothing §5-6
(moments instead of the derivative at the mean: one click at a wide prior does not overshoot). The step is linear in y and the
variance does not depend on it: a reward that is corrected later moves the mean by the same gain, and counts once.
"""

from __future__ import annotations

import numpy as np

from services.scoring.domain.logit_normal import response
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.terms import Terms


def learn(posterior: Posterior, terms: Terms, offset: float, reward: float) -> None:
    """The first reward of a presentation."""
    pull = terms.factors * posterior.variance[terms.slots]
    mean = offset + float((terms.factors * posterior.mean[terms.slots]).sum())
    expected = response(mean, float((terms.factors * pull).sum()))
    gain = expected.slope / expected.variance
    # A slot that two terms share takes both steps; the variance stays positive, for s D² < P (1 - P).
    np.add.at(posterior.mean, terms.slots, pull * (gain * (reward - expected.mean)))
    np.subtract.at(posterior.variance, terms.slots, pull * pull * (gain * expected.slope))


def correct(posterior: Posterior, terms: Terms, offset: float, change: float) -> None:
    """A later reward of the same presentation, `change` away from the one before: no new evidence."""
    pull = terms.factors * posterior.variance[terms.slots]
    mean = offset + float((terms.factors * posterior.mean[terms.slots]).sum())
    expected = response(mean, float((terms.factors * pull).sum()))
    np.add.at(posterior.mean, terms.slots, pull * (expected.slope / expected.variance * change))
