"""A request's rewards against what their keys are worth: what enters the log, and what each item is answered.

Pure: a store reads the worth of the keys and writes the outcome in one transaction, and this decides what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.scoring.domain.rewards import LogEntry, Reward
from shared.errors import TandemError, request_id_reused


@dataclass(frozen=True, slots=True)
class RewardOutcome:
    """The answer to one item. `is_duplicate`: the key was worth the same already. `error`: it was not taken."""

    reward_key: str
    is_duplicate: bool = False
    error: TandemError | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a request was answered, kept so that a repeated request is answered the same and changes nothing."""

    body_hash: str
    outcomes: tuple[RewardOutcome, ...]

    def require_body(self, request_id: str, body_hash: str) -> None:
        """Raises AlreadyExists where the id belongs to another body."""
        if body_hash != self.body_hash:
            raise request_id_reused(request_id)


@dataclass(frozen=True, slots=True)
class RewardBatch:
    """One request. `items` in its order: a valid reward, or the outcome that says why it is none."""

    request_id: str
    body_hash: str
    items: tuple[Reward | RewardOutcome, ...]
    time_ms: int

    @property
    def keys(self) -> set[str]:
        """The keys whose worth must be known."""
        return {item.reward_key for item in self.items if isinstance(item, Reward)}


@dataclass(frozen=True, slots=True)
class Addition:
    """A reward that enters the log, and what its key was worth before."""

    reward: Reward
    previous_reward: float | None

    def at(self, position: int) -> LogEntry:
        return LogEntry(position, self.reward, self.previous_reward)


def settle(batch: RewardBatch, known: Mapping[str, float]) -> tuple[tuple[Addition, ...], Receipt]:
    """The latest reward of a key counts, also within one batch; the same reward again adds nothing."""
    worth = dict(known)
    additions: list[Addition] = []
    outcomes: list[RewardOutcome] = []
    for item in batch.items:
        if isinstance(item, RewardOutcome):
            outcomes.append(item)
            continue
        previous = worth.get(item.reward_key)
        is_duplicate = previous == item.reward
        outcomes.append(RewardOutcome(item.reward_key, is_duplicate))
        if not is_duplicate:
            additions.append(Addition(item, previous))
        worth[item.reward_key] = item.reward
    return tuple(additions), Receipt(batch.body_hash, tuple(outcomes))


@dataclass(frozen=True, slots=True)
class Appended:
    """The entries as they stand in the log, in order; none where `is_repeat`: the request was answered before."""

    receipt: Receipt
    entries: tuple[LogEntry, ...] = ()
    is_repeat: bool = False
