"""Erasure: what is left of a person who was erased, and how the identities are kept out from then on.

Keyed hashes stand for each identity, under the reserved namespace `erased`: whoever writes with the identity meets
them, and nobody can read the identity from them. There are several, because one address can be written in several ways
that lead to the same person: `faces`.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from services.profile.domain.identities import ERASED, Identity, identity_of
from services.profile.domain.normalisation import is_address, with_ascii_domain
from services.profile.domain.text import decomposed

_HASHED = "#sha256"
"""In the place of a namespace, which no namespace is called."""
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"\+[0-9]{6,15}")


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

    def keys(self, identity_key: str) -> tuple[str, ...]:
        """HMAC-SHA256 of the identity's faces."""
        return tuple(self._key(face) for face in faces(identity_key))

    def _key(self, face: str) -> str:
        return Identity(ERASED, hmac.digest(self.secret, face.encode(), "sha256").hex()).key


def faces(identity_key: str) -> tuple[str, ...]:
    """What an identity is kept out as: itself; the forms that earlier releases gave it; and the SHA-256 by which
    advertising platforms know an address or a number, whatever the namespace of either.
    """
    identity = identity_of(identity_key)
    value = identity.value
    if _DIGEST.fullmatch(value):
        return (identity_key, Identity(_HASHED, value.lower()).key)
    addresses = (value, with_ascii_domain(value)) if is_address(value) else ()
    numbers = (value, value.removeprefix("+")) if _NUMBER.fullmatch(value) else ()
    forms = (value,) if value.isascii() else (value, decomposed(value), *addresses)
    return tuple(
        dict.fromkeys(
            (
                *(Identity(identity.namespace, form).key for form in forms),
                *(Identity(_HASHED, _digest(form)).key for form in (*addresses, *numbers)),
            )
        )
    )


def _digest(text: str) -> str:
    return sha256(text.lower().encode()).hexdigest()
