"""The audit trail: who changed what of whom."""

from __future__ import annotations

import msgspec


class ChangeRecord(msgspec.Struct, frozen=True, array_like=True):
    """One mutation, as one profile saw it. It names what was touched and never holds a value."""

    profile_id: str
    change_ms: int
    rpc: str
    request_id: str
    actor: str
    """The name in the caller's certificate, else the address it called from."""
    touched: tuple[str, ...]
    """`trait:age`, `event:purchase`, `consent:MARKETING/EMAIL`, `identity:crm`, `contact:EMAIL`, `merge`."""

    @property
    def place(self) -> tuple[int, str, str]:
        """Orders the trail; newest first is by descending place."""
        return (self.change_ms, self.rpc, self.request_id)
