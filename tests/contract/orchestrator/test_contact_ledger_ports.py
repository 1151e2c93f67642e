"""The contact ledger as a port: the same over gRPC and within one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tandem.profile.v1 import profile_service_pb2

from services.local.contact_ledger import LocalContactLedger
from services.orchestrator.adapters.contact_ledger_client import GrpcContactLedger
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.app.contact_ledger import ContactLedger, LedgerContact, ReservationRequest
from services.orchestrator.app.ports import ContactCount, HeldContact, SubjectQuery
from services.orchestrator.bootstrap import ProfilePort
from services.orchestrator.domain.contact_steps import Reach
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.subject import Identity
from shared.clock import system_clock
from shared.errors import DeadlineExceeded, FailedPrecondition, InvalidArgument, NotFound
from tests.support.grpc_server import loopback
from tests.support.limited_shop import limits
from tests.support.replay import compiled
from tests.support.shop import fresh_id, open_shop
from tests.support.shop_policy import edited

SOON_MS = 20_000


def soon() -> int:
    return system_clock() + SOON_MS


@dataclass(frozen=True, slots=True)
class Side:
    """One way to the profile service."""

    profiles: ProfilePort
    ledger: ContactLedger


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[Side, Side]]:
    service = profile_service_pb2.DESCRIPTOR.services_by_name["ProfileService"]
    async with open_shop(tmp_path) as shop, loopback(service, shop.servicers.profile) as server:
        yield (
            Side(shop.others.profile, LocalContactLedger(shop.profile, system_clock)),
            Side(GrpcProfiles(server.channel, system_clock), GrpcContactLedger(server.channel, system_clock)),
        )


@pytest.fixture
def policy() -> CompiledPolicy:
    """With one of everything that a limit can say."""
    return compiled(
        edited(
            limits(
                "{id: mail_week, channels: [sms, email, sms], max: 2, window: 7d, counts: DELIVERED}",
                "{id: each_month, calendar: month, max: 1, per: action, direction: outbound, message_class: '*'}",
                "{id: tea_day, group: tea, issue: grow, actions: [green_tea], max: 9, window: 1d, campaign: spring}",
                "{id: seen, counts: IMPRESSION, max: 5, calendar: week, per: channel, channel: web}",
            )
        )
    )


async def test_limits_are_one_version_of_the_schema(both: tuple[Side, Side], policy: CompiledPolicy) -> None:
    schema = replace(policy.trait_schema, default_time_zone="Asia/Kathmandu", time_zone_trait="first_name")
    versions = [await each.profiles.publish_trait_schema(fresh_id(), schema, activate=False) for each in both]
    bare = await both[0].profiles.publish_trait_schema(fresh_id(), replace(schema, contact_limits=()), activate=False)
    assert versions[0] == versions[1] != bare


async def test_a_moment_that_has_passed_is_over(both: tuple[Side, Side], policy: CompiledPolicy) -> None:
    for each in both:
        version = await each.profiles.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
        with pytest.raises(DeadlineExceeded):
            await each.ledger.reserve(asked("late", version, contact("d_1.0.0")), deadline_ms=system_clock() - 1)


def contact(reference: str, channel: str = "EMAIL", action: str = "green_tea") -> LedgerContact:
    return LedgerContact(channel, "OUTBOUND", "MARKETING", "grow", "tea", action, f"{action}_mail", reference)


def asked(who: str, version: str, *contacts: LedgerContact, request_id: str = "") -> ReservationRequest:
    identities = (Identity("crm", who),)
    return ReservationRequest(request_id or fresh_id(), identities, contacts, Reach.ATTEMPTED, version)


async def test_contacts_are_reserved_up_to_the_first_refusal_and_read_the_same(
    both: tuple[Side, Side], policy: CompiledPolicy
) -> None:
    answers = []
    for each in both:
        version = await each.profiles.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
        who = fresh_id("reached")
        request = asked(who, version, contact("d_1.0.0"), contact("d_2.0.0", "SMS", "espresso"), contact("d_1.0.1"))
        reserved = await each.ledger.reserve(request, deadline_ms=soon())
        again = await each.ledger.reserve(request, deadline_ms=soon())
        assert replace(again, consistency_token="") == replace(reserved, consistency_token="")
        assert len(reserved.granted) == 2
        assert reserved.profile_id
        query = SubjectQuery((Identity("crm", who),), version, system_clock() + 1_000, reserved.consistency_token)
        views = [await side.profiles.get(replace(query, reference="d_1."), deadline_ms=soon()) for side in both]
        assert replace(views[0], consistency_token="") == replace(views[1], consistency_token="")
        assert views[0].held == (HeldContact(reserved.granted[0], "d_1.0.0", "EMAIL", "green_tea"),)
        assert (await each.profiles.get(query, deadline_ms=soon())).held == ()
        answers.append((reserved.refused_by, views[0].contact_counts))
    assert answers[0] == answers[1]
    refused_by, counts = answers[0]
    assert set(refused_by) == {ContactCount("mail_week", "", 2), ContactCount("each_month", "green_tea", 1)}
    assert set(counts) == {*refused_by, ContactCount("each_month", "espresso", 1)}


async def test_a_contact_of_a_campaign_counts_in_its_limits(both: tuple[Side, Side], policy: CompiledPolicy) -> None:
    for each in both:
        version = await each.profiles.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
        who, later = fresh_id("reached"), system_clock() + 1_000
        in_spring = replace(contact("d_1.0.0", "SMS"), campaign="spring")
        reserved = await each.ledger.reserve(asked(who, version, in_spring), deadline_ms=soon())
        query = SubjectQuery((Identity("crm", who),), version, later, reserved.consistency_token)
        counts = (await each.profiles.get(query, deadline_ms=soon())).contact_counts
        assert ContactCount("tea_day", "", 1) in counts


async def test_what_became_of_contacts_is_told_the_same(both: tuple[Side, Side], policy: CompiledPolicy) -> None:
    for each in both:
        version = await each.profiles.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
        request = asked(fresh_id("told"), version, contact("d_1.0.0"), contact("d_1.0.1", "SMS", "espresso"))
        first, second = (await each.ledger.reserve(request, deadline_ms=soon())).granted
        told_ms = system_clock()
        for _ in range(2):
            await each.ledger.confirm("told_" + first, first, Reach.DELIVERED, told_ms, deadline_ms=soon())
            await each.ledger.release("gone_" + second, second, deadline_ms=soon())
        with pytest.raises(FailedPrecondition) as refusal:
            await each.ledger.release(fresh_id(), first, deadline_ms=soon())
        assert refusal.value.reason == "RESERVATION_CONFIRMED"
        with pytest.raises(FailedPrecondition) as refusal:
            await each.ledger.confirm(fresh_id(), second, Reach.ATTEMPTED, None, deadline_ms=soon())
        assert refusal.value.reason == "RESERVATION_ENDED"
        with pytest.raises(NotFound):
            await each.ledger.release(fresh_id(), "p_0.r_0", deadline_ms=soon())
        with pytest.raises(InvalidArgument):
            await each.ledger.confirm(fresh_id(), first, Reach.IMPRESSION, 0, deadline_ms=soon())
