"""Consents: the latest explicit statement wins, and UNKNOWN says nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis, check_consent, in_force
from shared.errors import InvalidArgument

GRANTED = Consent("c1", "crm\x1f1", "MARKETING", "EMAIL", ConsentStatus.GRANTED, LegalBasis.CONSENT, 100, 100)

statements = st.lists(
    st.builds(
        Consent,
        st.uuids().map(str),
        st.sampled_from(["crm\x1f1", "email\x1fa@b"]),
        st.just("MARKETING"),
        st.sampled_from(["", "EMAIL"]),
        st.sampled_from(ConsentStatus),
        st.just(LegalBasis.CONSENT),
        st.integers(0, 6),
        st.just(9),
        st.one_of(st.none(), st.integers(6, 8)),
    ),
    max_size=12,
)


def after(made: Iterable[Consent]) -> tuple[Consent, ...]:
    held: tuple[Consent, ...] = ()
    for each in made:
        held = in_force(held, each)
    return held


def meaning(held: Iterable[Consent]) -> set[object]:
    return {(each.subject_matter, each.status, each.granted_ms, each.expire_ms) for each in held}


@given(statements, st.data())
def test_statements_may_arrive_in_any_order(made: list[Consent], data: st.DataObject) -> None:
    assert meaning(after(made)) == meaning(after(data.draw(st.permutations(made))))


@given(statements)
def test_in_force_is_the_latest_explicit_statement_and_of_equals_the_strictest(made: list[Consent]) -> None:
    held = {each.subject_matter: each for each in after(made)}
    explicit = [each for each in made if each.status is not ConsentStatus.UNKNOWN]
    assert set(held) == {each.subject_matter for each in explicit}
    for matter, consent in held.items():
        rivals = [each for each in explicit if each.subject_matter == matter]
        latest = [each for each in rivals if each.granted_ms == max(rival.granted_ms for rival in rivals)]
        assert consent in latest
        assert consent.status == max(each.status for each in latest)


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
    ],
)
def test_a_malformed_statement_is_refused_by_its_path(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_consent(replace(GRANTED, **changes), "consent", now_ms=1_000)
    assert refused.value.metadata["field"] == field


def test_a_permission_may_end_the_moment_it_begins() -> None:
    check_consent(replace(GRANTED, expire_ms=100), "consent", now_ms=1_000)
