"""What policies are worth by a log: every estimator where it applies, and in words why not where it does not.

logged, uniform, targets    learn nothing, so that all rows speak of them; `on_rest` repeats them on the rest
best_single_action, tandem  learnt from the first part, evaluated on the rest
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.scoring.domain.evaluation import policies
from services.scoring.domain.evaluation.columns import LoggedColumns
from services.scoring.domain.evaluation.estimates import Question, Values, values_of
from services.scoring.domain.evaluation.identity import (
    FAR_FOR_AN_ACTION,
    Identity,
    WorstAction,
    inverse_probabilities,
    worst_action,
)
from services.scoring.domain.evaluation.outcome_model import FOLDS, Expected, cross_fitted
from services.scoring.domain.evaluation.policies import Policy
from services.scoring.domain.evaluation.refusal import NO_MODEL
from services.scoring.domain.evaluation.targets import BASELINE
from services.scoring.domain.evaluation.thompson import choice_probabilities
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.forest_learner import ForestLearner
from services.scoring.domain.training.tandem_model import TandemModel, learn_model

LEAST_ROWS = 4 * FOLDS
MAX_CELLS = 10**8
"""Rows times actions of the matrices that are held in memory."""


class CannotTell(Exception):
    """Why nothing can be evaluated."""


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
    columns, columns_of_rest, question = LoggedColumns.of(log), LoggedColumns.of(rest), Question(seed)
    expected = cross_fitted(log, learner, seed)
    later = Expected(expected.outcome[middle:], expected.fold[middle:])
    model = learn_model(first, learner, seed)
    best = policies.best_action(first)
    fixed = {"logged": policies.logged(columns), "uniform": policies.uniform(log)} | {
        name: policies.of_column(columns, column) for name, column in (log.targets or {}).items()
    }
    learnt = {"best_single_action": policies.single(rest, best), "tandem": _tandem(model, rest)}
    on_rest = {name: policy.take(slice(middle, None)) for name, policy in fixed.items()} | learnt
    judged = {
        name: values_of(columns_of_rest, policy, later.of(rest, policy), question) for name, policy in on_rest.items()
    }
    order = ("logged", "uniform", "best_single_action", "tandem", *(log.targets or {}))
    found = {}
    for name in order:
        whole, rows = judged[name], len(rest)
        if name in fixed:
            whole = values_of(columns, fixed[name], expected.of(log, fixed[name]), question)
            rows = len(log)
        verdict = judged[name].verdict(judged[BASELINE], BASELINE, is_baseline=name == BASELINE)
        found[name] = PolicyValue(rows, whole, judged[name], verdict)
    identity = inverse_probabilities(columns.probability, log.eligible_count)
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
        money=_money(rest, on_rest, question),
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


def _money(rest: Log, found: Mapping[str, Policy], question: Question) -> Mapping[str, Values] | None:
    money = None if rest.value is None else LoggedColumns.of(rest).in_units_of(rest.value)
    if money is None:
        return None
    return {name: values_of(money, policy, NO_MODEL, question) for name, policy in found.items()}


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
