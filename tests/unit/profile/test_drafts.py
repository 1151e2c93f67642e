"""Within one mutation, a subject named twice is one person, the profiles it creates included."""

from __future__ import annotations

from itertools import count

import pytest

from services.profile.app.drafts import Drafts
from services.profile.domain.compiled_schema import NO_SCHEMA
from services.profile.domain.identities import Identity
from services.profile.domain.profile import Profile
from services.profile.domain.resolution import IDENTITY_CONFLICT
from shared.errors import InvalidArgument

COOKIE, CRM, MAIL = Identity("cookie", "a"), Identity("crm", "1"), Identity("email", "a@b")


def drafts(*stored: Profile) -> Drafts:
    ids = count(1)
    owners = {key: profile for profile in stored for key in profile.identities}
    return Drafts(owners, NO_SCHEMA, 1_000, lambda: f"new{next(ids)}")


def test_an_unknown_subject_becomes_a_profile_that_claims_all_its_identities() -> None:
    work = drafts()
    draft, advisories = work.resolve((COOKIE, CRM), "subject")
    assert advisories == ()
    change = draft.change()
    assert change.profile == Profile("new1", 1, 1_000, 1_000, (COOKIE.key, CRM.key))
    assert change.claims == (COOKIE.key, CRM.key)


def test_identities_named_later_join_the_profile_named_before() -> None:
    work = drafts()
    first, _ = work.resolve((COOKIE,), "subject")
    second, _ = work.resolve((COOKIE, CRM), "subject")
    third, _ = work.resolve((CRM,), "subject")
    assert first is second is third
    assert len(work.changed()) == 1


def test_two_new_people_who_turn_out_to_be_named_together_are_a_conflict() -> None:
    work = drafts()
    anonymous, _ = work.resolve((COOKIE,), "subject")
    known, _ = work.resolve((CRM,), "subject")
    chosen, advisories = work.resolve((COOKIE, CRM, MAIL), "subject")
    assert chosen is known
    assert advisories == (IDENTITY_CONFLICT,)
    assert work.owner(COOKIE.key) is anonymous
    assert work.owner(MAIL.key) is known


def test_a_profile_that_was_only_named_is_not_changed() -> None:
    stored = Profile("p1", 3, 5, 7, (COOKIE.key,))
    work = drafts(stored)
    work.resolve((COOKIE,), "subject")
    assert work.changed() == []
    draft, _ = work.resolve((COOKIE, CRM), "subject")
    assert work.changed() == [draft]
    assert draft.change().profile == Profile("p1", 4, 5, 1_000, (COOKIE.key, CRM.key))


def test_the_time_of_a_change_never_goes_back() -> None:
    work = drafts(Profile("p1", 3, 5, 9_000, (COOKIE.key,)))
    draft, _ = work.resolve((COOKIE, CRM), "subject")
    assert draft.change().profile.updated_ms == 9_000
    assert work.token() == "9000"


def test_a_profile_holds_a_bounded_number_of_identities() -> None:
    many = tuple(Identity("cookie", str(index)).key for index in range(1_000))
    work = drafts(Profile("p1", 1, 1, 1, many))
    with pytest.raises(InvalidArgument, match=r"subject\.identities"):
        work.resolve((Identity("cookie", "0"), CRM), "subject")
