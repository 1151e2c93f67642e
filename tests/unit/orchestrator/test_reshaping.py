"""Beliefs reshaped for drawing: nothing changes for who is new, the propensity is kept, who is known strays less."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from services.orchestrator.domain.arbitration.reshaping import SPREAD, reshaped
from services.orchestrator.domain.arbitration.worth import Column


def moderated(mean: float, deviation: float) -> float:
    """E[sigmoid] of a Gaussian, by a fine sum."""
    levels = np.linspace(-8.0, 8.0, 4_001)
    weights = np.exp(-0.5 * levels**2)
    return float((weights * expit(mean + deviation * levels)).sum() / weights.sum())


def one(mean: float, deviation: float, evidence: float) -> tuple[float, float]:
    said = np.array([moderated(mean, deviation)])
    shaped = reshaped(np.array([mean]), np.array([deviation]), said, np.array([evidence]))
    return float(shaped[0][0]), float(shaped[1][0])


def test_who_is_new_is_drawn_from_the_whole_posterior() -> None:
    assert one(-2.0, 1.3, 0.0) == pytest.approx((-2.0, 1.3))


def test_of_who_is_known_the_spread_is_left() -> None:
    _, deviation = one(-2.0, 1.0, 1e9)
    assert deviation == pytest.approx(SPREAD)


@given(st.floats(-6.0, 2.0), st.floats(0.0, 1.0), st.floats(0.0, 1e6))
def test_propensity_is_kept_nearly(mean: float, deviation: float, evidence: float) -> None:
    shaped = one(mean, deviation, evidence)
    assert moderated(*shaped) == pytest.approx(moderated(mean, deviation), rel=0.08)


@given(st.lists(st.floats(1.0, 1e4), min_size=2, max_size=6, unique=True))
def test_the_more_is_known_of_it_the_less_it_strays(evidence: list[float]) -> None:
    size = len(evidence)
    known: Column = np.array(sorted(evidence))
    _, deviation = reshaped(np.zeros(size), np.ones(size), np.full(size, 0.5), known)
    assert (np.diff(deviation) <= 0.0).all()


def test_a_propensity_of_none_or_all_stays_a_number() -> None:
    shaped = reshaped(np.zeros(2), np.ones(2), np.array([0.0, 1.0]), np.full(2, 100.0))
    assert np.isfinite(shaped).all()
