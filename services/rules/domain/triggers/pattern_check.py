"""What is wrong with one pattern: its windows, its numbers, its joins, the events it waits for."""

from __future__ import annotations

import math
from collections.abc import Iterator

from services.rules.domain.expression_check import Purpose
from services.rules.domain.finding_log import FindingLog
from services.rules.domain.triggers.declaration import EventMatch, Pattern, PatternKind
from services.rules.domain.triggers.vocabulary import Vocabulary
from services.rules.domain.written import SourcePosition
from shared.cel.problems import suggestion
from shared.clock import MS_PER_DAY
from shared.values import AttributeType

MAX_SPAN_MS = 400 * MS_PER_DAY
MAX_MATCHES = 8
MAX_COUNT = 1_000

_ADDING = (PatternKind.COUNT, PatternKind.SUM)
_NUMBERS = (AttributeType.INT, AttributeType.DOUBLE)


def check_pattern(pattern: Pattern, position: SourcePosition, vocabulary: Vocabulary, log: FindingLog) -> None:
    """`position` is the trigger's: what has no place of its own is found there."""
    for code, message in (
        *_size_problems(pattern),
        *_window_problems(pattern),
        *_number_problems(pattern),
        *_absence_problems(pattern),
    ):
        log.error(position, code, message)
    for match in pattern.matches[: MAX_MATCHES + 1]:
        _check_match(match, vocabulary, log)
    if pattern.absent is not None:
        _check_match(pattern.absent, vocabulary, log)
    _check_anyone(pattern, log)
    _check_join(pattern, position, vocabulary, log)
    _check_sum(pattern, position, vocabulary, log)


def _size_problems(pattern: Pattern) -> Iterator[tuple[str, str]]:
    count = len(pattern.matches)
    if not 1 <= count <= MAX_MATCHES:
        yield "LIMIT", f"a pattern has 1 to {MAX_MATCHES} matches, not {count}"
    elif pattern.kind in _ADDING and count != 1:
        yield "BAD_PATTERN", f"{pattern.kind.name} is about one match, not {count}"


def _window_problems(pattern: Pattern) -> Iterator[tuple[str, str]]:
    if pattern.kind is PatternKind.ANY:
        if pattern.within_ms:
            yield "BAD_WINDOW", "ANY is about one event: it has no window"
    elif pattern.within_ms == 0:
        yield "BAD_WINDOW", f"{pattern.kind.name} needs a window"
    elif not 0 < pattern.within_ms <= MAX_SPAN_MS:
        yield "BAD_WINDOW", "the window must be more than nothing and at most 400 days"


def _number_problems(pattern: Pattern) -> Iterator[tuple[str, str]]:
    if pattern.kind is PatternKind.COUNT:
        if not (1 <= pattern.at_least <= MAX_COUNT and float(pattern.at_least).is_integer()):
            yield "AT_LEAST", f"COUNT needs at_least, a whole number from 1 to {MAX_COUNT}"
    elif pattern.kind is PatternKind.SUM:
        if not (math.isfinite(pattern.at_least) and pattern.at_least > 0):
            yield "AT_LEAST", "SUM needs at_least, a number above 0"
    elif pattern.at_least:
        yield "AT_LEAST", f"{pattern.kind.name} has no at_least: it is for COUNT and SUM"


def _absence_problems(pattern: Pattern) -> Iterator[tuple[str, str]]:
    if pattern.absent is None:
        if pattern.absent_ms:
            yield "BAD_WINDOW", "there is a time of absence, but not what is to be absent"
        if pattern.restarts:
            yield "BAD_PATTERN", "only a pattern with an absence restarts"
    elif not 0 < pattern.absent_ms <= MAX_SPAN_MS:
        yield "BAD_WINDOW", "the time of absence must be more than nothing and at most 400 days"


def _check_match(match: EventMatch, vocabulary: Vocabulary, log: FindingLog) -> None:
    if match.event_type not in vocabulary.properties:
        hint = suggestion(match.event_type, vocabulary.properties)
        message = f"there is no event type '{match.event_type[:80]}'{hint}"
        log.error(match.position, "UNKNOWN_EVENT_TYPE", message)
    elif match.where:
        _, problems = vocabulary.check(match.where, Purpose.CONDITION, (match.event_type,))
        log.problems(match.position, problems)


def _check_anyone(pattern: Pattern, log: FindingLog) -> None:
    last = len(pattern.matches) - 1
    for index, match in enumerate(pattern.matches):
        if not match.by_anyone:
            continue
        if pattern.kind is not PatternKind.SEQUENCE or index != last or index == 0:
            message = "by_anyone is for the last part of a SEQUENCE: somebody must wait for the thing before"
            log.error(match.position, "MISPLACED_BY_ANYONE", message)
        elif not pattern.join:
            message = "by_anyone needs a join: the property that says which thing it is about"
            log.error(match.position, "MISPLACED_BY_ANYONE", message)
    if pattern.absent is not None and pattern.absent.by_anyone:
        message = "by_anyone is for the last part of a SEQUENCE, not for what is absent"
        log.error(pattern.absent.position, "MISPLACED_BY_ANYONE", message)


def _check_join(pattern: Pattern, position: SourcePosition, vocabulary: Vocabulary, log: FindingLog) -> None:
    kinds: dict[AttributeType, str] = {}
    for match in (*pattern.matches[: MAX_MATCHES + 1], *([pattern.absent] if pattern.absent is not None else [])):
        if match.join_property and not pattern.join:
            log.error(match.position, "BAD_JOIN", "a match has a join property, but the pattern has no join")
        elif pattern.join and match.event_type in vocabulary.properties:
            name = join_property(pattern, match)
            kind = _property(match, name, vocabulary, log, match.position)
            if kind is not None and kind.is_list:
                log.error(match.position, "BAD_JOIN", f"{name} of {match.event_type} is a list: nothing joins on it")
            elif kind is not None:
                kinds.setdefault(kind, f"{kind.text} in {match.event_type}")
    if len(kinds) > 1:
        log.error(position, "BAD_JOIN", f"the join differs in type: {', '.join(kinds.values())}")


def _check_sum(pattern: Pattern, position: SourcePosition, vocabulary: Vocabulary, log: FindingLog) -> None:
    if pattern.kind is not PatternKind.SUM:
        if pattern.sum_of:
            log.error(position, "BAD_PATTERN", f"{pattern.kind.name} adds nothing: sum_of is for SUM")
        return
    if not pattern.sum_of:
        log.error(position, "BAD_PATTERN", "SUM needs sum_of, the property that is added")
        return
    for match in pattern.matches[:1]:
        if match.event_type in vocabulary.properties:
            kind = _property(match, pattern.sum_of, vocabulary, log, position)
            if kind is not None and kind not in _NUMBERS:
                message = f"{pattern.sum_of} of {match.event_type} is of type {kind.text}: only numbers add up"
                log.error(position, "BAD_PATTERN", message)


def join_property(pattern: Pattern, match: EventMatch) -> str:
    return match.join_property or pattern.join


def _property(
    match: EventMatch, name: str, vocabulary: Vocabulary, log: FindingLog, position: SourcePosition
) -> AttributeType | None:
    properties = vocabulary.properties[match.event_type]
    if name not in properties:
        message = f"events of type {match.event_type} have no property '{name[:80]}'{suggestion(name, properties)}"
        log.error(position, "UNKNOWN_PROPERTY", message)
    return properties.get(name)
