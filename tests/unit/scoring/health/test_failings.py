"""What is wrong with a model by itself: told with nobody to go back to, and not where chance does it."""

from __future__ import annotations

import numpy as np
import pytest

from services.scoring.domain.health.bounds import Bounds
from services.scoring.domain.health.failings import failings
from services.scoring.domain.health.presentations import Presentation
from services.scoring.domain.rewards import Prediction

NOW = 10_000_000
BOUNDS = Bounds(maturity_ms=100_000)


def shown(
    count: int, *, seed: int = 1, sign: float = 1.0, factor: float = 1.0, time_ms: int = 0, window_ms: int = 0
) -> list[Presentation]:
    """Rates are log-normal around 10 %; a model says the rate, or ranks the other way where the sign is -1."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(0.0, 0.6, count)
    rates, said = np.clip(np.exp([taste - 2.5, sign * taste - 2.5]), 0.001, 0.95)
    rewards = (rng.random(count) < rates).astype(float)
    return [
        Presentation(time_ms, reward, Prediction("m@9", min(0.999, factor * each)), window_ms)
        for reward, each in zip(rewards.tolist(), said.tolist(), strict=True)
    ]


def told(found: list[Presentation]) -> dict[str, str]:
    return {each.bound: each.text for each in failings("m", found, BOUNDS, NOW)}


@pytest.mark.parametrize("seed", range(5))
def test_a_model_that_is_right_is_told_nothing_of(seed: int) -> None:
    assert told(shown(3_000, seed=seed)) == {}


def test_a_model_that_says_ten_times_too_much_is_told_of() -> None:
    found = told(shown(400, factor=10.0))
    assert set(found) == {"calibration", "log_loss"}
    assert "m is not calibrated: rewards are 0.1" in found["calibration"]


def test_a_model_that_ranks_the_wrong_way_is_told_of() -> None:
    found = told(shown(1_000, sign=-1.0))
    assert "m ranks worse than a coin: AUC 0." in found["ranking"]
    assert "log_loss" in found


def test_the_same_prediction_for_everybody_ranks_like_a_coin_and_not_worse() -> None:
    same = [Presentation(0, float(index % 10 == 0), Prediction("m@9", 0.1)) for index in range(2_000)]
    assert told(same) == {}


def test_too_few_presentations_tell_nothing_and_neither_do_those_of_another_model() -> None:
    assert told(shown(199, factor=10.0)) == {}
    assert failings("other", shown(1_000, factor=10.0), BOUNDS, NOW) == []


@pytest.mark.parametrize("reward", [0.0, 1.0])
def test_nothing_but_failures_or_successes_breaks_calibration_alone_or_log_loss(reward: float) -> None:
    same = [Presentation(0, reward, Prediction("m@9", 0.5 if index % 2 else 0.4)) for index in range(500)]
    assert set(told(same)) == {"calibration", "log_loss"}


def test_young_presentations_alone_are_told_of_with_a_word_of_their_age() -> None:
    young = shown(1_000, factor=10.0, time_ms=NOW - 50_000)
    assert all("may still come" in text for text in told(young).values())
    assert told(young)
    assert not any("may still come" in text for text in told(young + shown(300, factor=10.0)).values())
