"""Event time decides, whatever the order of arrival; what cannot be matched touches nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from services.rules.domain.matching import NOW_ATTRIBUTE, Message, Unmatched
from services.rules.domain.triggers.compile import MIN_LATENESS_MS
from services.rules.domain.triggers.course import observe
from services.rules.domain.triggers.declaration import Emit, EventMatch, Pattern, PatternKind, SetTrait, Trigger
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.triggers.program import FIRING, MESSAGE
from services.rules.domain.triggers.state import SubjectState
from shared.values import Value
from tests.support.kleene_matcher import satisfied
from tests.support.random_triggers import START_MS
from tests.support.trigger_run import Step, TriggerRun, play, program_of
from tests.support.trigger_samples import (
    BAD_PAYER,
    CART_WITHOUT_PURCHASE,
    DAY_MS,
    HOUR_MS,
    MAIL_NOT_OPENED,
    MINUTE_MS,
    SOCIAL_MENTION,
    TERMS_WITHOUT_RENEWAL,
    sample,
)

TELL = (Emit("told", {"sku": "event.sku"}),)
Event = tuple[int, str, Mapping[str, Value]]
"""When it happened, its type, its properties."""
VIEW_THEN_ADD = Trigger(
    "view_then_add",
    Pattern(PatternKind.SEQUENCE, (EventMatch("product_view"), EventMatch("cart_add")), within_ms=HOUR_MS),
    TELL,
)
BIG_CART = Trigger(
    "big_cart",
    Pattern(PatternKind.SUM, (EventMatch("cart_add"),), within_ms=HOUR_MS, at_least=100, sum_of="price"),
    TELL,
)


def come(trigger: Trigger, *events: Event, late_ms: int = 0) -> TriggerRun:
    """In the order of `events`, all after the last of them happened."""
    run = TriggerRun(program_of(sample(trigger)), {}, START_MS)
    now_ms = START_MS + max(at_ms for at_ms, _, _ in events) + late_ms
    for number, (at_ms, kind, properties) in enumerate(events):
        run.take(Step(now_ms, Happening(f"e{number}", "ann", kind, START_MS + at_ms, properties)))
    return run


def causes(run: TriggerRun) -> list[tuple[str, int]]:
    return [(each.cause_event_id, each.fired_ms - START_MS) for each in run.firings]


def test_an_early_part_that_comes_late_completes_a_sequence_at_the_time_of_its_last_part() -> None:
    run = come(VIEW_THEN_ADD, (5, "cart_add", {"sku": "red"}), (1, "product_view", {"sku": "blue"}))
    assert causes(run) == [("e0", 5)]
    assert run.firings[0].payload == {"sku": "red"}


def test_parts_in_the_wrong_order_of_time_are_no_sequence() -> None:
    assert causes(come(VIEW_THEN_ADD, (1, "cart_add", {}), (5, "product_view", {}))) == []


def test_a_sequence_takes_the_newest_events() -> None:
    run = come(
        VIEW_THEN_ADD,
        *[(at_ms, "product_view", {}) for at_ms in (1, 2, 3)],
        (4, "cart_add", {}),
        (5, "cart_add", {}),
    )
    assert causes(run) == [("e3", 4), ("e4", 5)]


@pytest.mark.parametrize(("last_ms", "fires"), [(HOUR_MS, True), (HOUR_MS + 1, False)])
def test_a_window_is_as_long_as_it_says(last_ms: int, fires: bool) -> None:
    assert bool(causes(come(VIEW_THEN_ADD, (0, "product_view", {}), (last_ms, "cart_add", {})))) is fires


def test_what_adds_up_is_what_lies_in_the_window() -> None:
    prices = [(0, 60.0), (2 * HOUR_MS, 50.0), (2 * HOUR_MS + 1, 50.0), (2 * HOUR_MS + 2, 99.0)]
    adds: list[Event] = [(at_ms, "cart_add", {"price": price}) for at_ms, price in prices]
    run = come(BIG_CART, *adds)
    assert causes(run) == [("e2", 2 * HOUR_MS + 1)]
    sums = [message["trigger.big_cart.progress"] for message in run.messages if message[MESSAGE] == FIRING]
    assert sums == [100.0]


def test_an_event_without_the_property_or_of_another_type_adds_nothing() -> None:
    run = come(BIG_CART, (0, "cart_add", {}), (1, "cart_add", {"price": "100"}), (2, "cart_add", {"price": 100}))
    assert causes(run) == [("e2", 2)]


@pytest.mark.parametrize(("late_ms", "fires"), [(MIN_LATENESS_MS, True), (MIN_LATENESS_MS + 1, False)])
def test_an_event_that_is_too_late_is_ignored(late_ms: int, fires: bool) -> None:
    run = come(BIG_CART, (0, "cart_add", {"price": 100.0}), late_ms=late_ms)
    assert bool(run.firings) is fires


def test_what_should_be_absent_counts_when_it_came_before() -> None:
    run = come(MAIL_NOT_OPENED, (5, "mail_opened", {"message_id": "m"}), (1, "mail_sent", {"message_id": "m"}))
    assert run.timers == {}
    run = come(MAIL_NOT_OPENED, (5, "mail_sent", {"message_id": "m"}), (1, "mail_opened", {"message_id": "m"}))
    assert len(run.timers) == 1


def test_an_event_is_not_absent_from_what_it_completes() -> None:
    quiet = Trigger(
        "quiet",
        Pattern(PatternKind.ANY, (EventMatch("page_view"),), absent=EventMatch("page_view"), absent_ms=10),
        (Emit("told"),),
    )
    run = come(quiet, (0, "page_view", {}), (3, "page_view", {}))
    run.take(Step(START_MS + DAY_MS))
    assert causes(run) == [("e1", 13)]


def test_while_one_completion_waits_others_do_not_count_unless_they_restart_it() -> None:
    adds: list[Event] = [(minute * MINUTE_MS, "cart_add", {}) for minute in range(6)]
    run = come(CART_WITHOUT_PURCHASE, *adds)
    assert [each.due_ms - START_MS for each in run.timers.values()] == [62 * MINUTE_MS]
    views: list[Event] = [(at_ms, "page_view", {"page": "terms"}) for at_ms in (0, 7, 5)]
    run = come(TERMS_WITHOUT_RENEWAL, *views)
    assert [each.due_ms - START_MS for each in run.timers.values()] == [2 * DAY_MS + 7]


def test_cooldown_counts_by_event_time_in_both_directions() -> None:
    cool = Trigger("cool", Pattern(PatternKind.ANY, (EventMatch("renewal"),)), (Emit("told"),), cooldown_ms=10)
    run = come(cool, *[(at_ms, "renewal", {}) for at_ms in (20, 29, 11, 10, 30)])
    assert causes(run) == [("e0", 20), ("e3", 10), ("e4", 30)]


def test_an_event_that_cannot_be_matched_is_as_if_it_had_not_come() -> None:
    program, state, fired = program_of(sample(SOCIAL_MENTION)), SubjectState("ann"), list[str]()

    def answer(message: Message) -> frozenset[str] | Unmatched:
        is_refused = message.get("event.brand") == "bad"
        return Unmatched("it ended two workers") if is_refused else satisfied(program.message_rules, message)

    for number, brand in enumerate(("boutique", "bad", "boutique")):
        happening = Happening(f"e{number}", "ann", "social_mention", START_MS + number, {"brand": brand})
        outcome = play(observe(program, state, happening, {}, START_MS + number), answer)
        state = outcome.state
        fired += [each.cause_event_id for each in outcome.firings]
    assert fired == ["e0", "e2"]


def test_a_completion_that_cannot_be_matched_does_not_fire_and_is_consumed() -> None:
    program, state = program_of(sample(BAD_PAYER)), SubjectState("ann")
    for number in range(3):
        happening = Happening(f"e{number}", "ann", "payment_failed", START_MS + number, {"amount": 1.0})
        outcome = play(observe(program, state, happening, {}, START_MS), lambda _: Unmatched("refused"))
        state = outcome.state
        assert outcome.firings == ()
    (pattern,) = state.patterns[next(iter(state.patterns))].values()
    assert [each.event_id for each in pattern.matches] == ["e2"]


def test_a_message_holds_what_its_rules_read_and_the_time_of_the_event() -> None:
    asked = Trigger(
        "asked",
        Pattern(PatternKind.ANY, (EventMatch("page_view", 'event.page == "terms"'),)),
        (Emit("told", {"name": "first_name"}),),
        condition="days_since(contract_end) > 3 && !(loyalty_tier in ['gold'])",
    )
    run = come(asked, (7, "page_view", {"page": "terms"}), late_ms=HOUR_MS)
    asking, firing = run.messages
    assert asking == {MESSAGE: "event:page_view", "event.page": "terms"}
    assert {name for name in firing if name != MESSAGE} == {
        "trigger.asked.progress",
        "contract_end",
        "loyalty_tier",
        NOW_ATTRIBUTE,
    }
    assert firing[NOW_ATTRIBUTE].timestamp() * 1_000 == START_MS + 7  # type: ignore[union-attr]


def test_a_type_of_event_that_nothing_asks_about_needs_no_message_of_its_own() -> None:
    run = come(BAD_PAYER, (0, "payment_failed", {}), (1, "renewal", {}))
    assert run.messages == []


@pytest.mark.parametrize("kind", [PatternKind.COUNT, PatternKind.SUM, PatternKind.ALL])
@pytest.mark.parametrize(("last_ms", "fires"), [(HOUR_MS, True), (HOUR_MS + 1, False)])
def test_the_window_of_every_kind_is_as_long_as_it_says(kind: PatternKind, last_ms: int, fires: bool) -> None:
    is_adding = kind is not PatternKind.ALL
    matches = (EventMatch("cart_add"),) * (1 if is_adding else 2)
    sum_of = "price" if kind is PatternKind.SUM else ""
    pattern = Pattern(kind, matches, within_ms=HOUR_MS, at_least=2 if is_adding else 0, sum_of=sum_of)
    adds: list[Event] = [(at_ms, "cart_add", {"price": 1.0}) for at_ms in (last_ms, 0)]
    assert causes(come(Trigger("t", pattern, TELL), *adds)) == ([("e0", last_ms)] if fires else [])


def test_a_late_event_counts_in_every_window_that_it_lies_in() -> None:
    pattern = Pattern(PatternKind.COUNT, (EventMatch("cart_add"),), within_ms=10, at_least=3)
    adds: list[Event] = [(at_ms, "cart_add", {}) for at_ms in (0, 14, 16, 9)]
    assert causes(come(Trigger("t", pattern, TELL), *adds)) == [("e2", 16)]


def test_all_of_them_takes_the_newest_events_that_leave_one_for_each() -> None:
    matches = (EventMatch("cart_add"), EventMatch("cart_add", 'event.sku == "red"'))
    skus = {1: "blue", 2: "green", 3: "red", 4: "red"}
    adds: list[Event] = [(at_ms, "cart_add", {"sku": sku}) for at_ms, sku in skus.items()]
    pattern = Pattern(PatternKind.ALL, matches, within_ms=2)
    # 3 is red and takes 2, not 1 and not itself; so at 4 there is no other one left within the window.
    assert causes(come(Trigger("t", pattern, TELL), *adds)) == [("e2", 3)]


def waiting(trigger_id: str) -> Trigger:
    thing = EventMatch("stock_change", by_anyone=True, join_property="article")
    pattern = Pattern(PatternKind.SEQUENCE, (EventMatch("product_view"), thing), within_ms=HOUR_MS, join="sku")
    return Trigger(trigger_id, pattern, (Emit("back"),))


def test_an_event_about_a_thing_counts_once_for_each_trigger_that_waits_for_it() -> None:
    run = TriggerRun(program_of(sample(waiting("one"), waiting("two"))), {}, START_MS)
    for at_ms in (0, 1):
        view = Happening(f"v{at_ms}", "ann", "product_view", START_MS + at_ms, {"sku": "red"})
        run.take(Step(START_MS + at_ms, view))
    for at_ms in (5, 6, 7):
        come_back = Happening(f"s{at_ms}", "", "stock_change", START_MS + at_ms, {"article": "red"})
        run.take(Step(START_MS + at_ms, come_back))
    assert [(each.trigger_id, each.fired_ms - START_MS) for each in run.firings] == [
        ("one", 5),
        ("two", 5),
        ("one", 6),
        ("two", 6),
    ]


def test_an_event_about_a_thing_that_somebody_did_is_his_own_once() -> None:
    run = TriggerRun(program_of(sample(waiting("one"))), {}, START_MS)
    for person in ("ann", "bob"):
        for number in (0, 1):
            view = Happening(f"{person}{number}", person, "product_view", START_MS + number, {"sku": "red"})
            run.take(Step(START_MS + number, view))
    run.take(Step(START_MS + 5, Happening("s", "bob", "stock_change", START_MS + 5, {"article": "red"})))
    assert [each.profile_id for each in run.firings] == ["bob", "ann"]


def test_a_thing_that_came_back_before_anybody_waited_is_no_news() -> None:
    run = TriggerRun(program_of(sample(waiting("one"))), {}, START_MS)
    run.take(Step(START_MS + 5, Happening("s", "", "stock_change", START_MS + 5, {"article": "red"})))
    run.take(Step(START_MS + 5, Happening("v", "ann", "product_view", START_MS, {"sku": "red"})))
    assert (run.firings, run.waiting) == ([], {"one\x1fred": {"ann"}})


@pytest.mark.parametrize(("opened_ms", "fires"), [(2 * DAY_MS - 1, False), (2 * DAY_MS, True)])
def test_what_comes_at_the_very_moment_comes_too_late(opened_ms: int, fires: bool) -> None:
    mail: dict[str, Value] = {"message_id": "m"}
    run = come(MAIL_NOT_OPENED, (0, "mail_sent", mail), (opened_ms, "mail_opened", mail))
    run.take(Step(START_MS + 3 * DAY_MS))
    assert bool(run.firings) is fires


def test_what_came_between_the_first_and_the_last_event_breaks_the_absence_also_when_it_comes_late() -> None:
    adds: list[Event] = [(minute * MINUTE_MS, "cart_add", {}) for minute in (0, 10, 20)]
    assert come(CART_WITHOUT_PURCHASE, *adds, (5 * MINUTE_MS, "purchase", {})).timers == {}
    assert len(come(CART_WITHOUT_PURCHASE, *adds, (-1, "purchase", {})).timers) == 1


@pytest.mark.parametrize(("second_ms", "count"), [(9, 1), (10, 2)])
def test_a_completion_at_the_moment_of_another_waits_for_itself(second_ms: int, count: int) -> None:
    pattern = Pattern(PatternKind.ANY, (EventMatch("renewal"),), absent=EventMatch("purchase"), absent_ms=10)
    run = come(Trigger("t", pattern, (Emit("told"),)), (0, "renewal", {}), (second_ms, "renewal", {}))
    assert len(run.timers) == count


def test_a_thing_that_came_before_its_time_is_not_kept_for_later() -> None:
    run = TriggerRun(program_of(sample(waiting("one"))), {}, START_MS)
    stock = Happening("s", "", "stock_change", START_MS + 5, {"article": "red"})
    for happening in (
        Happening("v1", "ann", "product_view", START_MS + 10, {"sku": "red"}),
        stock,
        Happening("v2", "ann", "product_view", START_MS + 3, {"sku": "red"}),
    ):
        run.take(Step(START_MS + 20, happening))
    assert run.firings == []


SET_LEVEL = Trigger(
    "set_level",
    Pattern(PatternKind.ANY, (EventMatch("page_view"),)),
    (SetTrait("loyalty_tier", "event.page"),),
)
ASK_LEVEL = Trigger(
    "ask_level",
    Pattern(PatternKind.ANY, (EventMatch("renewal"),)),
    (Emit("told", {"tier": "loyalty_tier"}),),
)


def tier_seen(*steps: tuple[int, int, str, dict[str, Value]]) -> list[Value]:
    """What is seen of the trait by events that come at a time of the clock (the first number) and are of another."""
    program, state, seen = program_of(sample(SET_LEVEL, ASK_LEVEL)), SubjectState("ann"), list[Value]()
    for number, (now_ms, at_ms, kind, properties) in enumerate(steps):
        happening = Happening(f"e{number}", "ann", kind, START_MS + at_ms, properties)
        course = observe(program, state, happening, {}, START_MS + now_ms)
        outcome = play(course, lambda message: satisfied(program.message_rules, message))
        state = SubjectState.decode("ann", outcome.state.encode())
        seen += [each.payload.get("tier") for each in outcome.firings if each.name]
    return seen


def test_an_inferred_trait_is_seen_for_an_hour_without_the_profile_service() -> None:
    gold: dict[str, Value] = {"page": "gold"}
    asked = tier_seen((0, 0, "page_view", gold), (HOUR_MS - 1, 1, "renewal", {}), (HOUR_MS, 2, "renewal", {}))
    assert asked == ["gold", None]


def test_what_was_inferred_later_by_event_time_is_what_is_seen() -> None:
    late = tier_seen(
        (9, 9, "page_view", {"page": "gold"}), (9, 5, "page_view", {"page": "blue"}), (9, 9, "renewal", {})
    )
    in_time = tier_seen(
        (9, 5, "page_view", {"page": "blue"}), (9, 9, "page_view", {"page": "gold"}), (9, 9, "renewal", {})
    )
    assert (late, in_time) == (["gold"], ["gold"])


def test_a_trait_is_not_inferred_to_be_what_it_may_not_be() -> None:
    rules = sample(SET_LEVEL)
    attributes = tuple(
        replace(each, allowed=("gold",)) if each.name == "loyalty_tier" else each for each in rules.attributes
    )
    run = TriggerRun(program_of(replace(rules, attributes=attributes)), {}, START_MS)
    for number, page in enumerate(("gold", "bronze")):
        run.take(Step(START_MS, Happening(f"e{number}", "ann", "page_view", START_MS, {"page": page})))
    assert [(each.cause_event_id, each.payload) for each in run.firings] == [("e0", {"loyalty_tier": "gold"})]


def test_a_value_that_is_not_finite_is_left_out_of_the_payload() -> None:
    parts = {"half": "event.price / 2.0", "inverse": "1.0 / event.price"}
    pattern = Pattern(PatternKind.ANY, (EventMatch("cart_add"),))
    run = come(Trigger("told", pattern, (Emit("told", parts),)), (0, "cart_add", {"price": 0.0}))
    assert [each.payload for each in run.firings] == [{"half": 0.0}]
