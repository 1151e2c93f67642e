"""Which profile an identity map names."""

from __future__ import annotations

import itertools

from services.profile.domain.identities import KNOWN_NAMESPACES, Identity
from services.profile.domain.profile import Profile
from services.profile.domain.resolution import IDENTITY_CONFLICT, resolve

COOKIE, CRM, MAIL = Identity("cookie", "a"), Identity("crm", "1"), Identity("email", "a@b")


def profile(profile_id: str, created_ms: int, *identities: Identity) -> Profile:
    return Profile(profile_id, 1, created_ms, created_ms, tuple(identity.key for identity in identities))


def owners(*profiles: Profile) -> dict[str, Profile]:
    return {key: each for each in profiles for key in each.identities}


def test_unknown_identities_name_nobody_and_are_all_fresh() -> None:
    resolution = resolve([COOKIE, CRM], {}, KNOWN_NAMESPACES)
    assert (resolution.profile, resolution.fresh, resolution.advisories) == (None, (COOKIE, CRM), ())


def test_one_known_identity_is_enough_and_the_others_are_fresh() -> None:
    held = profile("p1", 1, COOKIE)
    resolution = resolve([CRM, COOKIE], owners(held), KNOWN_NAMESPACES)
    assert (resolution.profile, resolution.fresh, resolution.advisories) == (held, (CRM,), ())


def test_two_identities_of_one_profile_are_no_conflict() -> None:
    held = profile("p1", 1, COOKIE, CRM)
    assert not resolve([CRM, COOKIE], owners(held), KNOWN_NAMESPACES).is_conflict


def test_of_two_profiles_the_known_one_answers_even_when_it_is_younger() -> None:
    anonymous, known = profile("p1", 1, COOKIE), profile("p2", 2, CRM)
    for subject in itertools.permutations([COOKIE, CRM]):
        resolution = resolve(subject, owners(anonymous, known), KNOWN_NAMESPACES)
        assert resolution.profile is known
        assert resolution.advisories == (IDENTITY_CONFLICT,)


def test_what_is_known_is_said_by_the_schema() -> None:
    first, second = profile("p1", 1, COOKIE), profile("p2", 2, CRM)
    resolution = resolve([COOKIE, CRM], owners(first, second), {"crm": False, "cookie": True})
    assert resolution.profile is first


def test_of_two_known_profiles_the_older_answers_then_the_smaller_id() -> None:
    young, old, twin = profile("p1", 5, CRM), profile("p3", 2, MAIL), profile("p2", 2, COOKIE, Identity("crm", "9"))
    for subject in itertools.permutations([CRM, MAIL]):
        assert resolve(subject, owners(young, old), KNOWN_NAMESPACES).profile is old
    for subject in itertools.permutations([COOKIE, MAIL]):
        assert resolve(subject, owners(old, twin), KNOWN_NAMESPACES).profile is twin
