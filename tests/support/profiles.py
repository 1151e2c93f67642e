"""What tests of the profile service say often."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.app.requests import EventWrite, LoggedEvent, PublishTraitSchema, Subject
from services.profile.bootstrap import open_mongo, open_sqlite
from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.identities import Identity
from services.profile.domain.schema import AggregateDeclaration, TraitDeclaration, TraitSchema
from shared.settings import ServiceSettings, StoreKind
from shared.values import AttributeType, Value

NOW_MS = 1_760_000_000_000


@dataclass(slots=True)
class SteppingClock:
    """Stands still until it is moved."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


async def open_stores(settings: ServiceSettings, stack: AsyncExitStack) -> Stores:
    opened = open_sqlite if settings.store is StoreKind.SQLITE else open_mongo
    return (await opened(settings, stack))[0]


async def whole_log(stores: Stores) -> list[LoggedEvent]:
    """Every event, as a reader of the tail gets them."""
    log: list[LoggedEvent] = []
    while page := await stores.events.tail(log[-1].position if log else 0, (), 500):
        log += page
    return log


def person(*names: str) -> Subject:
    """`person("crm:1", "cookie:a")`."""
    parts = (name.split(":", 1) for name in names)
    return tuple(Identity(namespace, value) for namespace, value in parts)


def event(event_id: str, subject: Subject, kind: str = "view", at_ms: int | None = None, **held: Value) -> EventWrite:
    return EventWrite(event_id, subject, kind, at_ms, held)


def schema_of(traits: dict[str, AttributeType] | None = None, **formulas: Formula) -> TraitSchema:
    return TraitSchema(
        traits=tuple(TraitDeclaration(name, kind) for name, kind in (traits or {}).items()),
        aggregates=tuple(AggregateDeclaration(name, formula) for name, formula in formulas.items()),
    )


async def publish(app: ProfileApplication, schema: TraitSchema, *, activate: bool = True) -> str:
    request_id = f"publish-{schema.version}-{activate}"
    return (await app.publish_trait_schema(PublishTraitSchema(request_id, schema, activate))).schema_version
