"""`make bench NAME=own-pressure`: what a slope of each customer's own would bring to the price of pressure.

In the simulated worlds of the promise (tests/support/simulated_pressure.py), where customers differ in how they tire,
beside the population's slope, with the same luck: slopes as only the world knows them, the same dealt to others, and
those that each customer's own contacts teach, by empirical Bayes (tests/support/own_slopes.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.bench.report import Row, hardware, versions, write
from tests.support.known_slopes import by_harm, by_traits, harm_of
from tests.support.own_slopes import EmpiricalBayes, by_gaps, by_levels
from tests.support.paired_change import Change
from tests.support.pressed_columns import ColumnPresser, GapColumns, OwnSlopes
from tests.support.servers import ROOT
from tests.support.simulated_pressure import PressedWorld
from tests.support.simulated_pressure_run import PLAN, Season, totals

FIRST_SEED = 401
WORLDS, FULL_WORLDS, QUICK_WORLDS = 10, 30, 2
CUSTOMERS, DAYS, LEARNING = 4_000, 180, 60
"""As in the promise at full strength; what happens in the first days is not counted."""

POPULATION = "the population's slope"
TRAITS, TRAITS_DEALT = "true sensitivity and annoyance", "the same, each somebody else's"
HARM, HARM_DEALT = "true harm", "the same harm, each somebody else's"
LEVELS, GAPS = "learnt from own levels", "learnt from own gaps"
COLUMNS = ("conversions", "contacts", "unsubscribes", "money")
LEARNT = (LEVELS, GAPS)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """At the end of a season. `spread`: τ as it was found, `error`: the standard error of a customer's own slope.
    `fit`: the correlation of own slopes with the true ones, 0 where all have the same."""

    contacts: float
    spread: float
    error: float
    weight: float
    weight_95: float
    fit: float
    true_spread: float
    true_weight: float
    """The median of what own data would weigh if τ were known."""


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """One world."""

    seasons: Mapping[str, Season]
    knowledge: Mapping[str, Knowledge]


def run(*, is_full: bool, is_quick: bool) -> None:
    worlds = FULL_WORLDS if is_full else QUICK_WORLDS if is_quick else WORLDS
    console = Console(highlight=False, width=150)
    played = []
    for seed in range(FIRST_SEED, FIRST_SEED + worlds):
        played.append(play(seed, CUSTOMERS, DAYS))
        console.print(f"world {len(played)} of {worlds}", style="dim")
    console.print(changes_table(played), knowledge_table(played))
    of_versions = versions()
    console.print(", ".join(f"{name} {value}" for name, value in {**hardware(), **of_versions}.items()))
    write(ROOT / ".bench" / "own-pressure.json", [*change_rows(played), *knowledge_rows(played)], of_versions)


def play(seed: int, customers: int, days: int) -> Played:
    world = PressedWorld.of(seed, customers, days, is_tiring=True)
    gaps = GapColumns.of(PLAN, customers, days)

    def season(own: OwnSlopes | None) -> Season:
        return ColumnPresser(world, gaps, own).run()

    usual = season(None)
    harm = harm_of(world, usual)
    known = {TRAITS: by_traits(world), HARM: by_harm(harm)}
    learnt = {LEVELS: EmpiricalBayes(customers, by_levels), GAPS: EmpiricalBayes(customers, by_gaps)}
    contestants: dict[str, OwnSlopes] = {
        TRAITS: known[TRAITS],
        TRAITS_DEALT: known[TRAITS].dealt(seed),
        HARM: known[HARM],
        HARM_DEALT: known[HARM].dealt(seed),
        **learnt,
    }
    seasons = {POPULATION: usual, **{name: season(own) for name, own in contestants.items()}}
    return Played(seasons, {name: knowledge(own, harm.responses) for name, own in learnt.items()})


def knowledge(own: EmpiricalBayes, truth: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Knowledge:
    shrunk, true_variance = own.shrunk, float(truth.var())
    assert shrunk is not None, "nothing was learnt of the population"
    return Knowledge(
        contacts=float(np.median(own.contacts)),
        spread=shrunk.spread,
        error=float(np.median(shrunk.errors)),
        weight=float(np.median(shrunk.weights)),
        weight_95=float(np.percentile(shrunk.weights, 95.0)),
        fit=float(np.corrcoef(shrunk.slopes, truth)[0, 1]) if shrunk.spread > 0.0 else 0.0,
        true_spread=float(np.sqrt(true_variance)),
        true_weight=float(np.median(true_variance / (true_variance + shrunk.errors**2))),
    )


def changes(played: Sequence[Played]) -> dict[str, dict[str, Change]]:
    """Of each but the population's slope, beside it."""
    usual = [each.seasons[POPULATION] for each in played]
    names = [name for name in played[0].seasons if name != POPULATION]
    return {
        name: {
            column: Change.of(
                totals([each.seasons[name] for each in played], column, LEARNING), totals(usual, column, LEARNING)
            )
            for column in COLUMNS
        }
        for name in names
    }


def changes_table(played: Sequence[Played]) -> Table:
    table = Table(f"beside {POPULATION}, {len(played)} worlds, 95 %", box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name, of_columns in changes(played).items():
        table.add_row(name, *(str(of_columns[column]) for column in COLUMNS))
    return table


def knowledge_table(played: Sequence[Played]) -> Table:
    table = Table("\nwhat own contacts say at the end, means over worlds", box=None, pad_edge=False)
    for name in LEARNT:
        table.add_column("\n" + name, justify="right")
    for of_both in zip(*(knowledge_rows(played, name) for name in LEARNT), strict=True):
        table.add_row(of_both[0].case.partition(": ")[2], *(f"{row.ours:.4g}" for row in of_both))
    return table


def change_rows(played: Sequence[Played]) -> list[Row]:
    return [
        Row(f"{name}: {column} beside {POPULATION}{end}", "%", 100.0 * value)
        for name, of_columns in changes(played).items()
        for column, change in of_columns.items()
        for end, value in (("", change.mean), (", lower end", change.low), (", upper end", change.high))
    ]


def knowledge_rows(played: Sequence[Played], *names: str) -> list[Row]:
    return [
        row
        for name in names or LEARNT
        for found in [[each.knowledge[name] for each in played]]
        for row in (
            Row(f"{name}: contacts of a customer, median", "contacts", _mean(found, "contacts")),
            Row(f"{name}: standard error of an own slope, median", "per unit of level", _mean(found, "error")),
            Row(f"{name}: how much slopes differ, as found", "per unit of level", _mean(found, "spread")),
            Row(f"{name}: how much slopes truly differ", "per unit of level", _mean(found, "true_spread")),
            Row(f"{name}: weight of the own data, median", "of 1", _mean(found, "weight")),
            Row(f"{name}: weight of the own data, 95th percentile", "of 1", _mean(found, "weight_95")),
            Row(f"{name}: weight by how much slopes truly differ, median", "of 1", _mean(found, "true_weight")),
            Row(f"{name}: correlation of own slopes with the truth", "of 1", _mean(found, "fit")),
        )
    ]


def _mean(found: Sequence[Knowledge], name: str) -> float:
    return float(np.mean([getattr(each, name) for each in found]))
