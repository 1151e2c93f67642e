"""Models that know what somebody was shown before: from the ledger, through the decision, into the reward."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tandem.profile.v1 import profile_service_pb2

from services.local.contact_ledger import LocalContactLedger
from services.local.profile import LocalProfiles
from services.orchestrator import bootstrap as deciding
from services.orchestrator.adapters.contact_ledger_client import GrpcContactLedger
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.ports import Reward, ScoreQuestion, Scores, SubjectQuery
from services.orchestrator.bootstrap import DecidingOptions, ScoringPort
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.past_contacts import PAST_CONTACTS
from services.orchestrator.domain.policy_parts import FeatureSetPart
from services.orchestrator.domain.subject import Identity
from services.orchestrator.settings import OrchestratorSettings
from services.profile.app.identity_requests import MergeProfiles
from services.profile.app.rights_requests import EraseSubject
from services.profile.bootstrap import bootstrap as open_profile
from services.profile.domain.consents import ConsentStatus
from services.profile.settings import ProfileSettings
from services.scoring.domain.base_model.crosses import bind_cross
from services.scoring.domain.feature_set import ActionDeclaration, CrossDeclaration, CrossKind
from shared.clock import MS_PER_DAY, system_clock, to_datetime, to_ms
from shared.errors import TandemError, Unavailable
from shared.settings import StoreKind
from shared.values import NOT_FOUND, Feature, present
from tests.support.grpc_server import loopback
from tests.support.profiles import SteppingClock, person
from tests.support.shop import ADA, PATIENCE_MS, Shop, fresh_id, inbound, open_shop, outbound
from tests.support.storages import StorageOf

DAY_MS = MS_PER_DAY
NAME = "policy: corner_shop\n"
CROSSES = "{rested: {days_since_shown: {}}, often: {times_shown: {window: 7d}}}"
ASKING = {NAME: f"{NAME}objectives: {{click: {{outcomes: [CLICKED], crosses: {CROSSES}}}}}\n"}
OF_A_WEEK = {NAME: ASKING[NAME].replace("days_since_shown: {}", "days_since_shown: {window: 1d}")}
BY_CONSENT = ASKING | {"profiling: {basis: LEGITIMATE_INTEREST}": "profiling: {basis: CONSENT}"}
LIMITED = {NAME: f"{ASKING[NAME]}contact_policy: {{limits: [{{id: l, channel: web, max: 9, window: 1d}}]}}\n"}


@dataclass
class Heard:
    """The scoring service, with a note of what it was told and asked."""

    scoring: ScoringPort
    rewards: list[Reward]
    questions: list[ScoreQuestion]

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        self.questions.append(question)
        return await self.scoring.score(question, deadline_ms=deadline_ms)

    async def score_many(
        self, questions: Sequence[ScoreQuestion], *, deadline_ms: int
    ) -> Sequence[Scores | TandemError]:
        return [await self.score(question, deadline_ms=deadline_ms) for question in questions]

    async def rescore(self, question: ScoreQuestion, model_version: str, *, deadline_ms: int) -> Scores:
        return await self.scoring.rescore(question, model_version, deadline_ms=deadline_ms)

    async def record_rewards(self, request_id: str, rewards: Sequence[Reward], *, deadline_ms: int) -> None:
        self.rewards += rewards
        await self.scoring.record_rewards(request_id, rewards, deadline_ms=deadline_ms)

    async def erase_rewards(self, request_id: str, decision_ids: Sequence[str], *, deadline_ms: int) -> None:
        await self.scoring.erase_rewards(request_id, decision_ids, deadline_ms=deadline_ms)

    async def publish_feature_set(self, request_id: str, feature_set: FeatureSetPart) -> str:
        return await self.scoring.publish_feature_set(request_id, feature_set)


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop, what its scoring service heard, and the clock of all services."""

    shop: Shop
    heard: Heard
    clock: SteppingClock

    @property
    def asked(self) -> Feature | None:
        """What the models were told last of past contacts."""
        return self.heard.questions[-1].features.get(PAST_CONTACTS)

    async def shows(self, who: str = ADA, **changed: Any) -> Answer:
        return await self.shop.decide(inbound(who=who), **changed)

    async def tells(self, answer: Answer, outcome: Outcome) -> None:
        shown = answer.placements[0].propositions[0].proposition_id
        taken = await self.shop.orchestrator.capture_outcomes(fresh_id(), [OutcomeItem(fresh_id("o"), outcome, shown)])
        assert [item.fault for item in taken.items] == [None]


