"""Values that mean the same become equal, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.identities import Identity, normalise, normalise_subject
from services.profile.domain.normalisation import Normalisation
from services.profile.domain.schema import NamespaceDeclaration
from shared.errors import InvalidArgument

FILE = Path("tests/contract/cases/normalisation.jsonl")
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
REGIONS = ["", "FR", "US", "DE", "IT", "BR"]


def declared(normalisation: Normalisation, region: str = "", name: str = "badge") -> dict[str, NamespaceDeclaration]:
    return {name: NamespaceDeclaration(name, True, normalisation=normalisation, default_region=region)}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_value_has_the_form_its_namespace_declares(case: dict[str, Any]) -> None:
    if "normalisation" in case:
        namespace, namespaces = "badge", declared(Normalisation[case["normalisation"]], case.get("region", ""))
    else:
        namespace, namespaces = case["namespace"], {}
    identity = Identity(namespace, case["value"])
    if "refused" in case:
        with pytest.raises(InvalidArgument) as refused:
            normalise(identity, "s", namespaces)
        assert refused.value.violations[0].field == "s.value"
        assert refused.value.violations[0].description == case["refused"]
    else:
        assert normalise(identity, "s", namespaces) == Identity(namespace, case["expect"])


def test_every_normalisation_has_cases() -> None:
    assert {case.get("normalisation", "UNSPECIFIED") for case in CASES} == set(Normalisation.__members__)


values = st.one_of(
    st.text(min_size=1, max_size=60),
    st.text("+0123456789 ().-/", min_size=1, max_size=20),
    st.emails(),
    st.text("0123456789abcdefABCDEF", min_size=64, max_size=64),
)


@given(values, st.sampled_from(Normalisation), st.sampled_from(REGIONS), st.sampled_from(["email", "phone", "badge"]))
def test_the_form_of_a_form_is_itself(value: str, normalisation: Normalisation, region: str, name: str) -> None:
    namespaces = declared(normalisation, region, name)
    try:
        normal = normalise(Identity(name, value), "s", namespaces)
    except InvalidArgument:
        return
    assert normalise(normal, "s", namespaces) == normal


@given(st.text("0123456789", min_size=9, max_size=9), st.lists(st.sampled_from(" .-/"), min_size=9, max_size=9))
def test_a_telephone_number_is_the_same_however_it_is_grouped(digits: str, gaps: list[str]) -> None:
    grouped = "".join(digit + gap for digit, gap in zip(digits, gaps, strict=True))
    namespaces = declared(Normalisation.E164)
    plain = normalise(Identity("badge", f"+33{digits}"), "s", namespaces)
    assert normalise(Identity("badge", f"+33 {grouped}"), "s", namespaces) == plain


def test_a_schema_may_refuse_what_is_taken_without_one() -> None:
    assert normalise_subject([Identity("email", "ann")], "subject") == (Identity("email", "ann"),)
    with pytest.raises(InvalidArgument) as refused:
        normalise_subject([Identity("email", "ann")], "subject", declared(Normalisation.EMAIL, name="email"))
    assert refused.value.metadata["field"] == "subject.identities[0].value"


@pytest.mark.parametrize("namespace", ["link_token", "Erased"])
def test_nobody_is_named_by_what_only_the_server_writes(namespace: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        normalise(Identity(namespace, "1"), "s")
    assert refused.value.metadata["field"] == "s.namespace"


def test_equal_forms_are_one_identity() -> None:
    namespaces = declared(Normalisation.E164, "FR", "phone")
    subject = [Identity("phone", "06 12 34 56 78"), Identity("phone", "+33612345678", primary=True)]
    assert normalise_subject(subject, "s", namespaces) == (Identity("phone", "+33612345678", True),)
