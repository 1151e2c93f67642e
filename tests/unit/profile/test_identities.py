"""Identities have one normal form, so that equal identifiers are equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.identities import (
    KNOWN_NAMESPACES,
    Identity,
    identity_of,
    is_known,
    normalise,
    normalise_subject,
    primary_of,
)
from shared.errors import InvalidArgument


def test_namespaces_and_mail_addresses_are_lower_cased_and_values_trimmed() -> None:
    assert normalise(Identity(" Email ", " Ann@Example.COM "), "s") == Identity("email", "ann@example.com")
    assert normalise(Identity("CRM", " Ab1 "), "s") == Identity("crm", "Ab1")


@given(st.text(min_size=1, max_size=80), st.sampled_from(["crm", "email", "cookie"]))
def test_normalising_twice_changes_nothing_and_a_key_names_its_identity(value: str, namespace: str) -> None:
    try:
        normal = normalise(Identity(namespace, value), "s")
    except InvalidArgument:
        return
    assert normalise(normal, "s") == normal
    assert identity_of(normal.key) == normal


@pytest.mark.parametrize(
    ("identity", "field"),
    [
        (Identity("", "1"), "s.identities[0].namespace"),
        (Identity("9crm", "1"), "s.identities[0].namespace"),
        (Identity("a" * 65, "1"), "s.identities[0].namespace"),
        (Identity("crm", "  "), "s.identities[0].value"),
        (Identity("crm", "é" * 129), "s.identities[0].value"),
        (Identity("crm", "a\x1fb"), "s.identities[0].value"),
        (Identity("crm", "a\x00"), "s.identities[0].value"),
    ],
)
def test_a_malformed_identity_is_refused_by_its_path(identity: Identity, field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        normalise_subject([identity], "s")
    assert refused.value.metadata["field"] == field


def test_an_empty_identity_map_names_nobody() -> None:
    with pytest.raises(InvalidArgument) as refused:
        normalise_subject([], "subject")
    assert refused.value.reason == "REQUIRED_FIELD_MISSING"
    assert refused.value.metadata["field"] == "subject.identities"


def test_more_than_32_identities_are_refused() -> None:
    identities = [Identity("cookie", str(index)) for index in range(33)]
    assert len(normalise_subject(identities[:32], "subject")) == 32
    with pytest.raises(InvalidArgument):
        normalise_subject(identities, "subject")


def test_a_repetition_is_dropped_but_its_primary_mark_is_not() -> None:
    subject = normalise_subject([Identity("crm", "1"), Identity("cookie", "a"), Identity("CRM", "1", True)], "s")
    assert [identity.key for identity in subject] == ["crm\x1f1", "cookie\x1fa"]
    assert primary_of(subject) == Identity("crm", "1", True)


def test_a_statement_without_a_primary_identity_is_about_the_first() -> None:
    assert primary_of([Identity("cookie", "a"), Identity("crm", "1")]) == Identity("cookie", "a")


def test_a_schema_may_say_that_a_namespace_is_known_or_is_not() -> None:
    keys = [Identity("cookie", "a").key]
    assert not is_known(keys, KNOWN_NAMESPACES)
    assert is_known(keys, {**KNOWN_NAMESPACES, "cookie": True})
    assert not is_known([Identity("email", "a@b").key], {**KNOWN_NAMESPACES, "email": False})
