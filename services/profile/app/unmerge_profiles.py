"""UnmergeProfiles: each side of a merge has its own again."""

from __future__ import annotations

from services.profile.app.drafts import Drafts
from services.profile.app.identity_requests import ProfilesUnmerged, UnmergeProfiles
from services.profile.app.ports import PENDING_TOKEN, MergeLog
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.identities import Identity, profile_key
from services.profile.domain.limits import check_id, check_text
from services.profile.domain.merge_events import MergeEventKind
from shared.errors import FailedPrecondition, NotFound

MAX_REASON_LENGTH = 256


async def unmerge_profiles(writer: Writer, log: MergeLog, command: UnmergeProfiles) -> ProfilesUnmerged:
    check_id(command.merge_id, "merge_id")
    check_text(command.reason, "reason", MAX_REASON_LENGTH)
    known = {"merge_id": command.merge_id}
    events = await log.merge(command.merge_id)
    merged = next((event for event in events if event.kind is MergeEventKind.MERGED), None)
    if merged is None:
        raise NotFound("MERGE_NOT_FOUND", "there was no such merge", metadata=known)
    restored_id = merged.other_profile_id

    async def edit(drafts: Drafts) -> ProfilesUnmerged:
        whole = drafts.only((Identity("profile", restored_id),), "merge_id")
        part = whole.part(restored_id)
        if part is None or part.profile.merge_id != command.merge_id:
            raise FailedPrecondition("MERGE_UNDONE", "the merge was taken back already", metadata=known)
        restored = drafts.find(restored_id)
        assert restored is not None, "a merged profile keeps its record"
        drafts.unmerge(whole, restored, f"UnmergeProfiles/{command.request_id}", command.reason)
        return ProfilesUnmerged(whole.profile_id, restored_id, PENDING_TOKEN)

    keys = [profile_key(restored_id)]
    mutation = Mutation("UnmergeProfiles", command, ProfilesUnmerged, keys, edit, merged_away=[restored_id])
    return await writer.run(mutation)
