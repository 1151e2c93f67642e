"""All estimates of one policy on one log, in the units of its rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from services.scoring.domain.evaluation.betting import Column, bounded_mean_interval
from services.scoring.domain.evaluation.columns import LoggedColumns, Predicted
from services.scoring.domain.evaluation.estimators import Estimate, LoggedRows, doubly_robust, ips, snips
from services.scoring.domain.evaluation.identity import Identity, mean_weight
from services.scoring.domain.evaluation.policies import Policy
from services.scoring.domain.evaluation.refusal import Reason, Refusal
from services.scoring.domain.evaluation.search import DEFAULT_SEARCH, Search
from services.scoring.domain.evaluation.verdict import CANNOT_TELL, LEAST_WEIGHTED_POSITIVES, verdict

ESTIMATORS = ("replay", "ips", "snips", "dm", "dr")
LEAST_EFFECTIVE_SIZE = 30.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a log. `seed`: of the draws of replay. SNIPS is told in any case: verdicts need it."""

    seed: int = 0
    estimators: frozenset[str] = frozenset(ESTIMATORS)
    search: Search = DEFAULT_SEARCH


@dataclass(frozen=True, slots=True)
class Values:
    """Every estimator that was asked for is in `estimates`, or in `refused` with a reason."""

    estimates: Mapping[str, Estimate]
    refused: Mapping[str, Refusal]
    effective_sample_size: float
    weighted_positives: float
    mean_weight: Identity

    def verdict(self, baseline: Values, name: str, *, is_baseline: bool) -> str:
        """Against a baseline, by the best estimator that both have; a refusal says what is missing."""
        doubt = self.doubt()
        if doubt:
            return f"{CANNOT_TELL}: {doubt.text}"
        if is_baseline:
            return "baseline"
        kind = "dr" if "dr" in self.estimates and "dr" in baseline.estimates else "snips"
        said = verdict(self.estimates[kind], baseline.estimates[kind], name)
        return f"{said}: the intervals of both overlap" if said == CANNOT_TELL else said

    def doubt(self) -> Refusal | None:
        """Why not even a wide interval should be read as a finding; None where it may."""
        size, positives = self.effective_sample_size, self.weighted_positives
        if size < LEAST_EFFECTIVE_SIZE:
            text = f"an effective sample size of {size:.0f}, at least {LEAST_EFFECTIVE_SIZE:g} are needed"
            return Refusal(Reason.FEW_EFFECTIVE_ROWS, text)
        if not self.mean_weight.holds:
            text = f"the mean of π/p is {self.mean_weight.mean:.3g} and not 1: the probabilities do not fit the log"
            return Refusal(Reason.PROBABILITIES_DO_NOT_FIT, text)
        if positives < LEAST_WEIGHTED_POSITIVES:
            text = f"{positives:.1f} weighted positives, at least {LEAST_WEIGHTED_POSITIVES:g} are needed"
            return Refusal(Reason.FEW_POSITIVES, text)
        return None


def values_of(columns: LoggedColumns, policy: Policy, predicted: Predicted | Refusal, question: Question) -> Values:
    """`predicted` may be a refusal: no model of the outcome, no direct method and nothing that needs it."""
    rows = LoggedRows(columns.outcome, columns.probability, policy.taken, policy.weight_bound)
    search = question.search
    weighted = snips(rows, search)
    further: Mapping[str, Callable[[], Estimate | Refusal]] = {
        "replay": lambda: _replay(columns, policy, question),
        "ips": lambda: ips(rows, search),
        "snips": lambda: weighted,
        "dm": lambda: _direct(weighted, columns, predicted, search.confidence),
        "dr": lambda: _robust(rows, predicted, search),
    }
    wanted = question.estimators | {"snips"}
    found = {kind: estimate() for kind, estimate in further.items() if kind in wanted}
    return Values(
        estimates={
            kind: _in_units(each, columns.reward_range) for kind, each in found.items() if isinstance(each, Estimate)
        },
        refused={kind: each for kind, each in found.items() if isinstance(each, Refusal)},
        effective_sample_size=weighted.effective_sample_size,
        weighted_positives=weighted.weighted_positives,
        mean_weight=mean_weight(rows.weight, search.confidence),
    )


def _replay(columns: LoggedColumns, policy: Policy, question: Question) -> Estimate | Refusal:
    """The mean over rows where a draw of the policy is what was taken (Li et al. 2011)."""
    if np.array_equal(policy.taken, columns.probability):
        kept = np.ones(len(columns), bool)
    elif not columns.is_uniform:
        return Refusal(Reason.LOG_NOT_UNIFORM, "replay needs a log whose actions were all equally likely")
    else:
        kept = np.random.default_rng(question.seed).random(len(columns)) < policy.taken
    if not kept.any():
        return Refusal(Reason.NEVER_TAKEN, "the policy never takes what was taken")
    outcome = columns.outcome[kept]
    low, high = bounded_mean_interval(outcome, 0.0, 1.0, question.search)
    return Estimate(float(outcome.mean()), low, high, float(outcome.size), float(outcome.sum()))


def _direct(
    weighted: Estimate, columns: LoggedColumns, predicted: Predicted | Refusal, confidence: float
) -> Estimate | Refusal:
    """The mean of what the model expects of the policy's choices. Its interval is of the parts of the cross-fitting, a
    delete-a-group jackknife (Shao and Tu 1995, §5): of the model's variance, not of its bias."""
    if isinstance(predicted, Refusal):
        return predicted
    target, parts = predicted.target, np.unique([] if predicted.part is None else predicted.part)
    if parts.size < 2:
        text = "the interval of the direct method needs the parts in which the model was cross-fitted, at least two"
        return Refusal(Reason.NO_PARTS, text)
    means: Column = np.array([target[predicted.part == part].mean() for part in parts])
    error = float(means.std(ddof=1)) / means.size**0.5
    # The models share most of their rows: each part's own positives bound how well a rate can be known.
    positives = max(float(columns.outcome.sum()), 1.0)
    error = float(np.hypot(error, target.mean() / positives**0.5))
    reach = float(special.stdtrit(means.size - 1, (1.0 + confidence) / 2)) * error
    mean = float(target.mean())
    return replace(weighted, mean=mean, low=max(mean - reach, 0.0), high=min(mean + reach, 1.0))


def _robust(rows: LoggedRows, predicted: Predicted | Refusal, search: Search) -> Estimate | Refusal:
    if isinstance(predicted, Refusal):
        return predicted
    return doubly_robust(rows, predicted.logged, predicted.target, predicted.largest, search)


def _in_units(estimate: Estimate, reward_range: tuple[float, float]) -> Estimate:
    low, high = reward_range
    size = high - low
    return replace(
        estimate, mean=low + size * estimate.mean, low=low + size * estimate.low, high=low + size * estimate.high
    )
