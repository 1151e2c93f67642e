"""Which profile an identity map names, and what it says about the profiles that hold its identities.

A known identity outweighs anonymous ones. An anonymous profile that comes together with another one joins it: the
known one, else the oldest. An anonymous identity that a known profile holds passes to the known profile it comes
together with: a browser, not a person, changed hands. Known identities of two profiles are a conflict, and so are parts
that were un-merged once: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.identities import PROFILE, namespace_of
from services.profile.domain.identity_rules import IdentityRules
from services.profile.domain.profile import Profile

IDENTITY_CONFLICT = "IDENTITY_CONFLICT"
"""Advisory: the identities belong to profiles that are not merged by themselves; one of them answered."""
IDENTITY_LIMIT = "IDENTITY_LIMIT"
"""Advisory: an identity was not linked, because the profile holds as many, in all or of its namespace, as it may."""
IDENTITY_HANDED_OVER = "IDENTITY_HANDED_OVER"
"""Advisory: an anonymous identity passed to this profile from another known one."""
SHARED_IDENTITY = "SHARED_IDENTITY"
"""Advisory: an identity was not linked, because several people use it."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a write does; a read only looks at `chosen` and `is_conflict`."""

    chosen: Profile | None
    """None where the identities name nobody who is recorded yet."""
    fresh: tuple[str, ...]
    """Keys that nobody holds and the chosen or new profile may."""
    merged: tuple[Profile, ...] = ()
    """Anonymous profiles that join it."""
    handed_over: tuple[str, ...] = ()
    """Keys that pass to it from other known profiles."""
    opponents: tuple[Profile, ...] = ()
    """Profiles that came together with it and stay apart."""
    is_over_limit: bool = False

    @property
    def advisories(self) -> tuple[str, ...]:
        conflict = (IDENTITY_CONFLICT,) if self.opponents else ()
        return (*conflict, IDENTITY_LIMIT) if self.is_over_limit else conflict


@dataclass(frozen=True, slots=True)
class _Holder:
    """A profile that holds some of the identities."""

    profile: Profile
    keys: tuple[str, ...]
    """Which."""
    is_known: bool
    is_named: bool
    """By a known identity, or by the profile's id where it is known."""

    @property
    def preference(self) -> tuple[bool, bool, int, str]:
        """The least is preferred: a known one, one named by its id, the oldest, the smallest id."""
        is_meant = any(namespace_of(key) == PROFILE for key in self.keys)
        return (not self.is_known, not is_meant, self.profile.created_ms, self.profile.profile_id)


def resolve(keys: Sequence[str], owners: Mapping[str, Profile], rules: IdentityRules) -> Resolution:
    """`keys` in the order of the identity map; `owners` of those that are held."""
    personal = rules.personal(keys, held_by_things(owners, rules))
    free = [key for key in personal if key not in owners and namespace_of(key) != PROFILE]
    holders = _holders(personal, owners, rules)
    chosen = _chosen(holders, free, rules)
    profile = chosen.profile if chosen is not None else None
    fresh, is_over_limit = _within_limits(profile, free, rules)
    others = [holder for holder in holders if holder is not chosen]
    if not others:
        return Resolution(profile, fresh, is_over_limit=is_over_limit)
    is_decided = any(holder.is_named for holder in holders) or rules.is_known(free)
    return _meeting(Resolution(profile, fresh, is_over_limit=is_over_limit), others, is_decided, rules)


def held_by_things(owners: Mapping[str, Profile], rules: IdentityRules) -> frozenset[str]:
    """The keys, ids of profiles among them, that name what several people use: it joins nobody, and nobody joins it."""
    if not rules.shared:
        return frozenset()
    return frozenset(key for key, owner in owners.items() if rules.is_thing(owner.identities))


def are_apart(one: Profile, other: Profile) -> bool:
    """Whether parts of the two were un-merged from each other."""
    return not set(one.apart).isdisjoint(other.part_ids) or not set(other.apart).isdisjoint(one.part_ids)


def _holders(keys: Sequence[str], owners: Mapping[str, Profile], rules: IdentityRules) -> list[_Holder]:
    held: dict[str, list[str]] = {}
    profiles: dict[str, Profile] = {}
    for key in keys:
        if key in owners:
            profile = owners[key]
            profiles[profile.profile_id] = profile
            held.setdefault(profile.profile_id, []).append(key)
    return [_holder(profiles[profile_id], tuple(theirs), rules) for profile_id, theirs in held.items()]


def _holder(profile: Profile, keys: tuple[str, ...], rules: IdentityRules) -> _Holder:
    is_known = rules.is_known(profile.identities)
    is_meant = is_known and any(namespace_of(key) == PROFILE for key in keys)
    return _Holder(profile, keys, is_known, is_meant or rules.is_known(keys))


def _chosen(holders: Sequence[_Holder], free: Sequence[str], rules: IdentityRules) -> _Holder | None:
    named = [holder for holder in holders if holder.is_named]
    able = named or [holder for holder in holders if not _is_somebody_else(holder, free, rules)]
    return min(able, key=lambda holder: holder.preference, default=None)


def _is_somebody_else(holder: _Holder, free: Sequence[str], rules: IdentityRules) -> bool:
    """Whether who is only recognised by a browser of the profile brings another customer number, or the like."""
    known = [key for key in free if rules.is_decisive(key)]
    return bool(known) and not {namespace_of(key) for key in holder.profile.identities}.isdisjoint(
        map(namespace_of, known)
    )


def _meeting(alone: Resolution, others: Sequence[_Holder], is_decided: bool, rules: IdentityRules) -> Resolution:
    """What becomes of the other profiles, in the order of the identity map. `is_decided`: a known identity says who."""
    chosen, is_over_limit = alone.chosen, alone.is_over_limit
    identities = [*(chosen.identities if chosen is not None else ()), *alone.fresh]
    merged: list[Profile] = []
    handed_over: list[str] = []
    opponents: list[Profile] = []
    for other in others:
        gained = other.keys if other.is_known else other.profile.identities
        is_full = rules.overfull(identities, gained) is not None
        if _stay_apart(chosen, other, is_decided) or is_full:
            opponents.append(other.profile)
            is_over_limit |= is_full
            continue
        identities += gained
        if other.is_known:
            handed_over += gained
        else:
            merged.append(other.profile)
    return Resolution(chosen, alone.fresh, tuple(merged), tuple(handed_over), tuple(opponents), is_over_limit)


def _stay_apart(chosen: Profile | None, other: _Holder, is_decided: bool) -> bool:
    """Whether the other one is named as well, is no less known, or was un-merged from the chosen one."""
    if other.is_named or (other.is_known and not is_decided):
        return True
    return chosen is not None and are_apart(chosen, other.profile)


def _within_limits(chosen: Profile | None, free: Sequence[str], rules: IdentityRules) -> tuple[tuple[str, ...], bool]:
    """The identities that the profile may take, and whether there are others."""
    held = list(chosen.identities) if chosen is not None else []
    taken: list[str] = []
    for key in free:
        if rules.overfull([*held, *taken], [key]) is None:
            taken.append(key)
    return tuple(taken), len(taken) < len(free)
