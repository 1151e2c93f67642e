"""DiffPolicies and SimulatePolicy over persons of a segment, on every store: what is told, and no trace is left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from services.orchestrator.app.application import OrchestratorApplication
from services.orchestrator.app.diff.diff_policies import DiffQuestion
from services.orchestrator.app.diff.groups import SEGMENTS
from services.orchestrator.app.diff.profile_sample import ProfileSample
from services.orchestrator.app.diff.report import DiffReport
from services.orchestrator.bootstrap import DecidingOptions, OtherServices, bootstrap
from services.orchestrator.domain.arms import Arm, Arms
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.diff.arm_changes import ArmShare
from services.orchestrator.domain.diff.verdict import Finding
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.places import PlacementRequest, PlaceRequest
from services.orchestrator.domain.volume.resources import MILLIONTHS
from services.profile.domain.consents import ConsentStatus
from shared.clock import to_ms
from shared.errors import TandemError, Unavailable
from shared.settings import ServiceSettings, StoreKind
from tests.support.dumps import dump_mongo, dump_sqlite
from tests.support.limited_shop import MAIL_1, limits
from tests.support.shop import Shop, fresh_id, inbound, open_shop, outbound
from tests.support.shop_policy import edited
from tests.support.volume import declared

PERSONS = 80
"""More than are decided for side by side."""
SURE = {"exploration: THOMPSON": "exploration: NONE"}
SIDE_BAR = PlaceRequest(Direction.INBOUND, (), (PlacementRequest("side_bar"),))
MAIL = PlaceRequest(Direction.OUTBOUND, ("EMAIL",))
TIERS = ("bronze", "silver", "gold", "gold")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """Four of five are of age; half are gold; one of four allows no mails."""
    async with open_shop(tmp_path / "shop") as opened:
        await opened.publish(SURE)
        for index in range(PERSONS):
            who = f"crm:p{index}"
            await opened.knows(who, age=16 if index % 5 == 0 else 30, tier=TIERS[index % 4], margin=3.0)
            if index % 4:
                await opened.hears(ConsentStatus.GRANTED, who)
        yield opened


@asynccontextmanager
async def deciding(settings: ServiceSettings, others: OtherServices) -> AsyncIterator[OrchestratorApplication]:
    """An orchestrator over the services of the shop, with stores of its own."""
    async with AsyncExitStack() as stack:
        options = DecidingOptions(b"secret", 10_000)
        yield (await bootstrap(settings, stack, others=others, options=options)).app


@pytest.fixture
async def app(shop: Shop, settings: ServiceSettings) -> AsyncIterator[OrchestratorApplication]:
    async with deciding(settings, shop.others) as application:
        await application.publish_policy(fresh_id(), edited(SURE))
        yield application


async def version(app: OrchestratorApplication, changes: Mapping[str, str]) -> str:
    return (await app.publish_policy(fresh_id(), edited({**SURE, **changes}))).policy_version


async def diff(
    app: OrchestratorApplication,
    candidate: Mapping[str, str],
    sample: ProfileSample | None = None,
    by: tuple[str, ...] = (),
) -> DiffReport:
    """The active policy, and one with other texts."""
    wanted = sample or ProfileSample("true", SIDE_BAR)
    return await app.diff_policies(DiffQuestion(await version(app, candidate), by=by, profiles=wanted))


async def simulated(
    app: OrchestratorApplication, changes: Mapping[str, str], sample: ProfileSample | None = None
) -> DiffReport:
    wanted = sample or ProfileSample("true", SIDE_BAR)
    return await app.simulate_policy(DiffQuestion(await version(app, changes), profiles=wanted))


async def test_it_decides_as_decide_does(shop: Shop, app: OrchestratorApplication) -> None:
    report = await simulated(app, {})
    side = report.candidate.side
    answers = await app.decide_batch(
        [replace(inbound("side_bar", who=f"crm:p{index}"), mode=Mode.SIMULATE) for index in range(PERSONS)]
    )
    expected: Counter[str] = Counter()
    for answer in answers:
        assert isinstance(answer, Answer)
        expected.update(each.action for place in answer.placements for each in place.propositions)
    assert expected
    assert {action: round(contacts) for action, contacts in side.by_action.items()} == dict(expected)
    assert (report.decisions, report.persons, report.sampled, report.baseline) == (PERSONS, PERSONS, PERSONS, None)
    assert report.candidate.expected is not None
    assert 0.0 < report.candidate.expected.successes.mean < 1.0


async def test_exactly_as_many_as_are_asked_for_and_the_same_ones_each_time(app: OrchestratorApplication) -> None:
    sample = ProfileSample("gold", SIDE_BAR, limit=7, seed=3)
    first, again = [await simulated(app, {}, sample) for _ in range(2)]
    assert (first.persons, first.audience and first.audience.audience) == (7, PERSONS // 2)
    assert first.audience is not None
    assert (first.audience.condition, first.audience.weight) == ('tier == "gold"', PERSONS / 2 / 7)
    assert first.candidate.side.by_person == again.candidate.side.by_person
    assert len(first.candidate.side.by_person) == 7


async def test_the_same_policy_expects_the_same(app: OrchestratorApplication) -> None:
    report = await diff(app, {})
    assert report.verdict is not None
    assert report.verdict.finding is Finding.NO_DIFFERENCE_SEEN
    assert report.expected_difference is not None
    assert (report.expected_difference.low, report.expected_difference.high) == (0.0, 0.0)
    assert (report.winners_changed, report.probability_moved, report.arms, report.not_comparable) == (0, 0.0, None, ())


async def test_money_is_what_the_models_expect_at_the_prices_of_the_policy(app: OrchestratorApplication) -> None:
    """Everybody gets one mail, of tea: by the prior, 0.1 of 8.00 come back, and 0.002 are paid."""
    only_tea = {"age >= 18": "age >= 99", 'in_segment("gold")': "age >= 99"}
    report = await simulated(app, only_tea, ProfileSample("age >= 0", MAIL))
    side, expected = report.candidate.side, report.candidate.expected
    assert side.contacts == PERSONS * 3 / 4
    assert expected is not None
    assert expected.money.mean == pytest.approx((8.0 * expected.successes.mean / 0.75 - 0.002) * 0.75)
    assert expected.money.low == expected.money.mean == expected.money.high, "nobody was left to chance"


async def test_persons_are_decided_for_with_the_context_and_at_the_moment_that_are_asked_for(
    app: OrchestratorApplication,
) -> None:
    rain = ProfileSample("true", SIDE_BAR, context={"weather": "rain"})
    assert set((await simulated(app, {}, rain)).candidate.side.by_action) == {"umbrella"}
    august = to_ms(datetime(2020, 8, 1, tzinfo=UTC))
    then = await simulated(app, {}, ProfileSample("true", SIDE_BAR, decision_time_ms=august))
    assert then.candidate.side.competed["summer_2020"] == PERSONS
    assert then.audience is not None
    assert then.audience.decision_time_ms == august
    now = await simulated(app, {})
    assert now.candidate.side.competed["summer_2020"] == 0


async def test_it_leaves_no_trace(
    shop: Shop, app: OrchestratorApplication, settings: ServiceSettings, tmp_path: Path
) -> None:
    capped = {**limits(MAIL_1)}
    capped["policy: corner_shop\n"] += "stock:\n  greetings: {units: 9, channel: web}\n"
    candidate = await version(app, capped)
    before = dump(settings, tmp_path)
    for places in (SIDE_BAR, MAIL):
        sample = ProfileSample("true", places, limit=40)
        await app.diff_policies(DiffQuestion(candidate, by=("tier",), profiles=sample))
        await app.simulate_policy(DiffQuestion(candidate, profiles=sample))
    await asyncio.sleep(1.2)  # longer than the beat of the quotas
    assert dump(settings, tmp_path) == before
    assert any(before.values())


def dump(settings: ServiceSettings, folder: Path) -> dict[str, list[str]]:
    """Of the orchestrator, wherever it keeps things, and of the others."""
    found = dump_sqlite(folder) | {f"shop/{name}": rows for name, rows in dump_sqlite(folder / "shop").items()}
    if settings.store is StoreKind.MONGO:
        assert settings.mongo_uri is not None
        with MongoClient[dict[str, Any]](settings.mongo_uri.get_secret_value()) as client:
            found |= dump_mongo(client, settings.mongo_database)
    return found


async def test_what_a_policy_no_longer_brings_is_less(app: OrchestratorApplication) -> None:
    report = await diff(app, {"reserve: 0.01": "reserve: 10000"}, by=("tier",))
    assert report.verdict is not None
    assert report.verdict.finding is Finding.EXPECTS_LESS
    assert (report.starved_persons, report.winners_changed) == (PERSONS, PERSONS)
    assert report.candidate.side.starving_actions() == ("espresso", "gold_card", "green_tea")
    assert {(each.placement_id, each.after) for each in report.changes} == {("side_bar", "")}
    gold = next(each for each in report.groups if (each.attribute, each.candidate.group) == ("tier", "gold"))
    assert gold.money is not None
    assert gold.money.high < 0.0


async def test_an_interval_is_of_the_draw_of_persons(app: OrchestratorApplication) -> None:
    """Half of the persons are worth something else: a sample of them may have more of one half, all of them cannot."""
    of_gold = "eligibility: [{id: of_gold, when: 'tier == \"gold\"'}]"
    changes = {
        "  tea: {issue: grow,": f"  tea: {{issue: grow, {of_gold},",
        "  coffee: {issue: grow,": f"  coffee: {{issue: grow, {of_gold},",
    }
    part = await diff(app, changes, ProfileSample("true", SIDE_BAR, limit=PERSONS // 2))
    whole = await diff(app, changes, by=("tier",))
    assert part.expected_difference is not None
    assert part.expected_difference.low < part.expected_difference.mean < part.expected_difference.high
    assert whole.expected_difference is not None
    for interval in (whole.expected_difference, whole.candidate.expected and whole.candidate.expected.money):
        assert interval
        assert interval.low == interval.mean == interval.high
    assert {each.money and each.money.high - each.money.low for each in whole.groups} == {0.0}


async def test_groups_and_segments_are_told_with_the_four_fifths(app: OrchestratorApplication) -> None:
    of_gold = "eligibility: [{id: of_gold, when: 'tier == \"gold\"'}]"
    changes = {
        "  tea: {issue: grow,": f"  tea: {{issue: grow, {of_gold},",
        "  coffee: {issue: grow,": f"  coffee: {{issue: grow, {of_gold},",
    }
    report = await diff(app, changes, by=("tier",))
    found = {(each.attribute, each.candidate.group): each for each in report.groups}
    assert not found["tier", "gold"].candidate.is_unfair
    poor = found["tier", "silver"]
    assert (poor.baseline and poor.baseline.rate, poor.candidate.rate, poor.candidate.persons) == (1.0, 0.0, 20)
    assert found[SEGMENTS, "gold"].candidate.persons == PERSONS // 2
    assert found[SEGMENTS, "gold"].candidate.rate == 1.0


class TestBudgets:
    async def test_a_person_uses_as_much_as_all_whom_it_stands_for(self, app: OrchestratorApplication) -> None:
        """Eight for eighty, and 25 pieces: two and a half of them."""
        report = await simulated(app, stock(25), ProfileSample("true", SIDE_BAR, limit=8))
        side = report.candidate.side
        assert side.contacts == pytest.approx(2.5)
        assert side.used == {"greetings": 25 * MILLIONTHS}
        assert side.capped["greetings"] > 0
        assert side.dropped[Stage.VOLUME] > 0

    async def test_what_is_short_for_the_last_one_leaves_room_for_what_comes_next(
        self, app: OrchestratorApplication
    ) -> None:
        """25 pieces of espresso: the third who would get it gets half of it, and half of what comes next."""
        of_espresso = declared("stock:", "  beans: {units: 25, action: espresso}")
        report = await simulated(app, of_espresso, ProfileSample("age >= 18", SIDE_BAR, limit=8))
        side = report.candidate.side
        assert report.persons == 8
        assert side.used == {"beans": pytest.approx(25 * MILLIONTHS, abs=1)}
        assert side.contacts == pytest.approx(8.0)

    async def test_side_by_side_comes_out_as_one_by_one(self, app: OrchestratorApplication) -> None:
        """In the middle of a round the last piece goes."""
        report = await diff(app, stock(12))
        side = report.candidate.side
        assert (side.contacts, side.used) == (12.0, {"greetings": 12 * MILLIONTHS})
        assert sum(contacts > 0 for contacts in side.by_person.values()) == 12
        assert (report.winners_changed, report.starved_persons) == (PERSONS - 12, PERSONS - 12)

    async def test_what_was_used_before_is_gone(self, app: OrchestratorApplication) -> None:
        of_stock = await version(app, stock(12))
        await app.activate_policy(fresh_id(), of_stock)
        for index in range(5):
            assert (await app.decide(inbound("side_bar", who=f"crm:p{index}"))).placements[0].propositions
        await told(app, 5)
        report = await app.simulate_policy(DiffQuestion(of_stock, profiles=ProfileSample("true", SIDE_BAR)))
        assert report.candidate.side.contacts == 7.0
        more = await simulated(app, stock(15))
        assert more.candidate.side.contacts == 10.0, "it grants three more"


async def told(app: OrchestratorApplication, units: int) -> None:
    """Until the account has what was used: a replica writes that down with every beat."""
    async with asyncio.timeout(20):
        while await committed(app) != units * MILLIONTHS:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.1)


async def committed(app: OrchestratorApplication) -> int:
    (found,) = (await app.get_volume(["greetings"])).resources
    return 0 if found.account is None else found.account.committed


def stock(units: int) -> Mapping[str, str]:
    return declared("stock:", f"  greetings: {{units: {units}, channel: web}}")


async def test_contact_limits_count_what_was_sent(shop: Shop, app: OrchestratorApplication) -> None:
    capped = await version(app, limits(MAIL_1))
    await app.activate_policy(fresh_id(), capped)
    sample = ProfileSample("true", MAIL)
    before = await app.simulate_policy(DiffQuestion(capped, profiles=sample))
    for index in range(1, 12):
        await app.decide(outbound("EMAIL", who=f"crm:p{index}"))
    after = await app.simulate_policy(DiffQuestion(capped, profiles=sample))
    sent = sum(index % 4 != 0 for index in range(1, 12))
    assert before.candidate.side.contacts - after.candidate.side.contacts == sent
    assert (before.candidate.side.capped["mail_week"], after.candidate.side.capped["mail_week"] > 0) == (0, True)


class TestPrices:
    async def test_other_values_are_not_comparable(self, app: OrchestratorApplication) -> None:
        report = await diff(
            app, {"tea: {issue: grow, business_value: '8.0'": "tea: {issue: grow, business_value: '9.0'"}
        )
        assert report.not_comparable == ("values of asleep, green_tea, summer_2020 differ",)
        assert report.verdict is not None
        assert report.verdict.finding is Finding.NOT_COMPARABLE
        assert "values of asleep, green_tea, summer_2020 differ" in report.verdict.text

    async def test_other_costs_are_not_comparable(self, app: OrchestratorApplication) -> None:
        report = await diff(app, {"sms, cost: 0.06": "sms, cost: 0.07"})
        assert report.not_comparable == ("costs of espresso differ",)

    async def test_other_rules_leave_prices_as_they_are(self, app: OrchestratorApplication) -> None:
        reads = {'in_segment("gold")\'}]': "margin > 0.0'}]"}
        same = await diff(app, reads)
        assert same.not_comparable == ()

    async def test_another_prior_is_not_comparable(self, app: OrchestratorApplication) -> None:
        report = await diff(app, {"prior_propensity: 0.1": "prior_propensity: 0.2"})
        assert report.not_comparable == ("the prior propensities differ, which models go by until they have learnt",)

    async def test_pressure_that_one_of_them_counts_is_not_comparable(self, app: OrchestratorApplication) -> None:
        report = await diff(app, declared("pressure: {half_life: 7d, gaps: {share: 0.1, lengths: [2d]}}"))
        assert report.not_comparable == ("what contacts cost later, by pressure, is counted otherwise",)


async def test_arms_are_drawn_by_each_policy_and_named(app: OrchestratorApplication) -> None:
    report = await diff(app, declared("arms: {holdout: 0.3}"))
    assert report.arms is not None
    assert report.arms.shares == (ArmShare(Arm.HOLDOUT, 0.0, 0.3),)
    arms = Arms("corner_shop", {Arm.HOLDOUT: 0.3})
    side = report.candidate.side
    held_out = {person for person in side.by_person if arms.arm_of(person) is Arm.HOLDOUT}
    assert {person for person, contacts in side.by_person.items() if not contacts} == held_out
    assert report.verdict is not None
    assert report.verdict.text.endswith("control arms differ: HOLDOUT 0% to 30%")


async def test_what_cannot_be_asked_is_refused(app: OrchestratorApplication) -> None:
    active = (await app.get_policy()).summary.policy_version

    async def refused(sample: ProfileSample, **changed: Any) -> TandemError:
        question = replace(DiffQuestion(active, profiles=sample), **changed)
        with pytest.raises(TandemError) as found:
            await app.diff_policies(question)
        return found.value

    assert (await refused(ProfileSample("age > 200", SIDE_BAR))).reason == "NO_PROFILES"
    wrong = await refused(ProfileSample("no_such_trait > 1", SIDE_BAR))
    assert wrong.violations[0].field == "profiles.segment"
    nowhere = PlaceRequest(Direction.INBOUND, (), (PlacementRequest("nowhere"),))
    placeless = await refused(ProfileSample("true", nowhere))
    assert (placeless.reason, placeless.violations[0].field) == (
        "UNKNOWN_PLACEMENT",
        "profiles.placements[0].placement_id",
    )
    assert active in placeless.message
    assert (await refused(ProfileSample("true", SIDE_BAR), candidate="policy_0")).reason == "POLICY_NOT_FOUND"
    assert (await refused(ProfileSample("true", SIDE_BAR), by=("age",))).violations[0].field == "group_by[0]"


async def test_without_an_answer_of_everybody_nothing_is_said(shop: Shop, settings: ServiceSettings) -> None:
    for name in ("rules", "scoring"):
        silent_one: Any = {name: Silent(getattr(shop.others, name))}
        others = replace(shop.others, **silent_one)
        async with deciding(settings, others) as app:
            with pytest.raises(Unavailable) as silent:
                await simulated(app, {})
            assert silent.value.metadata["service"] == name


class Silent:
    """A service that answers no decisions."""

    def __init__(self, service: object) -> None:
        self._service = service

    def __getattr__(self, name: str) -> object:
        return self._fail if name in ("evaluate_many", "score_many") else getattr(self._service, name)

    async def _fail(self, *_: object, **__: object) -> object:
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "it is down")
