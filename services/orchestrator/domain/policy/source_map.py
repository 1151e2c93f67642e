"""Where in a file a finding inside a condition is.

The rules service counts from a condition's first character through its text. YAML may have written that text otherwise:
folded over lines, indented in a block, with doubled or escaped quotes. What both have in common is the sequence of
characters that are not white space, so a place is found by counting those.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace

from services.orchestrator.domain.policy.yaml_reader import split_lines
from services.orchestrator.domain.policy_parts import (
    Finding,
    PatternPart,
    Place,
    RuleSetPart,
    SetTraitPart,
    TriggerPart,
)


class SourceMap:
    """Over expressions, each by the place of its first character, and the files they are written in."""

    def __init__(self, files: Mapping[str, bytes], expressions: Mapping[Place, str]) -> None:
        self._files = files
        self._texts = expressions
        self._places = sorted(self._texts, key=_order)

    def corrected(self, finding: Finding) -> Finding:
        """The finding at the character it means; unchanged where that cannot be told."""
        at = bisect_right(self._places, _order(finding.place), key=_order)
        start = self._places[at - 1] if at else finding.place
        text = self._texts.get(start)
        if text is None or start.file != finding.place.file:
            return finding
        offset = _offset(text, start, finding.place)
        place = _walk(self._source_from(start), self._quote_of(start), text, offset)
        return finding if place is None else replace(finding, place=Place(start.file, *place))

    def _source_from(self, start: Place) -> Iterator[tuple[str, int, int]]:
        """The characters from a place on that are not white space, with line and column."""
        for number, line in enumerate(self._lines(start.file)[start.line - 1 :], start=start.line):
            first = start.column - 1 if number == start.line else 0
            for column, character in enumerate(line[first:], start=first + 1):
                if not character.isspace():
                    yield character, number, column

    def _quote_of(self, start: Place) -> str:
        """The quote that the text is written in; empty for plain texts and blocks."""
        before = self._lines(start.file)[start.line - 1][: start.column - 1][-1:]
        return before if before in ("'", '"') else ""

    def _lines(self, file: str) -> list[str]:
        return split_lines(self._files[file].decode("utf-8-sig"))


def expressions_of(rule_set: RuleSetPart) -> dict[Place, str]:
    return dict(_expressions(rule_set))


def _expressions(rule_set: RuleSetPart) -> Iterator[tuple[Place, str]]:
    for segment in rule_set.segments:
        yield segment.place, segment.when
    for scope in rule_set.scopes:
        for rule in scope.rules:
            yield rule.place, rule.when
        for number in scope.numbers:
            yield number.place, number.expression
    for trigger in rule_set.triggers:
        yield from _of_trigger(trigger)


def _of_trigger(trigger: TriggerPart) -> Iterator[tuple[Place, str]]:
    if isinstance(trigger.when, PatternPart):
        absent = (trigger.when.absent,) if trigger.when.absent is not None else ()
        yield from ((match.place, match.where) for match in (*trigger.when.matches, *absent) if match.where)
    if trigger.condition:
        yield trigger.place, trigger.condition
    for effect in trigger.effects:
        if isinstance(effect, SetTraitPart):
            yield effect.place, effect.value
        else:
            yield from ((effect.payload_places[key], text) for key, text in effect.payload.items())


def _order(place: Place) -> tuple[str, int, int]:
    return place.file, place.line, place.column


def _offset(text: str, start: Place, found: Place) -> int:
    """Into the text: columns of its first line go on from where it starts, those of later lines from 1."""
    if found.line == start.line:
        return found.column - start.column
    lines = text.split("\n")[: found.line - start.line]
    return sum(len(line) + 1 for line in lines) + found.column - 1


def _walk(source: Iterator[tuple[str, int, int]], quote: str, text: str, offset: int) -> tuple[int, int] | None:
    """Line and column of the text's character at `offset`; None where text and source part ways."""
    wanted = sum(not character.isspace() for character in text[:offset])
    remaining = iter(source)
    for index, character in enumerate(character for character in text if not character.isspace()):
        written, line, column = next(remaining, ("", 0, 0))
        if index == wanted:
            return (line, column) if line else None
        if quote == "'" and character == "'":
            written, *_ = next(remaining, ("", 0, 0))
        if quote == '"' and written == "\\":
            written, *_ = next(remaining, ("", 0, 0))
        if written != character:
            return None
    return None
