"""Choice probabilities against draws."""

from __future__ import annotations

import numpy as np
import pytest

from services.scoring.domain.evaluation.thompson import choice_probabilities


def test_they_are_how_often_a_draw_is_the_largest() -> None:
    rng = np.random.default_rng(1)
    mean, variance = rng.normal(size=(20, 7)), rng.uniform(0.2, 1.5, (20, 7))
    draws = mean + np.sqrt(variance) * rng.normal(size=(100_000, 20, 7))
    counted = np.stack([(draws.argmax(axis=2) == action).mean(axis=0) for action in range(7)], axis=1)
    found = choice_probabilities(mean, variance)
    assert np.abs(found - counted).sum(axis=1).max() / 2 < 0.01
    assert found.sum(axis=1) == pytest.approx(np.ones(20))


def test_what_could_not_be_taken_has_none_and_one_alone_has_all() -> None:
    mean = np.array([[1.0, np.nan, 1.0], [np.nan, 0.3, np.nan]])
    variance = np.where(np.isnan(mean), np.nan, 0.5)
    found = choice_probabilities(mean, variance)
    assert found[0] == pytest.approx([0.5, 0.0, 0.5])
    assert found[1] == pytest.approx([0.0, 1.0, 0.0])


def test_without_any_doubt_equal_actions_share() -> None:
    assert choice_probabilities(np.zeros((1, 4)), np.zeros((1, 4)))[0] == pytest.approx(np.full(4, 0.25))
    sure = choice_probabilities(np.array([[0.0, 5.0]]), np.full((1, 2), 1e-9))
    assert sure[0, 1] > 0.999
