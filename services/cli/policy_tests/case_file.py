"""tests/*.yaml of a policy folder, read by tables of fields as the policy itself: every deviation has its place.

at: 2026-03-02T09:00:00Z              # when the tests of this file happen, unless they say otherwise
tests:
  a_student_of_28:
    facts: {is_student: true, age: 28}
    context: {weather: rain}
    expect:
      dropped: {student_offer: {stage: ELIGIBILITY, rule: is_young, change: {age: 27}}}
  three_adds_and_no_purchase:
    events:
      - {type: cart_add}
      - {after: 10m, type: cart_add}
      - {after: 20m, type: cart_add}
    until: 2h
    expect:
      fired: [{after: 80m, trigger: cart_left_behind, emit: remind_of_cart}]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.cli.moments import ASKABLE, is_askable
from services.cli.policy_tests.cases import Case, Drop, Expected, Fact, Fired, Moment
from services.cli.policy_tests.facts_file import FACTS_SHAPE, read_facts, span_ms
from services.orchestrator.domain.policy.fields import (
    EntryParser,
    Field,
    Fields,
    distinct,
    leaf,
    list_of,
    mapping,
    named,
    read_fields,
)
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, duration_ms, is_null, moment, text
from services.orchestrator.domain.policy.schema import DIALECT
from services.orchestrator.domain.policy.shapes import DURATION, NAME, VALUE, either, list_shape, named_shape, record
from services.orchestrator.domain.policy.values import free_value
from services.orchestrator.domain.policy.words import Reference, choice, identifier, reference
from services.orchestrator.domain.policy.yaml_reader import read_yaml
from services.orchestrator.domain.policy_parts import Place
from shared.clock import to_ms
from shared.values import FeatureStatus, Value

USUAL_AT_MS = 1_767_268_800_000
"""2026-01-01T12:00:00Z: a test without a time gives the same every day."""
STAGES = frozenset({"SUPPRESSION", "ELIGIBILITY", "APPLICABILITY", "SUITABILITY"})
STATUSES = frozenset(status.name for status in FeatureStatus)


def _changes(node: Node, findings: Findings) -> Mapping[str, Value]:
    read: dict[str, Value] = {}
    for key, child in distinct(mapping(node), findings):
        try:
            read[text(key)] = None if is_null(child) else free_value(child)
        except Refused as refusal:
            findings.refused(refusal)
    return read


STAGE = Field("stage", leaf(choice(STAGES)), required=True)
RULE = Field("rule", leaf(identifier))
ATTRIBUTE = Field("attribute", leaf(text))
STATUS = Field("status", leaf(choice(STATUSES)))
_VALUE_OR_NULL = either({"type": "null"}, VALUE)
CHANGE = Field("change", _changes, shape={"type": "object", "additionalProperties": _VALUE_OR_NULL})
DROP_FIELDS: tuple[Field[Any], ...] = (STAGE, RULE, ATTRIBUTE, STATUS, CHANGE)


def _drop(node: Node, findings: Findings) -> Drop | None:
    if isinstance(node, ScalarNode):
        return Drop(node.place, choice(STAGES)(node))
    fields = read_fields(node.place, node, DROP_FIELDS, findings)
    stage = fields.get(STAGE, None)
    if stage is None:
        return None
    rule, attribute, status = fields.get(RULE, ""), fields.get(ATTRIBUTE, ""), fields.get(STATUS, "")
    return Drop(node.place, stage, rule, attribute, status, fields.get(CHANGE, None))


def _drops(node: Node, findings: Findings) -> Mapping[str, Drop]:
    read: dict[str, Drop] = {}
    for key, child in distinct(mapping(node), findings):
        try:
            drop = _drop(child, findings)
            read |= {reference(key).name: drop} if drop is not None else {}
        except Refused as refusal:
            findings.refused(refusal)
    return read


AFTER = Field("after", leaf(span_ms, DURATION))
TRIGGER = Field("trigger", leaf(identifier), required=True)
EMIT = Field("emit", leaf(identifier))
PAYLOAD = Field("payload", read_facts, shape=FACTS_SHAPE)
SET = Field("set", read_facts, shape=FACTS_SHAPE)
ENTER = Field("enter", leaf(identifier))
LEAVE = Field("leave", leaf(identifier))
FIRED_FIELDS: tuple[Field[Any], ...] = (AFTER, TRIGGER, EMIT, PAYLOAD, SET, ENTER, LEAVE)


def _fired(node: Node, findings: Findings) -> Fired | None:
    fields = read_fields(node.place, node, FIRED_FIELDS, findings)
    written = [field for field in (EMIT, SET, ENTER, LEAVE) if fields.is_written(field)]
    if len(written) != 1:
        raise Refused(node.place, "must say exactly one of emit, set, enter, leave", code="WRONG_TYPE")
    after_ms, trigger = fields.get(AFTER, 0), fields.get(TRIGGER, "")
    if written[0] is EMIT:
        return Fired(after_ms, trigger, node.place, fields.get(EMIT, ""), fields.get(PAYLOAD, None))
    if written[0] is SET:
        facts: Mapping[str, Fact] = fields.get(SET, {})
        if len(facts) != 1:
            raise Refused(node.place, "set: must name one trait", code="WRONG_TYPE")
        (trait, fact), *_ = facts.items()
        return Fired(after_ms, trigger, node.place, trait=trait, value=fact.value)
    segment = fields.get(ENTER, "") or fields.get(LEAVE, "")
    return Fired(after_ms, trigger, node.place, trait=f"inferred_{segment}", value=written[0] is ENTER)


def _names(node: Node, findings: Findings) -> Mapping[str, Place]:
    return {each.name: each.place for each in list_of(leaf(reference))(node, findings)}


_NAMES_SHAPE = list_shape(NAME)
_DROPS_SHAPE = named_shape(either({"enum": sorted(STAGES)}, record(DROP_FIELDS)))
ELIGIBLE = Field("eligible", _names, shape=_NAMES_SHAPE)
ONLY = Field("only", _names, shape=_NAMES_SHAPE)
DROPPED = Field("dropped", _drops, shape=_DROPS_SHAPE)
DROPPED_TREATMENTS = Field("dropped_treatments", _drops, shape=_DROPS_SHAPE)
SEGMENTS = Field("segments", _names, shape=_NAMES_SHAPE)
NOT_SEGMENTS = Field("not_segments", _names, shape=_NAMES_SHAPE)
FIRED = Field("fired", list_of(_fired), shape=list_shape(record(FIRED_FIELDS)))
EXPECT_FIELDS: tuple[Field[Any], ...] = (
    *(ELIGIBLE, ONLY, DROPPED, DROPPED_TREATMENTS, SEGMENTS, NOT_SEGMENTS),
    FIRED,
)


def _expected(node: Node, findings: Findings) -> Expected:
    fields = read_fields(node.place, node, EXPECT_FIELDS, findings)
    return Expected(
        node.place,
        fields.get(ELIGIBLE, {}),
        fields.get(ONLY, None),
        fields.get(DROPPED, {}),
        fields.get(DROPPED_TREATMENTS, {}),
        fields.get(SEGMENTS, {}),
        fields.get(NOT_SEGMENTS, {}),
        fields.get(FIRED, None),
    )


TYPE = Field("type", leaf(identifier))
PROPERTIES = Field("properties", read_facts, shape=FACTS_SHAPE)
OF_THING = Field("of_thing", leaf(boolean))
FACTS = Field("facts", read_facts, shape=FACTS_SHAPE)
MOMENT_FIELDS: tuple[Field[Any], ...] = (AFTER, TYPE, PROPERTIES, OF_THING, FACTS)


def _moment(node: Node, findings: Findings) -> Moment | None:
    fields = read_fields(node.place, node, MOMENT_FIELDS, findings)
    if fields.is_written(TYPE) == fields.is_written(FACTS):
        raise Refused(node.place, "must say exactly one of type (of an event) and facts", code="WRONG_TYPE")
    return Moment(
        fields.get(AFTER, 0),
        node.place,
        fields.get(TYPE, ""),
        fields.get(PROPERTIES, {}),
        fields.get(OF_THING, False),
        fields.get(FACTS, {}),
    )


def _start(node: Node) -> int:
    start_ms = to_ms(moment(node))
    if is_askable(start_ms):
        return start_ms
    raise Refused(node.place, f"must be {ASKABLE}", code="OUT_OF_RANGE")


AT = Field("at", leaf(_start, {"type": "string"}))
PERSONA = Field("persona", leaf(reference))
CONTEXT = Field("context", read_facts, shape=FACTS_SHAPE)
EVENTS: Field[tuple[Moment, ...]] = Field("events", list_of(_moment), shape=list_shape(record(MOMENT_FIELDS)))
UNTIL = Field("until", leaf(duration_ms))
EXPECT = Field("expect", _expected, required=True, shape=record(EXPECT_FIELDS))
CASE_FIELDS: tuple[Field[Any], ...] = (AT, PERSONA, FACTS, CONTEXT, EVENTS, UNTIL, EXPECT)


def case_reader(at_ms: int | None) -> EntryParser[Case | None]:
    """`at_ms`: when cases happen that do not say it; None where the file says it wrongly."""

    def read_case(key: ScalarNode, node: Node, findings: Findings) -> Case | None:
        name = identifier(key)
        before = findings.errors
        fields = read_fields(key.place, node, CASE_FIELDS, findings)
        expected = fields.get(EXPECT, None)
        if expected is None:
            return None
        case = _case(name, key.place, fields, expected, USUAL_AT_MS if at_ms is None else at_ms)
        return replace(case, is_sound=at_ms is not None and findings.errors == before)

    return read_case


def _case(name: str, place: Place, fields: Fields, expected: Expected, at_ms: int) -> Case:
    happened = fields.get(EVENTS, ())
    moments = tuple(sorted(happened, key=lambda each: each.after_ms))
    known = [each.after_ms for each in moments] + [each.after_ms for each in expected.fired or ()]
    persona: Reference | None = fields.get(PERSONA, None)
    return Case(
        name,
        place,
        fields.get(AT, at_ms),
        expected,
        persona.name if persona else "",
        persona.place if persona else None,
        fields.get(FACTS, {}),
        fields.get(CONTEXT, {}),
        moments,
        fields.get(UNTIL, max(known, default=0)),
    )


TESTS = Field("tests", leaf(mapping), required=True, shape=named_shape(record(CASE_FIELDS)))
FILE_FIELDS: tuple[Field[Any], ...] = (AT, TESTS)


def case_schema() -> dict[str, Any]:
    """The JSON Schema of a file of tests."""
    return {"$schema": DIALECT, "title": "Tests of a Tandem policy", **record(FILE_FIELDS)}


def read_cases(file: str, content: bytes, seen: dict[str, Place], findings: Findings) -> tuple[Case, ...]:
    """The cases of one file, each name once over all files that share `seen`."""
    try:
        root = read_yaml(file, content)
        if root is None:
            return ()
        fields = read_fields(root.place, root, FILE_FIELDS, findings)
    except Refused as refusal:
        findings.refused(refusal)
        return ()
    tests = fields.get(TESTS, None)
    entries = tests.entries if tests is not None else ()
    at_ms = fields.get(AT, None if fields.is_written(AT) else USUAL_AT_MS)
    return named("test", entries, case_reader(at_ms), findings, seen)
