"""Events, aggregates and the log, as the contract promises them, on every store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import EventWrite, ProfileQuery, RecordEvents, TailQuery
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.resolution import IDENTITY_CONFLICT
from shared.errors import InvalidArgument, NotFound
from shared.values import NOT_FOUND, AttributeType, Value, present
from tests.support.profiles import NOW_MS, SteppingClock, event, person, publish, schema_of, whole_log

ANN, COOKIE = person("crm:ann"), person("cookie:a")
AGGREGATES = schema_of(
    views=Formula(Measure.COUNT, "view"),
    recent_views=Formula(Measure.COUNT, "view", window_ms=100),
    spent=Formula(Measure.SUM, "buy", "price"),
    recently_spent=Formula(Measure.SUM, "buy", "price", window_ms=100),
    last_item=Formula(Measure.LAST, "view", "item", type=AttributeType.STRING),
    items=Formula(Measure.DISTINCT, "view", "item"),
    rhythm=Formula(Measure.DECAYED_RATE, "view", half_life_ms=1_000),
)
requests = (f"request-{index}" for index in count())


async def record(app: ProfileApplication, *events: EventWrite) -> list[bool]:
    """Which of them were duplicates."""
    answer = await app.record_events(RecordEvents(next(requests), events))
    return [result.duplicate for result in answer.results]


async def values(app: ProfileApplication, query: ProfileQuery) -> dict[str, Value]:
    return {name: feature.value for name, feature in (await app.get_profile(query)).profile.features.items()}


async def test_events_move_the_aggregates(app: ProfileApplication) -> None:
    await publish(app, AGGREGATES)
    await record(
        app,
        event("e1", ANN, at_ms=NOW_MS - 500, item="hat"),
        event("e2", ANN, at_ms=NOW_MS - 50, item="shoe"),
        event("e3", ANN, "buy", NOW_MS - 400, price=10),
        event("e4", ANN, "buy", price=0.5, currency="EUR"),
        event("e5", ANN, "buy", price="a lot"),
        event("e6", ANN, "unheard_of"),
    )
    found = await values(app, ProfileQuery(ANN))
    assert found.pop("rhythm") == pytest.approx((2**-0.5 + 2**-0.05) * 86_400 * 0.6931471805599453)
    assert found == {
        "views": 2,
        "recent_views": 1,
        "spent": 10.5,
        "recently_spent": 0.5,
        "last_item": "shoe",
        "items": 2,
    }


async def test_without_events_counts_are_zero_and_the_last_is_not_found(app: ProfileApplication) -> None:
    await publish(app, AGGREGATES)
    await record(app, event("e1", ANN, "unheard_of"))
    view = (await app.get_profile(ProfileQuery(ANN))).profile
    assert view.features["last_item"] == NOT_FOUND
    assert view.features["views"] == present(0)
    assert view.features["spent"] == present(0.0)
    assert view.aggregates == set(view.features)


async def test_an_event_counts_once_however_often_it_is_sent(app: ProfileApplication, stores: Stores) -> None:
    await publish(app, AGGREGATES)
    assert await record(app, event("e1", ANN), event("e2", ANN), event("e1", COOKIE)) == [False, False, True]
    assert await record(app, event("e2", COOKIE), event("e3", ANN)) == [True, False]
    assert await record(app, event("e1", ANN), event("e2", ANN)) == [True, True]
    assert (await values(app, ProfileQuery(ANN)))["views"] == 3
    assert len(await whole_log(stores)) == 3
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(COOKIE))


async def test_a_duplicate_names_the_profile_that_has_the_event(app: ProfileApplication) -> None:
    first = await app.record_events(RecordEvents("r1", (event("e1", ANN),)))
    again = await app.record_events(RecordEvents("r2", (event("e1", COOKIE),)))
    assert again.results[0].profile_id == first.results[0].profile_id


async def test_the_same_event_from_many_callers_at_once_counts_once(app: ProfileApplication) -> None:
    await publish(app, AGGREGATES)
    subjects = [person(f"cookie:{index}") for index in range(6)]
    duplicates = await asyncio.gather(*(record(app, event("e1", subject)) for subject in subjects))
    assert sorted(duplicates) == [[False]] + [[True]] * 5


async def test_events_of_one_call_are_resolved_one_after_the_other(app: ProfileApplication) -> None:
    answer = await app.record_events(
        RecordEvents(
            "r1",
            (
                event("e1", COOKIE),
                event("e2", (*COOKIE, *ANN)),
                event("e3", ANN),
                event("e4", person("crm:bob")),
                event("e5", (*ANN, *person("crm:bob"))),
            ),
        )
    )
    owners = [result.profile_id for result in answer.results]
    assert owners[0] == owners[1] == owners[2] != owners[3]
    assert [result.advisories for result in answer.results] == [(), (), (), (), (IDENTITY_CONFLICT,)]


async def test_a_thousand_events_of_many_people_go_in_one_call(app: ProfileApplication, stores: Stores) -> None:
    await publish(app, AGGREGATES)
    events = tuple(event(f"e{index}", person(f"cookie:{index % 250}"), item=str(index)) for index in range(1_000))
    answer = await app.record_events(RecordEvents("r1", events))
    assert [result.event_id for result in answer.results] == [each.event_id for each in events]
    assert len({result.profile_id for result in answer.results}) == 250
    assert len(await whole_log(stores)) == 1_000
    queries = [ProfileQuery(person(f"cookie:{index}")) for index in range(250)]
    answers = await app.batch_get_profiles(queries)
    assert {each.profile.features["items"].value for each in answers if not isinstance(each, Exception)} == {4}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (event("", ANN), "events[1].event_id"),
        (event("x" * 129, ANN), "events[1].event_id"),
        (event("e\n", ANN), "events[1].event_id"),
        (event("e2", ()), "events[1].subject.identities"),
        (event("e2", person("crm: ")), "events[1].subject.identities[0].value"),
        (event("e2", ANN, ""), "events[1].type"),
        (event("e2", ANN, "View"), "events[1].type"),
        (event("e2", ANN, at_ms=NOW_MS + 300_001), "events[1].event_time"),
        (event("e2", ANN, at_ms=-1), "events[1].event_time"),
        (EventWrite("e2", ANN, "view", None, {f"p{index}": 1 for index in range(65)}), "events[1].properties"),
        (EventWrite("e2", ANN, "view", None, {"": 1}), "events[1].properties"),
    ],
)
async def test_one_wrong_event_refuses_the_call_and_stores_nothing(
    app: ProfileApplication, stores: Stores, wrong: EventWrite, field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await app.record_events(RecordEvents("r1", (event("e1", ANN), wrong)))
    assert refused.value.metadata["field"] == field
    assert len(await whole_log(stores)) == 0
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(ANN))


async def test_the_bounds_of_event_times_are_accepted(app: ProfileApplication) -> None:
    assert await record(app, event("e1", ANN, at_ms=0), event("e2", ANN, at_ms=NOW_MS + 300_000)) == [False, False]


async def test_an_event_ahead_of_the_clock_counts_when_its_time_comes(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    await publish(app, AGGREGATES)
    await record(app, event("e1", ANN, at_ms=NOW_MS + 1_000, item="hat"))
    assert (await values(app, ProfileQuery(ANN)))["views"] == 0
    clock.now_ms += 1_000
    found = await values(app, ProfileQuery(ANN))
    assert (found["views"], found["recent_views"], found["last_item"]) == (1, 1, "hat")
    await record(app, event("e2", ANN, item="shoe"))
    assert (await values(app, ProfileQuery(ANN)))["items"] == 2


async def test_an_acknowledged_event_is_seen_where_another_replica_has_a_slower_clock(
    app: ProfileApplication, stores: Stores
) -> None:
    await publish(app, AGGREGATES)
    behind = ProfileApplication(stores, clock=SteppingClock(NOW_MS - 5_000))
    await record(app, event("e1", ANN))
    assert (await values(behind, ProfileQuery(ANN)))["views"] == 1
    await record(behind, event("e2", ANN))
    assert (await values(behind, ProfileQuery(ANN)))["views"] == 2


async def test_an_aggregate_declared_later_counts_the_events_of_before(app: ProfileApplication) -> None:
    await record(app, *(event(f"e{index}", ANN, at_ms=NOW_MS - index, item=str(index % 3)) for index in range(9)))
    version = await publish(app, AGGREGATES, activate=False)
    found = await values(app, ProfileQuery(ANN, schema_version=version))
    assert (found["views"], found["items"], found["last_item"]) == (9, 3, "0")


@pytest.mark.parametrize("writes_before", [False, True])
async def test_a_changed_declaration_is_filled_from_the_log_at_the_next_write(
    app: ProfileApplication, stores: Stores, writes_before: bool
) -> None:
    before = await publish(app, schema_of(old=Formula(Measure.COUNT, "view")))
    await record(app, event("e1", ANN, item="a"), event("e2", ANN, at_ms=NOW_MS + 10, item="b"))
    after = await publish(app, schema_of(new=Formula(Measure.DISTINCT, "view", "item")))
    if writes_before:
        await record(app, event("e3", ANN, item="c"))
        key = "DISTINCT/view/0/0/0/item"
        assert key in (await stores.profiles.find(["crm\x1fann"]))["crm\x1fann"].states
    expected = 2 if writes_before else 1
    assert await values(app, ProfileQuery(ANN, schema_version=after)) == {"new": expected}
    assert await values(app, ProfileQuery(ANN, schema_version=before)) == {"old": expected}
    later = ProfileQuery(ANN, NOW_MS + 10, after)
    assert await values(app, later) == {"new": expected + 1}


async def test_a_read_writes_nothing(app: ProfileApplication, stores: Stores) -> None:
    await record(app, event("e1", ANN, item="a"))
    before = await stores.profiles.find(["crm\x1fann"])
    version = await publish(app, AGGREGATES, activate=False)
    for query in (ProfileQuery(ANN, schema_version=version), ProfileQuery((*ANN, *COOKIE), NOW_MS - 10)):
        await app.get_profile(query)
    assert await stores.profiles.find(["crm\x1fann", "cookie\x1fa"]) == before


async def test_a_long_log_is_read_whole_for_a_new_aggregate(app: ProfileApplication) -> None:
    for start in range(0, 2_100, 700):
        await record(app, *(event(f"e{index}", ANN) for index in range(start, start + 700)))
    await publish(app, AGGREGATES)
    assert (await values(app, ProfileQuery(ANN)))["views"] == 2_100


async def test_the_past_is_answered_from_the_log(app: ProfileApplication) -> None:
    await publish(app, AGGREGATES)
    times = [NOW_MS - 5_000 + 60 * index for index in range(10)]
    await record(app, *(event(f"e{index}", ANN, at_ms=time_ms, item=str(index)) for index, time_ms in enumerate(times)))
    for index, time_ms in enumerate(times):
        found = await values(app, ProfileQuery(ANN, read_ms=time_ms))
        assert (found["views"], found["last_item"], found["items"]) == (index + 1, str(index), index + 1)
        assert found["recent_views"] == min(index + 1, 2)


async def test_overlay_events_change_the_answer_and_nothing_else(app: ProfileApplication, stores: Stores) -> None:
    await publish(app, AGGREGATES)
    await record(app, event("e1", ANN, item="hat"))
    overlay = (event("e2", (), item="shoe"), event("e1", (), item="ghost"), event("e2", (), item="ghost"))
    found = await values(app, ProfileQuery(ANN, overlay=tuple(with_subject(overlay))))
    assert (found["views"], found["items"], found["recent_views"]) == (2, 2, 2)
    assert (await values(app, ProfileQuery(ANN)))["views"] == 1
    assert len(await whole_log(stores)) == 1


def with_subject(events: Sequence[EventWrite]) -> list[EventWrite]:
    return [EventWrite(each.event_id, ANN, each.type, each.event_ms, each.properties) for each in events]


async def test_overlay_events_happen_at_the_moment_of_the_reading(app: ProfileApplication) -> None:
    await publish(app, AGGREGATES)
    await record(app, event("e1", ANN, at_ms=NOW_MS - 10_000))
    query = ProfileQuery(ANN, read_ms=NOW_MS - 9_950, overlay=(event("e2", ANN, item="shoe"),))
    found = await values(app, query)
    assert (found["recent_views"], found["last_item"]) == (2, "shoe")


async def test_overlay_events_of_a_person_nobody_recorded_are_answered_without_a_profile_id(
    app: ProfileApplication,
) -> None:
    await publish(app, AGGREGATES)
    answer = await app.get_profile(ProfileQuery(ANN, overlay=(event("e1", ANN),)))
    assert (answer.profile.profile_id, answer.profile.known) == ("", True)
    assert answer.profile.features["views"] == present(1)
    with pytest.raises(NotFound):
        await app.get_profile(ProfileQuery(ANN))


people = count()


@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(["view", "buy"]), st.integers(0, 400)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
async def test_any_order_and_any_repetition_of_events_gives_the_same_answers(
    app: ProfileApplication, drawn: list[tuple[str, int]], random: object
) -> None:
    await publish(app, AGGREGATES)

    def events(subject: str) -> list[EventWrite]:
        return [
            event(
                f"{subject}.{index:02}",
                person(f"crm:{subject}"),
                kind,
                NOW_MS - age,
                item=str(age % 5),
                price=0.1 * age,
            )
            for index, (kind, age) in enumerate(drawn)
        ]

    ordered, shuffled = f"p{next(people)}", f"p{next(people)}"
    await record(app, *events(ordered))
    repeated = events(shuffled) + events(shuffled)
    random.shuffle(repeated)  # type: ignore[attr-defined]
    for start in range(0, len(repeated), 3):
        await record(app, *repeated[start : start + 3])
    for read_ms in (NOW_MS, NOW_MS + 37, NOW_MS - 200):
        left = await values(app, ProfileQuery(person(f"crm:{ordered}"), read_ms=read_ms))
        assert left == await values(app, ProfileQuery(person(f"crm:{shuffled}"), read_ms=read_ms))
        assert left["views"] == sum(kind == "view" and NOW_MS - age <= read_ms for kind, age in drawn)


async def test_the_tail_gives_every_event_with_its_person_and_where_to_go_on(app: ProfileApplication) -> None:
    await record(app, event("e1", ANN, item="hat"), event("e2", COOKIE, "buy"))
    await record(app, event("e3", ANN))
    ann = (await app.get_profile(ProfileQuery(ANN))).profile.profile_id
    tail = [logged async for page in app.tail_events(TailQuery()) for logged in page]
    assert [logged.event.event_id for logged in tail] == ["e1", "e2", "e3"]
    assert tail[0].profile_id == tail[2].profile_id == ann
    assert tail[0].event.identities == ("crm\x1fann",)
    rest = [each async for page in app.tail_events(TailQuery(str(tail[0].position))) for each in page]
    assert rest == tail[1:]
    buys = [each async for page in app.tail_events(TailQuery(types=("buy",))) for each in page]
    assert buys == tail[1:2]


@pytest.mark.parametrize("position", ["x", "-1", "1.5", " 1", "9" * 30, "2", "¹"])
async def test_a_position_that_is_not_ours_is_refused(app: ProfileApplication, position: str) -> None:
    await record(app, event("e1", ANN))
    with pytest.raises(InvalidArgument) as refused:
        await anext(app.tail_events(TailQuery(position)))
    assert refused.value.metadata["field"] == "after_position"


async def test_who_follows_the_tail_gets_new_events_of_this_and_of_other_replicas(
    app: ProfileApplication, other_stores: Stores
) -> None:
    other = ProfileApplication(other_stores)
    tail = app.tail_events(TailQuery(types=("view",), follow=True))
    for index, writer in enumerate((app, other, app, other)):
        coming = asyncio.ensure_future(anext(tail))
        await asyncio.sleep(0.01)
        await record(writer, event(f"b{index}", ANN, "buy"), event(f"e{index}", ANN))
        (logged,) = await asyncio.wait_for(coming, 5)
        assert logged.event.event_id == f"e{index}"
    await tail.aclose()
