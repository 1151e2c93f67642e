"""Decisions are made again, found and explained from outside: one process on SQLite, four on MongoDB."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.orchestrator.v1 import decision_list_pb2, decision_pb2, replay_pb2, why_not_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.profile.v1.rights_pb2 import EraseSubjectRequest

from services.cli.__main__ import main
from tests.support.limited_shop import MAIL_2, limits
from tests.support.policies_in_use import use_policy
from tests.support.servers import Deployment, Form, deployed
from tests.support.shop_policy import edited
from tests.support.storages import StorageOf
from tests.support.tandem_client import (
    TIMEOUT_S,
    Refusal,
    TandemClient,
    event,
    fresh,
    inbound,
    outbound,
    outcome,
    subject,
)


@pytest.fixture(
    scope="module", params=[("sqlite", Form.ONE), ("mongo", Form.FOUR)], ids=lambda each: f"{each[1]}-{each[0]}"
)
def running(
    request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    kind, form = request.param
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("logs")) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def shop(running: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(running.addresses)
    use_policy(caller, edited(limits(MAIL_2)))
    yield caller
    caller.close()


def replay(caller: TandemClient, decision_id: str, *, rescore: bool = True) -> replay_pb2.ReplayDecisionResponse:
    request = replay_pb2.ReplayDecisionRequest(decision_id=decision_id, rescore=rescore)
    answer: replay_pb2.ReplayDecisionResponse = caller.orchestrator.ReplayDecision(request, timeout=60)
    return answer


def listed(caller: TandemClient, **fields: object) -> list[str]:
    request = decision_list_pb2.ListDecisionsRequest(**fields)  # type: ignore[arg-type]
    found: list[str] = []
    while True:
        page = caller.orchestrator.ListDecisions(request, timeout=TIMEOUT_S)
        found += [each.decision_id for each in page.decisions]
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


@pytest.fixture(scope="module")
def who() -> str:
    return f"crm:{fresh('ada')}"


@pytest.fixture(scope="module")
def answers(shop: TandemClient, who: str) -> list[decision_pb2.DecideResponse]:
    """Decisions of all kinds, from which was learnt meanwhile, under two policies."""
    shop.upsert(who, age=42)
    shop.consent(who, "GRANTED")
    made = []
    for round_ in range(2):
        for request in (
            inbound(who, "home_hero", "side_bar", events=[event(who)]),
            outbound(who),
            outbound(who, "email"),
            inbound(None, "side_bar"),
            inbound(f"cookie:{fresh('new')}"),
        ):
            response = shop.decide(request)
            made.append(response)
            for result in response.placement_results:
                for item in result.propositions.items:
                    shop.capture(outcome(item.proposition_id, "CLICKED"))
        if not round_:
            use_policy(shop, edited({**limits(MAIL_2), "business_value: '8.0'": "business_value: '2.0'"}))
    return made


def test_every_decision_is_made_again_byte_by_byte(
    shop: TandemClient, answers: list[decision_pb2.DecideResponse]
) -> None:
    assert len({each.versions.policy for each in answers}) == 2
    for answer in answers:
        replayed = replay(shop, answer.decision_id)
        assert (replayed.identical, list(replayed.differing_fields)) == (True, [])
        answer.ClearField("timing")
        answer.ClearField("consistency_token")
        assert replayed.response.SerializeToString(deterministic=True) == answer.SerializeToString(deterministic=True)
        assert replayed.rescored.within_tolerance
        assert replayed.rescored.model_version == answer.versions.model


def test_decisions_are_found_by_person_action_channel_and_time(
    shop: TandemClient, who: str, answers: list[decision_pb2.DecideResponse]
) -> None:
    mine = [each for each in answers if each.profile_id == answers[0].profile_id]
    newest_first = [each.decision_id for each in reversed(mine)]
    assert listed(shop, subject=subject(who), page_size=2) == newest_first
    assert listed(shop, subject=subject("crm:nobody-at-all")) == []
    mails = [
        each.decision_id
        for each in reversed(mine)
        if any(item.channel == "EMAIL" for result in each.placement_results for item in result.propositions.items)
    ]
    proposed = decision_list_pb2.DECISION_RESULT_PROPOSED
    assert listed(shop, subject=subject(who), channel="email", result=proposed) == mails
    assert set(mails) <= set(listed(shop, action="green_tea", channel="email"))
    third = mine[2].decision_time
    until = Timestamp(seconds=third.seconds, nanos=third.nanos)
    assert listed(shop, subject=subject(who), end_time=until) == [each.decision_id for each in reversed(mine[:2])]


def test_the_last_decision_of_a_person_is_explained(
    shop: TandemClient, who: str, answers: list[decision_pb2.DecideResponse]
) -> None:
    request = pb.ExplainDecisionRequest(subject=subject(who), actions=["espresso"])
    explained = shop.orchestrator.ExplainDecision(request, timeout=TIMEOUT_S)
    mine = [each for each in answers if each.profile_id == answers[0].profile_id]
    assert explained.response.decision_id == mine[-1].decision_id
    assert {each.action for each in explained.response.dropped} <= {"espresso"}
    for wrong, field in (
        (pb.ExplainDecisionRequest(), "decision_id"),
        (pb.ExplainDecisionRequest(decision_id="d", subject=subject(who)), "subject"),
        (pb.ExplainDecisionRequest(decision_id=mine[0].decision_id, actions=["latte"]), "actions[0]"),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            shop.orchestrator.ExplainDecision(wrong, timeout=TIMEOUT_S)
        assert Refusal.of(refused.value).fields == (field,)


def test_what_is_wrong_with_a_search_is_named(shop: TandemClient) -> None:
    late, early = Timestamp(seconds=2_000), Timestamp(seconds=1_000)
    for method, request, field in (
        ("ListDecisions", decision_list_pb2.ListDecisionsRequest(page_token="?"), "page_token"),
        ("ListDecisions", decision_list_pb2.ListDecisionsRequest(start_time=late, end_time=early), "end_time"),
        ("SampleDecisions", decision_list_pb2.SampleDecisionsRequest(count=10_001), "count"),
        (
            "WhyNot",
            why_not_pb2.WhyNotRequest(subject=subject("crm:x"), action="a", start_time=late, end_time=early),
            "end_time",
        ),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            getattr(shop.orchestrator, method)(request, timeout=TIMEOUT_S)
        assert Refusal.of(refused.value).fields == (field,)


def test_the_command_line_replays_a_sample_and_lists(
    running: Deployment,
    shop: TandemClient,
    who: str,
    answers: list[decision_pb2.DecideResponse],
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = ("--target", running.addresses["orchestrator"], "--timeout", "60")
    assert main(["replay", "--sample", "1000", "--rescore", "--json", *target]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["replayed"] == told["identical"] >= len(answers)
    assert told["rescored"]["greatest_difference"] <= 1e-9
    assert main(["replay", answers[0].decision_id, *target]) == 0
    assert "replayed 1: 1 identical, 0 differing" in capsys.readouterr().out
    profile = ("--profile-target", running.addresses["profile"])
    assert main(["decisions", "list", "--subject", who.replace(":", "="), *target, *profile]) == 0
    assert answers[0].decision_id in capsys.readouterr().out
    assert main(["replay", "d_0", *target]) == 1
    assert "DECISION_NOT_FOUND" in capsys.readouterr().err


def test_the_record_of_an_erased_person_says_so(shop: TandemClient) -> None:
    name = f"crm:{fresh('gone')}"
    shop.upsert(name, age=42)
    decision_id = shop.decide(inbound(name)).decision_id
    erase = EraseSubjectRequest(request_id=fresh("erase"), subject=subject(name))
    shop.profile.EraseSubject(erase, timeout=TIMEOUT_S)
    deadline = time.monotonic() + 60
    while (refusal := refusal_of(shop, decision_id)) is None:
        assert time.monotonic() < deadline, "it was not erased"
        time.sleep(0.2)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "DECISION_ERASED")


def refusal_of(shop: TandemClient, decision_id: str) -> Refusal | None:
    try:
        replay(shop, decision_id, rescore=False)
    except grpc.RpcError as refused:
        return Refusal.of(refused)
    return None
