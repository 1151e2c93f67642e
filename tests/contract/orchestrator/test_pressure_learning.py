"""From contacts to the estimate that prices the next one, in the whole of one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from prometheus_client import REGISTRY

from services.orchestrator import bootstrap as deciding
from services.orchestrator.adapters.metrics import PrometheusTelemetry
from services.orchestrator.app.active_policies import REFRESH_MS, ActivePolicies, ActivePolicy
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.pressure.fold import FoldPressure
from services.orchestrator.app.pressure.get_pressure import PressureReport, paces_of
from services.orchestrator.app.pressure.learnt import ROUND_MS, LearntPressure, PressureCourier
from services.orchestrator.app.pressure.store import Sums, TallyKey
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.pressure.sample import PressureSample
from services.orchestrator.domain.pressure.tally import BUCKETS, EMPTY, PressureTally, bucket_of
from services.orchestrator.settings import OrchestratorSettings
from services.profile.app.rights_requests import EraseSubject
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity as ProfileIdentity
from shared.clock import MAX_CLOCK_SKEW_MS, MS_PER_DAY, system_clock
from shared.errors import FailedPrecondition, Unavailable
from tests.support.pressure import LATER_MS
from tests.support.profiles import SteppingClock
from tests.support.shop import ADA, Shop, fresh_id, inbound, open_shop, outbound

HOUR_MS = 3_600_000
NAME = "policy: corner_shop\n"
GAPS = "gaps: {share: 0.000001, lengths: [1d]}"
"""So few that no contact of a test is held back."""
SPANS = "half_life: 7d, response_window: 2d"
PRESSED = {NAME: f"{NAME}pressure: {{{SPANS}, {GAPS}}}\n"}
WITHOUT_GAPS = {NAME: f"{NAME}pressure: {{{SPANS}}}\n"}
OTHERWISE = {NAME: f"{NAME}pressure: {{half_life: 3d, response_window: 2d, {GAPS}}}\n"}
WINDOW_MS = 2 * MS_PER_DAY + HOUR_MS
"""With the grace."""


@dataclass(frozen=True, slots=True)
class Office:
    """The shop, whose time is in the hands of the test."""

    shop: Shop
    clock: SteppingClock

    async def writes(self, who: str = ADA, *outcomes: Outcome, mode: Mode = Mode.EXECUTE) -> Answer:
        await self.shop.knows(who, age=42)
        await self.shop.hears(ConsentStatus.GRANTED, who)
        answer = await self.shop.decide(outbound("EMAIL", who=who), mode=mode)
        (proposition,) = answer.placements[0].propositions
        if outcomes:
            items = [OutcomeItem(fresh_id("o"), each, proposition.proposition_id) for each in outcomes]
            taken = await self.shop.orchestrator.capture_outcomes(fresh_id(), items)
            assert [item.fault for item in taken.items] == [None] * len(items)
        return answer

    async def learns(self) -> PressureReport:
        """What is known when the windows are over."""
        self.clock.now_ms += WINDOW_MS
        (courier,) = (each for each in self.shop.orchestrator.couriers if isinstance(each, PressureCourier))
        await courier.beat()
        return await self.shop.orchestrator.get_pressure()

    async def waiting(self) -> int:
        return (await self.shop.orchestrator.get_pressure()).waiting


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_shop(tmp_path) as plain, AsyncExitStack() as stack:
        clock = SteppingClock(system_clock() + HOUR_MS)  # other services read the clock of the machine
        settings = OrchestratorSettings(data_dir=tmp_path / "own")
        options = deciding.DecidingOptions(b"secret", 10_000)
        opened = await deciding.bootstrap(settings, stack, others=plain.others, options=options, clock=clock)
        yield Office(replace(plain, orchestrator=opened.app, settings=settings), clock)


def samples(report: PressureReport) -> int:
    assert report.learnt is not None
    return report.learnt.estimate.samples


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"tandem_pressure_{name}", labels) or 0.0


async def test_contacts_teach_when_their_windows_are_over(office: Office) -> None:
    await office.shop.publish(PRESSED)
    before = metric("contacts_total", result="learnt")
    await office.writes(ADA, Outcome.CLICKED)
    await office.writes("crm:bob", Outcome.UNSUBSCRIBED)
    office.clock.now_ms += WINDOW_MS - 1
    assert await office.waiting() == 2
    office.clock.now_ms -= WINDOW_MS - 1
    report = await office.learns()
    assert (samples(report), report.waiting) == (2, 0)
    assert metric("contacts_total", result="learnt") == before + 2
    assert metric("waiting") == 0
    assert report.learnt is not None
    assert metric("estimate_time_seconds") == report.learnt.time_ms / 1_000
    again = await office.learns()
    assert samples(again) == 2, "each teaches once"


async def test_what_leaves_no_trace_or_is_no_outbound_contact_teaches_nothing(office: Office) -> None:
    await office.shop.publish(PRESSED)
    await office.writes(mode=Mode.SIMULATE)
    await office.shop.decide(inbound())
    assert await office.waiting() == 0


async def test_a_channel_that_weighs_nothing_teaches_nothing(office: Office) -> None:
    mail = "email: {direction: OUTBOUND, "
    await office.shop.publish(PRESSED | {mail: f"{mail}pressure_weight: 0, "})
    await office.writes()
    assert await office.waiting() == 0


async def test_of_a_policy_without_gaps_nothing_is_learnt_but_what_was_learnt_before_still_counts(
    office: Office,
) -> None:
    await office.shop.publish(PRESSED)
    await office.writes()
    await office.shop.publish(WITHOUT_GAPS)
    await office.writes("crm:bob")
    report = await office.learns()
    assert (samples(report), report.waiting) == (1, 0)


async def test_a_policy_that_means_something_else_by_a_level_learns_anew(office: Office) -> None:
    await office.shop.publish(PRESSED)
    await office.writes()
    first = await office.learns()
    await office.writes("crm:bob")
    await office.shop.publish(OTHERWISE)
    assert await office.waiting() == 0, "what waits teaches the other one"
    other = await office.learns()
    assert other.learning_key != first.learning_key
    assert samples(other) == 0
    await office.shop.publish(PRESSED)
    assert samples(await office.learns()) == 2


async def test_a_policy_in_another_currency_learns_anew(office: Office) -> None:
    await office.shop.publish(PRESSED)
    await office.writes()
    first = await office.learns()
    await office.shop.publish(PRESSED | {"currency: EUR": "currency: CHF"})
    other = await office.learns()
    assert (samples(first), samples(other)) == (1, 0)
    assert other.learning_key != first.learning_key


async def test_what_is_decided_for_the_past_teaches_nothing(office: Office) -> None:
    await office.shop.publish(PRESSED)
    await office.shop.knows(ADA, age=42)
    await office.shop.hears(ConsentStatus.GRANTED, ADA)
    for back_ms, waiting in ((MAX_CLOCK_SKEW_MS + 1, 0), (10 * MS_PER_DAY, 0), (MAX_CLOCK_SKEW_MS, 1)):
        then_ms = office.clock.now_ms - back_ms
        answer = await office.shop.decide(outbound("EMAIL"), decision_time_ms=then_ms)
        assert answer.placements[0].propositions
        assert await office.waiting() == waiting


async def test_who_withdraws_meanwhile_is_not_learnt_from(office: Office) -> None:
    await office.shop.publish(PRESSED)
    withheld = metric("contacts_total", result="withheld")
    await office.writes()
    await office.writes("crm:bob")
    await office.shop.hears(ConsentStatus.REVOKED, "crm:bob", purpose="TRAINING")
    report = await office.learns()
    assert (samples(report), report.waiting) == (1, 0)
    assert metric("contacts_total", result="withheld") == withheld + 1


async def test_who_was_erased_meanwhile_is_not_learnt_from(office: Office) -> None:
    await office.shop.publish(PRESSED)
    answer = await office.writes()
    await office.shop.orchestrator.erase_subject_data([answer.profile_id])
    assert await office.waiting() == 0
    assert samples(await office.learns()) == 0


async def test_who_was_erased_where_nobody_said_so_yet_is_not_learnt_from_either(office: Office) -> None:
    await office.shop.publish(PRESSED)
    await office.writes()
    namespace, _, value = ADA.partition(":")
    await office.shop.profile.erase_subject(EraseSubject(fresh_id(), (ProfileIdentity(namespace, value),)))
    assert samples(await office.learns()) == 0


async def test_what_was_learnt_is_what_the_next_contact_costs(office: Office) -> None:
    await office.shop.publish(PRESSED)
    first = (await office.writes()).placements[0].propositions[0]
    assert first.pressure_cost == 0.0, "nothing is known"
    key = (await office.shop.orchestrator.get_pressure()).learning_key
    async with AsyncExitStack() as stack:
        stores = await deciding.open_stores(office.shop.settings, stack)
        assert await stores.feedback.pressure.fold([], tiring(key))
    report = await office.learns()
    assert report.learnt is not None
    learnt = report.learnt.estimate
    assert abs(learnt.response_slope - SLOPE) < 4 * learnt.response_error
    assert learnt.certainty > 0.9
    second = (await office.writes()).placements[0].propositions[0]
    assert 0.0 < second.pressure_cost < second.business_value
    usual = report.usual
    assert usual is not None
    assert second.pressure_cost < usual.price, "who had one contact is not yet under the usual pressure"


SLOPE = -0.05


def tiring(key: str) -> dict[TallyKey, Sums]:
    """Of 20,000 contacts of as many people, who respond the less the more they had."""
    chance = np.random.default_rng(7)
    tallies = [EMPTY] * BUCKETS
    for number in range(20_000):
        deviation = chance.normal(0.0, 0.5)
        level = 2.0 + deviation + chance.normal(0.0, 0.3)
        responded = chance.random() < 0.25 + SLOPE * level
        sample = PressureSample(f"p_{number}", level, deviation, 0.15, 8.0, bool(responded), unsubscribed=False)
        bucket = bucket_of(sample.profile_id)
        tallies[bucket] = tallies[bucket].plus(PressureTally.of(sample))
    return {TallyKey(key, bucket): tally.to_floats() for bucket, tally in enumerate(tallies)}


async def test_another_replica_knows_it_from_its_first_decision_on(office: Office) -> None:
    await office.shop.publish(PRESSED)
    await office.writes()
    await office.learns()
    async with AsyncExitStack() as stack:
        other = await deciding.bootstrap(
            office.shop.settings, stack, others=office.shop.others, clock=SteppingClock(office.clock.now_ms)
        )
        assert samples(await other.app.get_pressure()) == 1


async def test_without_a_policy_or_without_pressure_there_is_nothing_to_say(office: Office) -> None:
    with pytest.raises(FailedPrecondition, match="publish one"):
        await office.shop.orchestrator.get_pressure()
    await office.shop.publish()
    report = await office.shop.orchestrator.get_pressure()
    assert (report.plan, report.learnt, report.currency) == (None, None, "EUR")


PLAN = PressurePlan(7 * MS_PER_DAY, 56 * MS_PER_DAY, 5 * MS_PER_DAY)
HARMFUL = replace(
    NO_ESTIMATE, response_slope=-0.01, unsubscribe_slope=0.002, certainty=1.0, mean_value=20.0, samples=10_000
)


def test_a_denser_pace_comes_to_a_higher_level() -> None:
    paces = paces_of(PLAN, HARMFUL, LATER_MS)
    assert [each.interval_ms / PLAN.half_life_ms for each in paces] == [0.125, 0.25, 0.5, 1.0, 2.0, 4.0]
    weekly = paces[3]
    assert weekly.level == pytest.approx(sum(0.5**week for week in range(1, 8)))
    assert [each.level for each in paces] == sorted((each.level for each in paces), reverse=True)
    assert min(each.price for each in paces) > 0.0
    assert {each.price for each in paces_of(PLAN, NO_ESTIMATE, LATER_MS)} == {0.0}


@dataclass
class Fleeting:
    """A store of sums that may be down."""

    sums: Mapping[int, Sums]
    is_down: bool = False
    read: int = 0

    async def due(self, now_ms: int, limit: int) -> tuple[str, ...]:
        return ()

    async def fold(self, decision_ids: object, sums: Mapping[TallyKey, Sums]) -> bool:
        return True

    async def tallies(self, learning: str) -> Mapping[int, Sums]:
        if self.is_down:
            raise Unavailable("STORE_UNAVAILABLE", "down")
        self.read += 1
        return self.sums

    async def count_waiting(self, learning: str | None = None) -> int:
        return 0


async def test_a_store_that_is_down_leaves_the_last_known_estimate(office: Office) -> None:
    await office.shop.publish(PRESSED)
    await office.writes()
    await office.learns()
    policy = await active(office)
    report = await office.shop.orchestrator.get_pressure()
    async with AsyncExitStack() as stack:
        stores = await deciding.open_stores(office.shop.settings, stack)
        store = Fleeting(await stores.feedback.pressure.tallies(report.learning_key))
        policies = ActivePolicies(stores.policies, office.clock)
        learnt = LearntPressure(store, policies, PrometheusTelemetry(), office.clock)
        assert learnt.current(policy) == NO_ESTIMATE
        await learnt.warm()
        known = learnt.current(policy)
        assert known.samples == 1
        store.is_down = True
        with pytest.raises(Unavailable):
            await learnt.refresh()
        assert learnt.current(policy) == known
        await learnt.look()
        assert store.read == 1, "what is known is not read again before its time"
        await LearntPressure(store, policies, PrometheusTelemetry(), office.clock).warm()


async def test_a_round_that_cannot_fold_still_reads_what_others_learnt(office: Office) -> None:
    await office.shop.publish(PRESSED)
    rounds: list[int] = []

    async def fails(until_ms: int) -> None:
        rounds.append(until_ms)
        raise Unavailable("DEPENDENCY_UNAVAILABLE", "who may be learnt from is unknown")

    async with AsyncExitStack() as stack:
        stores = await deciding.open_stores(office.shop.settings, stack)
        policies, store = ActivePolicies(stores.policies, office.clock), Fleeting({})
        learnt = LearntPressure(store, policies, PrometheusTelemetry(), office.clock)
        courier = PressureCourier(cast("FoldPressure", fails), learnt, office.clock)
        with pytest.raises(Unavailable):
            await courier.beat()
        assert (len(rounds), store.read) == (1, 1)
        await courier.beat()
        assert (len(rounds), store.read) == (1, 1), "the next round has not come"
        office.clock.now_ms += ROUND_MS
        with pytest.raises(Unavailable):
            await courier.beat()
        assert (len(rounds), store.read) == (2, 2)
        await office.shop.publish(OTHERWISE)
        office.clock.now_ms += REFRESH_MS
        await courier.beat()
        assert (len(rounds), store.read) == (2, 3), "what another policy learns is read at once"


async def active(office: Office) -> ActivePolicy:
    async with AsyncExitStack() as stack:
        stores = await deciding.open_stores(office.shop.settings, stack)
        found = await ActivePolicies(stores.policies, office.clock).current()
        assert found is not None
        return found
