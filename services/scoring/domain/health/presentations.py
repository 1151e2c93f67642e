"""Presentations of late: what was predicted of each and what came, joined by reward key from the log's end backwards.

The last entry of a key holds its reward, the first one (without a previous reward) everything else. What was erased is
in neither; a key whose first entry lies before what was read is left out.

A model is judged by presentations whose outcome window is over, counted from the decision, whatever came of them and
when. Among the younger ones a success is known as soon as it comes and a failure only once it has waited: counting what
is known of them would make a model look better or worse by how it is known. To wait for the end of the window for
failures, and not for successes, would make every young model look too modest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.scoring.domain.health.drift import DriftTally
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Outline, Prediction
from shared.values import Feature


class Aim(NamedTuple):
    """Of a feature set: `window_ms` is 0 where its objective has none."""

    objective: str
    window_ms: int = 0


@dataclass(frozen=True, slots=True)
class Presentation:
    """`time_ms` is of its decision, of its first entry where that is not known; `prediction` is None where nothing was
    said of it; `window_ms` is 0 where its objective has none."""

    time_ms: int
    reward: float
    prediction: Prediction | None
    window_ms: int = 0

    def is_over(self, now_ms: int, usual_ms: int = 0) -> bool:
        """Whether its window is, or `usual_ms` have gone by where it has none."""
        return self.time_ms <= now_ms - (self.window_ms or usual_ms)


@dataclass(slots=True)
class Recent:
    """Of one objective: the last `limit` presentations, the newest first, and how their features were."""

    limit: int
    drift: DriftTally = field(default_factory=DriftTally)
    presentations: list[Presentation] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return len(self.presentations) >= self.limit

    @property
    def window_ms(self) -> int:
        """The longest of any."""
        return max((each.window_ms for each in self.presentations), default=0)

    def judging(self, now_ms: int) -> list[Presentation]:
        """Those by which models are judged: with a window that is over, or none at all."""
        return [each for each in self.presentations if each.is_over(now_ms) or not each.window_ms]

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

    def take(self, entries: Iterable[LogEntry | ErasedEntry], aims: Mapping[str, Aim | None]) -> None:
        """The newest entry first. `aims` are those of their feature sets, by version."""
        for entry in entries:
            if isinstance(entry, ErasedEntry):
                continue
            reward = entry.reward
            if entry.previous_reward is not None:
                self._rewards.setdefault(reward.reward_key, reward.reward)
                continue
            value = self._rewards.pop(reward.reward_key, reward.reward)
            aim = aims.get(reward.feature_set_version)
            recent = None if aim is None else self._recents.get(aim.objective)
            if aim is not None and recent is not None:
                time_ms = _decision_ms(reward.prediction, reward.reward_time_ms or 0)
                recent.add(Presentation(time_ms, value, reward.prediction, aim.window_ms), reward.features)


class Elders:
    """Takes outlines backwards from where windows are over: the last `limit` presentations of one objective, without
    their rewards, which come by key."""

    def __init__(self, objective: str, limit: int, now_ms: int) -> None:
        self._objective = objective
        self._limit = limit
        self._now_ms = now_ms
        self._found: dict[str, Presentation] = {}

    @property
    def is_full(self) -> bool:
        return len(self._found) >= self._limit

    @property
    def keys(self) -> Collection[str]:
        return self._found.keys()

    def take(self, entries: Iterable[Outline | ErasedEntry], aims: Mapping[str, Aim | None]) -> None:
        for entry in entries:
            if isinstance(entry, ErasedEntry) or not entry.is_first or self.is_full:
                continue
            aim = aims.get(entry.feature_set_version)
            if aim is None or aim.objective != self._objective:
                continue
            time_ms = _decision_ms(entry.prediction, entry.reward_time_ms)
            found = Presentation(time_ms, entry.reward, entry.prediction, aim.window_ms)
            if found.is_over(self._now_ms):
                self._found[entry.reward_key] = found

    def with_rewards(self, rewards: Mapping[str, float]) -> list[Presentation]:
        """Those that are worth something now: what was erased meanwhile is not."""
        return [replace(each, reward=rewards[key]) for key, each in self._found.items() if key in rewards]


def _decision_ms(said: Prediction | None, otherwise_ms: int) -> int:
    return otherwise_ms if said is None or said.decision_time_ms is None else said.decision_time_ms


def model_of(version: str) -> str:
    """The id of the model in a version, "<model id>@<log position>"."""
    return version.partition("@")[0]
