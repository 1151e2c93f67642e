"""MergeProfiles: one profile of two, because somebody says so."""

from __future__ import annotations

from services.profile.app.draft import Draft
from services.profile.app.drafts import Drafts
from services.profile.app.identity_requests import MergeProfiles, ProfilesMerged
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.requests import Subject
from services.profile.app.shared_identities import check_person
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.identities import MAX_IDENTITIES_OF_PROFILE, Namespaces, normalise_subject
from services.profile.domain.limits import check_text
from shared.errors import FailedPrecondition, InvalidArgument

MAX_REASON_LENGTH = 256


async def merge_profiles(writer: Writer, command: MergeProfiles) -> ProfilesMerged:
    check_text(command.reason, "reason", MAX_REASON_LENGTH)

    def plan(namespaces: Namespaces) -> Mutation[ProfilesMerged]:
        survivor = normalise_subject(command.survivor, "survivor", namespaces)
        merged = normalise_subject(command.merged, "merged", namespaces)

        async def edit(drafts: Drafts) -> ProfilesMerged:
            one, other = _person(survivor, "survivor", drafts), _person(merged, "merged", drafts)
            stays, goes = _by_knownness(one, other, drafts)
            _check(stays, goes, drafts)
            drafts.reconcile(stays, goes)
            keys = [identity.key for identity in _together(survivor, merged)]
            cause = f"MergeProfiles/{command.request_id}"
            merge_id = drafts.merge(stays, goes, cause, identities=keys, reason=command.reason)
            return ProfilesMerged(merge_id, stays.profile_id, goes.profile_id, PENDING_TOKEN)

        keys = {identity.key for identity in (*survivor, *merged)}
        return Mutation("MergeProfiles", command, ProfilesMerged, keys, edit)

    return await writer.run_planned(plan)


def _person(subject: Subject, path: str, drafts: Drafts) -> Draft:
    draft = drafts.only(subject, path)
    check_person(draft.identities(), path, drafts.schema.identity_rules)
    return draft


def _by_knownness(survivor: Draft, other: Draft, drafts: Drafts) -> tuple[Draft, Draft]:
    """The one that stays, and the other: a known one never goes into an anonymous one."""
    is_known = drafts.schema.identity_rules.is_known
    is_reversed = is_known(other.identities()) and not is_known(survivor.identities())
    return (other, survivor) if is_reversed else (survivor, other)


def _check(stays: Draft, goes: Draft, drafts: Drafts) -> None:
    if stays is goes:
        raise InvalidArgument(
            "SELF_MERGE", "survivor and merged are one profile", metadata={"profile_id": stays.profile_id}
        )
    rules = drafts.schema.identity_rules
    namespace = rules.overfull(stays.identities(), goes.identities())
    if namespace is not None:
        limit = rules.limits.get(namespace, MAX_IDENTITIES_OF_PROFILE)
        raise FailedPrecondition(
            "IDENTITY_LIMIT_EXCEEDED",
            f"the profile would hold more than {limit} identities of the namespace {namespace}",
            metadata={"namespace": namespace, "limit": str(limit)},
        )


def _together(one: Subject, other: Subject) -> Subject:
    return tuple({identity.key: identity for identity in (*one, *other)}.values())
