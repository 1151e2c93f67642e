"""Propositions by name and by token.

proposition id   <decision id>.<place>.<slot>
token            the proposition id, signed, for links and metadata that anyone could have written
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.signing import Signer

_REFERENCE = re.compile(r"([!-~]{1,100})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class PropositionRef:
    """Which slot of which decision."""

    decision_id: str
    place: int
    slot: int

    @property
    def proposition_id(self) -> str:
        return f"{self.decision_id}.{self.place}.{self.slot}"


def parse_proposition_id(text: str) -> PropositionRef | None:
    """None where the text is no proposition id."""
    match = _REFERENCE.fullmatch(text)
    return PropositionRef(match[1], int(match[2]), int(match[3])) if match else None


class TokenSigner:
    """Signs and checks tracking tokens under one secret."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret)

    def sign(self, proposition_id: str) -> str:
        return self._signer.sign(proposition_id)

    def read(self, token: str) -> PropositionRef | None:
        """What the token stands for; None where it is not one of ours."""
        proposition_id = self._signer.read(token)
        return None if proposition_id is None else parse_proposition_id(proposition_id)
