"""Which profile an identity map names, and what becomes of the others that hold its identities."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from services.profile.domain.identities import Identity, profile_key
from services.profile.domain.identity_rules import IdentityRules
from services.profile.domain.profile import Profile
from services.profile.domain.resolution import IDENTITY_CONFLICT, IDENTITY_LIMIT, Resolution
from services.profile.domain.resolution import resolve as resolve_keys
from services.profile.domain.schema import NamespaceDeclaration

COOKIE, DEVICE = Identity("cookie", "a").key, Identity("device", "d").key
CRM, OTHER_CRM, MAIL = Identity("crm", "1").key, Identity("crm", "2").key, Identity("email", "a@b").key
USUAL = IdentityRules.of(())


def profile(profile_id: str, created_ms: int, *keys: str, apart: Sequence[str] = ()) -> Profile:
    return Profile(profile_id, 1, created_ms, created_ms, keys, apart=tuple(apart))


def resolve(keys: Sequence[str], *profiles: Profile, rules: IdentityRules = USUAL) -> Resolution:
    owners = {key: each for each in profiles for key in (*each.identities, profile_key(each.profile_id))}
    return resolve_keys(keys, owners, rules)


def declared(name: str, known: bool = False, shared: bool = False, most: int = 0) -> NamespaceDeclaration:
    return NamespaceDeclaration(name, known, shared, most)


def test_unknown_identities_name_nobody_and_are_all_fresh() -> None:
    assert resolve([COOKIE, CRM]) == Resolution(None, (COOKIE, CRM))


def test_one_known_identity_is_enough_and_the_others_are_fresh() -> None:
    held = profile("p1", 1, COOKIE)
    assert resolve([CRM, COOKIE], held) == Resolution(held, (CRM,))


def test_two_identities_of_one_profile_are_no_conflict() -> None:
    held = profile("p1", 1, COOKIE, CRM)
    assert resolve([CRM, COOKIE], held) == Resolution(held, ())


def test_an_anonymous_profile_joins_the_known_one_even_when_that_is_younger() -> None:
    anonymous, known = profile("p1", 1, COOKIE), profile("p2", 2, CRM)
    for subject in itertools.permutations([COOKIE, CRM, MAIL]):
        assert resolve(subject, anonymous, known) == Resolution(known, (MAIL,), merged=(anonymous,))


def test_of_anonymous_profiles_the_oldest_stays_then_the_smaller_id() -> None:
    young, old, twin = profile("p1", 5, COOKIE), profile("p3", 2, DEVICE), profile("p2", 2, "device\x1fe")
    for subject in itertools.permutations([COOKIE, DEVICE]):
        assert resolve(subject, young, old) == Resolution(old, (), merged=(young,))
    assert resolve([DEVICE, "device\x1fe"], old, twin).chosen is twin


def test_what_is_known_is_said_by_the_schema() -> None:
    first, second = profile("p1", 1, COOKIE), profile("p2", 2, CRM)
    rules = IdentityRules.of([declared("crm", known=False), declared("cookie", known=True)])
    assert resolve([COOKIE, CRM], first, second, rules=rules).chosen is first


def test_of_two_profiles_that_known_identities_name_the_older_answers_then_the_smaller_id() -> None:
    young, old, twin = profile("p1", 5, CRM), profile("p3", 2, MAIL), profile("p2", 2, COOKIE, OTHER_CRM)
    for subject in itertools.permutations([CRM, MAIL]):
        resolution = resolve(subject, young, old)
        assert resolution == Resolution(old, (), opponents=(young,))
        assert resolution.advisories == (IDENTITY_CONFLICT,)
    assert resolve([OTHER_CRM, MAIL], old, twin).chosen is twin


def test_a_browser_passes_from_one_known_profile_to_another_that_is_named() -> None:
    here, there = profile("p1", 1, CRM, COOKIE), profile("p2", 2, MAIL)
    for subject in itertools.permutations([COOKIE, MAIL]):
        assert resolve(subject, here, there) == Resolution(there, (), handed_over=(COOKIE,))


def test_browsers_of_two_known_profiles_are_a_conflict() -> None:
    here, there = profile("p1", 1, CRM, COOKIE), profile("p2", 2, MAIL, DEVICE)
    assert resolve([DEVICE, COOKIE], here, there) == Resolution(here, (), opponents=(there,))


def test_who_brings_another_customer_number_is_not_who_used_the_browser_before() -> None:
    before = profile("p1", 1, CRM, COOKIE)
    assert resolve([COOKIE, OTHER_CRM], before) == Resolution(None, (OTHER_CRM,), handed_over=(COOKIE,))
    assert resolve([COOKIE, MAIL], before) == Resolution(before, (MAIL,))


def test_somebody_else_is_passed_over_for_another_who_may_be_meant() -> None:
    before, maybe = profile("p1", 1, CRM, COOKIE), profile("p2", 2, MAIL, DEVICE)
    resolution = resolve([COOKIE, DEVICE, OTHER_CRM], before, maybe)
    assert resolution == Resolution(maybe, (OTHER_CRM,), handed_over=(COOKIE,))


def test_the_id_of_an_anonymous_profile_does_not_outweigh_a_known_one() -> None:
    anonymous, known = profile("p1", 1, DEVICE), profile("p2", 2, CRM, COOKIE)
    by_id = profile_key("p1")
    assert resolve([by_id, CRM], anonymous, known) == Resolution(known, (), merged=(anonymous,))
    assert resolve([by_id, COOKIE], anonymous, known) == Resolution(known, (), merged=(anonymous,))
    assert resolve([profile_key("p2"), DEVICE], anonymous, known) == Resolution(known, (), merged=(anonymous,))


def test_the_id_of_a_known_profile_names_it_as_a_known_identity_does() -> None:
    one, other = profile("p1", 1, CRM, COOKIE), profile("p2", 2, MAIL)
    assert resolve([profile_key("p2"), COOKIE], one, other).handed_over == (COOKIE,)
    assert resolve([profile_key("p2"), CRM], one, other) == Resolution(other, (), opponents=(one,))


def test_profiles_that_were_unmerged_stay_apart() -> None:
    known, anonymous = profile("p1", 1, CRM), profile("p2", 2, COOKIE, apart=["p1"])
    assert resolve([CRM, COOKIE], known, anonymous) == Resolution(known, (), opponents=(anonymous,))


def test_shared_identities_never_bring_people_together() -> None:
    rules = IdentityRules.of([declared("tablet", shared=True)])
    tablet, other = "tablet\x1f1", "tablet\x1f2"
    family, guest, known = profile("p1", 1, tablet), profile("p2", 2, other), profile("p3", 3, CRM)
    assert resolve([tablet, CRM], family, known, rules=rules) == Resolution(known, ())
    assert resolve([tablet, other], family, guest, rules=rules) == Resolution(family, ())
    assert resolve([tablet, other], family, rules=rules) == Resolution(family, ())


def test_a_profile_takes_no_more_of_a_namespace_than_it_may() -> None:
    rules = IdentityRules.of([declared("cookie", most=1)])
    held, other = profile("p1", 1, CRM, COOKIE), profile("p2", 2, "cookie\x1fb")
    fresh = resolve([CRM, "cookie\x1fc", MAIL], held, rules=rules)
    assert (fresh.fresh, fresh.advisories) == ((MAIL,), (IDENTITY_LIMIT,))
    joining = resolve([CRM, "cookie\x1fb"], held, other, rules=rules)
    assert (joining.opponents, joining.advisories) == ((other,), (IDENTITY_CONFLICT, IDENTITY_LIMIT))


def test_a_limit_that_was_lowered_hinders_only_its_own_namespace() -> None:
    rules = IdentityRules.of([declared("cookie", most=1)])
    held = profile("p1", 1, CRM, COOKIE, "cookie\x1fb")
    assert resolve([CRM, MAIL], held, rules=rules) == Resolution(held, (MAIL,))
