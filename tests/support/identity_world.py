"""The shop that the lives of identity_machine.py are told to: its schema, its store, its clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from services.profile.app.application import ProfileApplication
from services.profile.app.ports import Stores
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.ledger.limits import ContactLimit
from services.profile.domain.schema import AggregateDeclaration, NamespaceDeclaration, TraitDeclaration, TraitSchema
from shared.clock import MS_PER_DAY
from shared.values import AttributeType
from tests.support.identity_model import LIMITS, SHARED
from tests.support.profiles import SteppingClock

T = TypeVar("T")

PEOPLE = ["crm:1", "crm:2", "email:x", "email:y", "email:z", "crm:3"]
BROWSERS = ["cookie:a", "cookie:b", "device:d", "device:e"]
NAMES = [*PEOPLE, *BROWSERS, "tablet:t"]
CAP = 3
HOUR_MS = 3_600_000
SCHEMA = TraitSchema(
    traits=(TraitDeclaration("city", AttributeType.STRING),),
    aggregates=(
        AggregateDeclaration("views", Formula(Measure.COUNT, "view")),
        AggregateDeclaration("recent", Formula(Measure.COUNT, "view", window_ms=HOUR_MS)),
        AggregateDeclaration("spent", Formula(Measure.SUM, "buy", "amount")),
        AggregateDeclaration("most", Formula(Measure.MAX, "buy", "amount")),
        AggregateDeclaration("amounts", Formula(Measure.DISTINCT, "buy", "amount")),
    ),
    namespaces=(
        NamespaceDeclaration("crm", True, max_per_profile=LIMITS["crm"]),
        NamespaceDeclaration("device", False, max_per_profile=LIMITS["device"]),
        *(NamespaceDeclaration(name, False, shared=True) for name in SHARED),
    ),
    contact_limits=(ContactLimit("cap", CAP, window_ms=MS_PER_DAY),),
)


@dataclass
class World:
    """A service on some store, which one life after another is told to."""

    app: ProfileApplication
    stores: Stores
    clock: SteppingClock
    runner: asyncio.Runner
    lives: count[int] = field(default_factory=count)
    steps: int = 0

    def do(self, call: Awaitable[T]) -> T:
        async def run() -> T:
            return await call

        self.steps += 1
        return self.runner.run(run())

    async def end_of_log(self) -> int:
        """Behind what earlier lives recorded."""
        return await self.stores.events.last_position()

    async def log_after(self, position: int) -> list[tuple[str, str]]:
        """Of every event its id and whose it was when it was recorded."""
        found: list[tuple[str, str]] = []
        while page := await self.stores.events.tail(position, (), 1_000):
            found += [(each.event.event_id, each.profile_id) for each in page]
            position = page[-1].position
        return found
