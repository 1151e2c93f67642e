"""ExplainDecision says of a slate how likely each candidate was at each position, whatever filled those before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.orchestrator.v1.marginal_pb2 import SlotMarginals

from services.orchestrator.api.servicer import OrchestratorServicer
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.contact_ledger import ReservationRequest, Reserved
from services.orchestrator.app.slate_marginals import told_of
from services.orchestrator.domain.arbitration.marginals import marginals
from services.orchestrator.domain.decision import Answer
from tests.support.grpc_server import loopback
from tests.support.limited_shop import Wrapped, limits, with_ledger
from tests.support.replay import compiled, record_in, slate_again
from tests.support.shop import Shop, fresh_id, inbound, open_shop
from tests.support.shop_policy import edited
from tests.support.slates import Enumerated

PLAIN: dict[str, str] = {}
WEIGHTED = {"exploration: THOMPSON}": "exploration: {kind: INVERSE_GAP_WEIGHTING, gamma: 50}}"}
SILENT = {"reserve: 0.01": "reserve: 0.9"}
LIMITED = dict(limits("{id: web, channel: web, max: 3, window: 1d}", "{id: once, per: action, max: 1, window: 1d}"))


async def explained(shop: Shop, answer: Answer) -> pb.ExplainDecisionResponse:
    """Over the wire."""
    service = pb.DESCRIPTOR.services_by_name["OrchestratorService"]
    async with loopback(service, OrchestratorServicer(shop.orchestrator)) as server:
        request = pb.ExplainDecisionRequest(decision_id=answer.decision_id)
        response: pb.ExplainDecisionResponse = await server.unary("ExplainDecision")(request)
    return response


@asynccontextmanager
async def shop_under(folder: Path, changes: dict[str, str]) -> AsyncIterator[Shop]:
    async with open_shop(folder) as shop:
        await shop.publish(changes)
        await shop.knows(age=42, tier="gold", margin=3.0)
        yield shop


def slate() -> DecideCommand:
    return inbound("home_hero", "side_bar", count=2)


def parts(marginal: SlotMarginals) -> list[float]:
    return [*marginal.candidate_probabilities, marginal.silence_probability]


@pytest.mark.parametrize("changes", [PLAIN, WEIGHTED, SILENT, LIMITED], ids=["plain", "weighted", "silent", "limited"])
@pytest.mark.parametrize("across", [True, False])
async def test_every_position_of_a_slate_is_told(changes: dict[str, str], across: bool, tmp_path: Path) -> None:
    async with shop_under(tmp_path, changes) as shop:
        answer = await shop.decide(replace(slate(), across_placements=across))
        response = await explained(shop, answer)
    record = await record_in(tmp_path, answer.decision_id)
    enumerated = Enumerated(slate_again(record, compiled(edited(changes))))
    places = ["home_hero", "side_bar"]
    told = {(places.index(each.placement_id), each.rank - 1): each for each in response.marginals}
    assert set(told) >= {(slot.place, slot.slot) for slot in record.slots}
    for at, marginal in told.items():
        shares = enumerated.shares[at]
        assert marginal.error < 1e-5
        assert parts(marginal) == pytest.approx(shares, abs=1e-5)
        assert marginal.undrawn_probability == pytest.approx(1.0 - shares.sum(), abs=1e-5)
    first = [each.choice_probability for each in response.response.candidates if each.placement_id == "home_hero"]
    assert list(response.marginals[0].candidate_probabilities) == pytest.approx(first, abs=1e-12)


async def test_of_a_single_slot_nothing_is_told_that_is_not_on_record(tmp_path: Path) -> None:
    async with shop_under(tmp_path, {}) as shop:
        answer = await shop.decide(inbound("home_hero"))
        response = await explained(shop, answer)
    assert response.response.candidates
    assert not response.marginals


class Faster(Wrapped):
    """Somebody else takes what the second contact of the first call needs."""

    asked = False

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:
        if not self.asked and len(request.contacts) > 1:
            self.asked = True
            taken = replace(request.contacts[1], reference="")
            faster = replace(request, request_id=fresh_id("race"), contacts=(taken,))
            await self._ledger.reserve(faster, deadline_ms=deadline_ms)
        return await super().reserve(request, deadline_ms=deadline_ms)


async def test_what_the_ledger_refused_is_out_whatever_filled_the_slots_before(tmp_path: Path) -> None:
    never_silent = LIMITED | {"reserve: 0.01": "reserve: 0.0"}
    async with with_ledger(tmp_path, Faster, never_silent) as shop:
        await shop.knows(age=42, tier="gold", margin=3.0)
        answer = await shop.decide(slate())
        response = await explained(shop, answer)
    record = await record_in(tmp_path, answer.decision_id)
    assert record.refusals
    enumerated = Enumerated(slate_again(record, compiled(edited(never_silent))))
    told: Sequence[SlotMarginals] = response.marginals
    assert len(told) >= len(record.slots) > 1
    for marginal, shares in zip(told, enumerated.shares.values(), strict=False):
        assert parts(marginal) == pytest.approx(shares, abs=1e-5)


async def test_a_record_whose_vectors_do_not_come_out_again_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with shop_under(tmp_path, {}) as shop:
        answer = await shop.decide(slate())
    record = await record_in(tmp_path, answer.decision_id)
    policy = compiled(edited({}))
    assert len(told_of(marginals(slate_again(record, policy)), record)) >= len(record.slots)
    other = replace(record.candidates, log_odds_mean=record.candidates.log_odds_mean + np.arange(3.0, 0.0, -0.5))
    assert told_of(marginals(slate_again(replace(record, candidates=other), policy)), record) == ()
    assert "did not come out again" in caplog.text
