"""What a scalar means, by the core schema of YAML 1.2 plus dates, durations and times of day. Refused otherwise."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, time

from services.orchestrator.domain.policy.findings import Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode, describe
from shared.clock import MS_PER_DAY, MS_PER_SECOND, to_ms
from shared.values import INT64_MAX, INT64_MIN, Scalar, type_name

MAX_DURATION_MS = 36_525 * MS_PER_DAY

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,6})?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?( ?([Zz]|[-+][0-9]{2}:?[0-9]{2}))?"
)
_UNIT_MS = {"w": 7 * MS_PER_DAY, "d": MS_PER_DAY, "h": 3_600_000, "m": 60_000, "s": MS_PER_SECOND, "ms": 1}
DURATION_PATTERN = "(?=[0-9])" + "".join(f"([0-9]{{1,9}}{unit})?" for unit in _UNIT_MS)
"""Each unit once, the largest first."""
_DURATION = re.compile(DURATION_PATTERN)


def scalar(node: Node) -> ScalarNode:
    """The node, which must be one word, number or text."""
    if isinstance(node, ScalarNode):
        return node
    raise Refused(node.place, f"must be a single value, not {describe(node)}")


def is_null(node: Node) -> bool:
    """Whether nothing is written here."""
    return isinstance(node, ScalarNode) and node.is_plain and node.text in _NULL


def value(node: Node) -> Scalar | None:
    """The value a scalar stands for: quoted is text, plain is null, a bool, a number, a time or text."""
    written = scalar(node)
    if not written.is_plain:
        return written.text
    if written.text in _NULL:
        return None
    if written.text in _BOOL:
        return _BOOL[written.text]
    if _INT.fullmatch(written.text):
        return _int64(written)
    if _FLOAT.fullmatch(written.text):
        return _finite(written)
    return moment(written) if _is_time(written.text) else written.text


def _int64(node: ScalarNode) -> int:
    number = int(node.text, 0) if node.text[:2] in ("0o", "0x") else int(node.text)
    if not INT64_MIN <= number <= INT64_MAX:
        raise Refused(node.place, "must be within 64 bits", code="OUT_OF_RANGE")
    return number


def _finite(node: ScalarNode) -> float:
    if not node.text[-1].isalpha() and math.isfinite(number := float(node.text)):
        return number
    raise Refused(node.place, "must be a finite number", code="OUT_OF_RANGE")


def _is_time(text: str) -> bool:
    return bool(_DATE.fullmatch(text) or _TIMESTAMP.fullmatch(text))


def text(node: Node) -> str:
    """A text. What YAML would read as a number or a bool must be quoted, so that nothing is guessed."""
    meant = value(node)
    if isinstance(meant, str):
        return meant
    raise Refused(node.place, f"must be text, not {type_name(meant)}: put it in quotes")


def boolean(node: Node) -> bool:
    meant = value(node)
    if isinstance(meant, bool):
        return meant
    raise Refused(node.place, f"must be true or false, not {describe(node)}")


def integer(node: Node) -> int:
    meant = value(node)
    if type(meant) is int:
        return meant
    raise Refused(node.place, f"must be a whole number, not {describe(node)}")


def number(node: Node) -> float:
    """A finite number."""
    meant = value(node)
    if isinstance(meant, int | float) and not isinstance(meant, bool):
        return float(meant)
    raise Refused(node.place, f"must be a number, not {describe(node)}")


def span_of(text: str) -> int | None:
    """Milliseconds of a span such as 90s, 7d or 1d12h; None where it is none."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    parts = zip(match.groups(), _UNIT_MS.items(), strict=True)
    return sum(int(written.removesuffix(unit)) * unit_ms for written, (unit, unit_ms) in parts if written)


def span_words(span_ms: int) -> str:
    """The same for people: `3d 30m`. Weeks are days."""
    words: list[str] = []
    for unit, unit_ms in _UNIT_MS.items():
        if unit != "w" and span_ms >= unit_ms:
            words.append(f"{span_ms // unit_ms}{unit}")
            span_ms %= unit_ms
    return " ".join(words) or "0s"


def duration_ms(node: Node) -> int:
    """A positive span such as 90s, 30m, 1d12h, 2w, of at most a hundred years."""
    span = span_of(scalar(node).text)
    if span is None:
        message = f"must be a duration such as 30m, 1h, 7d or 1d12h (units from large to small), not {describe(node)}"
        raise Refused(node.place, message)
    if not 0 < span <= MAX_DURATION_MS:
        raise Refused(node.place, "must be positive and at most a hundred years", code="OUT_OF_RANGE")
    return span


def moment(node: Node) -> datetime:
    """A date (its first moment) or a timestamp; UTC unless an offset is written."""
    written = scalar(node)
    try:
        if _is_time(written.text):
            parsed = datetime.fromisoformat(re.sub(" (?=[Z+-])", "", written.text.upper()))
            return _whole_ms(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        pass
    raise Refused(node.place, f"must be a date such as 2026-11-01 or a timestamp, not {describe(node)}")


def _whole_ms(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1_000 * 1_000)


def start_ms(node: Node) -> int:
    """The first millisecond a date or timestamp includes."""
    return to_ms(moment(node))


def end_ms(node: Node) -> int:
    """The first millisecond after: a date is included to its end, a timestamp is exclusive."""
    is_date = isinstance(node, ScalarNode) and _DATE.fullmatch(node.text) is not None
    return to_ms(moment(node)) + (MS_PER_DAY if is_date else 0)


def time_of_day(node: Node) -> time:
    """HH:MM."""
    written = scalar(node)
    try:
        if re.fullmatch(r"[0-9]{2}:[0-9]{2}", written.text):
            return time.fromisoformat(written.text)
    except ValueError:
        pass
    raise Refused(node.place, f"must be a time of day such as '21:00', not {describe(node)}")
