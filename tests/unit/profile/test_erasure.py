"""What an erased identity is kept out as."""

from __future__ import annotations

import unicodedata
from hashlib import sha256

import pytest

from services.profile.domain.erasure import KeepOut, faces
from services.profile.domain.identities import Identity

MAIL = "josé@müller.de"


@pytest.mark.parametrize("form", ["josé@xn--mller-kva.de", unicodedata.normalize("NFD", MAIL), MAIL])
def test_what_was_erased_before_there_was_one_form_is_met_by_that_form(form: str) -> None:
    assert Identity("email", form).key in faces(Identity("email", MAIL).key)


@pytest.mark.parametrize("value", ["Zoë", "42", "ann@", "0612345678", "c0ffee"])
def test_what_is_no_address_and_no_number_has_no_hash(value: str) -> None:
    assert {Identity("crm", form).key for form in (value, unicodedata.normalize("NFD", value))} == set(
        faces(Identity("crm", value).key)
    )


@pytest.mark.parametrize(
    ("value", "hashed"),
    [(MAIL, MAIL), (MAIL, "josé@xn--mller-kva.de"), ("Ann@b.co", "ann@b.co"), ("+33612345678", "33612345678")],
)
def test_a_hash_meets_what_it_was_made_of_in_any_namespace(value: str, hashed: str) -> None:
    digest = sha256(hashed.encode()).hexdigest()
    for namespace, text in (("mailhash", digest), ("other", digest.upper())):
        assert set(faces(Identity("badge", value).key)) & set(faces(Identity(namespace, text).key))


def test_one_identity_has_other_keys_under_another_secret() -> None:
    key = Identity("email", MAIL).key
    ours, theirs = KeepOut(b"ours").keys(key), KeepOut(b"theirs").keys(key)
    assert len(set(ours)) == len(faces(key))
    assert set(ours).isdisjoint(theirs)
    assert not any("josé" in each for each in ours)
