"""When a champion has to give way, on planted drift, and when it must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.scoring.domain.health.bounds import Bounds, calibration, loss_difference, reason_to_roll_back
from services.scoring.domain.health.presentations import Presentation
from services.scoring.domain.models import Assignment
from services.scoring.domain.rewards import Prediction

SINCE, NOW = 1_000_000, 10_000_000
BOUNDS = Bounds(maturity_ms=100_000)
USED = Assignment("click", 3, champion="new", challenger="old", former="old", change_time_ms=SINCE)


def presentations(
    count: int,
    *,
    seed: int = 1,
    champion_off: float = 1.0,
    former_off: float | None = 1.0,
    noise: float = 0.0,
    time_ms: int = SINCE + 1,
) -> list[Presentation]:
    """Rates are log-normal around 6 %; a model says the rate times its factor, the champion with noise of its own."""
    rng = np.random.default_rng(seed)
    rates = np.clip(np.exp(rng.normal(-2.8, 0.5, count)), 0.001, 0.6)
    rewards = (rng.random(count) < rates).astype(float)
    said = np.clip(rates * champion_off * np.exp(noise * rng.normal(size=count) - noise**2 / 2), 0.0005, 0.95)
    found = []
    for rate, reward, mine in zip(rates.tolist(), rewards.tolist(), said.tolist(), strict=True):
        prediction = Prediction("new@9", mine, 0.5)
        if former_off is not None:
            prediction = replace(prediction, shadow_version="old@9", shadow_propensity=min(0.95, rate * former_off))
        found.append(Presentation(time_ms, reward, prediction))
    return found


def reason(found: list[Presentation], assignment: Assignment = USED, bounds: Bounds = BOUNDS) -> str | None:
    return reason_to_roll_back(found, assignment, bounds, NOW)


def test_calibration_by_hand() -> None:
    found = calibration(np.array([0.5, 0.5, 0.5, 0.5]), np.array([1.0, 1.0, 1.0, 0.0]))
    assert found.count == 4
    assert [found.z, found.ratio] == pytest.approx([1.0, 1.5])


def test_loss_difference_by_hand() -> None:
    found = loss_difference(np.array([0.5, 0.5]), np.array([0.5, 0.25]), np.array([1.0, 0.0]))
    gap = np.log(0.75) - np.log(0.5)
    assert [found.mean, found.error] == pytest.approx([gap / 2, gap / 2])
    assert found.former == pytest.approx(-(np.log(0.5) + np.log(0.75)) / 2)
    with pytest.raises(ValueError, match="two"):
        loss_difference(np.array([0.5]), np.array([0.5]), np.array([1.0]))


def test_calibrated_champion_stays() -> None:
    assert reason(presentations(20_000)) is None


def test_champion_that_promises_too_much_gives_way() -> None:
    found = reason(presentations(5_000, champion_off=2.0))
    assert found is not None
    assert "calibration of new broke" in found
    assert "5,000 presentations" in found


def test_champion_that_promises_too_little_gives_way() -> None:
    assert "calibration" in (reason(presentations(5_000, champion_off=0.4)) or "")


def test_champion_that_was_never_compared_gives_way_on_its_own_calibration() -> None:
    assert "calibration" in (reason(presentations(5_000, champion_off=2.0, former_off=None)) or "")


def test_calibration_that_broke_for_both_is_no_reason() -> None:
    """A season that turned, or rewards that are late: going back would mend nothing."""
    assert reason(presentations(5_000, champion_off=2.0, former_off=2.0)) is None


def test_champion_that_knows_less_gives_way_though_it_is_calibrated() -> None:
    found = reason(presentations(20_000, noise=0.8))
    assert found is not None
    assert "predicts worse than old" in found
    assert "±" in found


def test_champion_that_knows_more_stays() -> None:
    swapped = [
        replace(
            each,
            prediction=Prediction("new@1", each.prediction.shadow_propensity, 0.5, "old@1", each.prediction.propensity),
        )
        for each in presentations(20_000, noise=0.8)
        if each.prediction is not None
    ]
    assert reason(swapped) is None


def test_too_little_evidence_changes_nothing() -> None:
    assert reason(presentations(999, champion_off=3.0)) is None
    assert reason(presentations(1_001, champion_off=3.0)) is not None


def test_small_difference_that_is_certain_is_no_reason() -> None:
    found = presentations(30_000, noise=0.2)
    assert reason(found) is None
    assert reason(found, bounds=replace(BOUNDS, loss_share=0.0)) is not None


def test_only_what_came_since_the_activation_and_is_mature_counts() -> None:
    assert reason(presentations(5_000, champion_off=2.0, time_ms=SINCE - 1)) is None
    assert reason(presentations(5_000, champion_off=2.0, time_ms=NOW - 99_999)) is None
    assert reason(presentations(5_000, champion_off=2.0, time_ms=NOW - 100_000)) is not None


def test_what_others_predicted_does_not_count() -> None:
    of_another = replace(USED, champion="newer")
    assert reason(presentations(5_000, champion_off=3.0), of_another) is None


def test_nobody_to_go_back_to() -> None:
    assert reason(presentations(5_000, champion_off=2.0), replace(USED, former="")) is None


def test_apprentice_is_not_used_and_not_rolled_back() -> None:
    assert reason(presentations(5_000, champion_off=2.0), replace(USED, is_apprentice=True)) is None


def test_better_challenger_that_is_not_the_former_champion_is_no_reason_to_go_back() -> None:
    assert reason(presentations(20_000, noise=0.8), replace(USED, challenger="old", former="oldest")) is None


def test_alike_models_are_not_rolled_back_by_looking_often() -> None:
    """Two models of the same quality, each with errors of its own; 60 looks, at new data each time."""
    broken = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = []
        for each in presentations(1_200, seed=seed):
            assert each.prediction is not None
            one, two = (np.exp(rng.normal(0, 0.2, 2)) * each.prediction.propensity).tolist()
            found.append(replace(each, prediction=Prediction("new@1", one, 0.5, "old@1", two)))
        broken += reason(found) is not None
    assert broken == 0
