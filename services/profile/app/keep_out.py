"""The keys under which erased identities are kept out; their secret is read once."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from services.profile.app.ports import SecretStore
from services.profile.domain.erasure import KeepOut
from services.profile.domain.identities import RESERVED_NAMESPACES, namespace_of

SECRET_NAME = "erasure"  # noqa: S105 - a name
SECRET_BYTES = 32


class Doorkeeper:
    def __init__(self, store: SecretStore) -> None:
        self._store = store
        self._keep_out: KeepOut | None = None

    async def keys(self, identity_keys: Collection[str]) -> dict[str, str]:
        """Of every identity, by the key that keeps it out."""
        if self._keep_out is None:
            proposal = secrets.token_bytes(SECRET_BYTES)
            self._keep_out = KeepOut(await self._store.get_or_create(SECRET_NAME, proposal))
        return {self._keep_out.key(key): key for key in identity_keys if namespace_of(key) not in RESERVED_NAMESPACES}
