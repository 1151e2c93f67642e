"""Whether what arrives may be recorded, by what the person said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.profile.domain.basis import Arriving, has_basis
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.schema import PurposeDeclaration

CRM, BROWSER, PHONE = "crm\x1f1", "cookie\x1fa", "phone\x1f+33"
NOW_MS = 1_000_000_000
GRANTED = Consent("c1", CRM, "COLLECTION", "", ConsentStatus.GRANTED, LegalBasis.CONSENT, 100, 100)
NO_BASIS = LegalBasis.UNSPECIFIED
REFUSED = replace(GRANTED, statement_id="c2", status=ConsentStatus.REVOKED, legal_basis=NO_BASIS, granted_ms=50)
CONSENT = PurposeDeclaration("COLLECTION", LegalBasis.CONSENT)
CONFIRMED_ONLY = PurposeDeclaration("COLLECTION", LegalBasis.CONSENT, double_opt_in=True)


def may_collect(*statements: Consent, declared: PurposeDeclaration | None = None, on: str = PHONE) -> bool:
    by_name = {} if declared is None else {declared.name: declared}
    return has_basis(["COLLECTION"], by_name, Arriving({on}, statements, NOW_MS))


@pytest.mark.parametrize("basis", [LegalBasis.LEGITIMATE_INTEREST, LegalBasis.CONTRACT])
def test_without_need_of_consent_everything_is_permitted_that_was_not_refused(basis: LegalBasis) -> None:
    declared = PurposeDeclaration("COLLECTION", basis)
    for each in (None, declared):
        assert may_collect(declared=each)
        assert may_collect(GRANTED, declared=each)
        assert not may_collect(REFUSED, declared=each)


def test_where_consent_is_needed_only_a_grant_in_force_permits() -> None:
    assert not may_collect(declared=CONSENT)
    assert may_collect(GRANTED, declared=CONSENT)
    for changes in (
        {"purpose": "PROFILING"},
        {"channel": "WEB"},
        {"status": ConsentStatus.UNKNOWN},
        {"status": ConsentStatus.PENDING_CONFIRMATION},
        {"expire_ms": NOW_MS},
        {"granted_ms": NOW_MS + 3_600_000},
        {"legal_basis": LegalBasis.LEGITIMATE_INTEREST},
        {"legal_basis": LegalBasis.CONTRACT},
    ):
        assert not may_collect(replace(GRANTED, **changes), declared=CONSENT), changes


def test_a_grant_counts_only_confirmed_where_confirmation_is_asked_for() -> None:
    assert not may_collect(GRANTED, declared=CONFIRMED_ONLY)
    assert may_collect(replace(GRANTED, confirmed_ms=200), declared=CONFIRMED_ONLY)


def test_a_refusal_on_any_identity_covers_the_whole_person_and_every_grant() -> None:
    assert not may_collect(GRANTED, replace(REFUSED, identity=PHONE), declared=CONSENT, on=BROWSER)


def test_a_refusal_for_one_channel_covers_what_arrives_on_its_identity() -> None:
    refusal = replace(REFUSED, channel="WEB", identity=BROWSER)
    assert not may_collect(refusal, on=BROWSER)
    assert may_collect(refusal, on=CRM)


def test_a_later_word_about_every_channel_takes_an_older_refusal_of_one_channel_back() -> None:
    refusal = replace(REFUSED, channel="WEB")
    assert may_collect(refusal, GRANTED, on=CRM)
    assert not may_collect(replace(refusal, granted_ms=200), GRANTED, on=CRM)


def test_a_grant_for_one_channel_takes_no_refusal_back() -> None:
    assert not may_collect(REFUSED, replace(GRANTED, channel="WEB"), on=CRM)


def test_what_a_browser_signals_concerns_that_browser() -> None:
    refusal = replace(REFUSED, identity=BROWSER, signalled=True)
    assert not may_collect(refusal, on=BROWSER)
    assert may_collect(refusal, on=CRM)
    grant = replace(GRANTED, identity=BROWSER, signalled=True)
    assert may_collect(grant, declared=CONSENT, on=BROWSER)
    assert not may_collect(grant, declared=CONSENT, on=CRM)


def test_a_basis_is_needed_for_every_purpose() -> None:
    arriving = Arriving({CRM}, [replace(REFUSED, purpose="PROFILING")], NOW_MS)
    assert has_basis(["COLLECTION"], {}, arriving)
    assert not has_basis(["COLLECTION", "PROFILING"], {}, arriving)
