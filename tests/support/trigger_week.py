"""Forty triggers, half of them over time, days of events for many people, and what ought to fire."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.rules.domain.rule_set import AttributeDeclaration, EventTypeDeclaration, RuleSet
from services.rules.domain.triggers.declaration import (
    Emit,
    EventMatch,
    Pattern,
    PatternKind,
    SetTrait,
    Trigger,
)
from services.rules.domain.triggers.outcome import Happening
from shared.values import AttributeType, Value
from tests.support.trigger_reference import Fired, Read, Reference

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SPAN_MS = 40 * HOUR_MS
ENDED_MS = 3 * HOUR_MS
"""Before now: longer than any absence takes."""
KINDS = ("view", "cart_add", "purchase", "search", "mail_sent", "mail_opened", "login", "call", "stock_alert")
WEIGHTS = (40, 12, 5, 15, 8, 4, 8, 3, 5)
RESTOCKED, STAFF = "restocked", "staff"
SKUS = 400
NUMBERS = 50

Told = tuple[str, str, str, tuple[tuple[str, Value], ...], str, int]
"""trigger, person, what, payload, cause, moment."""


def _numbered(kind: str, number: int) -> EventMatch:
    return EventMatch(kind, where=f"event.n == {number}")


def _single(index: int) -> Trigger:
    kind = KINDS[index % len(KINDS)]
    condition = ("", "vip", "score >= 5", "vip && score < 5")[index % 4]
    effects = (Emit(f"saw_{index}", {"n": "event.n"}),)
    return Trigger(f"single_{index}", Pattern(PatternKind.ANY, (_numbered(kind, index),)), effects, condition)


def _timed(name: str, pattern: Pattern, condition: str = "", cooldown_ms: int = 0) -> Trigger:
    return Trigger(name, pattern, (Emit(name, {"sku": "event.sku"}),), condition, cooldown_ms=cooldown_ms)


def _over_time() -> Iterator[Trigger]:
    count, total, in_order, both = PatternKind.COUNT, PatternKind.SUM, PatternKind.SEQUENCE, PatternKind.ALL
    for index, (kind, least) in enumerate([("view", 4), ("cart_add", 3), ("search", 3), ("login", 2), ("call", 2)]):
        yield _timed(f"many_{kind}", Pattern(count, (EventMatch(kind),), (index + 2) * HOUR_MS, least))
    for index, kind in enumerate(("purchase", "cart_add", "view")):
        pattern = Pattern(total, (EventMatch(kind),), (index + 4) * HOUR_MS, 150, sum_of="amount")
        effects = (SetTrait("hesitates", "true"), Emit(f"much_{kind}", {"sku": "event.sku"}))
        yield Trigger(f"much_{kind}", pattern, effects, cooldown_ms=HOUR_MS)
    steps = [("search", "view"), ("view", "cart_add", "purchase"), ("mail_sent", "mail_opened"), ("login", "call")]
    for kinds in steps:
        matches = tuple(EventMatch(kind) for kind in kinds)
        yield _timed(f"then_{kinds[-1]}", Pattern(in_order, matches, 5 * HOUR_MS), "score >= 3")
    yield _timed("call_and_login", Pattern(both, (EventMatch("call"), EventMatch("login")), 6 * HOUR_MS))
    same = (EventMatch("view"), EventMatch("cart_add"))
    yield _timed("same_thing", Pattern(both, same, 12 * HOUR_MS, join="sku"))
    for kind, missing, restarts in (("cart_add", "purchase", True), ("mail_sent", "mail_opened", False)):
        absence = {"absent": EventMatch(missing), "absent_ms": HOUR_MS, "restarts": restarts}
        yield _timed(f"{kind}_alone", Pattern(PatternKind.ANY, (EventMatch(kind),), **absence), cooldown_ms=HOUR_MS)  # type: ignore[arg-type]
    left = Pattern(count, (EventMatch("view"),), 3 * HOUR_MS, 3, absent=EventMatch("purchase"), absent_ms=HOUR_MS)
    yield Trigger("left_alone", left, (Emit("left_alone"),), "hesitates")
    helped = Pattern(PatternKind.ANY, (EventMatch("call"),))
    yield Trigger("helped", helped, (Emit("helped", {"vip": "vip"}),), "hesitates", cooldown_ms=HOUR_MS)
    wanted = (EventMatch("stock_alert"), EventMatch(RESTOCKED, by_anyone=True))
    yield _timed("restocked", Pattern(in_order, wanted, 20 * HOUR_MS, join="sku"))
    yield _timed("restocked_cheap", Pattern(in_order, (wanted[0], _cheap(RESTOCKED)), 10 * HOUR_MS, join="sku"))


def _cheap(kind: str) -> EventMatch:
    return EventMatch(kind, where="event.amount < 20.0", by_anyone=True)


TRIGGERS = (*(_single(index) for index in range(20)), *_over_time())

MEANINGS: Mapping[str, Read] = {
    **{f"event.n == {number}": Read(lambda get, n=number: get("event.n") == n) for number in range(NUMBERS)},  # type: ignore[misc]
    "event.amount < 20.0": Read(lambda get: get("event.amount") < 20),
    "event.n": Read(lambda get: get("event.n")),
    "event.sku": Read(lambda get: get("event.sku")),
    "vip": Read(lambda get: get("vip"), frozenset({"vip"})),
    "true": Read(lambda get: True),
    "score >= 5": Read(lambda get: get("score") >= 5, frozenset({"score"})),
    "score >= 3": Read(lambda get: get("score") >= 3, frozenset({"score"})),
    "vip && score < 5": Read(lambda get: get("vip") and get("score") < 5, frozenset({"vip", "score"})),
    "hesitates": Read(lambda get: get("hesitates"), frozenset({"hesitates"})),
}


def rule_set() -> RuleSet:
    properties = {"n": AttributeType.INT, "sku": AttributeType.STRING, "amount": AttributeType.DOUBLE}
    facts = {"vip": AttributeType.BOOL, "score": AttributeType.INT, "hesitates": AttributeType.BOOL}
    return RuleSet(
        attributes=tuple(AttributeDeclaration(name, kind) for name, kind in facts.items()),
        event_types=tuple(EventTypeDeclaration(kind, properties) for kind in (*KINDS, RESTOCKED)),
        triggers=TRIGGERS,
    )


@dataclass(frozen=True, slots=True)
class Week:
    """In the order in which it is recorded, which is not quite that of the events. Persons are numbers as text."""

    events: tuple[Happening, ...]
    facts: Mapping[str, Mapping[str, bool | int]]


def week(people: int, events: int, now_ms: int, seed: int = 7) -> Week:
    chance = random.Random(seed)
    facts = {str(number): {"vip": number % 3 == 0, "score": number % 10} for number in range(people)}
    begin_ms = now_ms - ENDED_MS - SPAN_MS
    happenings = []
    for number in range(events):
        moment_ms = begin_ms + number * SPAN_MS // events
        if chance.random() < 0.05:  # it came late
            moment_ms -= chance.randrange(2 * HOUR_MS)
        is_restock = chance.random() < 0.005
        kind = RESTOCKED if is_restock else chance.choices(KINDS, WEIGHTS)[0]
        who = STAFF if is_restock else str(chance.randrange(people))
        properties: dict[str, Value] = {
            "n": chance.randrange(NUMBERS),
            "sku": f"sku-{chance.randrange(SKUS)}",
            "amount": chance.randrange(400) / 4,
        }
        happenings.append(Happening(f"e{seed}-{number}", who, kind, moment_ms, properties))
    return Week(tuple(happenings), {**facts, STAFF: {}})


def expected(log: Week, now_ms: int) -> Counter[Told]:
    """Slowly, person by person: nobody's triggers look at others but through restocked articles."""
    own: dict[str, list[Happening]] = defaultdict(list)
    wanted: dict[str, set[Value]] = defaultdict(set)
    places = {happening.event_id: number for number, happening in enumerate(log.events)}
    restocks: dict[Value, list[Happening]] = defaultdict(list)
    for happening in log.events:
        own[happening.profile_id].append(happening)
        if happening.type == "stock_alert":
            wanted[happening.profile_id].add(happening.properties["sku"])
        if happening.type == RESTOCKED:
            restocks[happening.properties["sku"]].append(happening)
    fired: Counter[Told] = Counter()
    for who, events in own.items():
        news = [each for sku in wanted[who] for each in restocks[sku] if each.profile_id != who]
        mine = sorted([*events, *news], key=lambda each: places[each.event_id])
        fired += of_person(who, mine, log.facts[who], now_ms)
    return fired


def of_person(who: str, events: Sequence[Happening], facts: Mapping[str, bool | int], now_ms: int) -> Counter[Told]:
    reference = Reference(TRIGGERS, MEANINGS, {who: facts}, now_ms, HOUR_MS)
    for happening in events:
        reference.event(happening, now_ms)
    reference.end_of_log(now_ms)
    return Counter(told(each) for each in reference.fired if each.profile_id == who)


def told(fired: Fired) -> Told:
    return fired.trigger_id, fired.profile_id, fired.what, fired.payload, fired.cause_event_id, fired.fired_ms
