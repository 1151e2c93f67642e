"""A few triggers, one of each kind, and events for them."""

from __future__ import annotations

from collections.abc import Iterable

from services.rules.app.trigger_store import TriggerStores
from services.rules.app.triggers.compiled import CompiledProgram, compiled_program
from services.rules.domain.rule_set import AttributeDeclaration, EventTypeDeclaration, RuleSet
from services.rules.domain.triggers.declaration import (
    Emit,
    EventMatch,
    Pattern,
    PatternKind,
    Schedule,
    SetTrait,
    Trigger,
)
from services.rules.domain.triggers.outcome import Firing, Happening
from shared.values import AttributeType, Value
from tests.support.trigger_world import START_MS, World

HOUR_MS = 3_600_000

CARTS = Trigger(
    "carts",
    Pattern(PatternKind.COUNT, (EventMatch("cart_add"),), within_ms=HOUR_MS, at_least=3),
    (Emit("three_carts", {"sku": "event.sku"}),),
)
TERMS = Trigger(
    "terms",
    Pattern(PatternKind.ANY, (EventMatch("terms_page"),), absent=EventMatch("renewal"), absent_ms=2 * HOUR_MS),
    (Emit("no_renewal"), SetTrait("at_risk", "true")),
)
RESTOCK = Trigger(
    "restock",
    Pattern(
        PatternKind.SEQUENCE,
        (EventMatch("alert"), EventMatch("restocked", by_anyone=True)),
        within_ms=10 * HOUR_MS,
        join="sku",
    ),
    (Emit("back_in_stock", {"sku": "event.sku"}),),
)
MORNING = Trigger("morning", Schedule("09:00"), (Emit("good_morning"),), condition="vip")
RISK = Trigger("risk", Pattern(PatternKind.ANY, (EventMatch("call"),)), (Emit("risky_call"),), condition="at_risk")


def program(*triggers: Trigger, version: str = "rs_1") -> CompiledProgram:
    sku = {"sku": AttributeType.STRING}
    types = ("cart_add", "terms_page", "renewal", "alert", "restocked", "call")
    facts = ("vip", "at_risk")
    rule_set = RuleSet(
        attributes=tuple(AttributeDeclaration(name, AttributeType.BOOL) for name in facts),
        event_types=tuple(EventTypeDeclaration(each, sku) for each in types),
        triggers=triggers,
    )
    compiled = compiled_program(rule_set, version)
    assert isinstance(compiled, CompiledProgram)
    return compiled


def event(number: int, kind: str, who: str = "ann", minutes: float = 0, **properties: Value) -> Happening:
    return Happening(f"e{number}", who, kind, START_MS + int(minutes * 60_000), properties or {"sku": "tea"})


def told(firings: Iterable[Firing]) -> list[tuple[str, str, str]]:
    return [(each.profile_id, each.name or each.trait, each.cause_event_id) for each in firings]


async def world_with(stores: TriggerStores, *triggers: Trigger) -> World:
    world = World(stores, {"rs_1": program(*triggers)})
    await world.activate()
    return world
