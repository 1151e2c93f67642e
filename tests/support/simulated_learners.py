"""Learners of the simulated store that need nothing but this project: Tandem, and yardsticks anyone understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.draw import pick, uniform
from services.orchestrator.domain.arbitration.exploration import Exploration
from services.orchestrator.domain.arbitration.explore import explore
from services.orchestrator.domain.arbitration.reshaping import reshaped
from services.orchestrator.domain.arbitration.worth import Worth
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.priors import Priors
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.values import Feature, present
from tests.support.arbitration import exploring
from tests.support.simulated_run import Outcome
from tests.support.simulated_store import BATCH, SimulatedStore


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator of Tandem can say."""

    exploration: Exploration = field(default_factory=Exploration)
    prior_propensity: float = 0.05
    priors: Priors = field(default_factory=Priors)


class Tandem:
    """The scorer's posterior, the arbitration's vector, one draw from it."""

    def __init__(self, store: SimulatedStore, settings: Settings | None = None) -> None:
        self._store, self._settings = store, settings or Settings()
        self.scorer = BayesianScorer(self._settings.priors)
        self._available = 0
        self._chosen: list[int] = []
        self._publish(store.available(0))

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        for each in outcomes:
            self.scorer.fold(self._compiled, self._entry(each))

    def choose(self, start: int, stop: int) -> Sequence[int]:
        self._publish(self._store.available(start))
        choices = [self._choice(each) for each in range(start, stop)]
        self._chosen += choices
        return choices

    def scores(self, number: int) -> Scores:
        """Of all available actions in a round."""
        query = ScoreQuery(self._version, self._features(number), self._names)
        return self.scorer.score(self._compiled, query)

    def _publish(self, available: int) -> None:
        """A new catalogue is a new feature set, as a new policy makes one."""
        if available == self._available:
            return
        feature_set = self._store.feature_set(available, self._settings.prior_propensity)
        self._compiled: CompiledFeatureSet = self.scorer.compile(feature_set)
        self._version, self._available = feature_set.version, available
        self._names = [each.action for each in feature_set.actions]
        self._worth = Worth(np.ones(available), np.zeros(available))
        self._exploring = exploring(available, self._settings.exploration)

    def _choice(self, number: int) -> int:
        scores = self.scores(number)
        drawn_from = reshaped(scores.log_odds_means, scores.log_odds_deviations, scores.means, scores.evidences)
        beliefs = Beliefs(scores.means, *drawn_from, np.ones(self._available, np.bool_))
        contenders = Contenders.of(self._worth, beliefs, reserve=0.0)
        return pick(explore(contenders, self._exploring).probabilities, uniform(f"{number}", "home", 0))

    def _entry(self, outcome: Outcome) -> LogEntry:
        name = self._store.actions[self._chosen[outcome.round]].action
        features = self._features(outcome.round)
        reward = Reward(f"{outcome.round}", self._version, name, "", "", features, outcome.reward)
        return LogEntry(self.scorer.position + 1, reward, 0.0 if outcome.is_correction else None)

    def _features(self, number: int) -> dict[str, Feature]:
        values = self._store.customers[number]
        return {each.name: present(value) for each, value in zip(self._store.features, values, strict=True)}


class Uniform:
    """Any action is as good as another."""

    def __init__(self, store: SimulatedStore, seed: int = 0) -> None:
        self._store, self._source = store, np.random.default_rng(seed)

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Nothing."""

    def choose(self, start: int, stop: int) -> Sequence[int]:
        choices: list[int] = self._source.integers(0, self._store.available(start), stop - start).tolist()
        return choices


class BestFixedAction:
    """Always the action that is best over the whole run, known beforehand: the most that one banner for all can do."""

    def __init__(self, store: SimulatedStore) -> None:
        starts = range(0, store.rounds, BATCH)
        brought = sum(store.probabilities(start, start + BATCH).sum(axis=0) for start in starts)
        self._best = int(np.argmax(np.asarray(brought)[:-1]))

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Nothing."""

    def choose(self, start: int, stop: int) -> Sequence[int]:
        return [self._best] * (stop - start)


class BetaThompson:
    """Thompson sampling of every action by itself, whoever the customer is (Chapelle & Li 2011, algorithm 2)."""

    def __init__(self, store: SimulatedStore, prior_propensity: float = 0.05, seed: int = 0) -> None:
        self._store, self._source = store, np.random.default_rng(seed)
        self._chosen: list[int] = []
        self._taken = np.full(len(store.actions), prior_propensity)
        self._left = 1.0 - self._taken

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        for each in outcomes:
            action = self._chosen[each.round]
            self._taken[action] += each.reward
            self._left[action] += (0.0 if each.is_correction else 1.0) - each.reward

    def choose(self, start: int, stop: int) -> Sequence[int]:
        available = self._store.available(start)
        shape = (stop - start, available)
        drawn = self._source.beta(self._taken[:available], self._left[:available], shape)
        choices: list[int] = drawn.argmax(axis=1).tolist()
        self._chosen += choices
        return choices
