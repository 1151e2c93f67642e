"""What operators see of decisions and outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.orchestrator.domain.decision import Mode
from tests.support.shop import Shop, inbound, open_shop, outbound


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        await opened.publish()
        yield opened


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


SERIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "proposition": ("tandem_decisions_total", {"channel": "WEB", "result": "proposition"}),
    "fallback": ("tandem_decisions_total", {"channel": "WEB", "result": "fallback"}),
    "silence": ("tandem_decisions_total", {"channel": "none", "result": "no_action"}),
    "consent": ("tandem_candidates_dropped_total", {"stage": "CONSENT"}),
    "eligibility": ("tandem_candidates_dropped_total", {"stage": "ELIGIBILITY"}),
    "probability": ("tandem_choice_probability_count", {}),
    "score": ("tandem_score_count", {}),
    "log": ("tandem_decision_stage_seconds_count", {"stage": "log"}),
    "clicks": ("tandem_outcomes_total", {"outcome": "CLICKED"}),
}


def seen() -> dict[str, float]:
    return {name: sample(series, **labels) for name, (series, labels) in SERIES.items()}


def grown(before: Mapping[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in seen().items() if value != before[name]}


async def test_a_decision_is_counted_once_with_all_that_fell(shop: Shop) -> None:
    before = seen()
    command = inbound("home_hero", "attic")
    for _ in range(2):
        await shop.decide(command)
    assert grown(before) == {
        "proposition": 1,
        "fallback": 1,
        "eligibility": 4,
        "probability": 1,
        "score": 1,
        "log": 1,
    }


async def test_silence_and_missing_consent_are_counted(shop: Shop) -> None:
    before = seen()
    await shop.decide(outbound("EMAIL"))
    assert grown(before) == {"silence": 1, "consent": 1, "eligibility": 4, "log": 1}


async def test_a_simulation_is_not_counted(shop: Shop) -> None:
    before = seen()
    await shop.decide(replace(inbound(), mode=Mode.SIMULATE))
    assert grown(before) == {}


async def test_an_outcome_is_counted_once(shop: Shop) -> None:
    answer = await shop.decide(inbound())
    before = seen()
    await shop.clicks(answer)
    assert grown(before) == {"clicks": 1}
    assert sample("tandem_rewards_pending") == 0
