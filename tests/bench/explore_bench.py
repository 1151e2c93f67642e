"""`make bench NAME=explore`: cumulative regret in the simulated store (tests/support/simulated_store.py), beside
bandits of others, and what a new action costs until it has its share. Every learner has the parameters that were best
for it on other seeds (explore_contestants.py), and the same luck, features, batches and delays in every seed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import t

from tests.bench.explore_contestants import (
    BY_NAME,
    CONTESTANTS,
    FEEDS,
    FORESEEING,
    OURS,
    SEEDS,
    TUNING_SEEDS,
    Parameters,
    learner,
)
from tests.bench.explore_peers import BENCH
from tests.bench.peer_process import peer_versions
from tests.bench.report import Row, show, versions, write
from tests.support.servers import ROOT
from tests.support.simulated_run import Feed
from tests.support.simulated_run import run as run_store
from tests.support.simulated_store import SimulatedStore

ROUNDS, QUICK_ROUNDS = 20_000, 4_000
QUICK_SEEDS = 2
PEER_PACKAGES = ("lightgbm", "mabwiser", "vowpalwabbit")


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    parameters: Parameters
    seed: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Result:
    """`rounds_to_share`: None where the newcomer did not get there; its loss then is that of the rest of the run."""

    regret: float
    lost_to_share: float
    rounds_to_share: int | None


def measure(job: Job) -> Result:
    """One learner, one seed."""
    store = SimulatedStore(job.seed, job.rounds)
    with learner(job.name, job.parameters, store, job.seed) as contestant:
        choices = run_store(store, contestant, Feed(job.parameters["feed"]))
    return Result(choices.regret, choices.lost_to_share(), choices.rounds_to_share())


def run(*, is_quick: bool, is_tuning: bool) -> None:
    found = peer_versions(PEER_PACKAGES, BENCH)
    rounds = QUICK_ROUNDS if is_quick else ROUNDS
    taking_part = [each.name for each in CONTESTANTS if found or not each.engine]
    if is_tuning:
        tune(taking_part, rounds, TUNING_SEEDS[:1] if is_quick else TUNING_SEEDS)
        return
    seeds = SEEDS[:QUICK_SEEDS] if is_quick else SEEDS
    jobs = [Job(name, BY_NAME[name].chosen, seed, rounds) for seed in seeds for name in taking_part]
    measured = by_name(jobs)
    rows = [*regret_rows(measured, rounds), *newcomer_rows(measured)]
    of_versions = versions() | {name: version(name) for name in ("numpy", "scipy")} | found
    show(rows, of_versions)
    tell(measured)
    write(ROOT / ".bench" / f"{BENCH}.json", rows, of_versions)


def tune(names: Iterable[str], rounds: int, seeds: Sequence[int]) -> None:
    """Every combination of every grid fed at once, then the best of them fed otherwise; best first."""
    for name in (each for each in names if BY_NAME[each].candidates()):
        tried = [{"feed": FEEDS[0], **parameters} for parameters in BY_NAME[name].candidates()]
        regrets = tuning_regrets(name, tried, rounds, seeds)
        fed_otherwise = [{**tried[int(np.argmin(regrets))], "feed": feed} for feed in FEEDS[1:]]
        regrets += tuning_regrets(name, fed_otherwise, rounds, seeds)
        tried += fed_otherwise
        print(f"\n{name}: mean regret of {rounds:,} rounds on the seeds {seeds}")
        for place in np.argsort(regrets):
            mark = "  <- chosen" if tried[place] == BY_NAME[name].chosen else ""
            print(f"  {regrets[place]:8,.0f}  {tried[place]}{mark}", flush=True)


def tuning_regrets(name: str, tried: Sequence[Parameters], rounds: int, seeds: Sequence[int]) -> list[float]:
    """The mean over the seeds, of each."""
    jobs = [Job(name, parameters, seed, rounds) for parameters in tried for seed in seeds]
    regrets = np.array([each.regret for each in in_parallel(jobs)])
    means: list[float] = regrets.reshape(-1, len(seeds)).mean(axis=1).tolist()
    return means


def in_parallel(jobs: Sequence[Job]) -> list[Result]:
    """In as many processes as there are cores, one thread each."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    results, began = [], time.monotonic()
    with ProcessPoolExecutor() as pool:
        for job, result in zip(jobs, pool.map(measure, jobs), strict=True):
            results.append(result)
            seconds = time.monotonic() - began
            print(f"{seconds:6.0f} s  seed {job.seed}  {job.name}: {result.regret:,.0f}", file=sys.stderr, flush=True)
    return results


