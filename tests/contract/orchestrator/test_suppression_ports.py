"""What suppression rules, contacts for later and contacts fetched ahead need of the ledger: the same over gRPC and
within one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tandem.profile.v1 import profile_service_pb2

from services.local.contact_ledger import LocalContactLedger
from services.orchestrator.adapters.contact_ledger_client import GrpcContactLedger
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.app.contact_ledger import ContactLedger, LedgerContact, ReservationRequest
from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.ports import ContactCount, SubjectQuery
from services.orchestrator.bootstrap import ProfilePort, Stores
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.subject import Identity
from shared.clock import MS_PER_DAY, system_clock
from tests.support.grpc_server import loopback
from tests.support.limited_shop import ledger_of
from tests.support.replay import compiled
from tests.support.shop import Shop, fresh_id, open_shop
from tests.support.shop_policy import edited

RULES = {
    "policy: corner_shop\n": (
        "policy: corner_shop\ncontact_policy:\n  suppression_rules:\n"
        "    - {id: bored, outcomes: [IGNORED, DISMISSED], times: 1, pause: 60d, per: action}\n"
        "    - {id: busy, event: cart_add, pause: 2h}\n"
    )
}
Side = tuple[ProfilePort, ContactLedger]


@pytest.fixture
async def sides(tmp_path: Path) -> AsyncIterator[tuple[Shop, tuple[Side, Side]]]:
    service = profile_service_pb2.DESCRIPTOR.services_by_name["ProfileService"]
    async with open_shop(tmp_path) as shop, loopback(service, shop.servicers.profile) as server:
        yield (
            shop,
            (
                (shop.others.profile, LocalContactLedger(shop.profile, system_clock)),
                (GrpcProfiles(server.channel, system_clock), GrpcContactLedger(server.channel, system_clock)),
            ),
        )


async def test_answers_plans_and_waits_are_told_the_same(sides: tuple[Shop, tuple[Side, Side]]) -> None:
    shop, both = sides
    schema = compiled(edited(RULES)).trait_schema
    versions, read, entries = [], [], []
    for profiles, ledger in both:
        soon_ms = system_clock() + 20_000
        version = await profiles.publish_trait_schema(fresh_id(), schema, activate=True)
        who = fresh_id("told")
        planned_ms = system_clock() + MS_PER_DAY
        contact = LedgerContact("EMAIL", "OUTBOUND", "MARKETING", "grow", "tea", "green_tea", "mail", "d_1.0.0")
        contacts = (contact, replace(contact, reference="d_1.0.1", planned_ms=planned_ms))
        request = ReservationRequest(fresh_id(), (Identity("crm", who),), contacts, Reach.RESERVED, version, 7_200_000)
        first, second = (await ledger.reserve(request, deadline_ms=soon_ms)).granted
        for contact_id, reached in ((first, Reach.IMPRESSION), (second, Reach.RESERVED)):
            answer = int(Outcome.IGNORED)
            await ledger.confirm(fresh_id(), contact_id, reached, None, deadline_ms=soon_ms, answer=answer)
        query = SubjectQuery((Identity("crm", who),), version, system_clock() + 1_000)
        views = [await each.get(query, deadline_ms=soon_ms) for each, _ in both]
        assert views[0].contact_counts == views[1].contact_counts
        assert [each.until_ms for each in views[0].contact_counts] == [
            each.until_ms for each in views[1].contact_counts
        ]
        refused = await ledger.reserve(replace(request, request_id=fresh_id()), deadline_ms=soon_ms)
        page = await ledger_of(shop, f"crm:{who}")
        versions.append(version)
        read.append((views[0].contact_counts, refused.granted, refused.refused_by))
        entries.append(
            [
                (
                    each.planned_ms is not None and each.planned_ms == planned_ms,
                    None if each.expire_ms is None else each.expire_ms - each.reserved_ms,
                    [response.name for response, _ in each.responses],
                    each.impression_ms is not None,
                )
                for each in sorted(page.contacts, key=lambda each: each.reference)
            ]
        )
    assert versions[0] == versions[1]
    assert (
        read[0] == read[1] == ((ContactCount("bored", "green_tea", 2),), (), (ContactCount("bored", "green_tea", 2),))
    )
    assert entries[0] == entries[1] == [(False, None, ["IGNORED"], True), (True, 7_200_000, ["IGNORED"], False)]


async def test_what_a_person_made_of_a_contact_waits_with_the_report(stores: Stores) -> None:
    plain = ContactReport.of("p_1.r_1", Reach.IMPRESSION, 1_800_000_000_000)
    answered = ContactReport.of("p_1.r_1", Reach.IMPRESSION, 1_800_000_000_000, int(Outcome.REJECTED))
    await stores.outbox.queue([plain, answered, answered])
    assert await stores.outbox.waiting(10) == (plain, answered)
    assert plain.key != answered.key
