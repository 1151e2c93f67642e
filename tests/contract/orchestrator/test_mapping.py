"""Requests survive the way in and out of the record, and what they must not hold is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from tandem.common.v1 import value_pb2
from tandem.orchestrator.v1 import decision_pb2, policy_diff_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from services.orchestrator.api.mapping import answer, outcomes, policy_diff, request
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.domain.decision import PlacementAnswer, SendSpan
from services.orchestrator.domain.volume.standing import ResourceUse
from shared.errors import InvalidArgument
from tests.support import decisions
from tests.support.random_messages import messages


@settings(max_examples=200)
@given(messages(decision_pb2.DecideRequest.DESCRIPTOR))
def test_a_request_that_is_understood_comes_back_as_it_was_understood(message: Any) -> None:
    message.request_id = "r"
    try:
        command = request.command_from(message)
    except InvalidArgument:
        return
    assert request.command_from(request.request_to(command)) == command


@settings(max_examples=200)
@given(messages(pb.CaptureOutcomesRequest.DESCRIPTOR))
def test_an_outcome_that_is_understood_comes_back_as_it_was_understood(message: Any) -> None:
    items = outcomes.items_from(message)
    assert len(items) == len(message.items)
    understood = [item for item in items if isinstance(item, OutcomeItem)]
    sent = pb.CaptureOutcomesRequest(items=[outcomes.item_to(item) for item in understood])
    again = outcomes.items_from(sent)
    assert repr(again) == repr(understood)  # NaN is not equal to itself


def test_an_attribute_of_the_context_has_a_name() -> None:
    values = {name: value_pb2.TypedValue(int_value=1) for name in ("", "page")}
    nameless = decision_pb2.DecideRequest(request_id="r", context=values)
    with pytest.raises(InvalidArgument) as refused:
        request.command_from(nameless)
    assert [each.field for each in refused.value.violations] == ['context[""]']


def test_an_answer_says_on_the_wire_what_it_says_inside() -> None:
    inside = decisions.answer()
    response = answer.response_of(inside)
    proposition = response.placement_results[0].propositions.items[0]
    plain = inside.placements[0].propositions[0]
    for name in type(plain).__slots__:
        if name not in ("content", "expire_time_ms", "send_window", "uses"):
            assert getattr(proposition, name) == getattr(plain, name), name
    assert dict(proposition.content) == plain.content
    assert proposition.expire_time.ToMilliseconds() == plain.expire_time_ms
    assert (proposition.HasField("send_window"), len(proposition.uses)) == (False, 0)
    assert [result.WhichOneof("result") for result in response.placement_results] == [
        "propositions",
        "fallback",
        "no_action",
    ]
    assert [(each.stage, each.count) for each in response.dropped_by_stage] == [(2, 3), (9, 1)]
    kinds = [each.observed.WhichOneof("kind") for each in response.dropped]
    assert kinds == ["int_value", "timestamp_value", None, "list_value", "double_value"]
    explained, close = response.dropped[3:]
    assert (explained.treatment, [each.attribute for each in explained.failed]) == ("thorough_web", ["brands", "age"])
    needed = {each.attribute: each.needed.WhichOneof("kind") for each in explained.smallest_change.changes}
    assert needed == {"brands": "list_value", "age": "int_value", "seen": None}
    assert explained.smallest_change.smaller_not_ruled_out
    assert [each.HasField("smallest_change") for each in response.dropped] == [False, False, False, True, False]
    assert (close.margin, explained.HasField("margin")) == (0.25, False)
    assert response.timing.total.ToNanoseconds() == 10
    assert response.consistency_token.value == "17"


def test_a_proposition_says_when_it_goes_out_and_what_it_uses() -> None:
    plain = decisions.answer()
    span, use = SendSpan(1_900_000_000_000, 1_900_000_600_000), ResourceUse("mail", 0, 1_500_000, 0.25)
    proposed = replace(decisions.proposition(), send_window=span, uses=(use,))
    response = answer.response_of(replace(plain, placements=(PlacementAnswer("home", (proposed,)),)))
    (said,) = response.placement_results[0].propositions.items
    window = said.send_window
    assert (window.earliest.ToMilliseconds(), window.latest.ToMilliseconds()) == (span.earliest_ms, span.latest_ms)
    assert [(each.resource, each.units, each.price) for each in said.uses] == [("mail", 1.5, 0.25)]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"request_id": ""}, "request_id"),
        ({"request_id": "r" * 129}, "request_id"),
        ({"request_id": "r\n"}, "request_id"),
        ({"direction": 7}, "direction"),
        ({"mode": 7}, "mode"),
        ({"explain": 7}, "explain"),
        ({"placements": [{"placement_id": "home", "count": 101}]}, "placements[0].count"),
        ({"placements": [{"placement_id": "home", "count": -1}]}, "placements[0].count"),
        ({"placements": [{"accepts": {"max_length": -1}}]}, "placements[0].accepts.max_length"),
        ({"channels": ["web"] * 101}, "channels"),
        ({"context": {"x" * 129: {"int_value": 1}}}, "context"),
        ({"context": {"weather": {}}}, 'context["weather"]'),
        ({"decision_time": {"seconds": 2**60}}, "decision_time"),
        ({"events": [{"event_time": {"nanos": -1}}]}, "events[0].event_time"),
    ],
)
def test_fields_out_of_range_are_named(fields: dict[str, Any], path: str) -> None:
    message = decision_pb2.DecideRequest(**{"request_id": "r", **fields})
    with pytest.raises(InvalidArgument) as refusal:
        request.command_from(message)
    assert [violation.field for violation in refusal.value.violations] == [path]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"proposition_id": ""}, "items[0].reference"),
        ({"outcome": 99}, "items[0].outcome"),
        ({"idempotency_key": ""}, "items[0].idempotency_key"),
        ({"revenue": {"currency_code": "euro"}}, "items[0].revenue.currency_code"),
        ({"revenue": {"currency_code": "EUR", "units": 1, "nanos": -1}}, "items[0].revenue.nanos"),
        ({"outcome_time": {"nanos": 2**30 + 1}}, "items[0].outcome_time"),
        ({"proposition_id": "p" * 257}, "items[0].proposition_id"),
        ({"agent_id": "\x00"}, "items[0].agent_id"),
    ],
)
def test_what_is_wrong_with_an_item_is_said_of_the_item(fields: dict[str, Any], path: str) -> None:
    item = {"idempotency_key": "k", "proposition_id": "d_1.0.0", "outcome": 6, **fields}
    right = {"idempotency_key": "l", "proposition_id": "d_1.0.0", "outcome": 6}
    wrong, taken = outcomes.items_from(pb.CaptureOutcomesRequest(request_id="r", items=[item, right]))
    assert isinstance(wrong, InvalidArgument)
    assert [violation.field for violation in wrong.violations] == [path]
    assert isinstance(taken, OutcomeItem)


@pytest.mark.parametrize("locale", ["!!", "f", "fr--FR", "fr-", "fr FR", "f" * 9, "fr\n"])
def test_a_sample_is_asked_for_in_a_language_that_there_may_be(locale: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        policy_diff.simulate_question(asking_in(locale))
    assert [violation.field for violation in refusal.value.violations] == ["profiles.locale"]


@pytest.mark.parametrize("locale", ["", "fr", "en-GB", "pt_BR", "zh-Hant-TW", "de-CH-1996", "de-x-a"])
def test_a_language_tag_is_taken_as_it_is(locale: str) -> None:
    sample = policy_diff.simulate_question(asking_in(locale)).profiles
    assert sample is not None
    assert sample.locale == locale


def asking_in(locale: str) -> policy_diff_pb2.SimulatePolicyRequest:
    sample = policy_diff_pb2.ProfileSample(segment="true", locale=locale)
    return policy_diff_pb2.SimulatePolicyRequest(policy_version="policy_1", profiles=sample)
