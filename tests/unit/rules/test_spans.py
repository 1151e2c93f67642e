"""within(), owns() and is_anniversary() mean what CEL says without them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rules.domain.rule_set import Rule, Stage
from shared.cel.spans import is_anniversary, span_microseconds, span_text
from shared.values import AttributeType, present
from tests.support.rules import NOW_TIME, evaluate, findings, indexed_verdict, library_verdict, rule_set

TYPES = {
    "seen": AttributeType.TIMESTAMP,
    "tier": AttributeType.STRING,
    "owned": AttributeType.STRING_LIST,
}
SPANS = st.integers(0, 3 * 86_400_000)
OFFSETS = st.integers(-86_400_000, 4 * 86_400_000)


@given(offset=OFFSETS, span=SPANS, text=st.sampled_from(['"{0}ms"', 'duration("{0}ms")']))
def test_within_is_between_now_and_so_long_ago(offset: int, span: int, text: str) -> None:
    facts = {"seen": present(NOW_TIME - timedelta(milliseconds=offset))}
    spelt = f'seen <= now() && now() - seen <= duration("{span}ms")'
    found = indexed_verdict(f"within(seen, {text.format(span)})", TYPES, facts)
    assert found is library_verdict(spelt, TYPES, facts) is (0 <= offset <= span)


@given(microseconds=st.integers(0, 10**15))
def test_a_span_reads_as_it_is_written(microseconds: int) -> None:
    assert span_microseconds(span_text(microseconds)) == microseconds


@pytest.mark.parametrize(
    ("text", "hours"), [("2w", 336), ("30d", 720), ("1d12h", 36), ("90m", 1.5), ("1.5h", 1.5), ("3600000ms", 1)]
)
def test_spans_have_weeks_and_days(text: str, hours: float) -> None:
    assert span_microseconds(text) == hours * 3_600_000_000


@pytest.mark.parametrize("text", ["", "30", "30 d", "d", "-1d", "+1d", "1y", "1D", "٣d", "99999999w", "1e3s", "1.d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        span_microseconds(text)


@pytest.mark.parametrize(
    ("when", "code", "column"),
    [
        ('within(seen, "30 days")', "INVALID_SPAN", 14),
        ("within(seen, tier)", "INVALID_SPAN", 14),
        ('within(tier, "30d")', "CEL_TYPE", 7),
        ("within(seen, 30)", "CEL_TYPE", 7),
        ("owns(owned, 3)", "CEL_TYPE", 5),
        ('owns("sku")', "CEL_TYPE", 1),
        ("is_anniversary(tier)", "CEL_TYPE", 15),
    ],
)
def test_wrong_arguments_are_found_where_they_stand(when: str, code: str, column: int) -> None:
    (found,) = findings(rule_set([Rule("r", Stage.ELIGIBILITY, when)], TYPES))
    assert (found.code, found.position.column) == (code, column)


def test_the_span_may_be_a_constant_of_the_action() -> None:
    facts = {"seen": present(NOW_TIME - timedelta(days=10))}
    assert indexed_verdict("within(seen, action.window)", TYPES, facts, {"window": "2w"}) is True
    assert indexed_verdict("within(seen, action.window)", TYPES, facts, {"window": "1w"}) is False
    assert indexed_verdict("within(seen, action.window)", TYPES, facts, {"window": "a while"}) is None


def test_who_falls_by_within_is_told_the_moment_it_takes() -> None:
    facts = {"seen": present(NOW_TIME - timedelta(days=40))}
    (dropped,) = evaluate(rule_set([Rule("r", Stage.ELIGIBILITY, 'within(seen, "30d")')], TYPES), facts).dropped
    assert dropped.threshold == ">= now() - 30d"
    assert dropped.smallest_change is not None
    (change,) = dropped.smallest_change.changes
    assert change.needed == NOW_TIME - timedelta(days=30)


def test_within_and_owns_are_held_natively() -> None:
    rules = [Rule("r", Stage.ELIGIBILITY, 'within(seen, "30d") && owns(owned, "sku")')]
    assert [each.threshold for each in evaluate(rule_set(rules, TYPES), {"seen": present(NOW_TIME)}).dropped] == [
        'contains "sku"'
    ]


@pytest.mark.parametrize(
    ("born", "today", "is_today"),
    [
        ((2000, 2, 29), (2024, 2, 29), True),
        ((2000, 2, 29), (2024, 2, 28), False),
        ((2000, 2, 29), (2026, 2, 28), True),
        ((2000, 2, 29), (2026, 3, 1), False),
        ((2000, 2, 29), (2100, 2, 28), True),
        ((2000, 2, 28), (2024, 2, 28), True),
        ((1987, 6, 15), (2026, 6, 15), True),
        ((1987, 6, 15), (2026, 6, 16), False),
    ],
)
def test_who_was_born_on_29_february_celebrates_a_day_earlier_in_other_years(
    born: tuple[int, int, int], today: tuple[int, int, int], is_today: bool
) -> None:
    assert is_anniversary(datetime(*born, tzinfo=UTC), datetime(*today, 12, tzinfo=UTC)) is is_today
