"""The orchestrator's ports mean the same over gRPC and within one process: the same questions, the same answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tandem.profile.v1 import profile_service_pb2
from tandem.rules.v1 import rules_service_pb2
from tandem.scoring.v1 import scoring_service_pb2

from services.orchestrator.adapters.contact_ledger_client import GrpcContactLedger
from services.orchestrator.adapters.erasure_feed_client import GrpcErasureFeed
from services.orchestrator.adapters.profile_client import GrpcProfiles
from services.orchestrator.adapters.rules_client import GrpcRules
from services.orchestrator.adapters.scoring_client import GrpcScoring
from services.orchestrator.app.ports import (
    ConsentSignals,
    PolicyQuestion,
    Prediction,
    Reward,
    ScoreQuestion,
    SubjectQuery,
    SubjectView,
)
from services.orchestrator.bootstrap import OtherServices
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.decision import Explain
from services.orchestrator.domain.past_contacts import PAST_CONTACTS
from services.orchestrator.domain.policy.aggregates import MEASURES
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy_parts import (
    AggregatePart,
    AttributePart,
    CrossPart,
    OnUnknown,
    Place,
    RulePart,
    RuleSetPart,
)
from services.orchestrator.domain.subject import ConsentStatement, Identity
from services.profile.app.requests import ConsentWrite, SetConsent
from services.profile.domain.consents import ConsentStatus, LegalBasis
from shared.clock import system_clock, to_datetime
from shared.errors import DeadlineExceeded, InvalidArgument, NotFound
from shared.values import AttributeType, Feature, FeatureStatus, present
from tests.support.every_part import EVERY_PART
from tests.support.grpc_server import loopback
from tests.support.profiles import person
from tests.support.shop import Shop, cart_add, fresh_id, open_shop
from tests.support.shop_policy import edited
from tests.support.tc_strings import ACCEPT_ALL, tc_string

SOON_MS = 20_000


def soon() -> int:
    return system_clock() + SOON_MS


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


@pytest.fixture
async def remote(shop: Shop) -> AsyncIterator[OtherServices]:
    """The same applications as `shop.others` asks, over gRPC."""
    services: dict[str, tuple[Any, Any]] = {
        "ProfileService": (profile_service_pb2, shop.servicers.profile),
        "RulesService": (rules_service_pb2, shop.servicers.rules),
        "ScoringService": (scoring_service_pb2, shop.servicers.scoring),
    }
    async with AsyncExitStack() as stack:
        channels = [
            (await stack.enter_async_context(loopback(module.DESCRIPTOR.services_by_name[name], servicer))).channel
            for name, (module, servicer) in services.items()
        ]
        yield OtherServices(
            GrpcProfiles(channels[0], system_clock),
            GrpcRules(channels[1], system_clock),
            GrpcScoring(channels[2], system_clock),
            GrpcContactLedger(channels[0], system_clock),
            GrpcErasureFeed(channels[0], system_clock),
        )


@pytest.fixture
def both(shop: Shop, remote: OtherServices) -> tuple[OtherServices, OtherServices]:
    return shop.others, remote


@pytest.fixture
def policy() -> CompiledPolicy:
    """The shop's, with one of everything that a part can hold."""
    compiled = compile_policy(edited(EVERY_PART)).policy
    assert compiled is not None
    return compiled


