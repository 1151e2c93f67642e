"""The keys under which erased identities are kept out; their secret is read once."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from services.profile.app.ports import ProfileStore, SecretStore
from services.profile.domain.erasure import KeepOut
from services.profile.domain.identities import RESERVED_NAMESPACES, namespace_of

SECRET_NAME = "erasure"  # noqa: S105 - a name
SECRET_BYTES = 32


class Doorkeeper:
    def __init__(self, secret_store: SecretStore, profiles: ProfileStore) -> None:
        self._secrets = secret_store
        self._profiles = profiles
        self._keep_out: KeepOut | None = None

    async def keys(self, identity_keys: Collection[str]) -> dict[str, str]:
        """Of every identity, by each of the keys that keep it out."""
        if self._keep_out is None:
            proposal = secrets.token_bytes(SECRET_BYTES)
            self._keep_out = KeepOut(await self._secrets.get_or_create(SECRET_NAME, proposal))
        return {
            kept_out: key
            for key in identity_keys
            if namespace_of(key) not in RESERVED_NAMESPACES
            for kept_out in self._keep_out.keys(key)
        }

    async def missing_keys(self, identity_keys: Collection[str]) -> Sequence[str]:
        """Those that keep the identities out and that no erasure has put up yet: another person's may share a face."""
        kept_out = await self.keys(identity_keys)
        present = await self._profiles.find(kept_out.keys())
        return [key for key in kept_out if key not in present]
