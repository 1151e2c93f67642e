"""The model in use, changed only by the event loop: in place where nobody looks, else by swapping in a changed copy.

    few entries, nobody else reads      folded in place on the loop
    many entries, or a thread reads     copied and folded in a thread, then swapped in; who reads keeps the old one

So a reader sees a whole model, never one between two steps, and nothing is locked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from services.scoring.app.ports import Scorer
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.rewards import LogEntry

Step = tuple[CompiledFeatureSet, LogEntry]

_INLINE_ENTRIES = 10  # about a millisecond


@dataclass(slots=True)
class _Edition:
    """One state of the model and how many threads read it."""

    scorer: Scorer
    readers: int = 0


class LiveModel:
    def __init__(self, scorer: Scorer) -> None:
        self._edition = _Edition(scorer)

    @property
    def scorer(self) -> Scorer:
        """For use on the event loop, before the next await."""
        return self._edition.scorer

    @contextmanager
    def held(self) -> Iterator[Scorer]:
        """A model that stays as it is while a thread reads it."""
        edition = self._edition
        edition.readers += 1
        try:
            yield edition.scorer
        finally:
            edition.readers -= 1

    def replace(self, scorer: Scorer) -> None:
        self._edition = _Edition(scorer)

    def skip(self, position: int) -> None:
        """Goes on to an entry that is not for this model, or cannot be learnt any more."""
        if self._edition.readers == 0:
            self.scorer.skip(position)
        else:
            changed = self.scorer.copy()
            changed.skip(position)
            self.replace(changed)

    async def fold(self, steps: Sequence[Step]) -> None:
        """Learns the entries in their order. One call at a time."""
        if len(steps) <= _INLINE_ENTRIES and self._edition.readers == 0:
            _fold(self.scorer, steps)
        else:
            with self.held() as scorer:
                changed = await asyncio.to_thread(_folded, scorer, steps)
            self.replace(changed)


def _fold(scorer: Scorer, steps: Sequence[Step]) -> None:
    for compiled, entry in steps:
        scorer.fold(compiled, entry)


def _folded(scorer: Scorer, steps: Sequence[Step]) -> Scorer:
    copy = scorer.copy()
    _fold(copy, steps)
    return copy
