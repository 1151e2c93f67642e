"""A finding inside a condition points at the file, however YAML wrote the condition."""

from __future__ import annotations

import pytest

from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.source_map import SourceMap, expressions_of
from services.orchestrator.domain.policy_parts import Finding, Place, RuleSetPart

RULE = "suppression:\n  - id: other\n    when: 'true'\neligibility:\n  - id: rule\n    when: "
WRITINGS = {
    "plain": "age > 1 && OOPS",
    "plain over two lines": "age > 1\n      && OOPS",
    "single-quoted": "'age > 1 && OOPS'",
    "single-quoted with quotes inside": "'tier == ''gold'' && OOPS'",
    "single-quoted over two lines": "'tier == ''gold''\n\n      && OOPS'",
    "double-quoted": '"age > 1 && OOPS"',
    "double-quoted with quotes inside": '"tier == \\"gold\\" && OOPS"',
    "plain with quotes inside": "name != '' && OOPS",
    "folded": ">-\n      age > 1\n      && OOPS",
    "folded with more indentation": ">\n      age > 1 &&\n        (1 > 2 ||\n        OOPS)\n",
    "literal": "|\n      age > 1\n      && OOPS\n",
    "literal with a blank line": "|\n\n      age > 1\n\n        && OOPS\n",
    "literal in a file of Windows": "|\r\n      age > 1\r\n      && OOPS\r\n",
    "in a mapping that goes on": "'age > 1 && OOPS'\n    on_unknown: PASS",
}


def _rule_set(files: dict[str, bytes]) -> RuleSetPart:
    rule_set = compile_policy(files).rule_set
    assert rule_set is not None
    return rule_set


def _of_the_service(text: str, start: Place, offset: int) -> Place:
    """The place the rules service would name: columns of the first line go on from where the condition starts."""
    before = text[:offset].split("\n")
    column = len(before[-1]) + (start.column if len(before) == 1 else 1)
    return Place(start.file, start.line + len(before) - 1, column)


@pytest.mark.parametrize("writing", WRITINGS.values(), ids=WRITINGS.keys())
def test_a_finding_points_at_the_word_it_means(small: str, writing: str) -> None:
    content = RULE + writing
    files = {"a.yaml": small.encode(), "b.yaml": content.encode()}
    rule_set = _rule_set(files)
    rule = next(rule for rule in rule_set.scopes[0].rules if rule.rule_id == "rule")
    found = Finding(_of_the_service(rule.when, rule.place, rule.when.index("OOPS")), "UNKNOWN_ATTRIBUTE", "no OOPS")
    lines = content.splitlines()
    line = next(number for number, text in enumerate(lines) if "OOPS" in text)
    expected = Place("b.yaml", line + 1, lines[line].index("OOPS") + 1)
    assert SourceMap(files, expressions_of(rule_set)).corrected(found) == Finding(expected, found.code, found.message)


@pytest.mark.parametrize(
    "place", [Place("", 0, 0), Place("b.yaml", 1, 1), Place("b.yaml", 99, 1), Place("c.yaml", 6, 12), Place("z", 1, 1)]
)
def test_a_finding_outside_every_condition_stays_where_it_is(small: str, place: Place) -> None:
    files = {"a.yaml": small.encode(), "b.yaml": (RULE + "age > 1").encode()}
    found = Finding(place, "CODE", "message")
    assert SourceMap(files, expressions_of(_rule_set(files))).corrected(found) == found


def test_a_number_written_otherwise_than_it_is_sent_stays_at_its_beginning(small: str) -> None:
    files = {"a.yaml": small.replace("business_value: 2", "business_value: 0x1F").encode()}
    start = Place("a.yaml", 9, 48)
    found = Finding(start, "CODE", "message")
    assert SourceMap(files, expressions_of(_rule_set(files))).corrected(found) == found
