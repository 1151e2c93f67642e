"""`make bench NAME=own-pressure`: what a slope of each customer's own would bring to the price of pressure.

In the simulated worlds of the promise (tests/support/simulated_pressure.py), where customers differ in how they tire,
beside the population's slope, with the same luck:

- slopes as only the world knows them, the most that could be learnt; and the same dealt to others, to tell what is
  known of whom from prices that merely differ. The population's estimates are then those of the season beside it;
- those that each customer's own contacts teach, by empirical Bayes (tests/support/own_slopes.py), all of it learnt
  from the contacts that it makes; the same by the population's estimates of the season beside it, with τ chosen, the
  best of which is hindsight; and slopes that follow from how often a customer responds (tests/support/own_rates.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.bench.report import Row, hardware, versions, write
from tests.support.known_slopes import by_harm, by_traits, harm_of
from tests.support.own_rates import OwnRates
from tests.support.own_slopes import EmpiricalBayes, by_gaps, by_levels
from tests.support.paired_change import Change
from tests.support.pressed_columns import ColumnPresser, GapColumns
from tests.support.servers import ROOT
from tests.support.simulated_pressure import Floats, PressedWorld
from tests.support.simulated_pressure_run import PLAN, Season, totals

FIRST_SEED = 401
WORLDS, QUICK_WORLDS = 10, 2
CUSTOMERS, DAYS, FULL_DAYS = 4_000, 180, 720
COUNTED_DAYS = 120
"""The last ones. Customers, days and what is counted are those of the promise at full strength, but for FULL_DAYS."""

POPULATION = "the population's slope"
TRAITS, TRAITS_DEALT = "true sensitivity and annoyance", "the same, each somebody else's"
HARM, HARM_DEALT = "true harm", "true harm, each somebody else's"
LEVELS, GAPS, RATES = "learnt from own levels", "learnt from own gaps", "in proportion to own responses"
CHOSEN_SPREADS = {f"own levels, τ chosen as {each}": each for each in (0.005, 0.01, 0.02)}
COLUMNS = ("conversions", "contacts", "unsubscribes", "money")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """At the end of a season. `spread`: τ as it was gone by, `error`: the standard error of a customer's own slope.
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
    worlds, days = QUICK_WORLDS if is_quick else WORLDS, FULL_DAYS if is_full else DAYS
    console = Console(highlight=False, width=150)
    played = []
    for seed in range(FIRST_SEED, FIRST_SEED + worlds):
        played.append(play(seed, CUSTOMERS, days))
        console.print(f"world {len(played)} of {worlds}", style="dim")
    console.print(changes_table(played), knowledge_table(played))
    of_versions = versions()
    console.print(", ".join(f"{name} {value}" for name, value in {**hardware(), **of_versions}.items()))
    rows = [*change_rows(played), *(row for name in played[0].knowledge for row in knowledge_rows(played, name))]
    write(ROOT / ".bench" / "own-pressure.json", rows, of_versions)


def play(seed: int, customers: int, days: int) -> Played:
    world = PressedWorld.of(seed, customers, days, is_tiring=True)
    gaps = GapColumns.of(PLAN, customers, days)

    usual = ColumnPresser(world, gaps)
    seasons = {POPULATION: usual.run()}
    harm = harm_of(world, seasons[POPULATION])
    traits, truth = by_traits(world), by_harm(harm)
    known = {TRAITS: traits, TRAITS_DEALT: traits.dealt(seed), HARM: truth, HARM_DEALT: truth.dealt(seed)}
    learnt = {LEVELS: EmpiricalBayes(customers, by_levels), GAPS: EmpiricalBayes(customers, by_gaps)}
    chosen = {name: EmpiricalBayes(customers, by_levels, spread) for name, spread in CHOSEN_SPREADS.items()}
    for name, slopes in (known | chosen).items():
        seasons[name] = ColumnPresser(world, gaps, slopes, usual.estimates).run()
    for name, own in (learnt | {RATES: OwnRates(customers)}).items():
        seasons[name] = ColumnPresser(world, gaps, own).run()
    return Played(seasons, {name: knowledge(own, harm.responses) for name, own in (learnt | chosen).items()})


def knowledge(own: EmpiricalBayes, truth: Floats) -> Knowledge:
    shrunk, true_variance = own.shrunk, float(truth.var())
    assert shrunk is not None, "nothing was learnt of the population"
    return Knowledge(
        contacts=float(np.median(own.contacts)),
        spread=shrunk.spread,
        error=float(np.median(shrunk.errors)),
        weight=float(np.median(shrunk.weights)),
        weight_95=float(np.percentile(shrunk.weights, 95.0)),
        fit=float(np.corrcoef(shrunk.differences, truth)[0, 1]) if shrunk.spread > 0.0 else 0.0,
        true_spread=float(np.sqrt(true_variance)),
        true_weight=float(np.median(true_variance / (true_variance + shrunk.errors**2))),
    )


def changes(played: Sequence[Played]) -> dict[str, dict[str, Change]]:
    """Of each but the population's slope, beside it."""
    usual = [each.seasons[POPULATION] for each in played]
    since = len(usual[0].contacts) - COUNTED_DAYS
    names = [name for name in played[0].seasons if name != POPULATION]
    return {
        name: {
            column: Change.of(
                totals([each.seasons[name] for each in played], column, since), totals(usual, column, since)
            )
            for column in COLUMNS
        }
        for name in names
    }


def changes_table(played: Sequence[Played]) -> Table:
    table = Table(f"beside {POPULATION}, {len(played)} worlds", box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name, of_columns in changes(played).items():
        table.add_row(name, *(str(of_columns[column]) for column in COLUMNS))
    return table


def knowledge_table(played: Sequence[Played]) -> Table:
    table = Table("what own contacts say at the end, means over worlds", box=None, pad_edge=False)
    for heading in ("contacts", "SE", "τ", "true τ", "weight", "95th percentile", "by true τ", "fit"):
        table.add_column(heading, justify="right")
    for name in played[0].knowledge:
        table.add_row(name, *(f"{row.ours:.3g}" for row in knowledge_rows(played, name)))
    return table


def change_rows(played: Sequence[Played]) -> list[Row]:
    return [
        Row(f"{name}: {column} beside {POPULATION}{end}", "%", 100.0 * value)
        for name, of_columns in changes(played).items()
        for column, change in of_columns.items()
        for end, value in (("", change.mean), (", lower end", change.low), (", upper end", change.high))
    ]


def knowledge_rows(played: Sequence[Played], name: str) -> list[Row]:
    """As the columns of the table."""
    found = [each.knowledge[name] for each in played]

    def mean(case: str, unit: str, values: Sequence[float]) -> Row:
        return Row(f"{name}: {case}", unit, float(np.mean(values)))

    return [
        mean("contacts of a customer, median", "contacts", [each.contacts for each in found]),
        mean("standard error of an own slope, median", "per unit of level", [each.error for each in found]),
        mean("how much slopes differ, as gone by", "per unit of level", [each.spread for each in found]),
        mean("how much slopes truly differ", "per unit of level", [each.true_spread for each in found]),
        mean("weight of the own data, median", "of 1", [each.weight for each in found]),
        mean("weight of the own data, 95th percentile", "of 1", [each.weight_95 for each in found]),
        mean("weight by how much slopes truly differ, median", "of 1", [each.true_weight for each in found]),
        mean("correlation of own slopes with the truth", "of 1", [each.fit for each in found]),
    ]
