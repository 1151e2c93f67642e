"""What given policies are worth by a log, where each is known by its probability of the action that was logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.evaluation import policies
from services.scoring.domain.evaluation.betting import Column
from services.scoring.domain.evaluation.columns import LoggedColumns, Predicted
from services.scoring.domain.evaluation.estimates import Question, Values, values_of
from services.scoring.domain.evaluation.identity import Identity, inverse_probabilities
from services.scoring.domain.evaluation.policies import Policy
from services.scoring.domain.evaluation.refusal import NO_MODEL, OTHER_ACTIONS_UNKNOWN, Refusal

BASELINE = "logged"


@dataclass(frozen=True, slots=True, eq=False)
class RewardModel:
    """What a model that did not see the row expected: float64[N] within [0, 1]; see `Predicted`."""

    logged: Column
    largest: Column | float = 1.0
    part: NDArray[np.intp] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """float64[N] each: the policy's probability of the logged action and, where they are known, its largest one of any
    action and what the model expects of its choice."""

    name: str
    taken: Column
    largest: Column | None = None
    expected: Column | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TargetsOnLog:
    """A log, and who is evaluated on it. `value`: what each row was worth, float64[N]."""

    columns: LoggedColumns
    targets: Sequence[Target]
    value: Column | None = None
    model: RewardModel | None = None


@dataclass(frozen=True, slots=True)
class TargetValue:
    """`value` in units of what rows were worth; None where that is not known, or always the same."""

    name: str
    reward: Values
    value: Values | None
    verdict: str


@dataclass(frozen=True, slots=True)
class TargetEvaluation:
    """`inverse_probability` None: nobody knows among how many actions was chosen."""

    rows: int
    positives: int
    inverse_probability: Identity | None
    logged: TargetValue
    targets: tuple[TargetValue, ...]


def evaluate_targets(asked: TargetsOnLog, question: Question) -> TargetEvaluation:
    """All targets learnt nothing from these rows, so that all rows speak of them."""
    columns, model = asked.columns, asked.model
    money = None if asked.value is None else columns.in_units_of(asked.value)

    def judged(policy: Policy, expected: Column | None) -> tuple[Values, Values | None]:
        values = values_of(columns, policy, _predicted(model, expected), question)
        return values, None if money is None else values_of(money, policy, NO_MODEL, question)

    reward, value = judged(policies.logged(columns), None)
    logged = TargetValue(BASELINE, reward, value, reward.verdict(reward, BASELINE, is_baseline=True))
    found = []
    for target in asked.targets:
        own, own_value = judged(policies.of_column(columns, target.taken, target.largest), target.expected)
        verdict = own.verdict(reward, BASELINE, is_baseline=False)
        found.append(TargetValue(target.name, own, own_value, verdict))
    return TargetEvaluation(len(columns), columns.positives, _identity(columns, question), logged, tuple(found))


def _predicted(model: RewardModel | None, expected: Column | None) -> Predicted | Refusal:
    if model is None:
        return NO_MODEL
    if expected is None:
        return OTHER_ACTIONS_UNKNOWN
    return Predicted(model.logged, expected, model.largest, model.part)


def _identity(columns: LoggedColumns, question: Question) -> Identity | None:
    if columns.eligible_count is None:
        return None
    return inverse_probabilities(columns.probability, columns.eligible_count, question.search.confidence)