def by_name(jobs: Sequence[Job]) -> dict[str, list[Result]]:
    measured: dict[str, list[Result]] = {}
    for job, result in zip(jobs, in_parallel(jobs), strict=True):
        measured.setdefault(job.name, []).append(result)
    return measured


def regret_rows(measured: Mapping[str, Sequence[Result]], rounds: int) -> list[Row]:
    regrets = {name: [each.regret for each in results] for name, results in measured.items()}
    title = f"cumulative regret of {rounds:,} rounds, {len(regrets[OURS])} seeds"
    rows = [row(title, "clicks lost", {name: mean(values) for name, values in regrets.items()})]
    for end, place in (("lower", 0), ("upper", 1)):
        ends = {name: interval(values)[place] for name, values in regrets.items()}
        rows.append(row(f"{title}: {end} end of the 95 % interval", "clicks lost", ends))
    return rows


def newcomer_rows(measured: Mapping[str, Sequence[Result]]) -> list[Row]:
    losses = {name: [each.lost_to_share for each in results] for name, results in measured.items()}
    title = "a new action: lost until it has 90 % of its share"
    rows = [row(title, "clicks lost", {name: mean(values) for name, values in losses.items()})]
    for end, place in (("lower", 0), ("upper", 1)):
        ends = {name: interval(values)[place] for name, values in losses.items()}
        rows.append(row(f"{title}: {end} end of the 95 % interval", "clicks lost", ends))
    missed = {name: sum(each.rounds_to_share is None for each in results) for name, results in measured.items()}
    return [*rows, row("a new action: runs in which it got no such share", "runs", missed)]


def row(case: str, unit: str, values: Mapping[str, float]) -> Row:
    return Row(
        case, unit, values[OURS], {name: value for name, value in values.items() if name not in (OURS, FORESEEING)}
    )


def tell(measured: Mapping[str, Sequence[Result]]) -> None:
    """Mean and interval of each, its paired difference to Tandem, and who is lowest."""
    ours = np.array([each.regret for each in measured[OURS]])
    table = Table("learner", box=None, pad_edge=False)
    for heading in ("regret", "95 %", "less Tandem's, paired", "new action: lost", "rounds to its share, median"):
        table.add_column(heading, justify="right")
    for name in sorted(measured, key=lambda each: mean([result.regret for result in measured[each]])):
        results = measured[name]
        regrets = [each.regret for each in results]
        losses = [each.lost_to_share for each in results]
        difference = "" if name == OURS else "{:+,.0f} … {:+,.0f}".format(*interval(np.array(regrets) - ours))
        table.add_row(name, f"{mean(regrets):,.0f}", "{:,.0f} … {:,.0f}".format(*interval(regrets)), difference,
                      f"{mean(losses):,.0f}", median_rounds(results))  # fmt: skip
    Console(highlight=False, width=130).print(table)
    print(verdict({name: [each.regret for each in results] for name, results in measured.items()}))


def verdict(regrets: Mapping[str, Sequence[float]]) -> str:
    """Of those who learn. Two seeds have intervals so wide that they show nothing."""
    learners = [name for name in regrets if name != FORESEEING]
    lowest = min(learners, key=lambda name: mean(regrets[name]))
    if lowest == OURS:
        return "Tandem has the lowest regret."
    low, high = interval(np.array(regrets[OURS]) - np.array(regrets[lowest]))
    within = "is within the interval of" if low <= 0.0 else "is worse than"
    return f"Tandem {within} the lowest, {lowest}: {low:+,.0f} … {high:+,.0f} clicks, {len(regrets[OURS])} seeds."


def median_rounds(results: Sequence[Result]) -> str:
    rounds = sorted(np.inf if each.rounds_to_share is None else each.rounds_to_share for each in results)
    middle = rounds[len(rounds) // 2]
    return "not reached" if np.isinf(middle) else f"{middle:,.0f}"


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def interval(values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """95 %, Student's t over the seeds."""
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return float(np.mean(values)) - half, float(np.mean(values)) + half
