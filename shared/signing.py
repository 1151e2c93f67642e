"""Texts that anyone may carry and only we could have written: `<text>.<signature>`.

The signature is HMAC-SHA256 under a secret, its first 128 bits in base64url.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

_SIGNATURE_BYTES = 16


class Signer:
    """Signs and checks under one secret. What is signed for one purpose must not share it with another."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, text: str) -> str:
        return f"{text}.{self._signature(text)}"

    def read(self, signed: str) -> str | None:
        """The text; None where it was not signed with this secret."""
        text, _, signature = signed.rpartition(".")
        is_ours = hmac.compare_digest(signature.encode(), self._signature(text).encode())
        return text if is_ours else None

    def _signature(self, text: str) -> str:
        digest = hmac.digest(self._secret, text.encode(), "sha256")
        return urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).rstrip(b"=").decode()
