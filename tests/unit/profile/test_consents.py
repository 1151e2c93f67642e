"""Consents: the latest explicit statement wins, and UNKNOWN says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.profile.domain.consent_check import check_consent
from services.profile.domain.consent_history import consent_at
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis, Standing, in_force
from shared.errors import InvalidArgument

NOW_MS = 9


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    """Within nine milliseconds, so that moments coincide."""
    status = draw(st.sampled_from(ConsentStatus))
    granted_ms = draw(st.integers(0, 6))
    is_granted = status is ConsentStatus.GRANTED
    return Consent(
        str(draw(st.uuids())),
        draw(st.sampled_from(["crm\x1f1", "email\x1fa@b"])),
        "MARKETING",
        draw(st.sampled_from(["", "EMAIL"])),
        status,
        draw(st.sampled_from(LegalBasis)) if is_granted else LegalBasis.UNSPECIFIED,
        granted_ms,
        9,
        draw(st.one_of(st.none(), st.integers(6, 8))),
        confirmed_ms=draw(st.one_of(st.none(), st.integers(granted_ms, 8))) if is_granted else None,
        signalled=draw(st.booleans()),
    )


GRANTED = Consent("c1", "crm\x1f1", "MARKETING", "EMAIL", ConsentStatus.GRANTED, LegalBasis.CONSENT, 100, 100)

statements = st.lists(consents(), max_size=12, unique_by=lambda each: each.statement_id)


def after(made: Iterable[Consent]) -> tuple[Consent, ...]:
    held: tuple[Consent, ...] = ()
    for each in made:
        held = in_force(held, each)
    return held


def said(made: Iterable[Consent]) -> list[Consent]:
    return [each for each in made if each.standing is Standing.SAID and each.status is not ConsentStatus.UNKNOWN]


@given(statements, st.data())
def test_statements_may_arrive_in_any_order(made: list[Consent], data: st.DataObject) -> None:
    assert set(after(made)) == set(after(data.draw(st.permutations(made))))


@given(statements)
def test_in_force_is_the_latest_explicit_statement_and_of_equals_the_strictest(made: list[Consent]) -> None:
    held = {each.topic: each for each in said(after(made))}
    explicit = said(made)
    assert set(held) == {each.topic for each in explicit}
    for topic, consent in held.items():
        rivals = [each for each in explicit if each.topic == topic]
        latest = [each for each in rivals if each.granted_ms == max(rival.granted_ms for rival in rivals)]
        assert consent in latest
        spoken = [each for each in latest if not each.signalled] or latest
        assert consent.status == max(each.status for each in spoken)
        assert consent.signalled == all(each.signalled for each in latest)


@given(statements)
def test_what_is_pending_overrules_nothing_and_is_seen_until_something_explicit_is_said(made: list[Consent]) -> None:
    held = after(made)
    without = after(each for each in made if each.status is not ConsentStatus.PENDING_CONFIRMATION)
    assert [each for each in held if each.status is not ConsentStatus.PENDING_CONFIRMATION] == list(without)
    for pending in set(held).difference(without):
        settled = [each for each in said(made) if each.topic == pending.topic]
        assert all(each.granted_ms < pending.granted_ms for each in settled)


@pytest.mark.parametrize("basis", [LegalBasis.SOFT_OPT_IN, LegalBasis.CONTRACT, LegalBasis.LEGITIMATE_INTEREST])
def test_a_ground_that_the_person_did_not_give_takes_no_refusal_and_no_consent_back(basis: LegalBasis) -> None:
    ground = replace(GRANTED, statement_id="c2", legal_basis=basis, granted_ms=200)
    for said_before in (GRANTED, replace(GRANTED, status=ConsentStatus.REVOKED)):
        assert set(after([said_before, ground])) == {said_before, ground}


def test_a_new_ground_replaces_the_one_of_its_kind() -> None:
    first = replace(GRANTED, legal_basis=LegalBasis.SOFT_OPT_IN, similar_groups=("shoes",))
    second = replace(first, statement_id="c2", granted_ms=200, similar_groups=("bags",))
    assert after([second, first]) == (second,)


def test_confirming_settles_what_was_pending() -> None:
    pending = replace(GRANTED, status=ConsentStatus.PENDING_CONFIRMATION)
    confirmed = replace(GRANTED, statement_id="c2", confirmed_ms=150)
    assert after([pending]) == (pending,)
    assert after([pending, confirmed]) == after([confirmed, pending]) == (confirmed,)


def test_a_confirmation_of_what_was_withdrawn_meanwhile_changes_nothing() -> None:
    withdrawal = replace(GRANTED, statement_id="c2", status=ConsentStatus.REVOKED, granted_ms=120)
    confirmed = replace(GRANTED, statement_id="c3", confirmed_ms=150)
    assert after([GRANTED, withdrawal, confirmed]) == (withdrawal,)


def test_what_a_person_says_outweighs_a_signal_of_the_same_moment() -> None:
    signal = replace(GRANTED, statement_id="c2", status=ConsentStatus.DENIED, signalled=True)
    assert after([GRANTED, signal]) == after([signal, GRANTED]) == (GRANTED,)
    later = replace(signal, granted_ms=101)
    assert after([GRANTED, later]) == (later,)


@given(statements, st.integers(0, 9))
def test_the_past_is_what_was_said_until_then_whatever_came_after(made: list[Consent], moment_ms: int) -> None:
    until = [each for each in made if each.granted_ms <= moment_ms]
    assert consent_at(made, moment_ms) == consent_at(until, moment_ms)


@given(statements, st.data())
def test_the_past_does_not_depend_on_the_order_of_arrival(made: list[Consent], data: st.DataObject) -> None:
    moment_ms = data.draw(st.integers(0, 9))
    assert set(consent_at(made, moment_ms)) == set(consent_at(data.draw(st.permutations(made)), moment_ms))


@given(statements)
def test_at_this_moment_the_past_is_what_is_in_force(made: list[Consent]) -> None:
    assert set(consent_at(made, NOW_MS)) == set(after(made))


def test_a_grant_that_was_confirmed_later_was_pending_then() -> None:
    confirmed = replace(GRANTED, confirmed_ms=150)
    assert [each.status for each in consent_at([confirmed], 149)] == [ConsentStatus.PENDING_CONFIRMATION]
    assert consent_at([confirmed], 150) == (confirmed,)


def test_a_withdrawal_that_arrives_late_was_in_force_since_it_was_made() -> None:
    withdrawal = replace(GRANTED, statement_id="c2", status=ConsentStatus.REVOKED, granted_ms=200, recorded_ms=900)
    assert consent_at([GRANTED, withdrawal], 199) == (GRANTED,)
    assert consent_at([GRANTED, withdrawal], 200) == (withdrawal,)


def test_unknown_overrules_nothing() -> None:
    unknown = replace(GRANTED, statement_id="c2", status=ConsentStatus.UNKNOWN, granted_ms=200)
    assert after([GRANTED, unknown]) == (GRANTED,)
    assert after([unknown]) == ()


def test_a_statement_about_one_channel_leaves_another_one_alone() -> None:
    refusal = replace(GRANTED, statement_id="c2", channel="SMS", status=ConsentStatus.DENIED)
    assert set(after([GRANTED, refusal])) == {GRANTED, refusal}


def test_a_late_statement_about_the_past_changes_nothing() -> None:
    withdrawal = replace(GRANTED, statement_id="c2", status=ConsentStatus.REVOKED, granted_ms=50)
    assert after([GRANTED, withdrawal]) == (GRANTED,)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": ""}, "consent.purpose"),
        ({"purpose": "mar keting"}, "consent.purpose"),
        ({"channel": "é"}, "consent.channel"),
        ({"granted_ms": 2_000_000}, "consent.granted_time"),
        ({"granted_ms": -(10**13)}, "consent.granted_time"),
        ({"expire_ms": 99}, "consent.expire_time"),
        ({"collection_point": "x" * 257}, "consent.collection_point"),
        ({"policy_version": "a\nb"}, "consent.policy_version"),
        ({"proof": "é" * 2_049}, "consent.proof"),
        ({"confirmed_ms": 99}, "consent.confirmed_time"),
        ({"confirmed_ms": 2_000_000}, "consent.confirmed_time"),
        ({"confirmed_ms": 200, "status": ConsentStatus.REVOKED}, "consent.confirmed_time"),
        ({"confirmed_ms": 200, "status": ConsentStatus.PENDING_CONFIRMATION}, "consent.confirmed_time"),
        ({"legal_basis": LegalBasis.SOFT_OPT_IN}, "consent.similar_groups"),
        ({"legal_basis": LegalBasis.SOFT_OPT_IN, "similar_groups": ("a", "")}, "consent.similar_groups[1]"),
        ({"legal_basis": LegalBasis.SOFT_OPT_IN, "similar_groups": ("a",) * 101}, "consent.similar_groups"),
        ({"legal_basis": LegalBasis.SOFT_OPT_IN, "status": ConsentStatus.REVOKED}, "consent.legal_basis"),
        ({"similar_groups": ("shoes",)}, "consent.similar_groups"),
    ],
)
def test_a_malformed_statement_is_refused_by_its_path(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_consent(replace(GRANTED, **changes), "consent", now_ms=1_000)
    assert refused.value.metadata["field"] == field


def test_a_permission_may_end_the_moment_it_begins() -> None:
    check_consent(replace(GRANTED, expire_ms=100), "consent", now_ms=1_000)
