"""Rows of a log as a matrix for the forest, the same at training and at scoring.

    column 0          the action's code                         categorical
    column 1          the position's code, where there is one   categorical
    then, a feature   numeric, bool: its value · categorical: its code · timestamp: hour and weekday, UTC

Codes come from vocabularies that are kept with the model: 0 is the bucket of everything unknown or rare, 1 is the most
frequent label. What is missing is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.scoring.domain.logs.log import Column, Feature, Log
from services.scoring.domain.logs.spec import FeatureKind, FeatureSpec
from services.scoring.domain.training.forest_learner import Matrix

MAX_LABELS = 1_000
LEAST_ROWS = 3
"""Of a label: what occurs less often is of the unknown bucket, which thereby is learnt, too."""
_MS_PER_HOUR = 3_600_000.0


@dataclass(frozen=True, slots=True)
class Encoder:
    """`vocabularies` has one for the actions, one for the positions, and one for each feature, empty where it needs
    none."""

    features: tuple[FeatureSpec, ...]
    position: str
    vocabularies: tuple[tuple[str, ...], ...]

    @property
    def actions(self) -> tuple[str, ...]:
        return self.vocabularies[0]

    @property
    def categorical(self) -> tuple[int, ...]:
        kinds = self._kinds()
        return tuple(index for index, kind in enumerate(kinds) if kind is FeatureKind.CATEGORICAL)

    @property
    def monotone(self) -> tuple[int, ...]:
        signs = [0, *([0] if self.position else [])]
        for spec in self.features:
            signs += [0, 0] if spec.kind is FeatureKind.TIMESTAMP else [spec.monotone]
        return tuple(signs)

    def matrix(self, log: Log) -> Matrix:
        """float64[N, F] of the actions that were taken."""
        columns = [self.action_codes(log.actions)[log.action]]
        if self.position:
            assert log.position is not None
            columns.append(_codes(log.position, self.vocabularies[1]))
        for feature, vocabulary in zip(log.features, self.vocabularies[2:], strict=True):
            columns += _columns(feature, vocabulary)
        return np.column_stack(columns)

    def action_codes(self, actions: Sequence[str]) -> Column:
        """float64[K]."""
        return _label_codes(actions, self.actions)

    def _kinds(self) -> list[FeatureKind]:
        kinds = [FeatureKind.CATEGORICAL] * (2 if self.position else 1)
        for spec in self.features:
            kinds += [spec.kind] * (2 if spec.kind is FeatureKind.TIMESTAMP else 1)
        return kinds


def encoder_of(log: Log) -> Encoder:
    """Vocabularies of the labels in these rows."""
    return Encoder(
        features=tuple(feature.spec for feature in log.features),
        position=log.position.spec.column if log.position else "",
        vocabularies=(
            _vocabulary(log.action.astype(np.float64), log.actions, least=1),
            _vocabulary(log.position.values, log.position.labels) if log.position else (),
            *(_vocabulary(f.values, f.labels) if f.is_categorical else () for f in log.features),
        ),
    )


def _vocabulary(codes: Column, labels: tuple[str, ...], least: int = LEAST_ROWS) -> tuple[str, ...]:
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.intp), minlength=len(labels))
    order = np.argsort(-counts, kind="stable")[:MAX_LABELS]
    return tuple(labels[place] for place in order if counts[place] >= least)


def _columns(feature: Feature, vocabulary: tuple[str, ...]) -> list[Column]:
    match feature.spec.kind:
        case FeatureKind.CATEGORICAL:
            return [_codes(feature, vocabulary)]
        case FeatureKind.TIMESTAMP:
            hours = np.floor(feature.values / _MS_PER_HOUR)
            return [hours % 24.0, np.floor(hours / 24.0 + 3.0) % 7.0]  # 1 January 1970 was a Thursday
        case _:
            return [feature.values]


def _codes(feature: Feature, vocabulary: tuple[str, ...]) -> Column:
    codes = np.append(_label_codes(feature.labels, vocabulary), np.nan)
    missing = np.isnan(feature.values)
    return codes[np.where(missing, len(feature.labels), feature.values).astype(np.intp)]


def _label_codes(labels: Sequence[str], vocabulary: tuple[str, ...]) -> Column:
    places = {label: float(place) for place, label in enumerate(vocabulary, 1)}
    return np.array([places.get(label, 0.0) for label in labels], np.float64)
