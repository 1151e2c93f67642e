"""Feature sets, rewards and a small store with known tastes, for tests of the scoring service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration, FeatureSet
from services.scoring.domain.rewards import ErasedEntry, LogEntry, Reward
from shared.values import AttributeType, Feature, present

NOW_MS = 1_760_000_000_000

FEATURES = (
    FeatureDeclaration("age", AttributeType.INT),
    FeatureDeclaration("tier", AttributeType.STRING),
    FeatureDeclaration("brands", AttributeType.STRING_LIST),
    FeatureDeclaration("context.weather", AttributeType.STRING),
)
ACTIONS = (
    ActionDeclaration("mug", "kitchen", "grow", {"brand": "acme", "price": 9.5}),
    ActionDeclaration("pan", "kitchen", "grow", {"brand": "bolt", "price": 49.0}),
    ActionDeclaration("sock", "clothes", "grow", {"brand": "acme", "price": 5.0}),
    ActionDeclaration("thanks", "service", "retain", {}),
)
FEATURE_SET = FeatureSet(FEATURES, ACTIONS, 0.1)
ANNA: Mapping[str, Feature] = {"age": present(34), "tier": present("gold"), "brands": present(("acme", "zest"))}


def reward(
    key: str = "k", value: float = 1.0, *, action: str = "mug", features: Mapping[str, Feature] = ANNA
) -> Reward:
    """A reward of FEATURE_SET."""
    return Reward(key, FEATURE_SET.version, action, "EMAIL", "home", features, value, NOW_MS)


def taught(entries: Iterable[LogEntry], scorer: BayesianScorer | None = None) -> BayesianScorer:
    """A model that learnt entries of FEATURE_SET."""
    scorer = scorer or BayesianScorer()
    compiled = scorer.compile(FEATURE_SET)
    for entry in entries:
        scorer.fold(compiled, entry)
    return scorer


def learnable(entries: Iterable[LogEntry | ErasedEntry]) -> list[LogEntry]:
    """The entries of a log of which nobody was erased."""
    assert all(isinstance(entry, LogEntry) for entry in entries)
    return [entry for entry in entries if isinstance(entry, LogEntry)]


def entries_of(rewards: Iterable[tuple[str, float]], start: int = 1) -> list[LogEntry]:
    """First rewards of their own keys, one per (action, reward)."""
    return [
        LogEntry(start + index, reward(f"k{start + index}", value, action=action), None)
        for index, (action, value) in enumerate(rewards)
    ]


class Shop:
    """Visitors with three tastes, 12 items in 3 groups; who clicks on what is known here and nowhere else."""

    def __init__(self, seed: int, *, spread: float = 1.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.names = [f"item_{index}" for index in range(12)]
        self._item = self.rng.normal(0, 0.5, 12)
        self._taste = self.rng.normal(0, spread, (3, 4, 3))  # feature, value, group
        self.groups = np.arange(12) % 3
        features = tuple(FeatureDeclaration(f"taste_{index}", AttributeType.STRING) for index in range(3))
        actions = tuple(
            ActionDeclaration(name, f"group_{group}", "sell", {})
            for name, group in zip(self.names, self.groups, strict=True)
        )
        self.feature_set = FeatureSet(features, actions, 0.1)

    def visit(self) -> tuple[dict[str, Feature], npt.NDArray[np.float64]]:
        """A visitor's features and the probability of a click on each item."""
        values = self.rng.integers(0, 4, 3)
        log_odds = -2.5 + self._item + self._taste[np.arange(3), values].sum(0)[self.groups]
        features = {f"taste_{index}": present(f"v{value}") for index, value in enumerate(values)}
        return features, 1 / (1 + np.exp(-log_odds))

    def entry(self, position: int, action: str, features: Mapping[str, Feature], value: float) -> LogEntry:
        version = self.feature_set.version
        return LogEntry(position, Reward(f"k{position}", version, action, "WEB", "", features, value, NOW_MS), None)
