"""Logs: one JSON object per line, with the request id, and nothing of what callers sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from shared import errors
from shared.logging import JsonFormatter, configure, request_id
from tests.support.grpc_server import loopback
from tests.support.rules_servicer import EVALUATE, RULES, RulesServicer, raising

METHOD = "/tandem.rules.v1.RulesService/EvaluateEngagementPolicy"


def formatted(**record: Any) -> dict[str, Any]:
    made = logging.makeLogRecord(
        {"name": "tandem.x", "levelname": "INFO", "msg": "hello %s", "args": ("you",)} | record
    )
    line = JsonFormatter().format(made)
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_line_is_json_with_time_level_logger_and_message() -> None:
    line = formatted(created=1.5)
    assert line == {
        "time": "1970-01-01T00:00:01.500+00:00",
        "level": "INFO",
        "logger": "tandem.x",
        "message": "hello you",
    }


def test_line_carries_fields_and_the_request_id() -> None:
    token = request_id.set("r-1")
    line = formatted(fields={"ms": 3, "path": object})
    request_id.reset(token)
    assert (line["request_id"], line["ms"]) == ("r-1", 3)


def test_stack_stays_on_the_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as failure:
        line = formatted(exc_info=(type(failure), failure, failure.__traceback__))
    assert "first\nsecond" in line["stack"]


@pytest.fixture
def restored_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_configuring_twice_does_not_write_lines_twice(restored_root: None, capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO")
    configure("INFO")
    logging.getLogger("tandem.x").info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("failure", "level", "code"),
    [
        (errors.NotFound("RULE_SET_NOT_FOUND", "none"), "INFO", "NOT_FOUND"),
        (errors.Unavailable("STORE_UNAVAILABLE", "gone"), "WARNING", "UNAVAILABLE"),
        (ZeroDivisionError("person@example.com"), "WARNING", "INTERNAL"),
    ],
)
async def test_failed_call_is_one_line_with_its_method_code_and_duration(
    caplog: pytest.LogCaptureFixture, failure: Exception, level: str, code: str
) -> None:
    with caplog.at_level(logging.INFO, "tandem.rpc"):
        async with loopback(RULES, RulesServicer(raising(failure))) as server:
            with pytest.raises(grpc.aio.AioRpcError):
                await server.unary("EvaluateEngagementPolicy")(EVALUATE, timeout=5, metadata=(("x-request-id", "r"),))
    record, *_retries = (each for each in caplog.records if each.getMessage() == "call")
    fields: dict[str, Any] = record.__dict__["fields"]
    assert (record.levelname, fields["code"], fields["method"]) == (level, code, METHOD)
    assert fields["ms"] >= 0


async def test_successful_calls_are_logged_at_debug_only(caplog: pytest.LogCaptureFixture) -> None:
    async with loopback(RULES, RulesServicer()) as server:
        with caplog.at_level(logging.INFO, "tandem.rpc"):
            await server.unary("EvaluateEngagementPolicy")(EVALUATE, timeout=5)
        assert [each for each in caplog.records if each.name == "tandem.rpc"] == []
        with caplog.at_level(logging.DEBUG, "tandem.rpc"):
            await server.unary("EvaluateEngagementPolicy")(EVALUATE, timeout=5)
    assert [each.getMessage() for each in caplog.records if each.name == "tandem.rpc"] == ["call"]


async def test_cause_of_an_unavailable_store_is_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_context: object) -> None:
        try:
            raise OSError("disk sda1 is gone")
        except OSError as cause:
            raise errors.Unavailable("STORE_UNAVAILABLE", "the store cannot be used") from cause

    async with loopback(RULES, RulesServicer(fail)) as server:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.unary("EvaluateEngagementPolicy")(EVALUATE, timeout=5)
    assert "sda1" not in repr(caught.value)
    assert "sda1" in caplog.text
