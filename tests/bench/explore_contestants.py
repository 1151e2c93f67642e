"""Who takes part in the simulated store, which parameters were tried for each, and which were chosen.

The grids are run by `make bench NAME=explore ARGS=--tune` on TUNING_SEEDS, which the benchmark itself does not use. A
parameter that a grid does not name has the value of its library.

Chosen on these two seeds, 20,000 rounds each, fed at once, mean regret: SquareCB with gamma_scale 1,000 and learning
rate 2 (2,682; 2,815 to 3,489 with 100 to 10,000 and 0.5 to 5 otherwise), bagging with its learning rate of 0.5 (2,954;
3,207 with 2, 2,994 with 5), LinTS with alpha 0.1 (2,662; 3,043, 2,870 and 3,107 with 0.05, 0.15 and 0.2), LinUCB with
alpha 0.1 (3,358; 3,568 and 3,546), LightGBM with epsilon 0.05 and 15 leaves (3,566; 3,703 to 3,988). Fed at the end of
the window LinTS and Tandem were worse (3,203 for 2,662, 3,305 for 2,870); the others were not fed so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind
from tests.bench.explore_peers import Peer
from tests.support.simulated_learners import BestFixedAction, BetaThompson, Settings, Tandem, Uniform
from tests.support.simulated_run import Feed, Learner
from tests.support.simulated_store import SimulatedStore

Parameters = Mapping[str, Any]

TUNING_SEEDS = (101, 102)
SEEDS = range(1, 11)
OURS = "Tandem"
FEEDS = [each.value for each in Feed]


@dataclass(frozen=True, slots=True)
class Contestant:
    """`grids` map a parameter to what is tried, fed at once; the best of them is tried with the other feed. `engine` is
    the peer's, "" for what runs in this process."""

    name: str
    chosen: Parameters
    engine: str = ""
    grids: tuple[Mapping[str, list[Any]], ...] = field(default=({},))

    def candidates(self) -> list[dict[str, Any]]:
        """Every combination of every grid."""
        return [
            dict(zip(grid, values, strict=True)) for grid in self.grids for values in product(*grid.values()) if grid
        ]


VW_LEARNING: Parameters = {"learning_rate": 0.5, "power_t": 0.5}

CONTESTANTS = (
    Contestant(
        OURS,
        {"feed": "at once", "kind": "THOMPSON", "gamma": 0.0, "prior_propensity": 0.05},
        grids=(
            {"kind": ["THOMPSON"], "gamma": [0.0], "prior_propensity": [0.02, 0.05]},
            {"kind": ["INVERSE_GAP_WEIGHTING"], "gamma": [8_000.0, 32_000.0], "prior_propensity": [0.05]},
        ),
    ),
    Contestant(
        "VW SquareCB",
        {
            "feed": "at once",
            "gamma_scale": 1_000,
            "gamma_exponent": 0.5,
            "crosses": "cg cb",
            "learning_rate": 2.0,
            "power_t": 0.5,
        },
        "vw-squarecb",
        (
            {
                "gamma_scale": [100, 1_000, 10_000],
                "gamma_exponent": [0.5],
                "crosses": ["cg cb"],
                "learning_rate": [0.5, 2.0, 5.0],
                "power_t": [0.5],
            },
        ),
    ),
    Contestant(
        "VW bagging",
        {"feed": "at once", "bag": 5, "epsilon": 0.0, "crosses": "cg cb", **VW_LEARNING},
        "vw-bag",
        (
            {
                "bag": [5],
                "epsilon": [0.0],
                "crosses": ["cg cb", "ca cg cb"],
                "learning_rate": [0.5, 2.0, 5.0],
                "power_t": [0.5],
            },
        ),
    ),
    Contestant(
        "LinUCB (mabwiser)",
        {"feed": "at once", "policy": "LinUCB", "alpha": 0.1, "reach": 0.5, "warm": False},
        "mabwiser-linucb",
        (
            {
                "policy": ["LinUCB"],
                "alpha": [0.05, 0.1, 0.15],
                "reach": [0.5],
                "warm": [False],
            },
        ),
    ),
    Contestant(
        "Thompson (mabwiser)",
        {"feed": "at once", "policy": "LinTS", "alpha": 0.1, "reach": 0.5, "warm": False},
        "mabwiser-thompson",
        (
            {
                "policy": ["LinTS"],
                "alpha": [0.05, 0.1, 0.15, 0.2],
                "reach": [0.5],
                "warm": [False, True],
            },
            {"policy": ["ThompsonSampling"], "alpha": [0.0], "reach": [0.0], "warm": [False]},
        ),
    ),
    Contestant(
        "epsilon-greedy LightGBM, daily",
        {"feed": "at once", "epsilon": 0.05, "leaves": 15, "trees": 50, "learning_rate": 0.1},
        "lightgbm-daily",
        (
            {
                "epsilon": [0.02, 0.05, 0.1],
                "leaves": [7, 15, 31],
                "trees": [50],
                "learning_rate": [0.1],
            },
        ),
    ),
    Contestant("uniform", {"feed": "at once"}),
    Contestant("best fixed action", {"feed": "at once"}),
    Contestant("Thompson of every action by itself", {"feed": "at once"}),
)
BY_NAME = {each.name: each for each in CONTESTANTS}
FORESEEING = "best fixed action"
"""It knows the future: told beside the others, and no peer of theirs."""
YARDSTICKS = {
    "uniform": Uniform,
    FORESEEING: BestFixedAction,
    "Thompson of every action by itself": BetaThompson,
}


@contextmanager
def learner(name: str, parameters: Parameters, store: SimulatedStore, seed: int) -> Iterator[Learner]:
    """A fresh one. Peers draw by themselves, from `seed`; Tandem's draws hang on nothing but the round."""
    engine = BY_NAME[name].engine
    own = {key: value for key, value in parameters.items() if key != "feed"}
    if engine:
        with Peer(engine, own, store, seed) as peer:
            yield peer
    elif name == OURS:
        exploration = Exploration(ExplorationKind[own["kind"]], own["gamma"])
        yield Tandem(store, Settings(exploration, own["prior_propensity"]))
    else:
        yield YARDSTICKS[name](store)
