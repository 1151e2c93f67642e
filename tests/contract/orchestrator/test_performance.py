"""GetPerformance against the books of a test that keeps its own, on SQLite and on MongoDB."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from services.orchestrator import bootstrap as deciding
from services.orchestrator.app import get_performance, performance_reading
from services.orchestrator.app.outcome_store import Money, OutcomeItem
from services.orchestrator.app.performance_report import (
    ArmRow,
    LeftOut,
    Performance,
    PerformanceKey,
    PerformanceQuestion,
)
from services.orchestrator.app.ports import Identity
from services.orchestrator.app.record_conversions import ConversionItem, OrderLine
from services.orchestrator.domain.arms import Arm, Arms
from services.orchestrator.domain.decision import Answer, Explain, Proposition
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.targets import TargetMetric
from services.profile.app.identity_requests import MergeProfiles
from services.profile.app.rights_requests import EraseSubject
from services.profile.domain.identities import Identity as ProfileIdentity
from shared.clock import MS_PER_DAY, system_clock
from shared.errors import InvalidArgument
from shared.settings import ServiceSettings
from tests.support.profiles import SteppingClock
from tests.support.shop import PATIENCE_MS, Shop, fresh_id, inbound, open_shop
from tests.support.volume import declared

HOUR_MS = 3_600_000
ARMS_LINE = "arms: {holdout: 0.4, random_eligible: 0.3}"
TARGETS = (
    "targets:",
    "  sales: {metric: revenue, amount: 30, per: 1d}",
    "  tea: {metric: responses, amount: 5, group: tea}",
    "  clicks: {metric: response_rate, amount: 0.5, channel: web}",
)
POLICY = declared(ARMS_LINE, *TARGETS)
EURO = 1_000_000


@dataclass
class Person:
    """As the test knows them."""

    who: str
    arm: str
    profile_id: str
    answers: list[Answer] = field(default_factory=list)
    contacts: int = 0
    responses: int = 0
    bought: int = 0
    spent: float = 0.0


@dataclass
class Market:
    shop: Shop
    clock: SteppingClock
    start_ms: int

    async def person(self, who: str = "", **traits: Any) -> Person:
        """Somebody who got a decision."""
        who = who or f"crm:{fresh_id('c')}"
        await self.shop.knows(who, **{"age": 42, **traits})
        answer = await self.shop.decide(inbound(who=who))
        return Person(who, answer.arm, answer.profile_id, [answer])

    async def decides(self, person: Person, **changed: Any) -> Answer:
        self.clock.now_ms += 1  # decisions of one moment come in no order
        person.answers.append(await self.shop.decide(replace(inbound(who=person.who), **changed)))
        return person.answers[-1]

    async def tells(self, person: Person, *outcomes: Outcome, answer: Answer | None = None, **item: Any) -> None:
        """Of what was proposed, where anything was."""
        for each in proposed(answer or person.answers[-1]):
            items = [OutcomeItem(fresh_id("o"), one, each.proposition_id, **item) for one in outcomes]
            taken = await self.shop.orchestrator.capture_outcomes(fresh_id(), items)
            assert [one.fault for one in taken.items] == [None] * len(items)

    async def sells(self, who: str, euros: int, **changed: Any) -> str:
        line = OrderLine("tea-1", 1.0, Money("EUR", euros, 0), Money("EUR", 1, 0))
        item = ConversionItem(fresh_id("sale"), (person_identity(who),), lines=(line,))
        item = replace(item, occurred_time_ms=self.clock.now_ms, **changed)
        taken = await self.shop.orchestrator.record_conversions(fresh_id(), [item])
        assert [each.fault for each in taken.items] == [None]
        return item.conversion_id

    async def report(self, by: PerformanceKey = PerformanceKey.ALL, **changed: Any) -> Performance:
        question = PerformanceQuestion(self.start_ms, self.clock.now_ms + HOUR_MS, by)
        return await self.shop.orchestrator.get_performance(replace(question, **changed))

    async def merges(self, one: str, other: str) -> None:
        command = MergeProfiles(fresh_id(), profile_identity(one), profile_identity(other), "the same person")
        await self.shop.profile.merge_profiles(command)


@pytest.fixture
async def market(tmp_path: Path, settings: ServiceSettings) -> AsyncIterator[Market]:
    clock = SteppingClock(system_clock())
    async with open_shop(tmp_path / "others", asking_clock=clock) as plain, AsyncExitStack() as stack:
        options = deciding.DecidingOptions(b"secret", PATIENCE_MS)
        opened = await deciding.bootstrap(settings, stack, others=plain.others, options=options, clock=clock)
        shop = replace(plain, orchestrator=opened.app)
        await shop.publish(POLICY)
        clock.now_ms = system_clock() + HOUR_MS  # other services read the clock of the machine
        yield Market(shop, clock, clock.now_ms)


def person_identity(who: str) -> Identity:
    namespace, _, value = who.partition(":")
    return Identity(namespace, value)


def profile_identity(who: str) -> tuple[ProfileIdentity, ...]:
    namespace, _, value = who.partition(":")
    return (ProfileIdentity(namespace, value),)


def proposed(answer: Answer) -> list[Proposition]:
    return [each for place in answer.placements for each in place.propositions]


def by_arm(performance: Performance, key: str = "") -> Mapping[str, ArmRow]:
    return {row.arm.name: row for row in performance.rows if row.key == key}


async def test_a_report_is_computed_off_the_loop(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await market.person()
    await market.tells(person, Outcome.IMPRESSION)
    threads = dict[str, threading.Thread]()

    def watched(module: ModuleType, name: str) -> None:
        compute = getattr(module, name)

        def seen(*given: Any, **named: Any) -> Any:
            threads[name] = threading.current_thread()
            return compute(*given, **named)

        monkeypatch.setattr(module, name, seen)

    watched(performance_reading, "contact_results")
    watched(performance_reading, "reward_key")
    watched(get_performance, "rows_of")
    assert sum(row.persons for row in (await market.report()).rows) == 1
    assert threads.keys() >= {"contact_results", "rows_of"}
    assert threading.current_thread() not in threads.values()


async def test_a_report_is_what_a_careful_clerk_would_have_counted(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance_reading, "PAGE", 7)
    rng, people = random.Random(11), []
    for index in range(30):
        person = await market.person()
        people.append(person)
        if index % 3 == 0:
            await market.decides(person)
        for answer in person.answers:
            chosen = rng.choice([(), (Outcome.IMPRESSION,), (Outcome.IMPRESSION, Outcome.CLICKED)])
            if proposed(answer):
                await market.tells(person, *chosen, answer=answer)
                person.contacts += bool(chosen)
                person.responses += len(chosen) == 2
        market.clock.now_ms += 1_000
        for euros in rng.sample([3, 5, 8], rng.randrange(3)):
            sale = await market.sells(person.who, euros)
            if rng.random() < 0.3:
                await market.sells(person.who, euros, lines=(), reverses_conversion_id=sale)
            else:
                person.bought, person.spent = person.bought + 1, person.spent + euros
    report = await market.report()
    assert report.left_out == LeftOut()
    assert report.baseline is Arm.HOLDOUT
    assert [row.arm for row in report.rows] == [Arm.HOLDOUT, Arm.DECISIONING, Arm.RANDOM_ELIGIBLE]
    for arm, row in by_arm(report).items():
        those = [person for person in people if person.arm == arm]
        counted = (row.persons, row.tally.contacts, row.tally.responses, row.tally.conversions)
        wanted = [sum(getattr(each, name) for each in those) for name in ("contacts", "responses", "bought")]
        assert counted == (len(those), *wanted)
        assert row.tally.revenue == EURO * sum(each.spent for each in those)
        assert row.revenue.estimate is not None
        assert row.revenue.estimate.value == pytest.approx(sum(each.spent for each in those) / len(those))
        assert (row.revenue.lift is None) is (arm == "HOLDOUT")
    ratio = report.sample_ratio
    assert {arm.name: count for arm, count in ratio.observed.items()} == {
        arm: sum(person.arm == arm for person in people) for arm in ("DECISIONING", "HOLDOUT", "RANDOM_ELIGIBLE")
    }
    assert ratio.expected == pytest.approx({Arm.DECISIONING: 9.0, Arm.HOLDOUT: 12.0, Arm.RANDOM_ELIGIBLE: 9.0})
    assert not ratio.is_alarming


async def test_contacts_are_broken_down_by_what_they_were(market: Market) -> None:
    while (person := await market.person()).arm == "HOLDOUT":
        pass
    tea = await market.decides(person, excluded_actions=("espresso",))
    await market.tells(person, Outcome.CLICKED, answer=tea)
    coffee = await market.decides(person, excluded_actions=("green_tea",))
    await market.tells(person, Outcome.IMPRESSION, answer=coffee)
    await market.tells(person, Outcome.CONVERTED, answer=coffee, revenue=Money("EUR", 12, 0))
    wanted = {
        PerformanceKey.CHANNEL: {"WEB": (2, 2)},
        PerformanceKey.TREATMENT: {"green_tea_web": (1, 1), "espresso_web": (1, 1)},
        PerformanceKey.ACTION: {"green_tea": (1, 1), "espresso": (1, 1)},
        PerformanceKey.GROUP: {"tea": (1, 1), "coffee": (1, 1)},
        PerformanceKey.ISSUE: {"grow": (2, 2)},
        PerformanceKey.ACTION_ATTRIBUTE: {"tea": (1, 1), "coffee": (1, 1)},
    }
    for by, counts in wanted.items():
        report = await market.report(by, attribute="kind" if by.has_attribute else "")
        rows = [row for row in report.rows if row.arm.name == person.arm]
        assert {row.key: (row.tally.contacts, row.tally.responses) for row in rows} == counts
    of_group = by_arm(await market.report(PerformanceKey.GROUP), "coffee")[person.arm]
    assert (of_group.tally.conversions, of_group.tally.revenue) == (1, 12 * EURO)


async def test_persons_are_broken_down_by_what_their_first_decision_knew(market: Market) -> None:
    gold, tin = await market.person(tier="gold"), await market.person()
    await market.shop.knows(gold.who, tier="silver")
    await market.decides(gold)
    await market.sells(gold.who, 7)
    report = await market.report(PerformanceKey.ATTRIBUTE, attribute="tier")
    assert {(row.key, row.arm.name, row.tally.revenue) for row in report.rows} == {
        ("gold", gold.arm, 7 * EURO),
        ("", tin.arm, 0),
    }
    report = await market.report(PerformanceKey.SEGMENT)
    assert {(row.key, row.arm.name, row.persons) for row in report.rows} == {("gold", gold.arm, 1)}


async def test_segments_are_told_apart_whatever_was_explained_and_however_was_asked(market: Market) -> None:
    people = [f"crm:{fresh_id('g')}" for _ in range(3)]
    for who in people:
        await market.shop.knows(who, age=42, tier="gold")
    asked = [inbound(who=who, explain=explain) for who, explain in zip(people, Explain, strict=True)]
    first = await market.shop.decide(asked[0])
    together = await market.shop.orchestrator.decide_batch(asked[1:])
    arms = Counter(each.arm for each in (first, *together) if isinstance(each, Answer))
    report = await market.report(PerformanceKey.SEGMENT)
    assert {(row.key, row.arm.name): row.persons for row in report.rows} == {
        ("gold", arm): n for arm, n in arms.items()
    }
    assert arms.total() == 3


async def test_a_campaign_compares_whom_it_was_for_from_then_on(market: Market) -> None:
    person, other = await market.person(), await market.person()
    await market.sells(person.who, 100)
    market.clock.now_ms += 1_000
    answer = await market.decides(person, campaign_id="spring")
    await market.tells(person, Outcome.CLICKED, answer=answer)
    await market.sells(person.who, 9)
    rows = {row.key: row for row in (await market.report(PerformanceKey.CAMPAIGN)).rows if row.arm.name == person.arm}
    assert (rows["spring"].persons, rows["spring"].tally.revenue) == (1, 9 * EURO)
    assert rows["spring"].tally.contacts == len(proposed(answer))
    assert rows[""].tally.revenue == 109 * EURO
    assert rows[""].persons == 1 + (other.arm == person.arm)


async def test_what_came_before_the_first_decision_or_the_period_counts_for_nobody(market: Market) -> None:
    await market.shop.knows("crm:early", age=42)
    await market.sells("crm:early", 50)
    market.clock.now_ms += 1_000
    person = await market.person("crm:early")
    await market.sells(person.who, 4)
    later = market.clock.now_ms = market.clock.now_ms + MS_PER_DAY
    await market.sells(person.who, 70)
    assert by_arm(await market.report(to_ms=later))[person.arm].tally.revenue == 4 * EURO
    assert not (await market.report(from_ms=later)).rows


async def test_a_response_takes_the_place_of_silence_and_a_return_that_of_a_success(market: Market) -> None:
    while (person := await market.person()).arm == "HOLDOUT":
        pass
    await market.tells(person, Outcome.IMPRESSION)
    await market.tells(person, Outcome.CONVERTED, revenue=Money("EUR", 5, 0))
    market.clock.now_ms += 1_000
    assert by_arm(await market.report())[person.arm].tally.responses == 1
    await market.tells(person, Outcome.RETURNED)
    row = by_arm(await market.report())[person.arm]
    assert (row.tally.contacts, row.tally.responses, row.tally.conversions) == (1, 0, 0)


async def test_who_turns_out_to_be_one_is_left_out_and_counted(market: Market) -> None:
    arms = Arms("corner_shop", {Arm.HOLDOUT: 0.4, Arm.RANDOM_ELIGIBLE: 0.3})
    known = [await market.person() for _ in range(8)]
    visitors = [await market.person(f"cookie:{fresh_id('v')}") for _ in range(8)]
    pairs = list(zip(known, visitors, strict=True))
    for one, other in pairs[:6]:
        await market.merges(other.who, one.who)
    assert all(arms.arm_of(each.profile_id).name == each.arm for each in (*known, *visitors))
    same = sum(one.arm == other.arm for one, other in pairs[:6])
    report = await market.report()
    assert (report.left_out.two_arms, report.left_out.merged) == (6 - same, same)
    assert sum(row.persons for row in report.rows) == 4
    assert sum(report.sample_ratio.observed.values()) == 4


async def test_who_was_moved_by_another_share_is_left_out(market: Market) -> None:
    after = Arms("corner_shop", {Arm.HOLDOUT: 0.8, Arm.RANDOM_ELIGIBLE: 0.1})
    people, will_move = list[Person](), set[bool]()
    while len(people) < 12 or len(will_move) < 2:
        people.append(await market.person())
        will_move.add(after.arm_of(people[-1].profile_id).name != people[-1].arm)
    await market.shop.publish(declared("arms: {holdout: 0.8, random_eligible: 0.1}"))
    market.clock.now_ms += 1_000
    answers = [await market.decides(person) for person in people]
    moved = sum(person.arm != answer.arm for person, answer in zip(people, answers, strict=True))
    report = await market.report()
    assert 0 < moved < len(people)
    assert report.left_out.moved == moved
    assert sum(row.persons for row in report.rows) == len(people) - moved


async def test_decisions_for_nobody_or_without_arms_are_not_compared(market: Market) -> None:
    await market.shop.publish(declared("currencies: {USD: 0.5}"))
    person = await market.person()
    only = await market.report()
    assert [(row.arm.name, row.persons) for row in only.rows] == [("DECISIONING", 1)]
    assert (only.baseline, only.sample_ratio.observed) == (None, {})
    await market.shop.publish(POLICY)
    market.clock.now_ms += 2_000
    another = await market.person()
    await market.shop.decide(inbound(who=None))
    await market.shop.decide(inbound(who="cookie:never_seen"))
    report = await market.report()
    assert [(row.arm.name, row.persons) for row in report.rows] == [(another.arm, 1)]
    assert report.left_out.decisions == 3
    assert person.arm == "DECISIONING"


async def test_targets_stand_beside_what_was_reached(market: Market) -> None:
    while (person := await market.person()).arm == "HOLDOUT":
        pass
    tea = await market.decides(person, excluded_actions=("espresso",))
    await market.tells(person, Outcome.CLICKED, answer=tea)
    coffee = await market.decides(person, excluded_actions=("green_tea",))
    await market.tells(person, Outcome.IMPRESSION, answer=coffee)
    await market.sells(person.who, 6)
    report = await market.report(to_ms=market.start_ms + 2 * MS_PER_DAY)
    found = {each.name: (each.metric, each.amount, each.actual) for each in report.targets}
    assert found == {
        "sales": (TargetMetric.REVENUE, pytest.approx(60.0), 6.0),
        "tea": (TargetMetric.RESPONSES, 5.0, 1),
        "clicks": (TargetMetric.RESPONSE_RATE, 0.5, 0.5),
    }


async def test_who_is_erased_is_in_no_report(market: Market) -> None:
    person, other = await market.person(), await market.person()
    await market.sells(person.who, 5)
    erased = await market.shop.profile.erase_subject(
        EraseSubject(fresh_id(), profile_identity(person.who), "asked for it")
    )
    await market.shop.orchestrator.erase_subject_data(erased.profile_ids)
    report = await market.report()
    assert [(row.arm.name, row.persons, row.tally.revenue) for row in report.rows] == [(other.arm, 1, 0)]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"to_ms": 0}, "to_time"),
        ({"from_ms": 0}, "to_time"),
        ({"by": PerformanceKey.ATTRIBUTE}, "attribute"),
        ({"by": PerformanceKey.ATTRIBUTE, "attribute": "unheard_of"}, "attribute"),
        ({"by": PerformanceKey.ACTION_ATTRIBUTE, "attribute": "unheard_of"}, "attribute"),
        ({"attribute": "age"}, "attribute"),
        ({"baseline": Arm.RULES_ONLY}, "baseline"),
    ],
)
async def test_what_cannot_be_reported_is_refused_by_its_field(
    changed: dict[str, Any], named: str, market: Market
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await market.report(**changed)
    assert refused.value.metadata["field"] == named


async def test_a_period_with_too_many_decisions_is_refused(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    await market.person()
    await market.person()
    monkeypatch.setattr(performance_reading, "MAX_DECISIONS", 1)
    with pytest.raises(InvalidArgument, match="ask for a shorter one"):
        await market.report()
