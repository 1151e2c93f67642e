"""The parts of a profile: what merges move, whole, and un-merges move back.

A part is a profile without parts of its own, with what arrived on its identities. A profile that was never merged is
its own only part. What a merged profile says is made of its parts anew at every write, so that nothing has to be taken
apart again; reads look at the result only.

Each part but a profile's own says which profile it was merged into, and by which merge: the parts of a profile are a
tree, and an un-merge cuts off a branch. So merges can be taken back in any order.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from services.profile.domain.aggregates.combination import combined_remembered, combined_states
from services.profile.domain.consents import Consent, all_in_force
from services.profile.domain.identities import profile_key
from services.profile.domain.identity_rules import IdentityRules
from services.profile.domain.profile import Profile, with_event_types
from services.profile.domain.records import decode_parts, encode_parts
from services.profile.domain.traits import combined_traits


def parts_of(profile: Profile) -> tuple[Profile, ...]:
    """Its own part first."""
    return decode_parts(profile) or (profile,)


def of_parts(parts: Sequence[Profile], *, version: int, updated_ms: int) -> Profile:
    """The profile with these parts, its own first."""
    own = parts[0]
    if len(parts) == 1:
        return replace(own, version=version, updated_ms=updated_ms)
    traits, rivals = combined_traits(parts)
    return replace(
        own,
        version=version,
        updated_ms=updated_ms,
        identities=tuple(key for part in parts for key in part.identities),
        traits=traits,
        rivals=rivals,
        states=combined_states(parts),
        remembered=combined_remembered(parts),
        event_types=_event_types(parts),
        ahead=tuple(event for part in parts for event in part.ahead),
        consents=_consents(parts),
        contacts=tuple(
            sorted((contact for part in parts for contact in part.contacts), key=lambda each: each.reserved_ms)
        ),
        merged=tuple(part.profile_id for part in parts[1:]),
        parts=encode_parts(tuple(parts)),
        apart=tuple(dict.fromkeys(each for part in parts for each in part.apart)),
        opposed=tuple(dict.fromkeys(each for part in parts for each in part.opposed)),
        tenures=tuple(tenure for part in parts for tenure in part.tenures),
        logins={},
    )


def attached(part: Profile, survivor_id: str, merge_id: str) -> Profile:
    """The own part of a profile that is merged into another, and that of the other, which is attached to nobody."""
    return replace(part, version=0, merged_into=survivor_id, merge_id=merge_id)


def part_of(profile: Profile, keys: Sequence[str], rules: IdentityRules) -> Profile:
    """The part that holds the first known identity among these, else the first of them that is held."""
    parts = parts_of(profile)
    for key in sorted(keys, key=lambda each: not rules.is_decisive(each)):
        for part in parts:
            if key in part.identities or key == profile_key(part.profile_id):
                return part
    return parts[0]


def branch_of(parts: Sequence[Profile], part_id: str) -> tuple[str, ...]:
    """Ids of a part and of those that merges attached to it, directly or not, itself first."""
    branch = [part_id]
    for grown in branch:
        branch += (part.profile_id for part in parts if part.merged_into == grown)
    return tuple(branch)


def _event_types(parts: Sequence[Profile]) -> tuple[str, ...]:
    types: tuple[str, ...] = ()
    for part in parts:
        types = with_event_types(types, set(part.event_types))
    return types


def _consents(parts: Sequence[Profile]) -> tuple[Consent, ...]:
    return all_in_force(consent for part in parts for consent in part.consents)
