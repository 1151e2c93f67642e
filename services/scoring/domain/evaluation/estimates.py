"""All estimates of one policy on one log, in the units of its rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from services.scoring.domain.evaluation.betting import Column, bounded_mean_interval
from services.scoring.domain.evaluation.estimators import Estimate, LoggedRows, doubly_robust, ips, snips
from services.scoring.domain.evaluation.identity import Identity, mean_weight
from services.scoring.domain.evaluation.outcome_model import Expected
from services.scoring.domain.evaluation.policies import Policy
from services.scoring.domain.evaluation.verdict import CANNOT_TELL, LEAST_WEIGHTED_POSITIVES, verdict
from services.scoring.domain.logs.log import Log

ESTIMATORS = ("replay", "ips", "snips", "dm", "dr")
LEAST_EFFECTIVE_SIZE = 30.0


class CannotTell(Exception):
    """Why an estimator does not apply, or nothing can be evaluated."""


@dataclass(frozen=True, slots=True)
class Values:
    """`estimates` has every one of ESTIMATORS or a reason in `refused`."""

    estimates: Mapping[str, Estimate]
    refused: Mapping[str, str]
    effective_sample_size: float
    weighted_positives: float
    mean_weight: Identity

    def verdict(self, baseline: Values, name: str, *, is_baseline: bool) -> str:
        """Against a baseline, by the best estimator that both have; a refusal says what is missing."""
        doubt = self.doubt()
        if doubt:
            return f"{CANNOT_TELL}: {doubt}"
        if is_baseline:
            return "baseline"
        kind = "dr" if "dr" in self.estimates and "dr" in baseline.estimates else "snips"
        said = verdict(self.estimates[kind], baseline.estimates[kind], name)
        return f"{said}: the intervals of both overlap" if said == CANNOT_TELL else said

    def doubt(self) -> str:
        """Why not even a wide interval should be read as a finding; empty where it may."""
        size = self.effective_sample_size
        if size < LEAST_EFFECTIVE_SIZE:
            return f"an effective sample size of {size:.0f}, at least {LEAST_EFFECTIVE_SIZE:g} are needed"
        if not self.mean_weight.holds:
            return f"the mean of π/p is {self.mean_weight.mean:.3g} and not 1: the probabilities do not fit the log"
        if self.weighted_positives < LEAST_WEIGHTED_POSITIVES:
            return f"{self.weighted_positives:.1f} weighted positives, at least {LEAST_WEIGHTED_POSITIVES:g} are needed"
        return ""


def values_of(log: Log, policy: Policy, expected: Expected | None, seed: int) -> Values:
    """`expected` None: no model of the outcome, no direct method and nothing that needs it."""
    assert log.probability is not None
    rows = LoggedRows(log.outcome, log.probability, policy.taken, policy.weight_bound)
    weighted = snips(rows)
    found: dict[str, Estimate] = {"ips": ips(rows), "snips": weighted}
    refused: dict[str, str] = {}
    further: dict[str, Callable[[], Estimate]] = {
        "replay": lambda: _replay(log, policy, seed),
        "dm": lambda: _direct(rows, log, policy, expected),
        "dr": lambda: _robust(rows, log, policy, expected),
    }
    for kind, estimate in further.items():
        try:
            found[kind] = estimate()
        except CannotTell as reason:
            refused[kind] = str(reason)
    return Values(
        estimates={kind: _in_units(found[kind], log.reward_range) for kind in ESTIMATORS if kind in found},
        refused=refused,
        effective_sample_size=weighted.effective_sample_size,
        weighted_positives=weighted.weighted_positives,
        mean_weight=mean_weight(rows.weight),
    )


def _replay(log: Log, policy: Policy, seed: int) -> Estimate:
    """The mean over rows where a draw of the policy is what was taken (Li et al. 2011)."""
    if log.probability is not None and np.array_equal(policy.taken, log.probability):
        kept = np.ones(len(log), bool)
    elif not log.is_uniform:
        raise CannotTell("replay needs a log whose actions were all equally likely")
    else:
        kept = np.random.default_rng(seed).random(len(log)) < policy.taken
    if not kept.any():
        raise CannotTell("the policy never takes what was taken")
    outcome = log.outcome[kept]
    low, high = bounded_mean_interval(outcome, 0.0, 1.0)
    return Estimate(float(outcome.mean()), low, high, float(outcome.size), float(outcome.sum()))


def _direct(rows: LoggedRows, log: Log, policy: Policy, expected: Expected | None) -> Estimate:
    """The mean of what the model expects of the policy's choices. Its interval is of the parts of the cross-fitting, a
    delete-a-group jackknife (Shao and Tu 1995, §5): of the model's variance, not of its bias."""
    target = _target_reward(policy, expected)
    assert expected is not None
    parts = [target[expected.fold == part] for part in np.unique(expected.fold)]
    means: Column = np.array([part.mean() for part in parts])
    error = float(means.std(ddof=1)) / len(parts) ** 0.5
    # The models share most of their rows: each part's own positives bound how well a rate can be known.
    positives = max(float(log.outcome.sum()), 1.0)
    error = float(np.hypot(error, target.mean() / positives**0.5))
    reach = float(stats.t.ppf(0.975, len(parts) - 1)) * error
    mean = float(target.mean())
    return replace(snips(rows), mean=mean, low=max(mean - reach, 0.0), high=min(mean + reach, 1.0))


def _robust(rows: LoggedRows, log: Log, policy: Policy, expected: Expected | None) -> Estimate:
    target = _target_reward(policy, expected)
    assert expected is not None
    chosen = expected.outcome[np.arange(len(log)), log.action]
    return doubly_robust(rows, chosen, target, expected.outcome.max(axis=1))


def _target_reward(policy: Policy, expected: Expected | None) -> Column:
    if expected is None:
        raise CannotTell("there is no model of this outcome")
    if policy.all_actions is None:
        raise CannotTell("the log tells the policy's probability of the action that was taken, not of the others")
    return np.asarray((policy.all_actions * expected.outcome).sum(axis=1), np.float64)


def _in_units(estimate: Estimate, reward_range: tuple[float, float]) -> Estimate:
    low, high = reward_range
    size = high - low
    return replace(
        estimate, mean=low + size * estimate.mean, low=low + size * estimate.low, high=low + size * estimate.high
    )
