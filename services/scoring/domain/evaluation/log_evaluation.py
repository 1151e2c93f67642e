"""What policies are worth by a log: every estimator where it applies, and in words why not where it does not.

logged, uniform, targets    learn nothing, so that all rows speak of them; `on_rest` repeats them on the rest
best_single_action, tandem  learnt from the first part, evaluated on the rest
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from services.scoring.domain.evaluation import policies
from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.estimates import CannotTell, Values, values_of
from services.scoring.domain.evaluation.identity import (
    FAR_FOR_AN_ACTION,
    Identity,
    WorstAction,
    inverse_probabilities,
    worst_action,
)
from services.scoring.domain.evaluation.outcome_model import FOLDS, Expected, cross_fitted
from services.scoring.domain.evaluation.policies import Policy
from services.scoring.domain.evaluation.thompson import choice_probabilities
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.forest_learner import ForestLearner
from services.scoring.domain.training.tandem_model import TandemModel, learn_model

LEAST_ROWS = 4 * FOLDS
MAX_CELLS = 10**8
"""Rows times actions of the matrices that are held in memory."""
BASELINE = "logged"


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """`values` on all rows it may be evaluated on; `on_rest` on those after the split, as all policies have it."""

    rows: int
    values: Values
    on_rest: Values
    verdict: str


@dataclass(frozen=True, slots=True)
class LogEvaluation:
    rows: int
    rest_rows: int
    positives: int
    actions: int
    best_action: str
    base_rounds: int
    inverse_probability: Identity
    worst_action: WorstAction | None
    policies: Mapping[str, PolicyValue]
    money: Mapping[str, Values] | None
    """By policy, on the rest, in units of the column `value`; None where the log has none."""
    warnings: tuple[str, ...]


def evaluate(log: Log, learner: ForestLearner, split: float, seed: int) -> LogEvaluation:
    """Raises CannotTell, saying why, where nothing can be told at all."""
    middle = _checked(log, split)
    first, rest = log.take(slice(0, middle)), log.take(slice(middle, None))
    expected = cross_fitted(log, learner, seed)
    later = Expected(expected.outcome[middle:], expected.fold[middle:])
    model = learn_model(first, learner, seed)
    best = policies.best_action(first)
    fixed = {"logged": policies.logged(log), "uniform": policies.uniform(log)} | {
        name: policies.of_column(log, column) for name, column in (log.targets or {}).items()
    }
    learnt = {"best_single_action": policies.single(rest, best), "tandem": _tandem(model, rest)}
    on_rest = {name: policy.take(slice(middle, None)) for name, policy in fixed.items()} | learnt
    judged = {name: values_of(rest, policy, later, seed) for name, policy in on_rest.items()}
    order = ("logged", "uniform", "best_single_action", "tandem", *(log.targets or {}))
    found = {}
    for name in order:
        whole = values_of(log, fixed[name], expected, seed) if name in fixed else judged[name]
        rows = len(log) if name in fixed else len(rest)
        verdict = judged[name].verdict(judged[BASELINE], BASELINE, is_baseline=name == BASELINE)
        found[name] = PolicyValue(rows, whole, judged[name], verdict)
    identity = inverse_probabilities(log)
    worst = worst_action(log)
    return LogEvaluation(
        rows=len(log),
        rest_rows=len(rest),
        positives=log.positives,
        actions=len(log.actions),
        best_action=log.actions[best],
        base_rounds=model.base.rounds,
        inverse_probability=identity,
        worst_action=worst,
        policies=found,
        money=_money(rest, on_rest, seed),
        warnings=_warnings(log, identity, worst),
    )


def _tandem(model: TandemModel, rest: Log) -> Policy:
    beliefs = model.beliefs(rest)
    return policies.of_matrix(rest, choice_probabilities(beliefs.mean, beliefs.own_variance))


def _checked(log: Log, split: float) -> int:
    if log.probability is None:
        raise CannotTell("the spec names no choice_probability, without which only --prequential can tell something")
    if len(log) < LEAST_ROWS:
        raise CannotTell(f"the log has {len(log)} rows: at least {LEAST_ROWS} are needed to say anything")
    if len(log) * len(log.actions) > MAX_CELLS:
        raise CannotTell(f"{len(log):,} rows of {len(log.actions):,} actions are more than fit into memory")
    return min(max(round(len(log) * split), 2), len(log) - 2)


def _money(rest: Log, found: Mapping[str, Policy], seed: int) -> Mapping[str, Values] | None:
    if rest.value is None or float(np.ptp(rest.value)) == 0.0:
        return None
    ends: Column = np.array([min(0.0, float(rest.value.min())), float(rest.value.max())])
    money = replace(rest, reward=rest.value, reward_range=(float(ends[0]), max(float(ends[1]), float(ends[0]) + 1e-9)))
    return {name: values_of(money, policy, None, seed) for name, policy in found.items()}


def _warnings(log: Log, identity: Identity, worst: WorstAction | None) -> tuple[str, ...]:
    found = []
    if not identity.holds:
        found.append(
            f"the choice probabilities cannot be right: the mean of 1/p is {identity.mean:.4g} where "
            f"{identity.expected:g} actions could be taken, {abs(identity.deviations):.0f} standard errors away"
        )
    if worst is not None and abs(worst.identity.deviations) > FAR_FOR_AN_ACTION and identity.holds:
        found.append(
            f"action {worst.action!r} was taken {worst.identity.mean:.3g} times as often as its probabilities say"
        )
    if not log.positives:
        found.append("there is no positive at all: every policy may be worth anything below the upper ends")
    return tuple(found)
