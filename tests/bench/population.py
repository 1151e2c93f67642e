"""The people that are measured on: three identities, eight traits, a few events, one consent."""

from __future__ import annotations

import random
from collections.abc import Iterator

from services.profile.app.application import ProfileApplication
from services.profile.app.batch_upsert_traits import BatchUpsertTraits, SubjectTraits
from services.profile.app.requests import (
    ConsentWrite,
    EventWrite,
    PublishTraitSchema,
    RecordEvents,
    SetConsent,
    Subject,
    TraitWrite,
)
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity
from services.profile.domain.schema import AggregateDeclaration, TraitDeclaration, TraitSchema
from shared.clock import system_clock
from shared.ids import new_id
from shared.values import AttributeType, Value

DAY_MS = 86_400_000
EVENTS_EACH = 5
BATCH = 500
TRAITS = {
    "tier": AttributeType.STRING,
    "age": AttributeType.INT,
    "country": AttributeType.STRING,
    "language": AttributeType.STRING,
    "household_size": AttributeType.INT,
    "lifetime_value": AttributeType.DOUBLE,
    "is_member": AttributeType.BOOL,
    "interests": AttributeType.STRING_LIST,
}
FORMULAS = {
    "views": Formula(Measure.COUNT, "view"),
    "views_7d": Formula(Measure.COUNT, "view", window_ms=7 * DAY_MS),
    "last_item": Formula(Measure.LAST, "view", "item", type=AttributeType.STRING),
    "purchases_90d": Formula(Measure.COUNT, "purchase", window_ms=90 * DAY_MS),
    "revenue_90d": Formula(Measure.SUM, "purchase", "amount", window_ms=90 * DAY_MS),
    "rhythm": Formula(Measure.DECAYED_RATE, "view", half_life_ms=7 * DAY_MS),
}
SCHEMA = TraitSchema(
    traits=tuple(TraitDeclaration(name, kind, indexed=name == "tier") for name, kind in TRAITS.items()),
    aggregates=tuple(AggregateDeclaration(name, formula) for name, formula in FORMULAS.items()),
)


def subject(number: int) -> Subject:
    names = (("crm", f"{number:08}"), ("email", f"customer{number}@example.com"), ("cookie", f"{number:032x}"))
    return tuple(Identity(namespace, value) for namespace, value in names)


def traits(number: int) -> tuple[TraitWrite, ...]:
    values: tuple[Value, ...] = (
        "gold" if number % 50 == 0 else "silver",
        number % 90,
        "FR",
        "fr",
        3,
        number / 7,
        number % 2 == 0,
    )
    writes = [TraitWrite(name, value) for name, value in zip(TRAITS, values, strict=False)]
    return (*writes, TraitWrite("interests", ("shoes", "travel", "wine")))


def events(number: int, chance: random.Random, count: int = EVENTS_EACH) -> Iterator[EventWrite]:
    now_ms = system_clock()
    for _ in range(count):
        at_ms = now_ms - chance.randrange(60 * DAY_MS)
        is_purchase = chance.random() < 0.2
        held: dict[str, Value] = {"item": f"item-{chance.randrange(5_000)}", "amount": chance.randrange(10_000) / 100}
        yield EventWrite(new_id("e"), subject(number), "purchase" if is_purchase else "view", at_ms, held)


async def publish(app: ProfileApplication) -> str:
    command = PublishTraitSchema(new_id("bench"), SCHEMA, activate=True)
    return (await app.publish_trait_schema(command)).schema_version


async def populate(app: ProfileApplication, numbers: range, *, seed: int = 0) -> None:
    """In batches, as an import would. Every tenth also makes a statement."""
    chance = random.Random(seed)
    for start in range(numbers.start, numbers.stop, BATCH):
        page = range(start, min(start + BATCH, numbers.stop))
        items = tuple(SubjectTraits(subject(number), traits(number)) for number in page)
        await app.batch_upsert_traits(BatchUpsertTraits(new_id("bench"), items))
        writes = [event for number in page for event in events(number, chance)]
        for begin in range(0, len(writes), 1_000):
            await app.record_events(RecordEvents(new_id("bench"), tuple(writes[begin : begin + 1_000])))
        for number in page[::10]:
            statement = ConsentWrite("MARKETING", ConsentStatus.GRANTED, channel="EMAIL")
            await app.set_consent(SetConsent(new_id("bench"), subject(number), statement))
