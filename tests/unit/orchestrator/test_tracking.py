"""Tracking tokens cannot be made up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.tracking import PropositionRef, TokenSigner, parse_proposition_id

SIGNER = TokenSigner(b"secret")


@given(st.from_regex(r"d_[0-9a-f]{24}", fullmatch=True), st.integers(0, 99), st.integers(0, 99))
def test_a_token_stands_for_its_proposition(decision_id: str, place: int, slot: int) -> None:
    reference = PropositionRef(decision_id, place, slot)
    assert parse_proposition_id(reference.proposition_id) == reference
    assert SIGNER.read(SIGNER.sign(reference.proposition_id)) == reference


@given(st.text(max_size=200))
def test_whatever_else_is_no_token(text: str) -> None:
    assert SIGNER.read(text) is None


def test_a_token_of_another_proposition_does_not_pass() -> None:
    signature = SIGNER.sign("d_1.0.0").rpartition(".")[2]
    assert SIGNER.read(f"d_1.0.1.{signature}") is None


def test_a_token_of_another_secret_does_not_pass() -> None:
    assert TokenSigner(b"other").read(SIGNER.sign("d_1.0.0")) is None


@given(st.one_of(st.text(max_size=200), st.from_regex(r"[!-~]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}")))
def test_a_proposition_has_one_id_only(text: str) -> None:
    reference = parse_proposition_id(text)
    assert reference is None or reference.proposition_id == text
