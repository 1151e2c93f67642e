"""The rules service on a real channel: what its contract promises, errors included."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import stage_pb2, value_pb2
from tandem.rules.v1 import condition_pb2, rule_set_pb2
from tandem.rules.v1 import rules_service_pb2 as pb

from services.rules.bootstrap import bootstrap
from shared import errors
from shared.rpc.channel import call
from shared.rpc.values import value_to_proto
from shared.settings import ServiceSettings
from tests.support.grpc_server import Loopback, loopback
from tests.support.rules import NOW_MS, NOW_TIME

INT, DOUBLE, STRING = value_pb2.ATTRIBUTE_TYPE_INT, value_pb2.ATTRIBUTE_TYPE_DOUBLE, value_pb2.ATTRIBUTE_TYPE_STRING
TIMESTAMP = value_pb2.ATTRIBUTE_TYPE_TIMESTAMP
PRESENT, STALE = value_pb2.FEATURE_STATUS_PRESENT, value_pb2.FEATURE_STATUS_STALE


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Loopback]:
    async with AsyncExitStack() as stack:
        components = await bootstrap(ServiceSettings(data_dir=data_dir), stack, clock=lambda: NOW_MS)
        binding = components.binding
        yield await stack.enter_async_context(loopback(binding.descriptor, binding.servicer, check=binding.check))


@pytest.fixture
async def rules(tmp_path: Path) -> AsyncIterator[Loopback]:
    async with running(tmp_path) as server:
        yield server


def rule(when: str, rule_id: str = "r", **fields: Any) -> rule_set_pb2.Rule:
    position = condition_pb2.SourcePosition(file="actions.yaml", line=4, column=11)
    defaults: dict[str, Any] = {"stage": stage_pb2.DROP_STAGE_ELIGIBILITY, "position": position}
    return rule_set_pb2.Rule(rule_id=rule_id, when=when, **defaults | fields)


def boutique(*rules: rule_set_pb2.Rule, **fields: Any) -> rule_set_pb2.RuleSet:
    """Actions comeback (price 15.5) and welcome (price 5.0) of one group, which has the rules."""
    attribute, scope, number = (
        rule_set_pb2.AttributeDeclaration,
        rule_set_pb2.Scope,
        rule_set_pb2.NumberExpression,
    )
    prices = {"comeback": 15.5, "welcome": 5.0}
    return rule_set_pb2.RuleSet(
        attributes=[
            attribute(name="age", type=INT),
            attribute(name="margin", type=DOUBLE),
            attribute(name="tier", type=STRING, allowed=[value_to_proto("gold"), value_to_proto("tin")]),
            attribute(name="last_purchase", type=TIMESTAMP),
            attribute(name="context.weather", type=STRING),
        ],
        scopes=[
            scope(
                level=rule_set_pb2.SCOPE_LEVEL_POLICY,
                numbers=[number(name="business_value", expression="margin * action.price")],
            ),
            scope(level=rule_set_pb2.SCOPE_LEVEL_ISSUE, scope_id="retain"),
            scope(level=rule_set_pb2.SCOPE_LEVEL_GROUP, scope_id="win_back", parent_id="retain", rules=rules),
            *(
                scope(
                    level=rule_set_pb2.SCOPE_LEVEL_ACTION,
                    scope_id=name,
                    parent_id="win_back",
                    attributes={"price": value_to_proto(price)},
                )
                for name, price in prices.items()
            ),
        ],
        **fields,
    )


async def publish(rules: Loopback, content: rule_set_pb2.RuleSet, request_id: str = "one") -> str:
    request = pb.PublishRuleSetRequest(request_id=request_id, rule_set=content)
    response = await call(rules.unary("PublishRuleSet"), request, timeout_s=20)
    version: str = response.rule_set_version
    return version


async def evaluate(rules: Loopback, version: str, **fields: Any) -> pb.EvaluateEngagementPolicyResponse:
    request = pb.EvaluateEngagementPolicyRequest(rule_set_version=version, **fields)
    response: pb.EvaluateEngagementPolicyResponse = await call(
        rules.unary("EvaluateEngagementPolicy"), request, timeout_s=20
    )
    return response


def facts(**values: Any) -> dict[str, value_pb2.Feature]:
    return {name: value_pb2.Feature(value=value_to_proto(value), status=PRESENT) for name, value in values.items()}


async def test_one_call_answers_for_all_actions(rules: Loopback) -> None:
    version = await publish(rules, boutique(rule("margin * action.price > 40.0")))
    response = await evaluate(rules, version, attributes=facts(margin=4.0))
    assert response.rule_set_version == version
    assert list(response.eligible_actions) == ["comeback"]
    assert [(column.name, list(column.values)) for column in response.numbers] == [("business_value", [62.0])]
    counts = {stage_pb2.DropStage.Name(each.stage): each.count for each in response.dropped_by_stage}
    assert counts == {
        "DROP_STAGE_SUPPRESSION": 0,
        "DROP_STAGE_ELIGIBILITY": 1,
        "DROP_STAGE_APPLICABILITY": 0,
        "DROP_STAGE_SUITABILITY": 0,
    }
    assert not response.dropped
    assert not response.segments


async def test_reasons_come_when_asked(rules: Loopback) -> None:
    segment = rule_set_pb2.Segment(segment_id="adults", when="age >= 18")
    content = boutique(rule("in_segment('adults') && tier in ['gold']", "adult_gold"), segments=[segment])
    version = await publish(rules, content)
    response = await evaluate(rules, version, attributes=facts(age=30, tier="tin"), explain=stage_pb2.EXPLAIN_FULL)
    assert list(response.segments) == ["adults"]
    assert [each.action for each in response.dropped] == ["comeback", "welcome"]
    assert response.dropped[0] == stage_pb2.Dropped(
        action="comeback",
        stage=stage_pb2.DROP_STAGE_ELIGIBILITY,
        rule_id="adult_gold",
        rule_version=version,
        attribute="tier",
        observed=value_to_proto("tin"),
        status=PRESENT,
        threshold='in ["gold"]',
        failed=[
            stage_pb2.FailedTest(
                attribute="tier", observed=value_to_proto("tin"), status=PRESENT, threshold='in ["gold"]'
            )
        ],
        smallest_change=stage_pb2.SmallestChange(
            changes=[
                stage_pb2.SmallestChange.AttributeChange(
                    attribute="tier",
                    observed=value_to_proto("tin"),
                    status=PRESENT,
                    needed=value_to_proto("gold"),
                )
            ]
        ),
    )


async def test_a_smallest_change_comes_with_full_explanations_alone(rules: Loopback) -> None:
    version = await publish(rules, boutique(rule("age >= 18")))
    response = await evaluate(rules, version, attributes=facts(age=16), explain=stage_pb2.EXPLAIN_REASONS)
    assert not any(each.HasField("smallest_change") for each in response.dropped)
    assert all(each.failed for each in response.dropped)


@pytest.mark.parametrize(("when", "is_open"), [("age >= 18", False), ("age / 3 == 1000", True)])
async def test_a_change_says_whether_a_smaller_one_may_exist(rules: Loopback, when: str, is_open: bool) -> None:
    version = await publish(rules, boutique(rule(when)))
    response = await evaluate(rules, version, attributes=facts(age=16), explain=stage_pb2.EXPLAIN_FULL)
    assert {each.smallest_change.smaller_not_ruled_out for each in response.dropped} == {is_open}


async def test_an_attribute_that_never_changes_is_never_proposed(rules: Loopback) -> None:
    content = boutique(rule("age >= 18"))
    content.attributes[0].immutable = True
    version = await publish(rules, content)
    response = await evaluate(rules, version, attributes=facts(age=16), explain=stage_pb2.EXPLAIN_FULL)
    assert {each.smallest_change.none_because for each in response.dropped} == {"IMMUTABLE"}


async def test_reasons_can_be_limited_to_some_actions(rules: Loopback) -> None:
    version = await publish(rules, boutique(rule("age >= 18")))
    for explain in (stage_pb2.EXPLAIN_REASONS, stage_pb2.EXPLAIN_FULL):
        response = await evaluate(
            rules, version, attributes=facts(age=16), explain=explain, explain_actions=["welcome", "no_such_action"]
        )
        assert [each.action for each in response.dropped] == ["welcome"]
        assert sum(each.count for each in response.dropped_by_stage) == 2


async def test_an_unknown_attribute_is_told_by_its_status_and_makes_numbers_nan(rules: Loopback) -> None:
    passing = rule("age >= 18", on_unknown=condition_pb2.ON_UNKNOWN_PASS)
    version = await publish(
        rules, boutique(passing, rule("tier == 'gold'", "gold", stage=stage_pb2.DROP_STAGE_SUITABILITY))
    )
    stale = {"tier": value_pb2.Feature(value=value_to_proto("gold"), status=STALE)}
    response = await evaluate(rules, version, attributes=stale, explain=stage_pb2.EXPLAIN_REASONS)
    (reason,) = {(each.rule_id, each.attribute, each.status, each.observed.string_value) for each in response.dropped}
    assert reason == ("gold", "tier", STALE, "gold")
    response = await evaluate(rules, version, attributes=facts(tier="gold"))
    assert all(math.isnan(value) for value in response.numbers[0].values)
    assert len(response.numbers[0].values) == 2


async def test_the_time_of_the_evaluation_is_now_unless_given(rules: Loopback) -> None:
    version = await publish(rules, boutique(rule("days_since(last_purchase) > 90")))
    known = facts(last_purchase=NOW_TIME - timedelta(days=30))
    assert not (await evaluate(rules, version, attributes=known)).eligible_actions
    later = Timestamp()
    later.FromDatetime(NOW_TIME + timedelta(days=61))
    assert (await evaluate(rules, version, attributes=known, evaluation_time=later)).eligible_actions


async def test_the_version_is_the_hash_of_the_content(rules: Loopback) -> None:
    first = await publish(rules, boutique(rule("age >= 18")), "one")
    assert await publish(rules, boutique(rule("age >= 18")), "one") == first
    assert await publish(rules, boutique(rule("age >= 18")), "two") == first
    assert await publish(rules, boutique(rule("age >= 21")), "three") != first
    assert first.startswith("rs_")


async def test_a_request_id_used_for_another_body_is_refused(rules: Loopback) -> None:
    await publish(rules, boutique(rule("age >= 18")))
    with pytest.raises(errors.AlreadyExists) as refused:
        await publish(rules, boutique(rule("age >= 21")))
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_an_invalid_rule_set_is_refused_with_every_place_and_not_stored(rules: Loopback) -> None:
    content = boutique(rule("agee >= 18"), rule("age", "number"))
    with pytest.raises(errors.InvalidArgument) as refused:
        await publish(rules, content)
    assert refused.value.reason == "POLICY_INVALID"
    assert refused.value.metadata == {"errors": "2"}
    assert [(each.field, each.description) for each in refused.value.violations] == [
        ("actions.yaml:4:11", "UNKNOWN_ATTRIBUTE: undeclared reference to 'agee'; did you mean 'age'?"),
        ("actions.yaml:4:11", "NOT_BOOL: a condition must be of type bool, not int"),
    ]
    assert await publish(rules, boutique(rule("age >= 18")))  # the request id is still free


async def test_more_errors_than_an_answer_holds_are_counted_and_validation_has_them_all(rules: Loopback) -> None:
    content = boutique(*(rule(f"nobody_declared_{index} >= 18", f"r{index}") for index in range(500)))
    with pytest.raises(errors.InvalidArgument) as refused:
        await publish(rules, content)
    assert refused.value.metadata == {"errors": "500"}
    assert 10 < len(refused.value.violations) < 100
    assert "more not shown" in refused.value.message
    response = await call(rules.unary("ValidateRuleSet"), pb.ValidateRuleSetRequest(rule_set=content), timeout_s=20)
    assert len(response.findings) == 500


async def test_validation_finds_what_publication_would_and_stores_nothing(rules: Loopback) -> None:
    content = boutique(rule("age >= 18 || 1 / 0 == 1"))
    response = await call(rules.unary("ValidateRuleSet"), pb.ValidateRuleSetRequest(rule_set=content), timeout_s=20)
    (finding,) = response.findings
    assert (finding.code, finding.severity) == ("ALWAYS_FAILS", rule_set_pb2.SEVERITY_ERROR)
    assert (finding.position.file, finding.position.line, finding.position.column) == ("actions.yaml", 4, 11 + 19)
    with pytest.raises(errors.InvalidArgument) as refused:
        await publish(rules, content)
    assert [(each.field, each.description) for each in refused.value.violations] == [
        ("actions.yaml:4:30", f"ALWAYS_FAILS: {finding.message}")
    ]


async def test_a_published_rule_set_is_there_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as rules:
        version = await publish(rules, boutique(rule("age >= 18")))
    async with running(tmp_path) as rules:
        response = await evaluate(rules, version, attributes=facts(age=18))
        assert list(response.eligible_actions) == ["comeback", "welcome"]


async def test_a_version_nobody_published_is_not_found(rules: Loopback) -> None:
    with pytest.raises(errors.NotFound) as refused:
        await evaluate(rules, "rs_none")
    assert refused.value.reason == "RULE_SET_NOT_FOUND"


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        (facts(age="18"), 'attributes["age"]'),
        (facts(age=18.5), 'attributes["age"]'),
        (
            {"margin": value_pb2.Feature(value=value_pb2.TypedValue(double_value=math.nan))},
            'attributes["margin"].value',
        ),
        ({"tier": value_pb2.Feature(value=value_to_proto("x" * 100_000))}, 'attributes["tier"].value'),
        ({"tier": value_pb2.Feature(status=99)}, 'attributes["tier"].status'),  # type: ignore[arg-type]
    ],
)
async def test_a_value_that_is_none_of_its_type_is_refused_by_its_path(
    rules: Loopback, attributes: dict[str, value_pb2.Feature], field: str
) -> None:
    version = await publish(rules, boutique(rule("age >= 18")))
    with pytest.raises(errors.InvalidArgument) as refused:
        await evaluate(rules, version, attributes=attributes)
    assert (refused.value.reason, refused.value.metadata) == ("INVALID_FIELD", {"field": field})


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (boutique(rule("true", stage=stage_pb2.DROP_STAGE_CONSENT)), "rule_set.scopes[2].rules[0].stage"),
        (boutique(rule("true", on_unknown=9)), "rule_set.scopes[2].rules[0].on_unknown"),
        (boutique(rule("true", default_value=value_pb2.TypedValue())), "rule_set.scopes[2].rules[0].default_value"),
        (rule_set_pb2.RuleSet(scopes=[rule_set_pb2.Scope(level=7)]), "rule_set.scopes[0].level"),  # type: ignore[arg-type]
        (
            rule_set_pb2.RuleSet(
                attributes=[rule_set_pb2.AttributeDeclaration(name="age", type=INT, allowed=[value_to_proto("x")])]
            ),
            "rule_set.attributes[0].allowed[0]",
        ),
    ],
)
async def test_a_field_that_cannot_be_read_is_refused_by_its_path(
    rules: Loopback, content: rule_set_pb2.RuleSet, field: str
) -> None:
    for send in (publish, validate):
        with pytest.raises(errors.InvalidArgument) as refused:
            await send(rules, content)
        assert refused.value.metadata == {"field": field}


async def validate(rules: Loopback, content: rule_set_pb2.RuleSet) -> None:
    await call(rules.unary("ValidateRuleSet"), pb.ValidateRuleSetRequest(rule_set=content), timeout_s=20)


async def test_a_request_without_what_is_required_is_refused(rules: Loopback) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        await publish(rules, boutique(), "")
    assert refused.value.reason == "REQUIRED_FIELD_MISSING"
    with pytest.raises(errors.InvalidArgument) as refused:
        await publish(rules, boutique(), "a\nb")
    assert refused.value.metadata == {"field": "request_id"}


async def test_values_that_cost_too_much_are_refused_and_the_server_goes_on(rules: Loopback) -> None:
    listed = rule_set_pb2.AttributeDeclaration(name="sizes", type=value_pb2.ATTRIBUTE_TYPE_INT_LIST)
    content = boutique(rule("sizes.exists(s, s + 1 in sizes)", "costly"))
    content.attributes.append(listed)
    version = await publish(rules, content)
    many = {"sizes": value_pb2.Feature(value=value_to_proto(tuple(range(0, 8_000, 2))))}
    request = pb.EvaluateEngagementPolicyRequest(rule_set_version=version, attributes=many)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await rules.unary("EvaluateEngagementPolicy")(request, timeout=20)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not (await evaluate(rules, version, attributes=facts(sizes=(2, 4)))).eligible_actions
    assert (await evaluate(rules, version, attributes=facts(sizes=(2, 3)))).eligible_actions
