"""Propositions by name and by token.

    proposition id   <decision id>.<place>.<slot>
    token            <proposition id>.<signature>, for links and metadata that anyone could have written

The signature is HMAC-SHA256 under the deployment's secret, its first 128 bits in base64url.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass

_REFERENCE = re.compile(r"([!-~]{1,100})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")
_SIGNATURE_BYTES = 16


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
        self._secret = secret

    def sign(self, proposition_id: str) -> str:
        return f"{proposition_id}.{self._signature(proposition_id)}"

    def read(self, token: str) -> PropositionRef | None:
        """What the token stands for; None where it is not one of ours."""
        proposition_id, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(proposition_id).encode()):
            return None
        return parse_proposition_id(proposition_id)

    def _signature(self, proposition_id: str) -> str:
        digest = hmac.digest(self._secret, proposition_id.encode(), "sha256")
        return urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).rstrip(b"=").decode()