async def test_parts_of_a_policy_get_the_same_versions(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    versions = [
        (
            await each.profile.publish_trait_schema(fresh_id(), policy.trait_schema, activate=False),
            await each.rules.publish_rule_set(fresh_id(), policy.rule_set),
            await each.scoring.publish_feature_set(fresh_id(), policy.feature_set),
        )
        for each in both
    ]
    assert versions[0] == versions[1]


async def test_findings_are_the_same(both: tuple[OtherServices, OtherServices], policy: CompiledPolicy) -> None:
    place = Place("offers.yaml", 3, 7)
    wrong = RulePart("wrong", "SUITABILITY", "age > nobody", policy.rule_set.segments[0].on_unknown, place)
    first, *others = policy.rule_set.scopes
    broken = RuleSetPart(
        policy.rule_set.attributes, policy.rule_set.segments, (replace(first, rules=(wrong,)), *others)
    )
    findings = [await each.rules.validate_rule_set(broken) for each in both]
    assert findings[0] == findings[1]
    assert [finding.place.file for finding in findings[0] if finding.is_error] == ["offers.yaml"]


async def test_a_person_reads_the_same(
    shop: Shop, both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    local, _ = both
    version = await local.profile.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
    moment = to_datetime(1_700_000_000_000)
    await shop.knows(age=42, tier=None, brands=("a", "b"), member_since=moment, margin=2.5)
    for status in (ConsentStatus.GRANTED, ConsentStatus.REVOKED):
        await shop.hears(status, channel="EMAIL" if status is ConsentStatus.GRANTED else "SMS")
    token = await local.profile.record_events(fresh_id(), [cart_add()], deadline_ms=soon())
    overlay = (cart_add(event_time_ms=system_clock()),)
    query = SubjectQuery((Identity("CRM", " ada "),), version, system_clock() + 1_000, token, overlay)
    views = [await each.profile.get(query, deadline_ms=soon()) for each in both]
    assert replace(views[0], consistency_token="") == replace(views[1], consistency_token="")
    assert views[0].features["cart_adds_1h"] == present(2)
    assert views[0].features["brands"] == present(("a", "b"))
    assert {statement.status for statement in views[0].consents} == {"PENDING_CONFIRMATION", "REVOKED"}


async def test_a_read_of_now_is_not_before_what_was_acknowledged_though_the_caller_is_behind(
    shop: Shop, both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    for each in both:
        version = await each.profile.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
        who = f"crm:{fresh_id('ahead')}"
        token = await each.profile.record_events(fresh_id(), [cart_add(who)], deadline_ms=soon())
        behind_ms = system_clock() - 10_000
        query = SubjectQuery((Identity("crm", who.removeprefix("crm:")),), version, behind_ms, token, is_now=True)
        assert (await each.profile.get(query, deadline_ms=soon())).features["cart_adds_1h"] == present(1)
        then = await each.profile.get(replace(query, is_now=False), deadline_ms=soon())
        assert then.features["cart_adds_1h"] == present(0)


async def test_nobody_reads_as_nobody(both: tuple[OtherServices, OtherServices], policy: CompiledPolicy) -> None:
    for each in both:
        version = await each.profile.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
        query = SubjectQuery((Identity("cookie", "x"),), version, system_clock())
        assert await each.profile.get(query, deadline_ms=soon()) == SubjectView()


async def test_consents_and_signals_are_the_same(
    shop: Shop, both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    version = await both[0].profile.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
    await shop.hears(ConsentStatus.GRANTED, purpose="TRAINING")
    soft = ConsentWrite(
        "marketing", ConsentStatus.GRANTED, legal_basis=LegalBasis.SOFT_OPT_IN, similar_groups=("tea", "cups")
    )
    confirmed = ConsentWrite("marketing", ConsentStatus.GRANTED, channel="sms", confirmed_ms=system_clock())
    for write in (soft, confirmed, replace(confirmed, channel="email", confirmed_ms=None)):
        await shop.profile.set_consent(SetConsent(fresh_id(), person("crm:ada"), write))
    ada, nobody = (Identity("crm", "ada"),), (Identity("cookie", "nobody"),)
    signals = ConsentSignals(tc_string(ACCEPT_ALL), gpc=True)
    for each in both:
        assert await each.profile.record_signals(fresh_id(), ada, signals, deadline_ms=soon())
    rejected = SubjectQuery(ada, version, system_clock(), overlay_signals=ConsentSignals(tc_string()))
    views = [await each.profile.get(rejected, deadline_ms=soon()) for each in both]
    answers = [await each.profile.consents([ada, nobody, (Identity("!", "x"),)], deadline_ms=soon()) for each in both]
    moments = {each.granted_time_ms for view in views for each in view.consents if each.status == "DENIED"}
    seen = [tuple(_undated(each, moments) for each in view.consents) for view in views]
    assert seen[0] == seen[1]
    assert [view.is_known for view in views] == [True, True]
    assert list(answers[0]) == list(answers[1])
    assert list(answers[0])[1:] == [None, None]
    statements = {(each.purpose, each.channel, each.legal_basis): each for each in answers[0][0] or ()}
    assert statements["MARKETING", "", "SOFT_OPT_IN"].similar_groups == ("tea", "cups")
    assert statements["MARKETING", "SMS", "CONSENT"].confirmed_time_ms == confirmed.confirmed_ms
    assert statements["MARKETING", "EMAIL", "CONSENT"].status == "PENDING_CONFIRMATION"
    assert statements["PROFILING", "", "CONSENT"].signalled


def _undated(statement: ConsentStatement, moments: set[int]) -> ConsentStatement:
    """What is overlaid is said at the moment of the reading."""
    return replace(statement, granted_time_ms=0) if statement.granted_time_ms in moments else statement


async def test_wrong_subjects_are_refused_with_the_same_path(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    for each in both:
        version = await each.profile.publish_trait_schema(fresh_id(), policy.trait_schema, activate=True)
        query = SubjectQuery((Identity("cookie", "x"), Identity("!", "y")), version, system_clock())
        with pytest.raises(InvalidArgument) as refusal:
            await each.profile.get(query, deadline_ms=soon())
        assert [violation.field for violation in refusal.value.violations] == ["subject.identities[1].namespace"]


async def test_a_schema_that_was_never_published_is_an_error_and_not_an_unknown_person(
    both: tuple[OtherServices, OtherServices],
) -> None:
    for each in both:
        with pytest.raises(NotFound) as refusal:
            await each.profile.get(SubjectQuery((Identity("crm", "ada"),), "t_0", 0), deadline_ms=soon())
        assert refusal.value.reason == "TRAIT_SCHEMA_NOT_FOUND"


FACTS = {
    "age": present(17),
    "tier": Feature("gold", FeatureStatus.STALE),
    "margin": present(3.5),
    "cart_adds_1h": present(1),
    "context.weather": present("sun"),
}


@pytest.mark.parametrize("explain", Explain)
async def test_rules_judge_the_same(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy, explain: Explain
) -> None:
    verdicts = []
    for each in both:
        version = await each.rules.publish_rule_set(fresh_id(), policy.rule_set)
        question = PolicyQuestion(version, FACTS, 1_700_000_000_000, explain, policy.catalogue.action_index)
        verdicts.append(await each.rules.evaluate(question, deadline_ms=soon()))
    local, remote = verdicts
    assert local.eligible.dtype == remote.eligible.dtype == np.int32
    assert local.eligible.tolist() == remote.eligible.tolist()
    assert local.numbers.keys() == remote.numbers.keys()
    assert all(np.array_equal(local.numbers[name], remote.numbers[name], equal_nan=True) for name in local.numbers)
    assert (local.dropped_by_stage, local.reasons) == (remote.dropped_by_stage, remote.reasons)
    assert bool(local.reasons) is (explain is not Explain.NONE)
    assert all(reason.failed for reason in local.reasons)
    assert any(reason.smallest_change for reason in local.reasons) is (explain is Explain.FULL)
    assert local.segments == remote.segments == ()


@pytest.mark.parametrize("explain", Explain)
async def test_segments_are_answered_to_who_asks_for_them(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy, explain: Explain
) -> None:
    facts = FACTS | {"tier": present("gold")}
    for each in both:
        version = await each.rules.publish_rule_set(fresh_id(), policy.rule_set)
        for asked in (False, True):
            index = policy.catalogue.action_index
            question = PolicyQuestion(version, facts, 1_700_000_000_000, explain, index, with_segments=asked)
            verdict = await each.rules.evaluate(question, deadline_ms=soon())
            assert verdict.segments == (("gold",) if asked or explain is Explain.FULL else ())


async def test_both_say_whether_a_smaller_change_may_exist(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    opaque = RulePart("opaque", "ELIGIBILITY", "margin * 2.0 > 99.0", OnUnknown("FAIL"), Place("rules.yaml", 1, 1))
    first, *others = policy.rule_set.scopes
    rule_set = replace(policy.rule_set, scopes=(replace(first, rules=(opaque,)), *others))
    for each in both:
        version = await each.rules.publish_rule_set(fresh_id(), rule_set)
        index = policy.catalogue.action_index
        question = PolicyQuestion(version, FACTS, 1_700_000_000_000, Explain.FULL, index)
        verdict = await each.rules.evaluate(question, deadline_ms=soon())
        changes = [reason.smallest_change for reason in verdict.reasons if reason.smallest_change]
        assert any(change.changes and change.smaller_not_ruled_out for change in changes)


def _score_question(version: str, catalogue: Catalogue) -> ScoreQuestion:
    actions = np.array([1, 0, 3], dtype=np.int32)
    return ScoreQuestion(
        version, FACTS, actions, ("WEB", "EMAIL", "WEB"), ("home_hero", "", "side_bar"), catalogue.action_index
    )


async def test_scores_and_what_they_learn_are_the_same(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    before, after = [], []
    for index, each in enumerate(both):
        version = await each.scoring.publish_feature_set(fresh_id(), policy.feature_set)
        question = _score_question(version, policy.catalogue)
        before.append(await each.scoring.score(question, deadline_ms=soon()))
        reward = Reward(f"k_{index}", version, "espresso", "WEB", "home_hero", FACTS, 1.0, system_clock())
        await each.scoring.record_rewards(fresh_id(), [reward], deadline_ms=soon())
        again = await both[1 - index].scoring.score(question, deadline_ms=soon())
        after.append((await each.scoring.score(question, deadline_ms=soon()), again))
    for one, other in after:
        assert one.model_version == other.model_version
        for column in ("means", "uncertainties", "evidences", "log_odds_means", "log_odds_deviations"):
            assert getattr(one, column).tolist() == getattr(other, column).tolist()
    assert after[0][0].means[0] > before[0].means[0]


async def test_the_features_of_an_objective_get_the_same_version(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    part = replace(
        policy.feature_set,
        objective="click",
        features=(*policy.feature_set.features, AttributePart(PAST_CONTACTS, AttributeType.STRING_LIST)),
        crosses=(
            CrossPart("young", "DIFFERENCE", "age", "price"),
            CrossPart("same", "EQUALS", "tier", "kind"),
            CrossPart("rested", "DAYS_SINCE_SHOWN", PAST_CONTACTS, ""),
            CrossPart("often", "TIMES_SHOWN", PAST_CONTACTS, "", 7 * 86_400_000 + 1),
        ),
        window_ms=86_400_001,
        monotone={"age": -1, "young": 1},
        interactions=(("age", "young"), ("channel", "action.kind")),
    )
    versions = {await each.scoring.publish_feature_set(fresh_id(), part) for each in both}
    assert len(versions) == 1
    others = (policy.feature_set, replace(part, window_ms=None), replace(part, crosses=part.crosses[:3]))
    for index, other in enumerate(others):
        assert versions != {await both[index % 2].scoring.publish_feature_set(fresh_id(), other)}


async def test_predictions_are_taken_by_both(both: tuple[OtherServices, OtherServices], policy: CompiledPolicy) -> None:
    said = Prediction("m@1", 0.25, 0.5, "n@2", 0.125, decision_time_ms=system_clock())
    for index, each in enumerate(both):
        version = await each.scoring.publish_feature_set(fresh_id(), policy.feature_set)
        good = Reward(f"p_{index}", version, "espresso", "WEB", "home_hero", FACTS, 1.0, system_clock(), said)
        await each.scoring.record_rewards(fresh_id(), [good], deadline_ms=soon())
        bad = replace(good, reward_key=f"q_{index}", prediction=replace(said, shadow_propensity=1.5))
        with pytest.raises(InvalidArgument) as refused:
            await each.scoring.record_rewards(fresh_id(), [bad], deadline_ms=soon())
        assert "shadow_propensity" in str(refused.value)
        bad = replace(good, reward_key=f"r_{index}", prediction=replace(said, decision_time_ms=system_clock() + 10**6))
        with pytest.raises(InvalidArgument) as refused:
            await each.scoring.record_rewards(fresh_id(), [bad], deadline_ms=soon())
        assert "decision_time" in str(refused.value)


async def test_a_refused_reward_raises_and_the_others_are_taken(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    for index, each in enumerate(both):
        version = await each.scoring.publish_feature_set(fresh_id(), policy.feature_set)
        question = _score_question(version, policy.catalogue)
        before = await each.scoring.score(question, deadline_ms=soon())
        good = Reward(f"g_{index}", version, "espresso", "WEB", "home_hero", FACTS, 1.0, system_clock())
        with pytest.raises(InvalidArgument):
            await each.scoring.record_rewards(
                fresh_id(), [replace(good, reward_key=f"b_{index}", action="nothing"), good], deadline_ms=soon()
            )
        assert (await each.scoring.score(question, deadline_ms=soon())).model_version != before.model_version


async def test_a_moment_that_has_passed_is_over(
    both: tuple[OtherServices, OtherServices], policy: CompiledPolicy
) -> None:
    for each in both:
        version = await each.rules.publish_rule_set(fresh_id(), policy.rule_set)
        with pytest.raises(DeadlineExceeded):
            await each.profile.get(SubjectQuery((Identity("crm", "ada"),), "t_0", 0), deadline_ms=system_clock() - 1)
        with pytest.raises(DeadlineExceeded):
            await each.rules.evaluate(PolicyQuestion(version, FACTS, 0), deadline_ms=system_clock() - 1)


def test_the_policy_of_these_tests_has_every_kind_of_aggregate(policy: CompiledPolicy) -> None:
    kinds = {part.measure for part in policy.trait_schema.aggregates if isinstance(part, AggregatePart)}
    assert kinds == set(MEASURES)
    assert AttributeType.TIMESTAMP in {attribute.type for attribute in policy.rule_set.attributes}
