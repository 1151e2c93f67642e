"""Consent as the law wants it: of identities, purposes and channels, at one moment."""

from __future__ import annotations

import pytest

from services.orchestrator.domain.catalogue import Channel, Direction
from services.orchestrator.domain.consent import contact_permission, has_objected, may_profile
from services.orchestrator.domain.subject import ConsentStatement, Identity

NOW = 1_800_000_000_000
DAY = 86_400_000
EMAIL = Channel("EMAIL", Direction.OUTBOUND, "MARKETING", needs_consent=True)
SERVICE_MAIL = Channel("EMAIL", Direction.OUTBOUND, "SERVICE", needs_consent=True)
WEB = Channel("WEB", Direction.INBOUND, "MARKETING", needs_consent=False)


def said(
    status: str,
    *,
    purpose: str = "MARKETING",
    channel: str = "EMAIL",
    days_ago: float = 1.0,
    who: str = "ada@example.org",
    namespace: str = "email",
    expires_in_days: float | None = None,
) -> ConsentStatement:
    expire_time_ms = None if expires_in_days is None else NOW + int(expires_in_days * DAY)
    identity = Identity(namespace, who)
    return ConsentStatement(identity, purpose, channel, status, "CONSENT", NOW - int(days_ago * DAY), expire_time_ms)


def is_permitted(*statements: ConsentStatement, channel: Channel = EMAIL) -> bool:
    return contact_permission(channel, statements, NOW).permitted


def test_nothing_said_permits_nothing() -> None:
    assert not is_permitted()


def test_a_channel_without_need_of_consent_needs_none() -> None:
    assert is_permitted(channel=WEB)


@pytest.mark.parametrize("channel", ["EMAIL", ""])
def test_a_grant_for_the_channel_or_for_all_of_them_permits(channel: str) -> None:
    permission = contact_permission(EMAIL, [said("GRANTED", channel=channel)], NOW)
    assert permission.permitted
    assert permission.reference == f"email:ada@example.org#MARKETING/{channel}"


@pytest.mark.parametrize(
    "statement",
    [
        said("GRANTED", channel="SMS"),
        said("GRANTED", purpose="SERVICE"),
        said("DENIED"),
        said("REVOKED"),
        said("UNKNOWN"),
        said("GRANTED", expires_in_days=0.0),
        said("GRANTED", days_ago=-1.0),
    ],
    ids=["other channel", "other purpose", "denied", "revoked", "unknown", "expired", "not yet"],
)
def test_nothing_but_a_grant_in_force_permits(statement: ConsentStatement) -> None:
    assert not is_permitted(statement)


def test_a_refusal_on_the_address_holds_against_a_grant_on_the_customer_number() -> None:
    grant = said("GRANTED", who="42", namespace="crm")
    permission = contact_permission(EMAIL, [grant, said("REVOKED", days_ago=9.0)], NOW)
    assert (permission.permitted, permission.status) == (False, "REVOKED")
    assert is_permitted(grant)


def test_a_grant_on_any_identity_of_the_kind_is_enough() -> None:
    assert is_permitted(said("REVOKED", who="old@example.org"), said("GRANTED", who="new@example.org"))


def test_the_latest_statement_of_an_identity_wins_whatever_channel_it_names() -> None:
    assert not is_permitted(said("GRANTED", channel="", days_ago=9.0), said("REVOKED", days_ago=1.0))
    assert is_permitted(said("REVOKED", days_ago=9.0), said("GRANTED", channel="", days_ago=1.0))


def test_of_two_statements_of_one_moment_the_forbidding_one_wins() -> None:
    assert not is_permitted(said("GRANTED", channel=""), said("REVOKED"))
    assert not is_permitted(said("REVOKED"), said("GRANTED", channel=""))


def test_unknown_overrules_nothing() -> None:
    assert is_permitted(said("GRANTED", days_ago=9.0), said("UNKNOWN", days_ago=1.0))


def test_an_expired_grant_does_not_wake_an_older_one() -> None:
    assert not is_permitted(said("GRANTED", channel="", days_ago=9.0), said("GRANTED", expires_in_days=-0.5))


@pytest.mark.parametrize("status", ["DENIED", "REVOKED"])
def test_an_objection_to_marketing_on_one_identity_covers_the_whole_person(status: str) -> None:
    objection = said(status, channel="", who="shop-card", days_ago=30.0)
    permission = contact_permission(EMAIL, [said("GRANTED"), objection], NOW)
    assert (permission.permitted, permission.status) == (False, "OBJECTED")


def test_an_objection_to_marketing_leaves_other_purposes_alone() -> None:
    statements = [said("GRANTED", purpose="SERVICE"), said("DENIED", channel="")]
    assert has_objected(statements, NOW)
    assert contact_permission(SERVICE_MAIL, statements, NOW).permitted


def test_a_denial_of_one_channel_is_no_objection() -> None:
    assert not has_objected([said("DENIED")], NOW)


def may_use_profile(
    *statements: ConsentStatement, basis: str = "CONSENT", direction: Direction = Direction.INBOUND
) -> bool:
    return may_profile(direction, basis, statements, NOW)


def test_answering_someone_uses_no_profile_without_a_basis() -> None:
    assert not may_use_profile()
    assert may_use_profile(basis="LEGITIMATE_INTEREST")
    assert may_use_profile(said("GRANTED", purpose="PROFILING", channel=""))


def test_a_grant_of_profiling_ends_with_its_time() -> None:
    assert not may_use_profile(said("GRANTED", purpose="PROFILING", channel="", expires_in_days=-1.0))


@pytest.mark.parametrize("basis", ["CONSENT", "LEGITIMATE_INTEREST", "CONTRACT"])
@pytest.mark.parametrize("direction", list(Direction))
def test_a_refusal_of_profiling_wins_over_every_basis(basis: str, direction: Direction) -> None:
    granted = said("GRANTED", purpose="PROFILING", channel="", who="new@example.org")
    refused = said("REVOKED", purpose="PROFILING", channel="", who="old@example.org")
    assert not may_use_profile(granted, refused, basis=basis, direction=direction)


def test_reaching_out_rests_on_the_consent_to_the_contact() -> None:
    assert may_use_profile(direction=Direction.OUTBOUND)
