"""What persons of a segment are expected to bring, by policies that count what contacts cost later."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.orchestrator.app.diff.diff_policies import DiffQuestion
from services.orchestrator.app.diff.profile_sample import ProfileSample
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.decision import Mode
from services.orchestrator.domain.places import PlaceRequest
from tests.support.pressed import PressedShop, harmful, pressed_shop

MAIL = PlaceRequest(Direction.OUTBOUND, ("EMAIL",))


async def expected_money(pressed: PressedShop) -> float:
    shop = pressed.shop.orchestrator
    active = (await shop.get_policy()).versions.policy
    report = await shop.simulate_policy(DiffQuestion(active, profiles=ProfileSample("true", MAIL)))
    assert report.candidate.expected is not None
    return report.candidate.expected.money.mean


async def test_the_money_of_a_person_is_net_of_pressure(tmp_path: Path) -> None:
    async with pressed_shop(tmp_path) as pressed:
        before = await expected_money(pressed)
        pressed.estimate = harmful(unsubscribe_slope=0.001)
        (proposed,) = (await pressed.mail(Mode.SIMULATE)).placements[0].propositions
        after = await expected_money(pressed)
    assert proposed.pressure_cost > 0.001
    assert before - after == pytest.approx(proposed.pressure_cost)
