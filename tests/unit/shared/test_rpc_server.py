"""What a caller sees of a server, whatever the service: errors, deadlines, required fields, credentials, load."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from tandem.rules.v1 import rule_set_pb2, rules_service_pb2

from shared import errors
from shared.errors import TandemError
from shared.rpc.channel import call, open_channel
from shared.rpc.context import CallContext, current_request_id
from tests.support.grpc_server import Loopback, loopback
from tests.support.rules_servicer import EVALUATE, RULES, RulesServicer, nothing, raising


async def evaluate(server: Loopback, request: Any = EVALUATE, timeout_s: float = 5.0) -> Any:
    return await call(server.unary("EvaluateEngagementPolicy"), request, timeout_s=timeout_s, service="rules")


KINDS = [kind for kind in TandemError.__subclasses__() if kind is not errors.Internal]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
async def test_error_arrives_as_it_was_raised(kind: type[TandemError]) -> None:
    raised = kind("SOME_REASON", "what happened", metadata={"a": "b"}, violations=[errors.Violation("x[0].y", "bad")])
    async with loopback(RULES, RulesServicer(raising(raised))) as server:
        with pytest.raises(kind) as caught:
            await evaluate(server)
    arrived = caught.value
    assert type(arrived) is kind
    assert (arrived.reason, arrived.message) == ("SOME_REASON", "what happened")
    assert arrived.metadata == {"a": "b"}
    assert arrived.violations == (errors.Violation("x[0].y", "bad"),)


async def test_fault_of_ours_shows_the_request_id_and_nothing_of_the_fault() -> None:
    async with loopback(RULES, RulesServicer(raising(KeyError("secret@example.com")))) as server:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.unary("EvaluateEngagementPolicy")(EVALUATE, metadata=(("x-request-id", "id-7"),), timeout=5)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "id-7" in str(caught.value.details())
    assert "secret" not in repr(caught.value)


async def test_fault_arrives_as_internal_error_with_its_request_id() -> None:
    async with loopback(RULES, RulesServicer(raising(ZeroDivisionError()))) as server:
        with pytest.raises(errors.Internal) as caught:
            await evaluate(server)
    assert caught.value.reason == "INTERNAL"
    assert caught.value.metadata["request_id"].startswith("req_")


async def test_fault_of_a_called_service_is_not_repeated_to_the_caller() -> None:
    inner = errors.Internal("INTERNAL", "stack of the other service")
    async with loopback(RULES, RulesServicer(raising(inner))) as server:
        with pytest.raises(errors.Internal) as caught:
            await evaluate(server)
    assert "stack" not in caught.value.message


async def test_malformed_bytes_are_the_callers_mistake() -> None:
    async with loopback(RULES, RulesServicer(nothing)) as server:
        with pytest.raises(errors.InvalidArgument) as caught:
            await call(server.raw("EvaluateEngagementPolicy"), b"\xff\xff\xff", timeout_s=5)
        assert (await evaluate(server)).rule_set_version == "r-1"
    assert caught.value.reason == "MALFORMED_MESSAGE"
    assert caught.value.metadata == {"type": "tandem.rules.v1.EvaluateEngagementPolicyRequest"}


async def test_missing_required_field_is_named_at_its_depth() -> None:
    rule_set = rule_set_pb2.RuleSet(
        scopes=[rule_set_pb2.Scope(level="SCOPE_LEVEL_POLICY"), rule_set_pb2.Scope(level="SCOPE_LEVEL_ISSUE")]
    )
    rule_set.scopes[1].rules.add(rule_id="a", when="true")
    request = rules_service_pb2.PublishRuleSetRequest(rule_set=rule_set)
    async with loopback(RULES, RulesServicer(nothing)) as server:
        with pytest.raises(errors.InvalidArgument) as caught:
            await call(server.unary("PublishRuleSet"), request, timeout_s=5)
    assert caught.value.reason == "REQUIRED_FIELD_MISSING"
    assert [each.field for each in caught.value.violations] == ["request_id", "rule_set.scopes[1].rules[0].stage"]


async def test_call_without_deadline_ends_by_the_default_one() -> None:
    async def sleep(_context: CallContext) -> None:
        await asyncio.sleep(60)

    async with loopback(RULES, RulesServicer(sleep), default_deadline_seconds=0.05) as server:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.unary("EvaluateEngagementPolicy")(EVALUATE)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_work_stops_when_the_callers_deadline_passes() -> None:
    stopped = asyncio.Event()

    async def sleep(_context: CallContext) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    async with loopback(RULES, RulesServicer(sleep)) as server:
        with pytest.raises(errors.DeadlineExceeded):
            await evaluate(server, timeout_s=0.05)
        await asyncio.wait_for(stopped.wait(), 2)


async def test_timeout_inside_a_servicer_is_a_fault_and_not_the_callers_deadline() -> None:
    async with loopback(RULES, RulesServicer(raising(TimeoutError()))) as server:
        with pytest.raises(errors.Internal):
            await evaluate(server)


async def test_servicer_knows_request_id_method_and_time_left() -> None:
    seen: list[CallContext] = []

    async def look(context: CallContext) -> None:
        assert current_request_id() == context.request_id
        seen.append(context)

    async with loopback(RULES, RulesServicer(look)) as server:
        await server.unary("EvaluateEngagementPolicy")(EVALUATE, metadata=(("x-request-id", "abc"),), timeout=3)
        await server.unary("EvaluateEngagementPolicy")(EVALUATE)
    first, second = seen
    assert first.request_id == "abc"
    assert first.method == "/tandem.rules.v1.RulesService/EvaluateEngagementPolicy"
    assert 2 < (first.remaining_s() or 0) <= 3
    assert 9 < (second.remaining_s() or 0) <= 10


@pytest.mark.parametrize("given", ["x" * 129, ""])
async def test_unusable_request_id_is_replaced(given: str) -> None:
    seen: list[str] = []

    async def look(context: CallContext) -> None:
        seen.append(context.request_id)

    async with loopback(RULES, RulesServicer(look)) as server:
        await server.unary("EvaluateEngagementPolicy")(EVALUATE, metadata=(("x-request-id", given),), timeout=3)
    assert seen[0].startswith("req_")


async def test_calls_beyond_the_limit_are_refused_at_once_and_those_in_flight_finish() -> None:
    arrived, release = asyncio.Semaphore(0), asyncio.Event()

    async def hold(_context: CallContext) -> None:
        arrived.release()
        await release.wait()

    async with loopback(RULES, RulesServicer(hold), max_concurrent_rpcs=2) as server:
        held = [asyncio.ensure_future(evaluate(server)) for _ in range(2)]
        await arrived.acquire()
        await arrived.acquire()
        with pytest.raises(errors.ResourceExhausted) as caught:
            await evaluate(server)
        release.set()
        answers = await asyncio.gather(*held)
        assert (await evaluate(server)).rule_set_version == "r-1"
    assert caught.value.reason == "OVERLOADED"
    assert caught.value.metadata == {"limit": "2"}
    assert len(answers) == 2


async def test_shed_call_says_when_to_retry() -> None:
    raised = errors.ResourceExhausted("OVERLOADED", "busy")
    async with loopback(RULES, RulesServicer(raising(raised))) as server:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.unary("EvaluateEngagementPolicy")(EVALUATE, timeout=5)
    metadata: Any = caught.value.trailing_metadata()
    status = status_pb2.Status.FromString(dict(metadata)["grpc-status-details-bin"])
    retry = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(retry) for detail in status.details)
    assert retry.retry_delay.ToMilliseconds() > 0


@pytest.mark.parametrize(
    ("token", "reason"),
    [(None, "CREDENTIAL_MISSING"), ("s3sam", "CREDENTIAL_INVALID"), ("", "CREDENTIAL_INVALID")],
)
async def test_call_without_the_bearer_token_is_refused(token: str | None, reason: str) -> None:
    async with loopback(RULES, RulesServicer(nothing), bearer_token="s3same") as server:
        metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.unary("EvaluateEngagementPolicy")(EVALUATE, metadata=metadata, timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason in repr(caught.value.trailing_metadata())


async def test_call_with_the_bearer_token_is_answered() -> None:
    async with loopback(RULES, RulesServicer(nothing), bearer_token="s3same", token="s3same") as server:
        assert (await evaluate(server)).rule_set_version == "r-1"


async def test_bearer_token_is_read_from_its_file(tmp_path: Any) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    async with loopback(RULES, RulesServicer(nothing), bearer_token_file=file, token="from-file") as server:
        assert (await evaluate(server)).rule_set_version == "r-1"


async def test_servicer_without_one_of_the_methods_does_not_start() -> None:
    with pytest.raises(TypeError, match="PublishRuleSet"):
        async with loopback(RULES, object()):
            pass


async def test_taken_address_is_refused_with_a_sentence() -> None:
    async with loopback(RULES, RulesServicer(nothing)) as server:
        with pytest.raises(errors.StartupError, match="another server"):
            async with loopback(RULES, RulesServicer(nothing), listen_address=server.server.address):
                pass


async def test_dead_address_is_an_unavailable_dependency() -> None:
    async with loopback(RULES, RulesServicer(nothing)) as server:
        pass
    async with open_channel(server.server.address) as channel:
        dead = Loopback(server.server, channel, RULES)
        with pytest.raises(errors.Unavailable) as caught:
            await evaluate(dead)
    assert caught.value.reason == "DEPENDENCY_UNAVAILABLE"
    assert caught.value.metadata == {"service": "rules"}
