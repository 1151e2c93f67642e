"""Scalars mean what YAML 1.2 says, and nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time

import pytest

from services.orchestrator.domain.policy import scalars
from services.orchestrator.domain.policy.conditions import on_unknown
from services.orchestrator.domain.policy.findings import Refused
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.shapes import DURATION
from services.orchestrator.domain.policy.yaml_reader import read_yaml
from services.orchestrator.domain.policy_parts import OnUnknown
from shared.clock import MS_PER_DAY, to_ms
from shared.values import Value

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def _node(content: str) -> Node:
    node = read_yaml("p.yaml", content.encode())
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        ("hello", "hello"),
        ("no", "no"),
        ("on", "on"),
        ("'7'", "7"),
        ("7", 7),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("010", 10),
        ("7.5", 7.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("'true'", "true"),
        ("~", None),
        ("1_000", "1_000"),
        ("21:00", "21:00"),
        ("2026-11-01", NOVEMBER),
        ("'2026-11-01'", "2026-11-01"),
        ("2026-11-01T01:30:00+01:30", NOVEMBER),
        ("2026-11-01 00:00:00.0009 Z", NOVEMBER),
    ],
)
def test_a_scalar_means_what_yaml_says(content: str, meant: Value) -> None:
    assert scalars.value(_node(content)) == meant


@pytest.mark.parametrize("content", [".nan", ".inf", "1e999", "9223372036854775808", "2026-13-01", "9" * 39])
def test_a_number_or_date_out_of_range_is_refused(content: str) -> None:
    with pytest.raises(Refused):
        scalars.value(_node(content))


@pytest.mark.parametrize(
    ("content", "span_ms"),
    [
        *(("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("'7d'", 7 * MS_PER_DAY), ("2w", 14 * MS_PER_DAY)),
        *(
            ("25h30m", 91_800_000),
            ("1d12h", 129_600_000),
            ("1w1d1h1m1s1ms", 694_861_001),
            ("5ms", 5),
            ("0h5m", 300_000),
        ),
    ],
)
def test_durations(content: str, span_ms: int) -> None:
    assert scalars.duration_ms(_node(content)) == span_ms


@pytest.mark.parametrize("content", ["7", "d", "7 d", "-7d", "0d", "0d0h", "30m1h", "1h1h", "1h 30m", "40000d", "[7d]"])
def test_what_is_no_duration_is_refused(content: str) -> None:
    with pytest.raises(Refused):
        scalars.duration_ms(_node(content))


@pytest.mark.parametrize("content", ["90s", "25h30m", "1w1d1h1m1s1ms", "30m1h", "1h1h", "", "7", "1d 12h"])
def test_the_schema_of_durations_says_what_the_reader_says(content: str) -> None:
    assert bool(re.search(DURATION["pattern"], content)) == (scalars.span_of(content) is not None)


@pytest.mark.parametrize(
    ("span_ms", "words"),
    [(0, "0s"), (4_350 * 60_000, "3d 30m"), (14 * MS_PER_DAY, "14d"), (61_001, "1m 1s 1ms"), (7_200_000, "2h")],
)
def test_spans_are_told_in_units_from_large_to_small(span_ms: int, words: str) -> None:
    assert scalars.span_words(span_ms) == words


def test_a_date_ends_with_its_day_and_a_timestamp_at_its_moment() -> None:
    assert scalars.start_ms(_node("2026-11-01")) == to_ms(NOVEMBER)
    assert scalars.end_ms(_node("2026-11-01")) == to_ms(NOVEMBER) + MS_PER_DAY
    assert scalars.end_ms(_node("2026-11-01T00:00:00Z")) == to_ms(NOVEMBER)


def test_times_of_day() -> None:
    assert scalars.time_of_day(_node("'21:00'")) == time(21)
    with pytest.raises(Refused):
        scalars.time_of_day(_node("24:00"))


@pytest.mark.parametrize(("parse", "content"), [(scalars.text, "5"), (scalars.text, "true"), (scalars.number, "true")])
def test_one_type_is_not_taken_for_another(parse: Callable[[Node], object], content: str) -> None:
    with pytest.raises(Refused):
        parse(_node(content))


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        ("FAIL", OnUnknown("FAIL")),
        ("PASS", OnUnknown("PASS")),
        ("DEFAULT 0", OnUnknown("DEFAULT", 0)),
        ("DEFAULT false", OnUnknown("DEFAULT", False)),
        ("DEFAULT bronze", OnUnknown("DEFAULT", "bronze")),
        ("DEFAULT '0'", OnUnknown("DEFAULT", "0")),
        ("{DEFAULT: [a, b]}", OnUnknown("DEFAULT", ("a", "b"))),
        ("{DEFAULT: 2026-11-01}", OnUnknown("DEFAULT", NOVEMBER)),
    ],
)
def test_on_unknown(content: str, meant: OnUnknown) -> None:
    assert on_unknown(_node(content)) == meant