@pytest.fixture(params=[StoreKind.SQLITE, StoreKind.MONGO])
async def counter(request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path: Path) -> AsyncIterator[Counter]:
    """Profile service and orchestrator on the store and on one clock; over gRPC on MongoDB."""
    is_mongo = request.param is StoreKind.MONGO
    with storage_of("mongo" if is_mongo else "sqlite") as storage:
        clock = SteppingClock(system_clock())
        async with open_shop(tmp_path, asking_clock=clock) as plain, AsyncExitStack() as stack:

            def settings_of(service: str) -> dict[str, Any]:
                if not is_mongo:
                    return {"data_dir": tmp_path / "own"}
                name = f"{storage.database}_{service}"
                return {"store": StoreKind.MONGO, "mongo_uri": storage.mongo_uri, "mongo_database": name}

            profile = await open_profile(ProfileSettings(**settings_of("profile")), stack, clock=clock)
            ports: dict[str, Any] = {
                "profile": LocalProfiles(profile.app, clock),
                "ledger": LocalContactLedger(profile.app, clock),
            }
            if is_mongo:
                descriptor = profile_service_pb2.DESCRIPTOR.services_by_name["ProfileService"]
                server = await stack.enter_async_context(loopback(descriptor, profile.binding.servicer))
                ports = {
                    "profile": GrpcProfiles(server.channel, clock),
                    "ledger": GrpcContactLedger(server.channel, clock),
                }
            heard = Heard(plain.others.scoring, [], [])
            others = replace(plain.others, scoring=heard, **ports)
            settings = OrchestratorSettings(**settings_of("orchestrator"))
            opened = await deciding.bootstrap(
                settings, stack, others=others, options=DecidingOptions(b"secret", PATIENCE_MS), clock=clock
            )
            shop = replace(plain, orchestrator=opened.app, profile=profile.app, others=others, settings=settings)
            yield Counter(shop, heard, clock)


def action_of(answer: Answer) -> str:
    return answer.placements[0].propositions[0].action


def crossed(feature: Feature | None, kind: CrossKind, *actions: str) -> list[float]:
    """As the scoring service reads the logged feature."""
    assert feature is not None
    cross = CrossDeclaration("c", kind, PAST_CONTACTS, "", 7 * DAY_MS if kind is CrossKind.TIMES_SHOWN else 0)
    found: list[float] = bind_cross(cross, [ActionDeclaration(a, "g", "i", {}) for a in actions])(feature).tolist()
    return found


