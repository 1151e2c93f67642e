"""Presentations of late: what was predicted of each and what came, joined by reward key from the log's end backwards.

The last entry of a key holds its reward, the first one (without a previous reward) everything else. What was erased is
in neither; a key whose first entry lies before what was read is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.scoring.domain.health.drift import DriftTally
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Prediction
from shared.values import Feature


@dataclass(frozen=True, slots=True)
class Presentation:
    """`time_ms` is of its first entry; `prediction` is None where nothing was said of it."""

    time_ms: int
    reward: float
    prediction: Prediction | None


@dataclass(slots=True)
class Recent:
    """Of one objective: the last `limit` presentations, the newest first, and how their features were."""

    limit: int
    drift: DriftTally = field(default_factory=DriftTally)
    presentations: list[Presentation] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return len(self.presentations) >= self.limit

    def add(self, presentation: Presentation, features: Mapping[str, Feature]) -> None:
        if not self.is_full:
            self.presentations.append(presentation)
            self.drift.add(features)


class Joiner:
    """Takes the log from its end backwards and gives each presentation to what is recent of its objective."""

    def __init__(self, recents: Mapping[str, Recent]) -> None:
        self._recents = recents
        self._rewards: dict[str, float] = {}

    @property
    def is_done(self) -> bool:
        return all(recent.is_full for recent in self._recents.values())

    def take(self, entries: Iterable[LogEntry | ErasedEntry], objectives: Mapping[str, str | None]) -> None:
        """The newest entry first. `objectives` are those of their feature sets, by version."""
        for entry in entries:
            if isinstance(entry, ErasedEntry):
                continue
            reward = entry.reward
            if entry.previous_reward is not None:
                self._rewards.setdefault(reward.reward_key, reward.reward)
                continue
            value = self._rewards.pop(reward.reward_key, reward.reward)
            recent = self._recents.get(objectives.get(reward.feature_set_version) or "")
            if recent is not None:
                presentation = Presentation(reward.reward_time_ms or 0, value, reward.prediction)
                recent.add(presentation, reward.features)


def model_of(version: str) -> str:
    """The id of the model in a version, "<model id>@<log position>"."""
    return version.partition("@")[0]
