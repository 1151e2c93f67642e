"""Draws that were refused and made anew: what they say of a policy is right on average, whoever refused how often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from services.orchestrator.app.diff.logged_slot import FirstSlot, Option, Priced, chained, weighed
from services.orchestrator.domain.diff.off_policy import LoggedRows, PolicyRows, doubly_robust
from services.orchestrator.domain.diff.verdict import Finding, selected

GOLD, TIN, TEA = ("gold", "g", "WEB"), ("tin", "t", "WEB"), ("tea", "t", "WEB")
NEW = ("new", "n", "WEB")
MODEL = {GOLD: 0.9, TIN: 0.5, TEA: 0.1, NEW: 1.0}
"""What it expects. It is wrong about everything."""
TRUTH = {TIN: 0.2, TEA: 0.6}
"""There is no gold left, whatever was known of that."""
LOG = {GOLD: 0.5, TIN: 0.2, TEA: 0.2}
LOG_ANEW = {TIN: 0.3, TEA: 0.5}
BOLD, BOLD_ANEW = {GOLD: 0.8, TIN: 0.05, TEA: 0.1}, {TIN: 0.2, TEA: 0.7}
SHY, SHY_ANEW = {GOLD: 0.1, TIN: 0.6, TEA: 0.2}, {TIN: 0.6, TEA: 0.3}


def slot(chances: Mapping[Option, float], drawn: Option | None = None) -> FirstSlot:
    priced = {name: Priced(chance, MODEL[name], 1.0, 0.0) for name, chance in chances.items()}
    return FirstSlot(priced, 1.0 - sum(chances.values()), drawn)


def outcomes() -> Iterator[tuple[float, FirstSlot]]:
    """All that the log can come to, and how likely."""
    for first in (TIN, TEA, None):
        yield LOG.get(first, 1.0 - sum(LOG.values())) if first else 0.1, slot(LOG, first)
    for second in (TIN, TEA, None):
        chance = LOG_ANEW[second] if second else 0.2
        chain = chained([slot(LOG, GOLD), slot(LOG_ANEW, second)])
        assert chain is not None
        yield LOG[GOLD] * chance, chain


def made(first: Mapping[Option, float], anew: Mapping[Option, float], *, was_refused: bool) -> FirstSlot:
    chain = chained([slot(first), slot(anew)] if was_refused else [slot(first)])
    assert chain is not None
    return chain


@pytest.mark.parametrize(("first", "anew"), [(LOG, LOG_ANEW), (BOLD, BOLD_ANEW), (SHY, SHY_ANEW)])
def test_a_value_is_right_on_average_however_wrong_the_model_is(
    first: Mapping[Option, float], anew: Mapping[Option, float]
) -> None:
    value, known, untried = estimated(first, anew)
    assert untried == 0.0
    assert value == pytest.approx(truth(first, anew))
    assert known == pytest.approx(1.0), "what SNIPS divides by"


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.0, 1.0), (1.0, 1.0)])
def test_what_was_never_tried_is_worth_what_came_of_what_was_done(before: float, after: float) -> None:
    """Whatever the model hopes, of it or of what was done."""
    first = {name: (1.0 - before) * chance for name, chance in LOG.items()} | {NEW: before}
    anew = {name: (1.0 - after) * chance for name, chance in LOG_ANEW.items()} | {NEW: after}
    value, _, untried = estimated(first, anew)
    assert untried == pytest.approx(before + (1.0 - before) * LOG[GOLD] * after)
    assert value == pytest.approx(truth(LOG, LOG_ANEW))


def estimated(first: Mapping[Option, float], anew: Mapping[Option, float]) -> tuple[float, float, float]:
    """The value on average, what SNIPS divides by, and what was never tried."""
    chances, found, surprises = [], [], []
    for chance, logged in outcomes():
        stood = logged.settled.drawn
        chances.append(chance)
        found.append(weighed(logged, made(first, anew, was_refused=logged.anew is not None)))
        surprises.append(TRUTH[stood] - MODEL[stood] if stood else 0.0)
    law, surprise = np.array(chances), np.array(surprises)
    weight, silent, untried, successes = (
        np.array([getattr(each, name) for each in found]) for name in ("weight", "silent", "untried", "successes")
    )
    # As if each had come to pass as often as it is likely.
    log = LoggedRows(law.size * law * surprise, np.zeros(law.size), np.arange(law.size))
    value = doubly_robust(log, PolicyRows(weight, silent, law.size * law * successes, untried)).mean
    return value, float(law @ (weight + silent)), float(law @ untried)


def truth(first: Mapping[Option, float], anew: Mapping[Option, float]) -> float:
    shown = sum(first[name] * TRUTH[name] for name in TRUTH)
    return shown + first[GOLD] * sum(anew[name] * TRUTH[name] for name in TRUTH)


def test_whoever_draws_what_is_refused_is_reached_by_what_comes_then() -> None:
    assert made(BOLD, BOLD_ANEW, was_refused=True).reaches() == pytest.approx(0.05 + 0.1 + 0.8 * 0.9)


def test_a_chain_with_a_draw_that_says_nothing_says_nothing() -> None:
    assert chained([slot(LOG, GOLD), None]) is None


def test_too_many_that_were_left_out_for_what_they_drew_are_named() -> None:
    assert selected(5, 95) is None
    verdict = selected(6, 94)
    assert verdict is not None
    assert verdict.finding is Finding.CANNOT_TELL
    assert "6.0% of the decisions" in verdict.text
    assert selected(0, 0) is None
