"""A store whose actions are bought at similar rates and for very different amounts, and who decides there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.draw import pick, uniform
from services.orchestrator.domain.arbitration.exploration import Exploration
from services.orchestrator.domain.arbitration.explore import explore
from services.orchestrator.domain.arbitration.reshaping import reshaped
from services.orchestrator.domain.arbitration.worth import Worth
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.feature_set import ActionDeclaration, FeatureSet
from services.scoring.domain.rewards import LogEntry, Reward
from services.scoring.domain.scoring import ScoreQuery, Scores
from tests.support.arbitration import exploring

Floats = npt.NDArray[np.float64]
BATCH = 50
_GROUPS = 5
_SPREAD = 0.8
"""Of the logarithms of one action's amounts: the deviation of amounts is nearly their mean."""


@dataclass(frozen=True, slots=True, eq=False)
class BasketStore:
    """`rate` and `mean` float64[A] of a purchase; `luck` and `amount` float64[N, A]: what came of it if shown."""

    rate: Floats
    mean: Floats
    luck: Floats
    amount: Floats
    feature_set: FeatureSet

    @classmethod
    def of(cls, seed: int, rounds: int, actions: int) -> BasketStore:
        rng = np.random.default_rng(seed)
        group = np.arange(actions) % _GROUPS
        rate = 1.0 / (1.0 + np.exp(-rng.normal(-2.5, 0.3, actions)))
        mean = np.exp(np.log(40.0) + rng.normal(0.0, 0.6, _GROUPS)[group] + rng.normal(0.0, 0.6, actions))
        amount = mean * np.exp(rng.normal(-(_SPREAD**2) / 2, _SPREAD, (rounds, actions)))
        declared = tuple(ActionDeclaration(f"item_{i}", f"group_{group[i]}", "sell", {}) for i in range(actions))
        feature_set = FeatureSet((), declared, 0.1, prior_value=40.0)
        return cls(rate, mean, rng.random((rounds, actions)), amount, feature_set)

    @property
    def worth(self) -> Floats:
        """float64[A]: what showing each brings on average."""
        return self.rate * self.mean


class Seller:
    """Thompson sampling on the scorer's posterior; `value`: learnt, declared (all the same), or known beforehand."""

    def __init__(self, store: BasketStore, value: str) -> None:
        self._store = store
        self._value = value
        self.scorer = BayesianScorer()
        self._compiled = self.scorer.compile(store.feature_set)
        self._names = [each.action for each in store.feature_set.actions]
        self._exploring = exploring(len(self._names), Exploration())

    def run(self) -> Floats:
        """float64[N]: what each choice brings on average."""
        gained = np.empty(len(self._store.luck))
        for start in range(0, len(gained), BATCH):
            scores = self._scores()
            chosen = [self._choice(scores, number) for number in range(start, min(start + BATCH, len(gained)))]
            for number, action in enumerate(chosen, start):
                gained[number] = self._store.worth[action]
                self.scorer.fold(self._compiled, self._entry(number, action))
        return gained

    def _scores(self) -> Scores:
        return self.scorer.score(self._compiled, ScoreQuery(self._compiled.version, {}, self._names))

    def _choice(self, scores: Scores, number: int) -> int:
        assert scores.severity is not None
        declared = np.full(len(self._names), 40.0)
        values = {"learnt": scores.severity.means, "declared": declared, "known": self._store.mean}[self._value]
        drawn_from = reshaped(scores.log_odds_means, scores.log_odds_deviations, scores.means, scores.evidences)
        beliefs = Beliefs(scores.means, *drawn_from, np.ones(len(self._names), np.bool_))
        contenders = Contenders.of(Worth(values, np.zeros(len(self._names))), beliefs, reserve=0.0)
        return pick(explore(contenders, self._exploring).probabilities, uniform(f"{number}", "home", 0))

    def _entry(self, number: int, action: int) -> LogEntry:
        bought = bool(self._store.luck[number, action] < self._store.rate[action])
        reward = Reward(f"k{number}", self._compiled.version, self._names[action], "WEB", "", {}, float(bought), 1)
        amount = float(self._store.amount[number, action])
        return LogEntry(number + 1, replace(reward, value=amount) if bought else reward, None)
