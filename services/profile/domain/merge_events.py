"""What happened to the identities of a person: merges, un-merges, conflicts, hand-overs."""

from __future__ import annotations

from enum import IntEnum

import msgspec


class MergeEventKind(IntEnum):
    """Numbers are those of tandem.profile.v1.MergeEventKind."""

    MERGED = 1
    UNMERGED = 2
    CONFLICT = 3
    HANDED_OVER = 4


class MergeEvent(msgspec.Struct, frozen=True, array_like=True):
    """New fields go to the end, with a default."""

    merge_event_id: str
    kind: MergeEventKind
    merge_id: str
    """Of MERGED and UNMERGED; empty otherwise. One merge is undone at most once."""
    profile_id: str
    """The survivor; of HANDED_OVER the new holder; of CONFLICT the one that answered."""
    other_profile_id: str
    event_ms: int
    cause: str
    """The RPC, and the id of the event or request: `RecordEvents/e-1`."""
    reason: str = ""
    identities: tuple[str, ...] = ()
    """Keys of those that came together."""

    def without_names(self) -> MergeEvent:
        """As it stays when one of the two was erased: that it happened, and nothing that could name anybody."""
        return msgspec.structs.replace(self, identities=(), reason="", cause=self.cause.partition("/")[0])

    @property
    def place(self) -> tuple[int, str]:
        """Orders the history; newest first is by descending place."""
        return (self.event_ms, self.merge_event_id)
