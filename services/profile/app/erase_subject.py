"""EraseSubject and ReadmitSubject: everything of a person goes, and the identities are kept out until readmitted.

One commit empties the record, gives up the identities, puts up what keeps them out and logs the erasure: from then on
no reader finds the person and no writer gets in. Then the logs are purged, and only then the call is answered. A purge
that a crash interrupted is completed by the background (`complete_erasures`).
"""

from __future__ import annotations

from collections.abc import Callable

from services.profile.app.draft import Draft
from services.profile.app.drafts import Drafts, erased
from services.profile.app.keep_out import Doorkeeper
from services.profile.app.ports import PENDING_TOKEN, ErasureLog
from services.profile.app.requests import Subject
from services.profile.app.rights_requests import EraseSubject, ReadmitSubject, SubjectErased, SubjectReadmitted
from services.profile.app.rounds import Pause, no_pause
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.erasure import Erasure
from services.profile.domain.identities import RESERVED_NAMESPACES, Namespaces, namespace_of, normalise_subject
from services.profile.domain.limits import check_text
from shared.errors import InvalidArgument

MAX_REASON_LENGTH = 256
PURGES_AT_ONCE = 10


async def erase_subject(
    writer: Writer, log: ErasureLog, doorkeeper: Doorkeeper, new_id: Callable[[str], str], command: EraseSubject
) -> SubjectErased:
    check_text(command.reason, "reason", MAX_REASON_LENGTH)

    def plan(namespaces: Namespaces) -> Mutation[SubjectErased]:
        subject = normalise_subject(command.subject, "subject", namespaces)
        keys = [identity.key for identity in subject]

        async def edit(drafts: Drafts) -> SubjectErased:
            draft = _named(subject, drafts)
            if any(drafts.is_held(key) and drafts.owner(key) is not draft for key in keys):
                raise InvalidArgument.field("subject", "names more than one person: erase them one by one")
            identities = {*draft.identities(), *(key for key in keys if namespace_of(key) not in RESERVED_NAMESPACES)}
            erasure = Erasure(new_id("x"), draft.before.part_ids, draft.arrival_ms, command.reason)
            draft.erase(await doorkeeper.missing_keys(sorted(identities)))
            drafts.erasure = erasure
            return SubjectErased(erasure.erasure_id, erasure.profile_ids, erasure.erased_ms, PENDING_TOKEN)

        return Mutation("EraseSubject", command, SubjectErased, keys, edit)

    answer = await writer.run_planned(plan)
    await log.purge(Erasure(answer.erasure_id, answer.profile_ids, answer.erased_ms, command.reason))
    return answer


def _named(subject: Subject, drafts: Drafts) -> Draft:
    """Who is left of those it names: what was erased before stands in nobody's way."""
    left = tuple(identity for identity in subject if not drafts.is_kept_out(identity.key))
    if not left:
        raise erased("subject.identities[0]")
    return drafts.named(left, "subject")


async def complete_erasures(log: ErasureLog, pause: Pause = no_pause) -> int:
    """Purges what interrupted calls left, as far as `pause` allows; answers how many there were."""
    purged = 0
    while unpurged := await log.unpurged(PURGES_AT_ONCE):
        for erasure in unpurged:
            await log.purge(erasure)
            purged += 1
        if await pause():
            break
    return purged


async def readmit_subject(writer: Writer, doorkeeper: Doorkeeper, command: ReadmitSubject) -> SubjectReadmitted:
    check_text(command.reason, "reason", MAX_REASON_LENGTH)

    def plan(namespaces: Namespaces) -> Mutation[SubjectReadmitted]:
        subject = normalise_subject(command.subject, "subject", namespaces)
        keys = [identity.key for identity in subject]

        async def edit(drafts: Drafts) -> SubjectReadmitted:
            kept_out = await doorkeeper.keys(keys)
            readmitted = {identity for key, identity in kept_out.items() if drafts.readmit(key)}
            return SubjectReadmitted(len(readmitted), PENDING_TOKEN)

        return Mutation("ReadmitSubject", command, SubjectReadmitted, keys, edit)

    return await writer.run_planned(plan)
