"""Within one mutation, a subject named twice is one person, the profiles it creates included."""

from __future__ import annotations

from itertools import count

from msgspec.structs import replace

from services.profile.app.drafts import Arrival, Drafts, Occasion
from services.profile.app.ports import Change
from services.profile.domain.compiled_schema import NO_SCHEMA
from services.profile.domain.identities import Identity
from services.profile.domain.merge_events import MergeEventKind
from services.profile.domain.profile import Profile
from services.profile.domain.resolution import IDENTITY_CONFLICT, IDENTITY_LIMIT

COOKIE, CRM, MAIL = Identity("cookie", "a"), Identity("crm", "1"), Identity("email", "a@b")
OTHER_CRM = Identity("crm", "2")


def drafts(*stored: Profile) -> Drafts:
    ids = count(1)
    owners = {key: profile for profile in stored for key in profile.identities}
    return Drafts(owners, NO_SCHEMA, 1_000, lambda kind: f"{kind}{next(ids)}")


def resolve(work: Drafts, *subject: Identity, at_ms: int | None = None, links: bool = True) -> Arrival:
    return work.resolve(subject, Occasion("subject", "RecordEvents/e1", at_ms, links))


def stored(profile_id: str, *identities: Identity) -> Profile:
    return Profile(profile_id, 3, 5, 7, tuple(identity.key for identity in identities))


def changes(work: Drafts) -> dict[str, Change]:
    return {change.profile.profile_id: change for change in work.changes()}


def test_an_unknown_subject_becomes_a_profile_that_claims_all_its_identities() -> None:
    work = drafts()
    arrival = resolve(work, COOKIE, CRM)
    assert arrival.advisories == ()
    (change,) = work.changes()
    expected = Profile("p1", 1, 1_000, 1_000, (COOKIE.key, CRM.key), logins={COOKIE.key: 1_000})
    assert change.profile == expected
    assert change.claims == (COOKIE.key, CRM.key)


def test_identities_named_later_join_the_profile_named_before() -> None:
    work = drafts()
    arrivals = [resolve(work, COOKIE), resolve(work, COOKIE, CRM), resolve(work, CRM)]
    assert len({id(arrival.draft) for arrival in arrivals}) == 1
    assert len(work.changed()) == 1


def test_an_anonymous_profile_made_in_the_same_call_joins_the_known_one() -> None:
    work = drafts()
    anonymous = resolve(work, COOKIE).draft
    known = resolve(work, CRM).draft
    arrival = resolve(work, COOKIE, CRM, MAIL)
    assert (arrival.draft, arrival.merged, arrival.advisories) == (known, (anonymous.profile_id,), ())
    assert work.owner(COOKIE.key) is work.owner(MAIL.key) is known
    made = changes(work)
    assert made[anonymous.profile_id].profile.merged_into == known.profile_id
    assert made[anonymous.profile_id].claims == ()
    assert set(made[known.profile_id].claims) == {COOKIE.key, CRM.key, MAIL.key}
    assert made[known.profile_id].profile.part_ids == (known.profile_id, anonymous.profile_id)


def test_known_identities_of_two_profiles_are_a_conflict_told_once() -> None:
    work = drafts(stored("p1", CRM), stored("p2", MAIL))
    assert resolve(work, CRM, MAIL).advisories == resolve(work, MAIL, CRM).advisories == (IDENTITY_CONFLICT,)
    (change,) = work.changes()
    assert [event.kind for event in change.merge_events] == [MergeEventKind.CONFLICT]


def test_a_cookie_of_another_customer_is_handed_over_with_its_history() -> None:
    work = drafts(stored("p1", CRM, COOKIE), stored("p2", OTHER_CRM))
    assert resolve(work, COOKIE, OTHER_CRM, at_ms=500).draft.profile_id == "p2"
    assert resolve(work, COOKIE, at_ms=600).draft.profile_id == "p2"
    assert resolve(work, COOKIE, at_ms=400).draft.profile_id == "p1"
    made = changes(work)
    assert made["p2"].takes == (COOKIE.key,)
    assert made["p1"].profile.identities == (CRM.key,)
    assert made["p1"].releases == ()


def test_news_of_an_earlier_login_takes_no_cookie_away() -> None:
    work = drafts(stored("p1", CRM, COOKIE), stored("p2", OTHER_CRM))
    resolve(work, COOKIE, CRM, at_ms=800)
    assert resolve(work, COOKIE, OTHER_CRM, at_ms=500).draft.profile_id == "p2"
    assert resolve(work, COOKIE).draft.profile_id == "p1"


def test_a_machine_links_nothing() -> None:
    work = drafts(stored("p1", COOKIE), stored("p2", CRM))
    assert resolve(work, COOKIE, CRM, MAIL, links=False).draft.profile_id == "p2"
    assert work.changed() == []


def test_a_profile_that_was_only_named_is_not_changed() -> None:
    work = drafts(stored("p1", COOKIE))
    resolve(work, COOKIE)
    assert work.changed() == []
    draft = resolve(work, COOKIE, CRM).draft
    assert work.changed() == [draft]
    (change,) = work.changes()
    logins = {COOKIE.key: 1_000}
    assert change.profile == Profile("p1", 4, 5, 1_000, (COOKIE.key, CRM.key), logins=logins)


def test_the_time_of_a_change_never_goes_back() -> None:
    work = drafts(replace(stored("p1", COOKIE), updated_ms=9_000))
    resolve(work, COOKIE, CRM)
    (change,) = work.changes()
    assert change.profile.updated_ms == 9_000


def test_a_merged_profile_is_as_late_as_either_was() -> None:
    work = drafts(stored("p1", CRM), replace(stored("p2", COOKIE), updated_ms=9_000))
    resolve(work, COOKIE, CRM)
    assert {change.profile.updated_ms for change in work.changes()} == {9_000}


def test_a_profile_holds_a_bounded_number_of_identities() -> None:
    many = tuple(Identity("cookie", str(index)) for index in range(1_000))
    work = drafts(stored("p1", *many))
    arrival = resolve(work, Identity("cookie", "0"), CRM)
    assert (arrival.draft.profile_id, arrival.advisories) == ("p1", (IDENTITY_LIMIT,))
    assert work.changed() == []
