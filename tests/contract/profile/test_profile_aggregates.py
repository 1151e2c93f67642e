"""Aggregates and traits of a person on every store: whatever the order of arrival, through merges and new schemas."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from tandem.common.v1 import value_pb2
from tandem.profile.v1 import profile_service_pb2 as pb
from tandem.profile.v1 import trait_pb2

from services.profile.app.application import ProfileApplication
from services.profile.app.identity_requests import MergeProfiles, UnmergeProfiles
from services.profile.app.requests import EventWrite, ProfileQuery, RecordEvents, TraitWrite, UpsertTraits
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.events import Event
from services.profile.domain.schema import AggregateDeclaration, TraitDeclaration, TraitSchema
from services.profile.domain.trait_source import TraitSource
from shared.errors import InvalidArgument
from shared.time_zones import zone
from shared.values import AttributeType, Feature, FeatureStatus, present
from tests.support.aggregate_formulas import BEGIN_MS, brute_force, formulas_of, log_of, newest_ms
from tests.support.profile_wire import Ask
from tests.support.profiles import SteppingClock, person, publish, schema_of

ANN, BOB = person("crm:ann"), person("crm:bob")
UTC = zone("UTC")


def every_formula(chance: Random) -> dict[str, Formula]:
    """One of every measure and kind of window."""
    formulas = [formula for measure in Measure for formula in formulas_of(measure, chance)]
    return {f"a{index}": formula for index, formula in enumerate(formulas)}


def writes(log: list[Event], who: tuple[object, ...], prefix: str) -> tuple[EventWrite, ...]:
    return tuple(
        EventWrite(
            f"{prefix}{each.event_id}",
            who,  # type: ignore[arg-type]
            each.type,
            each.event_ms,
            each.properties,
            is_machine=each.is_machine,
        )
        for each in log
    )


async def features(app: ProfileApplication, read_ms: int, who: tuple[object, ...] = ANN) -> dict[str, Feature]:
    return dict((await app.get_profile(ProfileQuery(who, read_ms=read_ms))).profile.features)  # type: ignore[arg-type]


def close(found: Feature, expected: Feature) -> bool:
    if isinstance(found.value, float) and isinstance(expected.value, float):
        return found.value == pytest.approx(expected.value, rel=1e-9)
    return found == expected


def check(found: dict[str, Feature], formulas: dict[str, Formula], log: list[Event], read_ms: int) -> None:
    for name, formula in formulas.items():
        expected = brute_force(formula, log, read_ms, UTC)
        assert close(found[name], expected), (formula, found[name], expected)


@pytest.mark.parametrize("seed", range(3))
async def test_events_in_any_order_before_and_after_the_schema_answer_the_same(
    app: ProfileApplication, clock: SteppingClock, seed: int
) -> None:
    chance = Random(seed)
    formulas = every_formula(chance)
    log = log_of(formulas["a1"], chance, 40)
    clock.now_ms = newest_ms(log)
    half = len(log) // 2
    await publish(app, schema_of())
    await app.record_events(RecordEvents("r1", writes(log[:half], ANN, "")))
    await publish(app, schema_of(None, **formulas))
    check(await features(app, clock.now_ms), formulas, log[:half], clock.now_ms)
    await app.record_events(RecordEvents("r2", writes(log[half:], ANN, "")))
    check(await features(app, clock.now_ms), formulas, log, clock.now_ms)
    past_ms = BEGIN_MS + (clock.now_ms - BEGIN_MS) // 2
    check(await features(app, past_ms), formulas, log, past_ms)


async def test_aggregates_of_merged_people_add_and_come_apart_again(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    chance = Random(7)
    formulas = every_formula(chance)
    await publish(app, schema_of(None, **formulas))
    anns, bobs = log_of(formulas["a1"], chance, 20), log_of(formulas["a2"], chance, 20)
    bobs = [_renamed(each, f"b{each.event_id}") for each in bobs]
    clock.now_ms = newest_ms([*anns, *bobs])
    await app.record_events(RecordEvents("r1", writes(anns[:15], ANN, "")))
    await app.record_events(RecordEvents("r2", writes(bobs[:15], BOB, "")))
    merged = await app.merge_profiles(MergeProfiles("m1", ANN, BOB, "one person"))
    check(await features(app, clock.now_ms), formulas, [*anns[:15], *bobs[:15]], clock.now_ms)
    await app.record_events(RecordEvents("r3", writes(anns[15:], ANN, "") + writes(bobs[15:], BOB, "")))
    check(await features(app, clock.now_ms), formulas, [*anns, *bobs], clock.now_ms)
    past_ms = BEGIN_MS + (clock.now_ms - BEGIN_MS) // 2
    check(await features(app, past_ms), formulas, [*anns, *bobs], past_ms)
    await app.unmerge_profiles(UnmergeProfiles("u1", merged.merge_id))
    check(await features(app, clock.now_ms, ANN), formulas, anns, clock.now_ms)
    check(await features(app, clock.now_ms, BOB), formulas, bobs, clock.now_ms)


async def test_a_merged_person_has_aggregates_that_were_declared_after_the_merge(
    app: ProfileApplication, clock: SteppingClock
) -> None:
    chance = Random(11)
    formulas = every_formula(chance)
    await publish(app, schema_of())
    anns, bobs = log_of(formulas["a1"], chance, 10), log_of(formulas["a2"], chance, 10)
    bobs = [_renamed(each, f"b{each.event_id}") for each in bobs]
    clock.now_ms = newest_ms([*anns, *bobs])
    await app.record_events(RecordEvents("r1", writes(anns, ANN, "") + writes(bobs, BOB, "")))
    await app.merge_profiles(MergeProfiles("m1", ANN, BOB, "one person"))
    await publish(app, schema_of(None, **formulas))
    check(await features(app, clock.now_ms), formulas, [*anns, *bobs], clock.now_ms)


def _renamed(each: Event, event_id: str) -> Event:
    return Event(event_id, each.type, each.event_ms, 0, (), each.properties, is_machine=each.is_machine)


async def test_the_word_of_each_source_is_kept_and_the_declaration_says_whose_counts(app: ProfileApplication) -> None:
    trusting = TraitDeclaration("age", AttributeType.INT, ttl_ms=100)
    doubting = replace(trusting, precedence=(TraitSource.THIRD_PARTY,))
    version = await publish(app, TraitSchema((doubting,)), activate=False)
    await publish(app, TraitSchema((trusting,)))
    said = [(30, TraitSource.EXPLICIT, 1_000), (40, TraitSource.THIRD_PARTY, 1_050), (31, TraitSource.EXPLICIT, 900)]
    for index, (value, source, observed_ms) in enumerate(said):
        await app.upsert_traits(UpsertTraits(f"r{index}", ANN, (TraitWrite("age", value, source, observed_ms),)))

    async def read(read_ms: int, schema_version: str = "") -> tuple[Feature, TraitSource]:
        view = (await app.get_profile(ProfileQuery(ANN, read_ms=read_ms, schema_version=schema_version))).profile
        return view.features["age"], view.traits["age"].source

    assert await read(1_099) == (present(30), TraitSource.EXPLICIT)
    assert await read(1_100) == (present(40), TraitSource.THIRD_PARTY)
    assert await read(1_150) == (Feature(30, FeatureStatus.STALE), TraitSource.EXPLICIT)
    assert await read(1_099, version) == (present(40), TraitSource.THIRD_PARTY)


async def test_a_filter_that_makes_no_sense_is_refused_with_its_path_and_place(app: ProfileApplication) -> None:
    wrong = Formula(Measure.COUNT, "view", filter="event.x > 3", properties=(("x", AttributeType.STRING),))
    with pytest.raises(InvalidArgument) as refused:
        await publish(app, TraitSchema(aggregates=(AggregateDeclaration("a", wrong),)))
    (violation,) = refused.value.violations
    assert violation.field == "schema.aggregates[0].filter"
    assert violation.description.startswith("1:9: ")


def texts(feature: value_pb2.Feature) -> list[str]:
    return [each.string_value for each in feature.value.list_value.values]


async def test_every_field_of_a_declaration_arrives_over_the_wire(ask: Ask) -> None:
    schema = trait_pb2.TraitSchema(
        traits=[
            trait_pb2.TraitDeclaration(name="age", type="ATTRIBUTE_TYPE_INT", precedence=["TRAIT_SOURCE_THIRD_PARTY"])
        ],
        aggregates=[
            trait_pb2.AggregateDeclaration(
                name="shoes",
                event="purchase",
                measure="MEASURE_TOP_K",
                property="brand",
                k=2,
                calendar="CALENDAR_UNIT_YEAR",
                filter="event.kind == 'shoes'",
                properties={"kind": AttributeType.STRING, "unused": AttributeType.INT},  # type: ignore[dict-item]
            ),
            trait_pb2.AggregateDeclaration(
                name="gifts",
                event="purchase",
                measure="MEASURE_SHARE",
                condition="event.gift",
                properties={"gift": AttributeType.BOOL},  # type: ignore[dict-item]
            ),
            trait_pb2.AggregateDeclaration(
                name="owned",
                event="purchase",
                measure="MEASURE_OWNED",
                property="sku",
                returned_event="return",
                relation="implies",
            ),
            trait_pb2.AggregateDeclaration(
                name="before", event="purchase", measure="MEASURE_COUNT", calendar="CALENDAR_UNIT_DAY", previous=True
            ),
        ],
        relations=[
            trait_pb2.RelationDeclaration(
                name="implies", pairs=[trait_pb2.RelationDeclaration.Pair(item="game", implied="console")]
            )
        ],
    )
    await ask(pb.PublishTraitSchemaRequest(request_id="r1", schema=schema, activate=True))
    events = [
        {"kind": {"string_value": "shoes"}, "brand": {"string_value": "b"}, "gift": {"bool_value": True}},
        {"kind": {"string_value": "hats"}, "brand": {"string_value": "c"}, "sku": {"string_value": "game"}},
    ]
    subject = {"identities": [{"namespace": "crm", "value": "ann"}]}
    recorded = [
        {"event_id": f"e{index}", "type": "purchase", "subject": subject, "properties": held}
        for index, held in enumerate(events)
    ]
    await ask(pb.RecordEventsRequest(request_id="r2", events=recorded))
    profile = (await ask(pb.GetProfileRequest(subject=subject))).profile
    assert texts(profile.aggregates["shoes"]) == ["b"]
    assert profile.aggregates["gifts"].value.double_value == 0.5
    assert texts(profile.aggregates["owned"]) == ["console", "game"]
    assert profile.aggregates["before"].value.int_value == 0
