"""The online Bayesian logistic regression as one object: it scores, it learns, it can be copied and stored.

Alone it starts from the rate that a feature set expects; over a base model from what that says of each candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from services.scoring.domain import snapshot
from services.scoring.domain.amounts import OBJECTIVE
from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.base_model.served import BaseScores, ForestBase, served
from services.scoring.domain.candidates import Candidates, candidates_of
from services.scoring.domain.compiled import CompiledFeatureSet, Rows, cold_variance, compile_feature_set
from services.scoring.domain.customer import encode_customer, read_features
from services.scoring.domain.explanation.explain import Model, explain
from services.scoring.domain.explanation.explanation import Explanation
from services.scoring.domain.explanation.forest import RawParts
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE, FeatureSet
from services.scoring.domain.forgetting import forget_if_due
from services.scoring.domain.hashing import TABLE_BITS
from services.scoring.domain.learning import correct, learn
from services.scoring.domain.logit_normal import probability_moments
from services.scoring.domain.posterior import Posterior, untaught
from services.scoring.domain.prediction import predict
from services.scoring.domain.priors import OVER_A_BASE, Priors
from services.scoring.domain.rewards import LogEntry
from services.scoring.domain.scoring import Floats, ScoreQuery, Scores
from services.scoring.domain.severity import Severity, severity_of
from services.scoring.domain.standards import take
from services.scoring.domain.terms import Presentation, terms_of
from shared.ids import content_hash
from shared.values import Feature

_ENCODING = 3
"""Raise it with every change of what a token, a slot or a step is: snapshots of another encoding are not used."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """Feature sets as arrays, for models of these priors over this base."""

    priors: Priors
    base: ForestBase | None

    def __call__(self, feature_set: FeatureSet) -> CompiledFeatureSet:
        """Of a valid feature set."""
        compiled = compile_feature_set(feature_set, self.priors)
        if self.base is None:
            return compiled
        return replace(compiled, base=self.base.bind(feature_set.actions, cold_variance(feature_set, self.priors)))


class BayesianScorer:
    """Not for two threads at once: learning moves the arrays in place. `copy` is for that."""

    def __init__(
        self,
        priors: Priors | None = None,
        posterior: Posterior | None = None,
        *,
        objective: str = DEFAULT_OBJECTIVE,
        base: ForestBase | None = None,
    ) -> None:
        """`objective` is the base's where there is one."""
        self._priors = priors or (OVER_A_BASE if base else Priors())
        self._base = base
        self.objective = base.objective if base else objective
        self.posterior = posterior or _untaught(self._priors, base)
        self.model_id, self.snapshot_id = _ids(self._priors, self.objective, base)

    @property
    def priors(self) -> Priors:
        return self._priors

    @property
    def position(self) -> int:
        """The last entry of the reward log that was learnt."""
        return self.posterior.position

    @property
    def model_version(self) -> str:
        return f"{self.model_id}@{self.position}"

    @property
    def compiler(self) -> Compiler:
        return Compiler(self._priors, self._base)

    def compile(self, feature_set: FeatureSet) -> CompiledFeatureSet:
        """The arrays of a valid feature set, for this model."""
        return self.compiler(feature_set)

    def id_without_base(self, objective: str) -> str:
        """Of the model that `untaught` makes."""
        return _ids(self._priors_without_base, objective, None)[0]

    def untaught(self, objective: str) -> BayesianScorer:
        """The model that an objective begins with: without a base, before the first reward."""
        return BayesianScorer(self._priors_without_base, objective=objective)

    def over(self, content: bytes) -> BayesianScorer:
        """The model over a base, before the first reward. Raises ValueError where the content must not be used."""
        return BayesianScorer(base=served(content))

    def check_fits(self, compiled: CompiledFeatureSet) -> None:
        """Raises ValueError where the base has no use for a feature set, or gives what is no number."""
        if self._base is None or compiled.base is None:
            return
        if not self._base.reads_any(compiled.features):
            raise ValueError(f"it reads none of the features of {compiled.version}")
        every = np.arange(len(compiled.rows))
        unusable = self._offsets(compiled, {}, every, (), ()).unusable
        if unusable:
            raise ValueError(f"{unusable} of its {len(every)} scores are no numbers")

    def score(self, compiled: CompiledFeatureSet, query: ScoreQuery) -> Scores:
        """Raises InvalidArgument for an action that is not of the feature set or an ill-typed feature."""
        return self.score_each(compiled, query, [read_features(compiled.features, query.features)])[0]

    def score_each(
        self, compiled: CompiledFeatureSet, query: ScoreQuery, customers: Sequence[Mapping[str, Feature]]
    ) -> list[Scores]:
        """The candidates of the query for several customers, whose features are as `read_features` gives them."""
        candidates = candidates_of(compiled, query)
        evidence = self.posterior.evidence
        evidences = np.fromiter(map(evidence.get, query.actions, repeat(0)), np.float64, len(query.actions))
        severity = None
        if compiled.prior_value:
            prior = 1.0 if compiled.base is not None and compiled.base.severity is not None else compiled.prior_value
            severity = severity_of(self.posterior.amounts, compiled.kin(candidates.rows), prior)
        return [self._score(compiled, query, candidates, evidences, severity, features) for features in customers]

    def explain(self, compiled: CompiledFeatureSet, shown: Shown, base: RawParts | None) -> Explanation:
        """Takes a score apart; `shown` has the features as `read_features` gives them, `base` are the parts of what the
        base's forest says of it. Raises InvalidArgument for an action that is not of the feature set."""
        query = ScoreQuery(compiled.version, shown.features, [shown.action.action], [shown.channel], [shown.placement])
        scores = self.score_each(compiled, query, [shown.features])[0]
        return explain(Model(self.posterior, self._priors, compiled, base), shown, scores)

    def fold(self, compiled: CompiledFeatureSet, entry: LogEntry) -> None:
        """Learns the entry after `position`. Deterministic: the same log gives the same arrays."""
        posterior, reward = self.posterior, entry.reward
        shown = Presentation(compiled.rows[reward.action], reward.channel, reward.placement_id)
        offset = self._offset_to_learn(compiled, reward.features, shown)
        if compiled.prior_value:
            self._tally(compiled, entry, shown)
        if entry.previous_reward is None:
            take(posterior.standards, reward.features)
        terms = terms_of(compiled, encode_customer(reward.features, posterior.standards), shown, self._priors)
        if entry.previous_reward is None:
            learn(posterior, terms, offset, reward.reward)
            posterior.evidence[reward.action] = posterior.evidence.get(reward.action, 0) + 1
            forget_if_due(posterior)
        else:
            if reward.reward != entry.previous_reward:
                correct(posterior, terms, offset, reward.reward - entry.previous_reward)
        posterior.position = entry.position

    def skip(self, position: int) -> None:
        """Goes on to an entry that is not for this model, or cannot be learnt any more."""
        self.posterior.position = position

    def copy(self) -> BayesianScorer:
        return self._with(self.posterior.copy())

    def snapshot(self) -> bytes:
        """All that was learnt, checksummed."""
        return snapshot.encode(self.snapshot_id, self.posterior)

    def restored(self, content: bytes) -> BayesianScorer:
        """This model as a snapshot left it. Raises ValueError where it is damaged, newer, or of another model."""
        return self._with(snapshot.decode(self.snapshot_id, content))

    @property
    def _priors_without_base(self) -> Priors:
        return Priors() if self._base else self._priors

    def _with(self, posterior: Posterior) -> BayesianScorer:
        return BayesianScorer(self._priors, posterior, objective=self.objective, base=self._base)

    def _score(
        self,
        compiled: CompiledFeatureSet,
        query: ScoreQuery,
        candidates: Candidates,
        evidences: Floats,
        severity: Severity | None,
        features: Mapping[str, Feature],
    ) -> Scores:
        customer = encode_customer(features, self.posterior.standards)
        log_odds = predict(self.posterior, compiled, customer, candidates, self._priors)
        base = self._offsets(compiled, features, candidates.rows, query.channels, query.placement_ids)
        log_odds_means = log_odds.mean + base.offsets
        means, uncertainties = probability_moments(log_odds_means, log_odds.variance)
        if severity is not None and compiled.base is not None:
            usual = compiled.base.amounts(features, candidates.rows, query.channels, query.placement_ids)
            severity = severity if usual is None else severity.times(usual)
        return Scores(
            model_version=self.model_version,
            means=means,
            uncertainties=uncertainties,
            evidences=evidences,
            log_odds_means=log_odds_means,
            log_odds_deviations=np.sqrt(log_odds.own_variance),
            feature_statuses={name: feature.status for name, feature in features.items()},
            unusable=base.unusable,
            severity=severity,
        )

    def _tally(self, compiled: CompiledFeatureSet, entry: LogEntry, shown: Presentation) -> None:
        """The amount of a success, in place of what it was before; relative to what a base expects of it."""
        before, after = entry.previous_value, entry.reward.value
        if before == after:
            return
        row = np.array([shown.row], np.intp)
        names = (OBJECTIVE, *compiled.kin(row)[0].tolist())
        usual = 1.0
        if compiled.base is not None:
            found = compiled.base.amounts(entry.reward.features, row, (shown.channel,), (shown.placement_id,))
            usual = 1.0 if found is None else float(found[0])
        if before is not None:
            self.posterior.amounts.take_away(names, before / usual)
        if after is not None:
            self.posterior.amounts.add(names, after / usual)

    def _offsets(
        self,
        compiled: CompiledFeatureSet,
        features: Mapping[str, Feature],
        rows: Rows,
        channels: Sequence[str],
        placements: Sequence[str],
    ) -> BaseScores:
        """What the base says of n candidates, (n,); the same for all where there is none."""
        if compiled.base is not None:
            return compiled.base.scores(features, rows, channels, placements)
        offset = compiled.prior_log_odds if self.posterior.offset is None else self.posterior.offset
        return BaseScores(np.full(len(rows), offset))

    def _offset_to_learn(
        self, compiled: CompiledFeatureSet, features: Mapping[str, Feature], shown: Presentation
    ) -> float:
        """Without a base, those of the first feature set that is learnt from stay."""
        if compiled.base is None and self.posterior.offset is None:
            self.posterior.offset = compiled.prior_log_odds
        row = np.array([shown.row], np.intp)
        return float(self._offsets(compiled, features, row, (shown.channel,), (shown.placement_id,)).offsets[0])


def _untaught(priors: Priors, base: ForestBase | None) -> Posterior:
    """Amounts, and how many responses are behind an action, go on from those that taught the base."""
    if base is None:
        return untaught(priors)
    return replace(untaught(priors, base.learns_after), amounts=base.amounts.copy(), evidence=dict(base.evidence))


def _ids(priors: Priors, objective: str, base: ForestBase | None) -> tuple[str, str]:
    """The model's own, and that of what it learnt: the same base learns otherwise where the layer over it changes."""
    learning = (_ENCODING, TABLE_BITS, priors)
    if base is not None:
        return base.model_id, f"{base.model_id}+{content_hash(learning)[:8]}"
    hashed = learning if objective == DEFAULT_OBJECTIVE else (*learning, objective)
    name = f"bayes-{content_hash(hashed)[:8]}"
    return name, name
