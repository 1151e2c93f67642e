"""The Bayesian logistic regression that serves (`learning`, `prediction`), over a base model's log-odds.

    η = offset(base log-odds of the row) + effects of action, position, features and their crosses

Its effects are what the base does not know: zero where it is right. The offset is moved so that the expected
probability is the base's own although the effects are uncertain. What is old is forgotten before each batch
(`forgetting`), so that the layer follows what drifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.base_model.moderation import Moderation
from services.scoring.domain.candidates import Candidates, column
from services.scoring.domain.compiled import CompiledFeatureSet, compile_feature_set
from services.scoring.domain.customer import Customer, encode_customer
from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration, FeatureSet
from services.scoring.domain.forgetting import forget
from services.scoring.domain.learning import learn
from services.scoring.domain.logit_normal import probability_moments
from services.scoring.domain.logs.log import Column, Feature, Log
from services.scoring.domain.logs.spec import FeatureKind
from services.scoring.domain.posterior import Posterior, untaught
from services.scoring.domain.prediction import predict
from services.scoring.domain.priors import OVER_A_BASE, Priors
from services.scoring.domain.standards import Standards, take
from services.scoring.domain.terms import Presentation, terms_of
from shared.clock import to_datetime
from shared.values import NOT_FOUND, AttributeType, Scalar, Value, present
from shared.values import Feature as Known

Matrix = NDArray[np.float64]

MEMORY_ROWS = 50_000.0
"""After so many rows about two thirds of what they taught is forgotten."""
_TYPES = {
    FeatureKind.NUMERIC: AttributeType.DOUBLE,
    FeatureKind.CATEGORICAL: AttributeType.STRING,
    FeatureKind.BOOL: AttributeType.BOOL,
    FeatureKind.TIMESTAMP: AttributeType.TIMESTAMP,
}


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """float64[N, K]: log-odds, their variance, and the part of it that the actions of a row do not share; NaN where an
    action could not be taken."""

    mean: Matrix
    variance: Matrix
    own_variance: Matrix


class OnlineLayer:
    """Learning moves it in place."""

    def __init__(self, log: Log, priors: Priors = OVER_A_BASE, posterior: Posterior | None = None) -> None:
        """`log` says which features and actions there are."""
        features = tuple(FeatureDeclaration(f.spec.column, _TYPES[f.spec.kind]) for f in log.features)
        actions = tuple(ActionDeclaration(name, "", "", {}) for name in log.actions)
        self._priors = priors
        self._compiled: CompiledFeatureSet = compile_feature_set(FeatureSet(features, actions), priors)
        self.posterior = posterior or untaught(priors)
        self._moderation = _moderation(priors)

    def learn(self, log: Log, base: Column) -> None:
        """Rows of the same features and actions; `base` float64[N] are the base model's log-odds of them."""
        forget(self.posterior, len(log), MEMORY_ROWS)
        offsets, places, outcome = self._moderation(base), _places(log), log.outcome
        rows, standards = _rows(log), self.posterior.standards
        for features in rows:
            take(standards, features)
        for row, customer in enumerate(_customers(rows, standards)):
            shown = Presentation(int(log.action[row]), "", places[row])
            terms = terms_of(self._compiled, customer, shown, self._priors)
            learn(self.posterior, terms, float(offsets[row]), float(outcome[row]))

    def beliefs(self, log: Log, base: Matrix, taken_only: bool = False) -> Beliefs:
        """Of every action that could be taken, or of the one that was; `base` float64[N, K] or [N, 1] likewise."""
        shape = (len(log), 1 if taken_only else len(log.actions))
        found = Beliefs(np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan))
        offsets, places, every = self._moderation(base), _places(log), np.arange(len(log.actions))
        for row, customer in enumerate(_customers(_rows(log), self.posterior.standards)):
            if taken_only:
                rows, onto = log.action[row : row + 1].astype(np.intp), np.zeros(1, np.intp)
            else:
                rows = onto = every if log.eligible is None else np.flatnonzero(log.eligible[row])
            candidates = Candidates(
                rows, column("channel", (), rows.size), column("placement", [places[row]] * rows.size, rows.size)
            )
            said = predict(self.posterior, self._compiled, customer, candidates, self._priors)
            found.mean[row, onto] = said.mean + offsets[row, onto]
            found.variance[row, onto] = said.variance
            found.own_variance[row, onto] = said.own_variance
        return found


def moments(beliefs: Beliefs) -> tuple[Matrix, Matrix]:
    """float64[N, K] each: the expected probability and its standard deviation."""
    mean, deviation = probability_moments(beliefs.mean.ravel(), beliefs.variance.ravel())
    return mean.reshape(beliefs.mean.shape), deviation.reshape(beliefs.mean.shape)


def _moderation(priors: Priors) -> Moderation:
    kin = priors.issue + priors.group + priors.action
    places = priors.channel + priors.placement + priors.action_channel
    crosses = priors.customer + priors.customer_group + priors.customer_action
    return Moderation(priors.base + priors.scale_square * (kin + places + crosses))


def _places(log: Log) -> list[str]:
    if log.position is None:
        return [""] * len(log)
    return [log.position.labels[int(code)] for code in log.position.values]


def _rows(log: Log) -> list[dict[str, Known]]:
    """Rows with equal values share one."""
    columns = [_values(feature) for feature in log.features]
    known: dict[tuple[Value, ...], dict[str, Known]] = {}
    found = []
    for values in zip(*columns, strict=True) if columns else [()] * len(log):
        if values not in known:
            known[values] = {
                feature.spec.column: NOT_FOUND if value is None else present(value)
                for feature, value in zip(log.features, values, strict=True)
            }
        found.append(known[values])
    return found


def _customers(rows: list[dict[str, Known]], standards: Standards) -> Iterator[Customer]:
    encoded: dict[int, Customer] = {}
    for features in rows:
        if id(features) not in encoded:  # the list keeps it, and thereby its id
            encoded[id(features)] = encode_customer(features, standards)
        yield encoded[id(features)]


def _values(feature: Feature) -> list[Value]:
    def value(number: float) -> Scalar | None:
        if np.isnan(number):
            return None
        match feature.spec.kind:
            case FeatureKind.CATEGORICAL:
                return feature.labels[int(number)]
            case FeatureKind.BOOL:
                return bool(number)
            case FeatureKind.TIMESTAMP:
                return to_datetime(int(number))
            case _:
                return number

    return [value(number) for number in map(float, feature.values)]
