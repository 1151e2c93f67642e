"""What is to be trained, and how far a training of it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.scoring.domain.training.forest_learner import Progress


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """`days`: only presentations of the last so many; 0: all."""

    objective: str
    days: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class KeptProgress:
    """How far a training came. It read the log up to `through`, presentations since `since_ms`; `digest` is of the rows
    that it learns from, and of the libraries: where somebody was erased meanwhile, it is another one, and nothing of
    this is used."""

    order: TrainingOrder
    through: int
    since_ms: int
    kept_ms: int
    digest: str
    progress: Progress


class ProgressShelf(Protocol):
    """Where a training that ends early leaves what it did; of each objective the last one. Never fails: what cannot be
    kept or read is done again."""

    def load(self, objective: str) -> KeptProgress | None: ...

    def keep(self, kept: KeptProgress) -> None: ...

    def clear(self, objective: str) -> None: ...
