"""The model in use, changed only by the event loop: in place where nobody looks, else by swapping in a changed copy.

    few entries, nobody else reads      folded in place on the loop
    many entries, or a thread reads     copied and folded in a thread, then swapped in; who reads keeps the old one

So a reader sees a whole model, never one between two steps, and nothing is locked.

An entry that the model cannot fold, whatever it raises, is skipped: the model goes on after it. Steps are the same in
every replica, so all of them skip it, and what the step had moved before it raised is the same in all of them.
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


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that a model could not learn, and why."""

    position: int
    fault: Exception


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

    async def fold(self, steps: Sequence[Step]) -> list[Skipped]:
        """Learns the entries in their order; answers those it could not. One call at a time."""
        if len(steps) <= _INLINE_ENTRIES and self._edition.readers == 0:
            return _fold(self.scorer, steps)
        with self.held() as scorer:
            changed, skipped = await asyncio.to_thread(folded, scorer, steps)
        self.replace(changed)
        return skipped


def _fold(scorer: Scorer, steps: Sequence[Step]) -> list[Skipped]:
    skipped: list[Skipped] = []
    for compiled, entry in steps:
        try:
            scorer.fold(compiled, entry)
        except MemoryError:  # of this process, not of the entry: other replicas learn it
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is, it must not end the learning of all others
            scorer.skip(entry.position)
            skipped.append(Skipped(entry.position, fault))
    return skipped


def folded(scorer: Scorer, steps: Sequence[Step]) -> tuple[Scorer, list[Skipped]]:
    """A copy that has learnt them, and what it could not learn."""
    copy = scorer.copy()
    return copy, _fold(copy, steps)
