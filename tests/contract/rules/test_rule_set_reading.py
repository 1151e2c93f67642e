"""GetRuleSet, ListRuleSets, EvaluateSegments and BatchEvaluateEngagementPolicy on a real channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tandem.common.v1 import stage_pb2, value_pb2
from tandem.rules.v1 import condition_pb2, rule_set_pb2, trigger_pb2
from tandem.rules.v1 import rules_service_pb2 as pb

from services.rules.bootstrap import bootstrap
from shared import errors
from shared.rpc.channel import call
from shared.rpc.values import timestamp_proto, value_to_proto
from shared.settings import ServiceSettings
from tests.support.grpc_server import Loopback, loopback
from tests.support.rules import NOW_MS

FAIL, DEFAULT = condition_pb2.ON_UNKNOWN_FAIL, condition_pb2.ON_UNKNOWN_DEFAULT
AT = condition_pb2.SourcePosition(file="policy.yaml", line=3, column=7)


@pytest.fixture
async def rules(tmp_path: Path) -> AsyncIterator[Loopback]:
    ticks = iter(range(NOW_MS, NOW_MS + 10_000_000, 1_000))
    async with AsyncExitStack() as stack:
        components = await bootstrap(ServiceSettings(data_dir=tmp_path), stack, clock=lambda: next(ticks))
        binding = components.binding
        yield await stack.enter_async_context(loopback(binding.descriptor, binding.servicer, check=binding.check))


async def ask(rules: Loopback, method: str, request: Any) -> Any:
    return await call(rules.unary(method), request, timeout_s=20)


async def publish(rules: Loopback, content: rule_set_pb2.RuleSet, request_id: str = "one") -> str:
    request = pb.PublishRuleSetRequest(request_id=request_id, rule_set=content)
    version: str = (await ask(rules, "PublishRuleSet", request)).rule_set_version
    return version


def rule(when: str, rule_id: str = "r", **fields: Any) -> rule_set_pb2.Rule:
    defaults: dict[str, Any] = {"stage": stage_pb2.DROP_STAGE_ELIGIBILITY, "on_unknown": FAIL, "position": AT}
    return rule_set_pb2.Rule(rule_id=rule_id, when=when, **defaults | fields)


def boutique(limit: int = 18) -> rule_set_pb2.RuleSet:
    scope = rule_set_pb2.Scope
    return rule_set_pb2.RuleSet(
        attributes=[
            rule_set_pb2.AttributeDeclaration(name="age", type=value_pb2.ATTRIBUTE_TYPE_INT, immutable=True),
            rule_set_pb2.AttributeDeclaration(
                name="tier", type=value_pb2.ATTRIBUTE_TYPE_STRING, allowed=[value_to_proto("gold")]
            ),
            rule_set_pb2.AttributeDeclaration(name="sizes", type=value_pb2.ATTRIBUTE_TYPE_INT_LIST),
        ],
        segments=[
            rule_set_pb2.Segment(segment_id="adult", when=f"age >= {limit}", on_unknown=FAIL, position=AT),
            rule_set_pb2.Segment(
                segment_id="gold",
                when="tier == 'gold'",
                on_unknown=DEFAULT,
                default_value=value_to_proto("gold"),
                position=AT,
            ),
        ],
        scopes=[
            scope(
                level=rule_set_pb2.SCOPE_LEVEL_POLICY, rules=[rule("sizes.all(s, s + 1 in sizes || s > 3)", "costly")]
            ),
            scope(level=rule_set_pb2.SCOPE_LEVEL_ISSUE, scope_id="retain"),
            scope(
                level=rule_set_pb2.SCOPE_LEVEL_GROUP,
                scope_id="win_back",
                parent_id="retain",
                numbers=[rule_set_pb2.NumberExpression(name="business_value", expression="2.5", position=AT)],
            ),
            scope(
                level=rule_set_pb2.SCOPE_LEVEL_ACTION,
                scope_id="comeback",
                parent_id="win_back",
                rules=[rule("in_segment('adult')")],
                attributes={"price": value_to_proto(15.5)},
            ),
            scope(level=rule_set_pb2.SCOPE_LEVEL_ACTION, scope_id="welcome", parent_id="win_back"),
            scope(
                level=rule_set_pb2.SCOPE_LEVEL_TREATMENT,
                scope_id="welcome_mail",
                parent_id="welcome",
                channel="EMAIL",
                rules=[rule("tier == 'gold'", on_unknown=DEFAULT, default_value=value_to_proto("tin"))],
            ),
            scope(level=rule_set_pb2.SCOPE_LEVEL_CHANNEL, scope_id="EMAIL", rules=[rule("age >= 12")]),
        ],
        engine=rule_set_pb2.ENGINE_INDEXED,
    )


def facts(**values: Any) -> dict[str, value_pb2.Feature]:
    present = value_pb2.FEATURE_STATUS_PRESENT
    return {name: value_pb2.Feature(value=value_to_proto(value), status=present) for name, value in values.items()}


KNOWN = {"sizes": (), "tier": "tin"}


async def test_a_rule_set_is_given_back_as_it_was_published(rules: Loopback) -> None:
    content = boutique()
    content.triggers.append(
        trigger_pb2.Trigger(
            trigger_id="three_carts",
            pattern=trigger_pb2.Pattern(
                kind=trigger_pb2.PATTERN_KIND_COUNT,
                matches=[trigger_pb2.EventMatch(event_type="cart_add", position=AT)],
                within_ms=3_600_000,
                at_least=3,
                absent=trigger_pb2.EventMatch(event_type="purchase", position=AT),
                absent_ms=1_000,
            ),
            condition="age >= 18",
            on_unknown=FAIL,
            cooldown_ms=5,
            effects=[trigger_pb2.Effect(emit=trigger_pb2.Effect.Emit(name="carts", payload={"n": "age"}), position=AT)],
            position=AT,
        )
    )
    content.event_types.append(rule_set_pb2.EventTypeDeclaration(type="cart_add"))
    content.event_types.append(rule_set_pb2.EventTypeDeclaration(type="purchase"))
    version = await publish(rules, content)
    found = await ask(rules, "GetRuleSet", pb.GetRuleSetRequest(rule_set_version=version))
    assert found.rule_set == content
    assert found.published_time == timestamp_proto(NOW_MS)


async def test_a_rule_set_nobody_published_is_not_found(rules: Loopback) -> None:
    requests = {
        "GetRuleSet": pb.GetRuleSetRequest(rule_set_version="rs_none"),
        "EvaluateSegments": pb.EvaluateSegmentsRequest(rule_set_version="rs_none"),
        "BatchEvaluateEngagementPolicy": pb.BatchEvaluateEngagementPolicyRequest(
            rule_set_version="rs_none", subjects=[pb.BatchEvaluateEngagementPolicyRequest.Subject()]
        ),
    }
    for method, request in requests.items():
        with pytest.raises(errors.NotFound) as refused:
            await ask(rules, method, request)
        assert refused.value.reason == "RULE_SET_NOT_FOUND"


async def test_rule_sets_are_listed_newest_first_by_pages(rules: Loopback) -> None:
    versions = [await publish(rules, boutique(limit), f"request {limit}") for limit in range(5)]
    seen: list[str] = []
    token, sizes = "", []
    while True:
        page = await ask(rules, "ListRuleSets", pb.ListRuleSetsRequest(page_size=2, page_token=token))
        seen += [each.rule_set_version for each in page.rule_sets]
        sizes.append(len(page.rule_sets))
        token = page.next_page_token
        if not token:
            break
    assert (seen, sizes) == (versions[::-1], [2, 2, 1])
    (entry, *_) = (await ask(rules, "ListRuleSets", pb.ListRuleSetsRequest())).rule_sets
    assert (entry.actions, entry.triggers, entry.triggers_active) == (2, 0, False)
    assert entry.published_time.seconds > 0


@pytest.mark.parametrize("token", ["x", "AAAA", "kqR4eHh4", "é"])
async def test_a_page_token_that_is_none_is_refused(rules: Loopback, token: str) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        await ask(rules, "ListRuleSets", pb.ListRuleSetsRequest(page_token=token))
    assert refused.value.metadata == {"field": "page_token"}


async def test_the_segments_of_a_subject_are_told(rules: Loopback) -> None:
    version = await publish(rules, boutique())
    for known, expected in (({"age": 20}, ["adult", "gold"]), ({"age": 3, "tier": "tin"}, []), ({}, ["gold"])):
        request = pb.EvaluateSegmentsRequest(rule_set_version=version, attributes=facts(**known))
        assert list((await ask(rules, "EvaluateSegments", request)).segments) == expected
    with pytest.raises(errors.InvalidArgument):
        await ask(
            rules,
            "EvaluateSegments",
            pb.EvaluateSegmentsRequest(rule_set_version=version, attributes=facts(age="x")),
        )


async def test_dropped_treatments_are_in_the_answer_with_their_reasons(rules: Loopback) -> None:
    version = await publish(rules, boutique())
    request = pb.EvaluateEngagementPolicyRequest(
        rule_set_version=version, attributes=facts(age=15, **KNOWN), explain=stage_pb2.EXPLAIN_REASONS
    )
    answer = await ask(rules, "EvaluateEngagementPolicy", request)
    assert (list(answer.eligible_actions), list(answer.dropped_treatments)) == (["welcome"], ["welcome_mail"])
    (action, treatment) = answer.dropped
    assert (action.action, action.treatment) == ("comeback", "")
    assert (treatment.action, treatment.treatment, treatment.attribute) == ("welcome", "welcome_mail", "tier")


def batch(version: str, *subjects: dict[str, value_pb2.Feature], **fields: Any) -> Any:
    request = pb.BatchEvaluateEngagementPolicyRequest
    return request(rule_set_version=version, subjects=[request.Subject(attributes=each) for each in subjects], **fields)


async def test_a_batch_answers_each_subject_in_order_or_says_what_is_wrong_with_it(rules: Loopback) -> None:
    version = await publish(rules, boutique())
    many = {
        "sizes": value_pb2.Feature(
            value=value_to_proto(tuple(range(0, 8_000, 2))), status=value_pb2.FEATURE_STATUS_PRESENT
        )
    }
    subjects = [
        facts(age=20, **KNOWN),
        facts(age="twenty"),
        facts(age=3, **KNOWN | {"tier": "gold"}),
        many,
        {"age": value_pb2.Feature(status=99)},  # type: ignore[arg-type]
        {},
    ]
    items = (await ask(rules, "BatchEvaluateEngagementPolicy", batch(version, *subjects))).items
    assert [each.WhichOneof("outcome") for each in items] == ["result", "error", "result", "error", "error", "result"]
    assert list(items[0].result.eligible_actions) == ["comeback", "welcome"]
    assert list(items[2].result.eligible_actions) == ["welcome"]
    assert list(items[5].result.eligible_actions) == []
    assert [items[place].error.code for place in (1, 3, 4)] == [3, 8, 3]
    assert items[4].error.message.startswith('subjects[4].attributes["age"].status')
    assert items[0].result.rule_set_version == version


async def test_a_batch_and_single_calls_agree(rules: Loopback) -> None:
    version = await publish(rules, boutique())
    subjects = [facts(age=age, sizes=(age, age + 1, 4), tier="gold" if age % 2 else "tin") for age in range(30)]
    for how in ({}, {"with_segments": True}, {"explain": stage_pb2.EXPLAIN_FULL}):
        items = (await ask(rules, "BatchEvaluateEngagementPolicy", batch(version, *subjects, **how))).items
        for item, subject in zip(items, subjects, strict=True):
            request = pb.EvaluateEngagementPolicyRequest(rule_set_version=version, attributes=subject, **how)
            assert item.result == await ask(rules, "EvaluateEngagementPolicy", request)
        assert any(item.result.segments for item in items) is bool(how)


async def test_more_subjects_than_a_batch_holds_are_refused(rules: Loopback) -> None:
    version = await publish(rules, boutique())
    with pytest.raises(errors.InvalidArgument) as refused:
        await ask(rules, "BatchEvaluateEngagementPolicy", batch(version, *[{}] * 1_001))
    assert refused.value.metadata == {"field": "subjects"}
    assert len((await ask(rules, "BatchEvaluateEngagementPolicy", batch(version, *[{}] * 1_000))).items) == 1_000
