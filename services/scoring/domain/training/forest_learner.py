"""What learns the forest, from outside: arrays in, log-odds out.

matrix     float64[N, F]   NaN where nothing is known; categorical columns hold whole numbers from 0
outcome    float64[N]      within [0, 1]; of Target.AMOUNT at least 0
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.logs.log import Column

Matrix = NDArray[np.float64]


class Target(Enum):
    """What a forest's raw score is: log-odds of the outcome, or the logarithm of its mean."""

    PROBABILITY = "probability"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class ForestSettings:
    """`categorical` are columns of the matrix; `monotone` has 1, 0 or -1 for each of them. `interactions` are sets of
    columns that may meet on the way to a leaf, every column in one of them; none: each may meet each."""

    categorical: tuple[int, ...]
    monotone: tuple[int, ...]
    seed: int
    rounds: int = 600
    patience: int = 40
    learning_rate: float = 0.05
    leaves: int = 15
    rows_per_leaf: int = 20
    interactions: tuple[tuple[int, ...], ...] = ()
    target: Target = Target.PROBABILITY


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Rows to learn from, and later ones that say when to stop."""

    matrix: Matrix
    outcome: Column
    later_matrix: Matrix
    later_outcome: Column


@dataclass(frozen=True, slots=True)
class Progress:
    """After some rounds: the model so far as text, the loss on the later rows, and where it was least."""

    rounds: int
    wanted_rounds: int
    loss: float
    best_round: int
    text: str


@dataclass(frozen=True, slots=True)
class Course:
    """How a training goes on from what was done, and whom it tells of its progress."""

    done: Progress | None = None
    told: Callable[[Progress], None] | None = None


class Forest(Protocol):
    @property
    def rounds(self) -> int: ...

    def log_odds(self, matrix: Matrix) -> Column:
        """float64[N]; of Target.AMOUNT, logarithms of means."""
        ...

    def text(self) -> str:
        """All of it; the same text gives the same forest."""
        ...


class ForestLearner(Protocol):
    def learn(self, examples: Examples, settings: ForestSettings, course: Course) -> Forest:
        """The rounds with the least loss on the later rows. The same arguments give the same forest."""
        ...

    def read(self, text: str) -> Forest:
        """Raises ValueError for what is no forest."""
        ...