async def test_what_was_shown_two_days_ago_is_two_days_ago_and_nothing_else_was_shown(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    first = action_of(await counter.shows())
    assert counter.asked == NOT_FOUND, "nobody had recorded her"
    counter.clock.now_ms += 2 * DAY_MS
    second = await counter.shows()
    assert counter.asked == present((f"{2 * DAY_MS} {first}",))
    since = crossed(counter.asked, CrossKind.DAYS_SINCE_SHOWN, first, "umbrella")
    assert since[0] == 2.0
    assert since[1] != since[1]
    assert crossed(counter.asked, CrossKind.TIMES_SHOWN, first, "umbrella") == [1.0, 0.0]
    await counter.tells(second, Outcome.CLICKED)
    (reward,) = counter.heard.rewards
    mine = (f"{2 * DAY_MS} {first}",) if action_of(second) == first else ()
    assert reward.features[PAST_CONTACTS] == present(mine), "of its own action alone"


async def test_an_answer_is_the_same_when_it_is_asked_for_again(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    await counter.shows()
    command = inbound()
    answer = await counter.shop.decide(command)
    assert await counter.shop.decide(command) == answer
    assert len(counter.heard.questions) == 2


async def test_what_an_earlier_try_showed_does_not_count_in_its_own_next_try(counter: Counter) -> None:
    """The first one reserved, and then the log did not answer."""
    await counter.shop.publish(ASKING)
    await counter.shows()
    counter.clock.now_ms += DAY_MS
    command = inbound()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.orchestrator.app.decide.keep.Keep.__call__", _fails)
        with pytest.raises(Unavailable):
            await counter.shop.decide(command)
    tried = counter.asked
    answer = await counter.shop.decide(command)
    assert counter.asked == tried
    counter.clock.now_ms += DAY_MS
    await counter.shows()
    assert counter.asked is not None
    assert [str(each).partition(" ")[0] for each in counter.asked.value] == [str(DAY_MS), str(2 * DAY_MS)]  # type: ignore[union-attr]
    assert answer.placements[0].propositions[0].reservation_id


async def _fails(*_: object) -> Answer:
    raise Unavailable("STORE_UNAVAILABLE", "down")


async def test_a_simulation_looks_and_shows_nothing(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    first = action_of(await counter.shows())
    for _ in range(2):
        ahead_ms = counter.clock.now_ms + DAY_MS // 2
        await counter.shows(mode=Mode.SIMULATE, decision_time_ms=ahead_ms)
        assert counter.asked == present((f"{DAY_MS // 2} {first}",))


async def test_a_message_counts_from_its_hand_over_and_not_once_it_failed(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    await counter.shop.knows(age=42)
    await counter.shop.hears(ConsentStatus.GRANTED)
    sent = await counter.shop.decide(outbound("EMAIL"))
    counter.clock.now_ms += DAY_MS
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present((f"{DAY_MS} {action_of(sent)}",))
    await counter.tells(sent, Outcome.BOUNCED)
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present(())


async def test_a_message_that_is_opened_was_last_shown_then(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    await counter.shop.knows(age=42)
    await counter.shop.hears(ConsentStatus.GRANTED)
    sent = await counter.shop.decide(outbound("EMAIL"))
    counter.clock.now_ms += 2 * DAY_MS
    await counter.tells(sent, Outcome.OPENED)
    counter.clock.now_ms += DAY_MS
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present((f"{DAY_MS} {action_of(sent)}",))


async def test_a_message_was_sent_when_it_was_handed_over_however_late_it_is_opened(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    await counter.shop.knows(age=42)
    await counter.shop.hears(ConsentStatus.GRANTED)
    sent_ms = counter.clock.now_ms
    sent = await counter.shop.decide(outbound("EMAIL"))
    counter.clock.now_ms += 2 * DAY_MS
    await counter.tells(sent, Outcome.OPENED)
    shown = await counter.shows()
    query = SubjectQuery((Identity("crm", "ada"),), "", counter.clock.now_ms, is_now=True, contacts_ms=9 * DAY_MS)
    view = await counter.shop.others.profile.get(query, deadline_ms=counter.clock.now_ms + 5_000)
    found = {each.channel: (each.action, each.is_outbound, each.shown_ms, each.sent_ms) for each in view.contacts}
    assert found == {
        "EMAIL": (action_of(sent), True, sent_ms + 2 * DAY_MS, sent_ms),
        "WEB": (action_of(shown), False, counter.clock.now_ms, counter.clock.now_ms),
    }


async def test_merged_profiles_count_together_and_erased_ones_do_not(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    first = action_of(await counter.shows("crm:ada"))
    counter.clock.now_ms += DAY_MS
    second = action_of(await counter.shows("crm:eva"))
    merge = MergeProfiles(fresh_id(), person("crm:ada"), person("crm:eva"))
    await counter.shop.profile.merge_profiles(merge)
    counter.clock.now_ms += DAY_MS
    await counter.shows("crm:eva", mode=Mode.SIMULATE)
    assert counter.asked == present((f"{DAY_MS} {second}", f"{2 * DAY_MS} {first}"))
    await counter.shop.profile.erase_subject(EraseSubject(fresh_id(), person("crm:ada")))
    await counter.shows("crm:eva", mode=Mode.SIMULATE)
    assert counter.asked == NOT_FOUND


async def test_what_is_older_than_the_longest_window_is_left_out(counter: Counter) -> None:
    await counter.shop.publish(OF_A_WEEK)
    first = action_of(await counter.shows())
    counter.clock.now_ms += 7 * DAY_MS - 1
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present((f"{7 * DAY_MS - 1} {first}",))
    counter.clock.now_ms += 1
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present(())


async def test_without_a_basis_nothing_is_recorded_or_looked_at(counter: Counter) -> None:
    await counter.shop.publish(BY_CONSENT)
    answer = await counter.shows()
    assert (counter.asked, answer.placements[0].propositions[0].reservation_id) == (NOT_FOUND, "")
    await counter.shop.hears(ConsentStatus.GRANTED, purpose="PROFILING")
    shown = await counter.shows()
    assert shown.placements[0].propositions[0].reservation_id
    await counter.shows()
    assert counter.asked == present((f"0 {action_of(shown)}",))
    counter.clock.now_ms += 1
    await counter.shop.hears(ConsentStatus.REVOKED, purpose="PROFILING")
    await counter.shows()
    assert counter.asked == NOT_FOUND


@pytest.mark.parametrize("changes", [{}, {NAME: LIMITED[NAME].replace(f", crosses: {CROSSES}", "")}])
async def test_where_no_model_asks_nothing_is_read_and_nothing_more_recorded(
    counter: Counter, changes: Mapping[str, str]
) -> None:
    await counter.shop.publish(changes)
    for _ in range(2):
        answer = await counter.shows()
        assert counter.asked is None
        assert bool(answer.placements[0].propositions[0].reservation_id) is bool(changes)


async def test_limits_and_models_look_at_the_same_contacts(counter: Counter) -> None:
    await counter.shop.publish(LIMITED)
    shown = [action_of(await counter.shows()) for _ in range(2)]
    counter.clock.now_ms += 2 * DAY_MS
    await counter.shows()
    assert counter.asked is not None
    assert sorted(counter.asked.value) == sorted(f"{2 * DAY_MS} {each}" for each in shown)  # type: ignore[arg-type]


async def test_a_ledger_that_does_not_answer_costs_a_record_and_no_contact(counter: Counter) -> None:
    class Down:
        async def reserve(self, *_: object, **__: object) -> None:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", "down")

    await counter.shop.publish(ASKING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(counter.shop.others.ledger), "reserve", Down.reserve)
        answer = await counter.shows()
    assert answer.advisories == ("LEDGER_UNAVAILABLE",)
    assert answer.placements[0].propositions


async def test_a_message_that_waits_for_the_morning_was_shown_then_and_not_before(counter: Counter) -> None:
    today = to_datetime(counter.clock.now_ms)
    midnight_ms = to_ms(today.replace(hour=0, minute=0, second=0, microsecond=0)) + DAY_MS
    hours = f"{{id: rest, channel: email, from: '00:00', to: '24:00', days: [{today:%a}], then: defer}}".lower()
    await counter.shop.publish({NAME: f"{ASKING[NAME]}contact_policy: {{time_zone: UTC, quiet_hours: [{hours}]}}\n"})
    await counter.shop.knows(age=42)
    await counter.shop.hears(ConsentStatus.GRANTED)
    sent = await counter.shop.decide(outbound("EMAIL"))
    window = sent.placements[0].propositions[0].send_window
    assert window is not None
    assert window.earliest_ms == midnight_ms
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present(())
    counter.clock.now_ms = midnight_ms + DAY_MS
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present((f"{DAY_MS} {action_of(sent)}",))


async def test_what_is_fetched_ahead_was_shown_once_it_is_seen(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    await counter.shop.knows(age=42)
    ahead = await counter.shows(mode=Mode.PREFETCH)
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present(())
    await counter.tells(ahead, Outcome.IMPRESSION)
    counter.clock.now_ms += DAY_MS
    await counter.shows(mode=Mode.SIMULATE)
    assert counter.asked == present((f"{DAY_MS} {action_of(ahead)}",))


async def test_a_decision_that_looked_at_past_contacts_is_made_again_the_same(counter: Counter) -> None:
    await counter.shop.publish(ASKING)
    await counter.shows()
    counter.clock.now_ms += DAY_MS
    later = await counter.shows()
    assert later.placements[0].propositions[0].reservation_id, "no limit is declared, and contacts are kept"
    replayed = await counter.shop.orchestrator.replay_decision(later.decision_id, rescore=True)
    assert replayed.differing == ()
    assert replayed.rescored is not None
    assert replayed.rescored.is_within_tolerance
