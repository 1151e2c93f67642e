"""A feature set as arrays, built once when it is published.

Actions share tokens: ten thousand actions of twenty groups and a hundred brands are 10,120 distinct tokens, and what
the customer means to a token is computed once however many candidates carry it.

    token_hashes  (U,)   uint64    distinct tokens: issue, group, action, attribute=value
    token_slots   (U,)   int64     where their own weights are
    main_scale    (U,)   float64   prior standard deviation of the token itself ...
    cross_scale   (U,)   float64   ... and of its crosses with the customer
    tokens        (A, K) int32     the tokens of each action; short rows are padded with token 0 ...
    weights       (A, K) float64   ... at weight 0
    action_hashes (A,)   uint64    token of the action itself, for its crosses with channels
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.scoring.domain.base_model.served import BoundBase
from services.scoring.domain.encoding import tokens_of
from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration, FeatureSet
from services.scoring.domain.hashing import Hashes, Slots, slots, token
from services.scoring.domain.logit_normal import log_odds_of
from services.scoring.domain.past_contacts import PAST_CONTACTS
from services.scoring.domain.priors import Priors
from shared.errors import InvalidArgument

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
_KIN = 3


@dataclass(frozen=True, slots=True)
class CompiledFeatureSet:
    """`base` is the base model bound to these actions, for a model that has one."""

    version: str
    objective: str
    features: tuple[FeatureDeclaration, ...]
    prior_propensity: float
    prior_log_odds: float
    rows: Mapping[str, int]
    token_hashes: Hashes
    token_slots: Slots
    main_scale: Floats
    cross_scale: Floats
    tokens: npt.NDArray[np.int32]
    weights: Floats
    action_hashes: Hashes
    base: BoundBase | None = None
    prior_value: float = 0.0
    """0: no amounts are learnt."""

    def rows_of(self, actions: Sequence[str]) -> Rows:
        """The rows of actions by name. Raises InvalidArgument, naming the first one that is not declared."""
        try:
            return np.fromiter(map(self.rows.__getitem__, actions), np.intp, len(actions))
        except KeyError as error:
            place = next(i for i, action in enumerate(actions) if action not in self.rows)
            raise unknown_action(f"actions[{place}]", error.args[0]) from None

    def kin(self, rows: Rows) -> Hashes:
        """(n, 3): the tokens of issue, group and action, which each action's tokens begin with."""
        hashes: Hashes = self.token_hashes[self.tokens[rows, :_KIN]]
        return hashes


def unknown_action(path: str, action: str) -> InvalidArgument:
    """The action is not of this feature set."""
    return InvalidArgument.field(path, f"no action {action!r} in this feature set", reason="UNKNOWN_ACTION")


def compile_feature_set(feature_set: FeatureSet, priors: Priors) -> CompiledFeatureSet:
    """The arrays of a valid feature set, without a base; about 15 µs per action."""
    table = _TokenTable(priors)
    lines = [table.line(action) for action in feature_set.actions]
    width = max((len(line) for line in lines), default=1)
    tokens = np.zeros((len(lines), width), np.int32)
    weights = np.zeros((len(lines), width))
    for row, line in enumerate(lines):
        for column, (place, weight) in enumerate(line):
            tokens[row, column] = place
            weights[row, column] = weight
    hashes = np.array(table.hashes, np.uint64)
    return CompiledFeatureSet(
        version=feature_set.version,
        objective=feature_set.objective,
        features=feature_set.features,
        prior_propensity=feature_set.prior_propensity,
        prior_log_odds=log_odds_of(feature_set.prior_propensity, cold_variance(feature_set, priors)),
        rows={action.action: row for row, action in enumerate(feature_set.actions)},
        token_hashes=hashes,
        token_slots=slots(hashes),
        main_scale=np.sqrt(np.array(table.main, np.float64)),
        cross_scale=np.sqrt(np.array(table.cross, np.float64)),
        tokens=tokens,
        weights=weights,
        action_hashes=np.array([token("action", a.action) for a in feature_set.actions], np.uint64),
        prior_value=feature_set.prior_value,
    )


def cold_variance(feature_set: FeatureSet, priors: Priors) -> float:
    """Of a candidate's log-odds before anything is learnt, for a customer whose features are known.

    The prior propensity is what is expected, so it is the mean over this variance and not at its middle: log-odds of
    variance 6 in the middle of 5 % expect 14 %.
    """
    attributes = any(action.attributes for action in feature_set.actions)
    kin = priors.issue + priors.group + priors.action + attributes * priors.attributes
    crosses = priors.customer_group + priors.customer_action + attributes * priors.customer_attributes
    has_features = any(feature.name != PAST_CONTACTS for feature in feature_set.features)
    customer = has_features * (priors.customer + crosses)
    places = priors.channel + priors.placement + priors.action_channel
    return priors.base + priors.scale_square * (kin + places + customer)


@dataclass(slots=True)
class _TokenTable:
    """Distinct tokens in order of appearance, with the prior variances of their families."""

    priors: Priors
    places: dict[int, int] = field(default_factory=dict)
    hashes: list[int] = field(default_factory=list)
    main: list[float] = field(default_factory=list)
    cross: list[float] = field(default_factory=list)

    def line(self, action: ActionDeclaration) -> list[tuple[int, float]]:
        """(token, weight) of one action, each token once."""
        priors = self.priors
        line = [
            (self._place(token("issue", action.issue), priors.issue, 0.0), 1.0),
            (self._place(token("group", action.group), priors.group, priors.customer_group), 1.0),
            (self._place(token("action", action.action), priors.action, priors.customer_action), 1.0),
        ]
        share = 1.0 / math.sqrt(max(len(action.attributes), 1))
        for name, value in action.attributes.items():
            for hashed, weight in tokens_of("attribute", name, value):
                place = self._place(hashed, priors.attributes, priors.customer_attributes)
                line.append((place, weight * share))
        return line

    def _place(self, hashed: int, main: float, cross: float) -> int:
        place = self.places.setdefault(hashed, len(self.hashes))
        if place == len(self.hashes):
            self.hashes.append(hashed)
            self.main.append(main)
            self.cross.append(cross)
        return place
