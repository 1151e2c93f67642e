"""Tandem learns in seconds: customers lose less than without learning, and a new action is usable at once.

In a simulated store whose truth is known (tests/support/simulated_store.py): tastes drift, clicks are told late. The
real scorer and the real arbitration decide; yardsticks are what anyone understands. Beside peers it is
`make bench NAME=explore`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.scoring.domain.hashing import slots, token
from tests.support.promises import Promise, is_full_strength
from tests.support.simulated_learners import BestFixedAction, BetaThompson, Tandem, Uniform
from tests.support.simulated_run import Outcome, run
from tests.support.simulated_store import BATCH, LIVELY, QUIET, SimulatedStore

FIRST_SEED = 1


def test_tandem_loses_less_than_without_learning(promise: Promise) -> None:
    """In every store by itself, and at full strength on average less than any yardstick. Where clicks are rare nobody
    learns in seconds: at reduced strength the store is lively."""
    seeds = promise.strength(reduced=1, full=10)
    rounds = promise.strength(reduced=1_500, full=20_000)
    actions = promise.strength(reduced=30, full=200)
    base = QUIET if is_full_strength() else LIVELY
    stores = [SimulatedStore(FIRST_SEED + seed, rounds, actions, base) for seed in range(seeds)]
    learners = {
        "Tandem": Tandem,
        "uniform": Uniform,
        "best fixed action, known beforehand": BestFixedAction,
        "Thompson of every action by itself": BetaThompson,
    }
    regrets = {
        name: np.array([run(store, learner(store)).regret for store in stores]) for name, learner in learners.items()
    }
    for name, values in regrets.items():
        promise.figure(f"{name}: regret of {rounds:,} rounds, mean", round(float(values.mean()), 1))
    assert (regrets["Tandem"] < 0.9 * regrets["uniform"]).all()
    if is_full_strength():
        assert regrets["Tandem"].mean() < min(
            float(values.mean()) for name, values in regrets.items() if name != "Tandem"
        )


def test_a_new_action_is_usable_at_once(promise: Promise) -> None:
    """Customers get it before anything is known of it; its score lies among those of the others, and what it alone has
    is as uncertain as at the very beginning."""
    rounds = promise.strength(reduced=400, full=10_000)
    store = SimulatedStore(FIRST_SEED, 2 * rounds, actions=promise.strength(reduced=30, full=200))
    tandem, new = Tandem(store), store.newcomer
    for start in range(0, rounds, BATCH):
        shown = tandem.choose(start, start + BATCH)
        tandem.learn(luck_of(store, start, shown))
    asked = time.perf_counter()
    chosen = np.array(tandem.choose(rounds, 2 * rounds))
    milliseconds = 1_000 * (time.perf_counter() - asked) / rounds
    scores, variances = tandem.scores(rounds), own_variances(tandem, store)
    got_it = int((chosen == new).sum())
    promise.figure(f"new action: of {rounds:,} customers, those who got it before a reward", got_it)
    promise.figure("new action: milliseconds of a decision", round(milliseconds, 2))
    assert scores.evidences[new] == 0 < got_it
    assert variances[new] == 1.0
    assert (variances[scores.evidences > 0] < 1.0).all()
    assert scores.log_odds_means[:-1].min() < scores.log_odds_means[new] < scores.log_odds_means[:-1].max()


def test_every_reward_counts_in_the_next_score(promise: Promise) -> None:
    rewards = promise.strength(reduced=100, full=5_000)
    store = SimulatedStore(FIRST_SEED, rewards)
    tandem = Tandem(store)
    shown = tandem.choose(0, rewards)
    learning = scoring = 0.0
    for number in range(rewards):
        before = tandem.scores(number).means[shown[number]]
        started = time.perf_counter()
        tandem.learn([Outcome(number, float(number % 2))])
        learnt = time.perf_counter()
        after = tandem.scores(number).means[shown[number]]
        learning, scoring = learning + learnt - started, scoring + time.perf_counter() - learnt
        assert after > before if number % 2 else after < before
    promise.figure("milliseconds to learn a reward", round(1_000 * learning / rewards, 3))
    promise.figure("milliseconds to score 200 actions", round(1_000 * scoring / rewards, 3))


def own_variances(tandem: Tandem, store: SimulatedStore) -> npt.NDArray[np.float64]:
    """(actions + 1,): of the weight that an action shares with no other; 1 before anything is learnt."""
    hashes = np.array([token("action", each.action) for each in store.actions], np.uint64)
    variances: npt.NDArray[np.float64] = tandem.scorer.posterior.variance[slots(hashes)]
    return variances


def luck_of(store: SimulatedStore, start: int, shown: Sequence[int] | npt.NDArray[np.intp]) -> list[Outcome]:
    """Clicks of the rounds from `start` on, told at once."""
    stop = start + len(shown)
    truth = store.probabilities(start, stop)[np.arange(len(shown)), shown]
    clicks = store.luck[start:stop] < truth
    return [Outcome(start + place, float(click)) for place, click in enumerate(clicks)]
