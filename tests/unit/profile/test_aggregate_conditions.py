"""Conditions on the properties of an event: what has no value, or another type, is unknown, and does not hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.profile.domain.aggregates.conditions import MAX_WORK, condition_of, problems_of
from shared.values import AttributeType, Value

TYPES = {
    "kind": AttributeType.STRING,
    "amount": AttributeType.DOUBLE,
    "units": AttributeType.INT,
    "gift": AttributeType.BOOL,
    "tags": AttributeType.STRING_LIST,
    "due": AttributeType.TIMESTAMP,
}
PROPERTIES = tuple(sorted(TYPES.items()))
DUE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "held", "holds"),
    [
        ("event.kind == 'a'", {"kind": "a"}, True),
        ("event.kind == 'a'", {"kind": "b"}, False),
        ("event.kind == 'a'", {}, False),
        ("event.kind != 'a'", {}, False),
        ("!(event.kind == 'a')", {}, False),
        ("event.kind == 'a'", {"kind": None}, False),
        ("event.kind != 'a'", {"kind": 3}, False),
        ("event.amount > 2.0", {"amount": 3}, True),
        ("event.amount > 2.0", {"amount": 2.5}, True),
        ("event.units > 2", {"units": 2.5}, False),
        ("event.kind == 'a' || event.gift", {"gift": True}, True),
        ("event.kind == 'a' || event.gift", {"gift": False}, False),
        ("event.kind == 'a' && event.gift", {"kind": "a"}, False),
        ("'new' in event.tags", {"tags": ("old", "new")}, True),
        ("'new' in event.tags", {"tags": (1, 2)}, False),
        ("event.tags.exists(t, t.startsWith('n'))", {"tags": ("old", "new")}, True),
        ("event.due < timestamp('2027-01-01T00:00:00Z')", {"due": DUE}, True),
        ("event.units / 0 == 1", {"units": 1}, False),
        ("event.kind == 'a'", {"kind": "a\0b"}, False),
        ("true", {}, True),
    ],
)
def test_a_condition_holds_where_it_is_known_to_be_true(text: str, held: dict[str, Value], holds: bool) -> None:
    assert not problems_of(text, TYPES)
    assert condition_of(text, PROPERTIES).holds(held) is holds


def test_a_condition_that_would_take_too_long_does_not_hold() -> None:
    condition = condition_of("event.tags.exists(t, t.contains('needle'))", PROPERTIES)
    assert condition.holds({"tags": ("needle",)})
    assert not condition.holds({"tags": ("needle", "x" * MAX_WORK)})


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("event.kind =", "CEL_SYNTAX", (1, 12)),
        ("event.knd == 'a'", "UNKNOWN_ATTRIBUTE", (1, 1)),
        ("kind == 'a'", "UNKNOWN_ATTRIBUTE", (1, 1)),
        ("event.amount > 2", "CEL_TYPE", (1, 14)),
        ("event.amount", "NOT_BOOL", (1, 1)),
        ("days_since(event.due) > 3", "UNKNOWN_FUNCTION", (1, 1)),
        ("in_segment('gold')", "UNKNOWN_FUNCTION", (1, 1)),
        ("event.gift &&\n  event.kind.matches('(')", "INVALID_PATTERN", (2, 22)),
        ("event.units in [" + "1," * 10_000 + "1]", "LIMIT", (1, 16)),
    ],
)
def test_what_is_wrong_with_a_condition_is_told_with_its_place(text: str, code: str, place: tuple[int, int]) -> None:
    (problem, *_) = problems_of(text, TYPES)
    assert (problem.code, (problem.line, problem.column)) == (code, place)
