"""A request's rewards against what their keys are worth: what enters the log, and what each item is answered.

Pure: a store reads the worth of the keys and writes the outcome in one transaction, and this decides what.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from services.scoring.domain.rewards import LogEntry, Reward, Worth
from shared.errors import InvalidArgument, TandemError, request_id_reused


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

    def versions(self, holders: Collection[Holder]) -> set[str]:
        """The feature sets whose objectives must be known; none where all is of one."""
        versions = {item.feature_set_version for item in self.items if isinstance(item, Reward)}
        versions |= {holder.feature_set_version for holder in holders}
        return versions if len(versions) > 1 else set()


class Holder(NamedTuple):
    """Whose key it is: it was rewarded for a presentation of this action, for the objective of this feature set."""

    action: str
    feature_set_version: str


@dataclass(frozen=True, slots=True)
class Held:
    """What a store knows of keys beside their worth. `holders` by key; `objectives` by version of a feature set: those
    that it does not know are taken for the same.
    """

    holders: Mapping[str, Holder] = field(default_factory=dict)
    objectives: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Addition:
    """A reward that enters the log, and what its key was worth before."""

    reward: Reward
    previous_reward: float | None
    previous_value: float | None = None

    def at(self, position: int) -> LogEntry:
        return LogEntry(position, self.reward, self.previous_reward, self.previous_value)


def settle(
    batch: RewardBatch, known: Mapping[str, Worth], held: Held | None = None
) -> tuple[tuple[Addition, ...], Receipt]:
    """The latest reward of a key counts, also within one batch; the same reward and value again add nothing. A key is
    of one presentation: another action, or another objective, is refused.
    """
    held = held or Held()
    worth, holders = dict(known), dict(held.holders)
    additions: list[Addition] = []
    outcomes: list[RewardOutcome] = []
    for index, item in enumerate(batch.items):
        if isinstance(item, RewardOutcome):
            outcomes.append(item)
            continue
        holder = holders.setdefault(item.reward_key, Holder(item.action, item.feature_set_version))
        refusal = _refusal(item, f"rewards[{index}]", holder, held.objectives)
        if refusal is not None:
            outcomes.append(RewardOutcome(item.reward_key, error=refusal))
            continue
        previous = worth.get(item.reward_key)
        is_duplicate = previous == item.worth
        outcomes.append(RewardOutcome(item.reward_key, is_duplicate))
        if not is_duplicate:
            additions.append(Addition(item, *(previous or (None, None))))
        worth[item.reward_key] = item.worth
    return tuple(additions), Receipt(batch.body_hash, tuple(outcomes))


def _refusal(reward: Reward, path: str, holder: Holder, objectives: Mapping[str, str]) -> InvalidArgument | None:
    """Of a reward whose key is another presentation's."""
    if reward.action != holder.action:
        text = f"must be {holder.action!r}, for which its reward_key was rewarded first"
        return InvalidArgument.field(f"{path}.action", text, reason="REWARD_KEY_TAKEN")
    mine, first = objectives.get(reward.feature_set_version), objectives.get(holder.feature_set_version)
    if None in (mine, first) or mine == first:
        return None
    text = f"must be of objective {first!r}, for which its reward_key was rewarded first, not of {mine!r}"
    return InvalidArgument.field(f"{path}.feature_set_version", text, reason="REWARD_KEY_TAKEN")


@dataclass(frozen=True, slots=True)
class Appended:
    """The entries as they stand in the log, in order; none where `is_repeat`: the request was answered before."""

    receipt: Receipt
    entries: tuple[LogEntry, ...] = ()
    is_repeat: bool = False
