"""Erasure: what is left of a person who was erased, and how the identities are kept out from then on.

A keyed hash stands for each identity, under the reserved namespace `erased`: whoever writes with the identity meets it,
and nobody can read the identity from it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import msgspec

from services.profile.domain.identities import ERASED, Identity


class Erasure(msgspec.Struct, frozen=True, array_like=True):
    """That somebody was erased: told to the other services, which erase what they hold."""

    erasure_id: str
    profile_ids: tuple[str, ...]
    """The profile's and those of the profiles merged into it: what the logs name the person by."""
    erased_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeepOut:
    """Makes the keys that keep erased identities out."""

    secret: bytes

    def key(self, identity_key: str) -> str:
        """HMAC-SHA256 of the identity's key."""
        return Identity(ERASED, hmac.digest(self.secret, identity_key.encode(), "sha256").hex()).key
