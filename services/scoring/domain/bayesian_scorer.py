"""The online Bayesian logistic regression as one object: it scores, it learns, it can be copied and stored."""

from __future__ import annotations

from itertools import repeat

import numpy as np

from services.scoring.domain import snapshot
from services.scoring.domain.candidates import Candidates, column
from services.scoring.domain.compiled import CompiledFeatureSet, compile_feature_set
from services.scoring.domain.customer import encode_customer, read_features
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.hashing import TABLE_BITS
from services.scoring.domain.learning import correct, learn
from services.scoring.domain.logit_normal import probability_moments
from services.scoring.domain.posterior import Posterior, untaught
from services.scoring.domain.prediction import predict
from services.scoring.domain.priors import Priors
from services.scoring.domain.rewards import LogEntry
from services.scoring.domain.scoring import ScoreQuery, Scores
from services.scoring.domain.terms import Presentation, terms_of
from shared.ids import content_hash

_ENCODING = 1
"""Raise it with every change of what a token, a slot or a step is: snapshots of another encoding are not used."""


class BayesianScorer:
    """Not for two threads at once: learning moves the arrays in place. `copy` is for that."""

    def __init__(self, priors: Priors | None = None, posterior: Posterior | None = None) -> None:
        self._priors = priors or Priors()
        self.posterior = posterior or untaught(self._priors)
        self.model_id = f"bayes-{content_hash((_ENCODING, TABLE_BITS, self._priors))[:8]}"

    @property
    def position(self) -> int:
        """The last entry of the reward log that was learnt."""
        return self.posterior.position

    @property
    def model_version(self) -> str:
        return f"{self.model_id}@{self.position}"

    def compile(self, feature_set: FeatureSet) -> CompiledFeatureSet:
        """The arrays of a valid feature set."""
        return compile_feature_set(feature_set, self._priors)

    def score(self, compiled: CompiledFeatureSet, query: ScoreQuery) -> Scores:
        """Raises InvalidArgument for an action that is not of the feature set or an ill-typed feature."""
        posterior, count = self.posterior, len(query.actions)
        features = read_features(compiled.features, query.features)
        candidates = Candidates(
            compiled.rows_of(query.actions),
            column("channel", query.channels, count),
            column("placement", query.placement_ids, count),
        )
        log_odds = predict(posterior, compiled, encode_customer(features), candidates, self._priors)
        log_odds_means = log_odds.mean + self._offset(compiled)
        means, uncertainties = probability_moments(log_odds_means, log_odds.variance)
        return Scores(
            model_version=self.model_version,
            means=means,
            uncertainties=uncertainties,
            evidences=np.fromiter(map(posterior.evidence.get, query.actions, repeat(0)), np.float64, count),
            log_odds_means=log_odds_means,
            log_odds_deviations=np.sqrt(log_odds.own_variance),
            feature_statuses={name: feature.status for name, feature in features.items()},
        )

    def fold(self, compiled: CompiledFeatureSet, entry: LogEntry) -> None:
        """Learns the entry after `position`. Deterministic: the same log gives the same arrays."""
        posterior, reward = self.posterior, entry.reward
        if posterior.offset is None:
            posterior.offset = compiled.prior_log_odds
        shown = Presentation(compiled.rows[reward.action], reward.channel, reward.placement_id)
        terms = terms_of(compiled, encode_customer(reward.features), shown, self._priors)
        if entry.previous_reward is None:
            learn(posterior, terms, posterior.offset, reward.reward)
            posterior.evidence[reward.action] = posterior.evidence.get(reward.action, 0) + 1
        else:
            correct(posterior, terms, posterior.offset, reward.reward - entry.previous_reward)
        posterior.position = entry.position

    def skip(self, position: int) -> None:
        """Goes on to an entry that cannot be learnt any more."""
        self.posterior.position = position

    def copy(self) -> BayesianScorer:
        return BayesianScorer(self._priors, self.posterior.copy())

    def snapshot(self) -> bytes:
        """All that was learnt, checksummed."""
        return snapshot.encode(self.model_id, self.posterior)

    def restored(self, content: bytes) -> BayesianScorer:
        """This model as a snapshot left it. Raises ValueError where it is damaged, newer, or of another model."""
        return BayesianScorer(self._priors, snapshot.decode(self.model_id, content))

    def _offset(self, compiled: CompiledFeatureSet) -> float:
        return compiled.prior_log_odds if self.posterior.offset is None else self.posterior.offset
