"""A base model ready to answer: its forest compiled once, and bound to each catalogue when that is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.amounts import Amounts, amounts_of
from services.scoring.domain.amounts_encoding import decode_amounts
from services.scoring.domain.base_model.columns import ForestColumns
from services.scoring.domain.base_model.content import decode, model_id
from services.scoring.domain.base_model.matrices import Rows, Sides, sides_of
from services.scoring.domain.base_model.moderation import Moderation
from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration
from services.scoring.domain.forest.compiled import BoundForest, CompiledForest, Side, compile_forest, warm_up
from services.scoring.domain.training.calibration import Calibration
from shared.values import Feature

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ForestBase:
    """`forest` is None where the base is the rate alone."""

    model_id: str
    objective: str
    learns_after: int
    columns: ForestColumns
    rate_log_odds: float
    calibration: Calibration
    forest: CompiledForest | None
    severity: CompiledForest | None = None
    """Of amounts; None where there is none."""
    log_scale: float = 0.0
    amounts: Amounts = field(default_factory=Amounts)
    """What the layer over it goes on from."""
    evidence: Mapping[str, int] = field(default_factory=dict)
    """By action, the presentations that taught it."""

    def reads_any(self, features: Sequence[FeatureDeclaration]) -> bool:
        """Whether it knows any of them, or needs none."""
        wanted = {column.name for column in self.columns.of(Side.CUSTOMER)}
        return not wanted or self.forest is None or any(feature.name in wanted for feature in features)

    def bind(self, actions: Sequence[ActionDeclaration], variance: float) -> BoundBase:
        """To a catalogue of at most 65,536 actions; `variance` of what the layer over it adds before it learns."""
        sides = forest = severity = None
        if self.forest is not None:
            sides = sides_of(self.columns, actions)
            forest = self.forest.bind(sides.actions)
            severity = None if self.severity is None else self.severity.bind(sides.actions)
        moderation = Moderation(variance)
        return BoundBase(self.rate_log_odds, self.calibration, moderation, sides, forest, severity, self.log_scale)


@dataclass(frozen=True, slots=True, eq=False)
class BaseScores:
    """float64[n]: log-odds that the layer adds to. `unusable` of them were no numbers and are the rate instead."""

    offsets: Floats
    unusable: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class BoundBase:
    """A base model for the actions of one catalogue."""

    rate_log_odds: float
    calibration: Calibration
    moderation: Moderation
    sides: Sides | None
    forest: BoundForest | None
    severity: BoundForest | None = None
    log_scale: float = 0.0

    def amounts(
        self, features: Mapping[str, Feature], rows: Rows, channels: Sequence[str], placements: Sequence[str]
    ) -> Floats | None:
        """What successes of n candidates of one customer are expected to be worth, float64[n]; None where there is no
        forest of amounts. What is no number is its level instead."""
        if self.severity is None or self.sides is None:
            return None
        pairs = self.sides.pairs(features, rows, channels, placements)
        raw = self.severity.scores(self.sides.customer(features), rows, pairs)
        return amounts_of(np.where(np.isfinite(raw), raw, 0.0), self.log_scale)

    def scores(
        self, features: Mapping[str, Feature], rows: Rows, channels: Sequence[str], placements: Sequence[str]
    ) -> BaseScores:
        """Of n candidates of one customer: actions by their places. No channels, no placements: the empty one."""
        if self.forest is None or self.sides is None:
            return self.onto(np.full(len(rows), self.rate_log_odds))
        customer = self.sides.customer(features)
        pairs = self.sides.pairs(features, rows, channels, placements)
        raw = self.forest.scores(customer, rows, pairs)
        with np.errstate(over="ignore", invalid="ignore"):
            return self.onto(self.calibration(raw))

    def onto(self, log_odds: Floats) -> BaseScores:
        """Calibrated log-odds to offsets of the layer, elementwise."""
        usable = np.isfinite(log_odds)
        unusable = len(log_odds) - int(np.count_nonzero(usable))
        if unusable:
            log_odds = np.where(usable, log_odds, self.rate_log_odds)
        return BaseScores(self.moderation(log_odds), unusable)


def served(content: bytes) -> ForestBase:
    """Decodes, compiles and warms a model; takes a second where nothing is in numba's cache. Raises ValueError, saying
    why, where it must not be used."""
    model = decode(content)
    trees, of_amounts = model.model(), model.severity_model()
    forest = severity = None
    if trees is not None:
        forest = compile_forest(trees, model.columns.sides)
        warm_up()
    if of_amounts is not None:
        severity = compile_forest(of_amounts, model.columns.sides)
    return ForestBase(
        model_id(model.objective, content),
        model.objective,
        model.learns_after,
        model.columns,
        model.rate_log_odds,
        model.calibration,
        forest,
        severity,
        model.log_scale,
        decode_amounts(model.amounts),
        model.evidence,
    )
