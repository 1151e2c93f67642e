"""The contact ledger through merges and un-merges: contacts add up, and go back with what they came with."""

from __future__ import annotations

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import MergeProfiles, UnmergeProfiles
from services.profile.app.requests import TraitWrite, UpsertTraits
from services.profile.domain.ledger.contacts import ContactEvent, ContactState
from tests.support.ledger import confirm, fresh, granted, ledger, publish_limits, refused, release, reserve, rolling
from tests.support.profiles import NOW_MS, person

ANN, BOB = person("crm:ann"), person("crm:bob")


async def merge(app: ProfileApplication) -> str:
    return (await app.merge_profiles(MergeProfiles(fresh("merge"), ANN, BOB))).merge_id


async def test_contacts_of_both_sides_count_after_a_merge(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(3))
    entries = [granted(await reserve(app, who)) for who in (ANN, BOB, BOB)]
    await merge(app)
    for who in (ANN, BOB):
        (status,) = refused(await reserve(app, who)).refused_by
        assert (status.used, status.remaining) == (3, 0)
    assert {each.reservation_id for each in (await ledger(app, BOB)).contacts} == {
        each.reservation_id for each in entries
    }


async def test_a_merge_may_exceed_a_limit_and_then_nothing_is_granted_until_there_is_room(
    app: ProfileApplication,
) -> None:
    await publish_limits(app, rolling(2))
    entries = [granted(await reserve(app, who)) for who in (ANN, ANN, BOB, BOB)]
    await merge(app)
    for entry in entries[:3]:
        (status,) = refused(await reserve(app, ANN)).refused_by
        assert status.remaining == 0
        await release(app, entry)
    granted(await reserve(app, ANN))
    refused(await reserve(app, BOB))


async def test_a_reservation_of_before_the_merge_is_handed_over_and_given_back_after_it(
    app: ProfileApplication,
) -> None:
    await publish_limits(app, rolling(2))
    other, entry = granted(await reserve(app, ANN)), granted(await reserve(app, BOB))
    await merge(app)
    await confirm(app, entry)
    assert (await release(app, entry)).contact.state(NOW_MS) is ContactState.FAILED
    states = {each.reservation_id: each.state(NOW_MS) for each in (await ledger(app, ANN)).contacts}
    assert states == {other.reservation_id: ContactState.RESERVED, entry.reservation_id: ContactState.FAILED}


async def test_contacts_go_back_with_what_they_came_with_and_what_arrived_since(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(4))
    early = {who: granted(await reserve(app, who)) for who in (ANN, BOB)}
    merge_id = await merge(app)
    late = {who: granted(await reserve(app, who)) for who in (ANN, BOB)}
    refused(await reserve(app, ANN))
    await confirm(app, early[BOB], ContactEvent.IMPRESSION)
    await app.unmerge_profiles(UnmergeProfiles(fresh("unmerge"), merge_id))
    for who in (ANN, BOB):
        ids = {each.reservation_id for each in (await ledger(app, who)).contacts}
        assert ids == {early[who].reservation_id, late[who].reservation_id}
    await confirm(app, late[BOB])
    states = [each.state(NOW_MS) for each in (await ledger(app, BOB)).contacts]
    assert set(states) == {ContactState.SEEN, ContactState.ATTEMPTED}


async def test_calendar_windows_of_a_merged_person_go_by_the_zone_either_side_knew(app: ProfileApplication) -> None:
    await publish_limits(app, rolling(1))
    await reserve(app, ANN)
    await app.upsert_traits(UpsertTraits(fresh("zone"), BOB, (TraitWrite("zone", "Pacific/Apia"),)))
    await merge(app)
    assert (await ledger(app, ANN)).time_zone == "Pacific/Apia"
