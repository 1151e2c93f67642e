"""Secrets the service made up itself and every replica must share."""

from __future__ import annotations

from typing import Protocol


class SecretStore(Protocol):
    async def get_or_create(self, name: str, proposal: bytes) -> bytes:
        """The secret of that name; `proposal` becomes it where there is none. All replicas get the same."""
        ...
