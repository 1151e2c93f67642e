"""A store of which everything is known: who comes, what they would take, how that drifts, and when it is told.

200 actions in 20 groups of 5 issues, with a brand, a price and a discount; a customer has 20 features, five of which
say nothing. The log-odds that a customer takes an action are

    base + popularity(group, brand, action; t) + taste(customer) · character(group, brand, action; t)
         + a liking of the favourite brand and issue + what the price and the discount are to this customer

`taste` is a squashed mix of the features, so no learner here has the form of the truth. Popularities wander (an
Ornstein-Uhlenbeck process), characters of groups turn by 60° in 20,000 rounds. A click is told after an exponential
delay; that there will be none is known when the window closes. One more action, the newcomer, is added in mid-run:
popular enough to be the best for a quarter of the customers, and of kin that are known.

    customers      rounds tuples of 20 values, in the order of `features`
    probabilities  (n, actions + 1) float64 of some rounds; the newcomer is the last column, always
    luck, delays   (rounds,) the same for every learner: a round's click is luck < probability
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.scoring.domain.feature_set import ActionDeclaration, FeatureDeclaration, FeatureSet
from shared.values import AttributeType, Value

Floats = npt.NDArray[np.float64]

ROUNDS_A_DAY = 1_000
BATCH = 100
WINDOW = 500
"""Rounds after which a presentation without a click will have none: half a day."""
MEAN_DELAY = 100.0
ISSUES, GROUPS, BRANDS = 5, 20, 12
DISCOUNTS = (0, 10, 20, 30)
NUMBERS = (
    "age",
    "orders",
    "spend",
    "basket",
    "days_since_visit",
    "discount_share",
    "app_sessions",
    "email_opens",
    "distance_km",
    "tenure_days",
)
CHOICES: Mapping[str, int] = {
    "tier": 4,
    "device": 3,
    "region": 8,
    "source": 5,
    "weather": 4,
    "daypart": 4,
    "favourite_brand": BRANDS,
    "favourite_issue": ISSUES,
}
FLAGS = ("is_member", "has_children")
NOISE = frozenset({"distance_km", "email_opens", "region", "source", "has_children"})
QUIET, LIVELY = -4.7, -3.0
"""What `base` is where 2.5 % of random presentations are clicked, and where it is 10 %."""
_DEPTH = 6
_WANDERING, _WANDERING_ROUNDS = 0.5, 10_000.0
_TURN_PER_ROUND = np.pi / 3 / 20_000
_NEWCOMER_SHARE = 0.25
_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Kin:
    """Columns (actions + 1,): what each action is. The newcomer is the last."""

    group: npt.NDArray[np.intp]
    brand: npt.NDArray[np.intp]
    price: Floats
    discount: npt.NDArray[np.intp]


class SimulatedStore:
    """Built from one seed. Time is the number of the round."""

    def __init__(self, seed: int, rounds: int = 20_000, actions: int = 200, base: float = QUIET) -> None:
        self._base = base
        self.rounds, self.newcomer, self.newcomer_at = rounds, actions, rounds // 2
        source = np.random.default_rng(seed)
        self._numbers = source.normal(size=(rounds, len(NUMBERS)))
        self._choices = np.column_stack([source.integers(0, size, rounds) for size in CHOICES.values()])
        self._flags = source.random((rounds, len(FLAGS))) < 0.4
        self.luck = source.random(rounds)
        self.delays = np.minimum(source.exponential(MEAN_DELAY, rounds), WINDOW - 1).astype(np.intp)
        self._kin = _kin(source, actions + 1)
        self._draw_truth(source, actions + 1)
        self.features = _declared_features()
        self.actions = tuple(_declared_action(self._kin, row) for row in range(actions + 1))
        self.customers = self._values()

    def feature_set(self, available: int, prior_propensity: float = 0.05) -> FeatureSet:
        """What is declared while the first `available` actions are there."""
        return FeatureSet(self.features, self.actions[:available], prior_propensity)

    def available(self, at: int) -> int:
        """How many actions there are in a round: the first so many."""
        return self.newcomer + (at >= self.newcomer_at)

    def probabilities(self, start: int, stop: int) -> Floats:
        """(stop - start, actions + 1): what would be taken; the store stands still meanwhile."""
        rows = slice(start, stop)
        return _expit(self._log_odds(rows, start) + self._popularity(start))

    def _draw_truth(self, source: np.random.Generator, actions: int) -> None:
        self._group_popularity = source.normal(0, 0.4, GROUPS)
        self._brand_popularity = source.normal(0, 0.3, BRANDS)
        self._wandering = _wanderings(source, self.rounds, actions)
        weights = [0.0 if name in NOISE else 1.0 for name in (*NUMBERS, *FLAGS)]
        mix = source.normal(size=(len(weights), _DEPTH)) * np.array(weights)[:, None] / 3
        numbers = np.hstack([self._numbers, (self._flags - 0.4) * 2])
        latent = numbers @ mix + numbers[:, :1] * numbers[:, 1:2] * source.normal(0, 0.4, _DEPTH)
        for column, (name, size) in enumerate(CHOICES.items()):
            if name not in NOISE:
                latent += source.normal(0, 0.4, (size, _DEPTH))[self._choices[:, column]]
        self._taste = np.tanh(latent)
        self._group_character = source.normal(0, 0.45, (2, GROUPS, _DEPTH))
        own = source.normal(0, 0.2, (actions, _DEPTH))
        self._own_character = own + source.normal(0, 0.2, (BRANDS, _DEPTH))[self._kin.brand]
        self._newcomer_popularity = self._deserving()

    def _log_odds(self, rows: slice, at: int) -> Floats:
        """Of everything but popularity."""
        turn, kin = at * _TURN_PER_ROUND, self._kin
        character = np.cos(turn) * self._group_character[0] + np.sin(turn) * self._group_character[1]
        log_odds = self._base + self._taste[rows] @ (character[kin.group] + self._own_character).T
        brand, issue = self._choices[rows, -2], self._choices[rows, -1]
        log_odds += 0.8 * (brand[:, None] == kin.brand) + 0.5 * (issue[:, None] == kin.group % ISSUES)
        thrift = -self._numbers[rows, NUMBERS.index("spend")] * 0.3
        log_odds -= thrift[:, None] * kin.price
        bargain = self._numbers[rows, NUMBERS.index("discount_share")] * 0.3
        result: Floats = log_odds + bargain[:, None] * (kin.discount - 1.5)
        return result

    def _popularity(self, at: int) -> Floats:
        popularity: Floats = self._kin_popularity() + self._wandering[at // BATCH]
        popularity[-1] = self._newcomer_popularity
        return popularity

    def _kin_popularity(self) -> Floats:
        result: Floats = self._group_popularity[self._kin.group] + self._brand_popularity[self._kin.brand]
        return result

    def _deserving(self) -> float:
        """The newcomer's popularity that makes it the best for its share of the customers when it comes."""
        log_odds = self._log_odds(slice(0, _SAMPLE), self.newcomer_at)
        others = log_odds + self._kin_popularity() + self._wandering[self.newcomer_at // BATCH]
        return float(np.quantile(others[:, :-1].max(axis=1) - log_odds[:, -1], _NEWCOMER_SHARE))

    def _values(self) -> list[tuple[Value, ...]]:
        """Numbers are skewed as counts and money are."""
        numbers = np.round(np.exp(2.0 + 0.8 * self._numbers), 1).tolist()
        choices = [[f"{name}_{value}" for value in range(size)] for name, size in CHOICES.items()]
        flags = self._flags.tolist()
        return [
            (*number, *(words[place] for words, place in zip(choices, chosen, strict=True)), *flag)
            for number, chosen, flag in zip(numbers, self._choices.tolist(), flags, strict=True)
        ]


def _kin(source: np.random.Generator, actions: int) -> Kin:
    return Kin(
        group=np.arange(actions) % GROUPS,
        brand=source.integers(0, BRANDS, actions),
        price=source.normal(size=actions),
        discount=source.integers(0, len(DISCOUNTS), actions),
    )


def _wanderings(source: np.random.Generator, rounds: int, actions: int) -> Floats:
    """(batches, actions)"""
    keep = np.exp(-BATCH / _WANDERING_ROUNDS)
    steps = source.normal(0, _WANDERING, (-(-rounds // BATCH), actions))
    steps[1:] *= np.sqrt(1 - keep**2)
    for batch in range(1, len(steps)):
        steps[batch] += keep * steps[batch - 1]
    return steps


def _declared_features() -> tuple[FeatureDeclaration, ...]:
    numbers = [FeatureDeclaration(name, AttributeType.DOUBLE) for name in NUMBERS]
    choices = [FeatureDeclaration(name, AttributeType.STRING) for name in CHOICES]
    flags = [FeatureDeclaration(name, AttributeType.BOOL) for name in FLAGS]
    return (*numbers, *choices, *flags)


def _declared_action(kin: Kin, row: int) -> ActionDeclaration:
    group = int(kin.group[row])
    attributes: dict[str, Value] = {
        "brand": f"brand_{kin.brand[row]}",
        "price": round(float(np.exp(3.0 + 0.8 * kin.price[row])), 2),
        "discount": DISCOUNTS[kin.discount[row]],
    }
    return ActionDeclaration(f"action_{row}", f"group_{group}", f"issue_{group % ISSUES}", attributes)


def _expit(log_odds: Floats) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return result
