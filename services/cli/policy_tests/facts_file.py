"""Facts as people write them: in tests, and in the files of `tandem rules explain-subject --facts`.

{age: 34, tags: [a, b], last_purchase: {ago: 40d}, city: null, loyalty_tier: {stale: gold}, is_student: {missing: true},
 first_purchase: {timestamp: 2026-06-01T00:00:00Z}}
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.cli.policy_tests.cases import Fact, Facts
from services.orchestrator.domain.policy.fields import Field, Shape, distinct, leaf, mapping, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import MapNode, Node
from services.orchestrator.domain.policy.scalars import boolean, duration_ms, is_null, moment, scalar, text
from services.orchestrator.domain.policy.shapes import DURATION, SCALAR, either, list_shape, record
from services.orchestrator.domain.policy.values import free_value
from shared.clock import to_datetime
from shared.values import AttributeType, Feature, FeatureStatus, Value, conform

_NOTHING = frozenset({"0s", "0m", "0h", "0d"})


def span_ms(node: Node) -> int:
    """A duration that may be nothing."""
    return 0 if scalar(node).text in _NOTHING or scalar(node).text == "0" else duration_ms(node)


AGO = Field("ago", leaf(span_ms, DURATION))
STALE = Field("stale", leaf(free_value, SCALAR))
MISSING = Field("missing", leaf(boolean))
TIMESTAMP = Field("timestamp", leaf(moment))
"""As JSON writes it everywhere else; a timestamp of YAML alone means the same."""
FACT_FIELDS: tuple[Field[Any], ...] = (AGO, STALE, MISSING, TIMESTAMP)
FACT_SHAPE: Shape = either({"type": "null"}, SCALAR, list_shape(SCALAR), record(FACT_FIELDS))
FACTS_SHAPE: Shape = {"type": ["object", "null"], "additionalProperties": FACT_SHAPE}


def read_facts(node: Node, findings: Findings) -> Facts:
    """By name. Whether the names are declared is for the policy to say."""
    read: dict[str, Fact] = {}
    for key, child in distinct(mapping(node), findings):
        try:
            name = text(key)
        except Refused as refusal:
            findings.refused(refusal)
            continue
        own = Findings()
        try:
            fact = _fact(child, own)
        except Refused as refusal:
            own.refused(refusal)
        else:
            read |= {name: fact} if fact is not None else {}
        for finding in own.ordered():
            findings.error(finding.place, finding.code, f"{name[:80]}: {finding.message}")
    return read


def _fact(node: Node, findings: Findings) -> Fact | None:
    """None where it cannot be read: reported."""
    if is_null(node):
        return Fact(node.place, FeatureStatus.NULL_VALUE)
    if not isinstance(node, MapNode):
        return Fact(node.place, value=free_value(node))
    fields = read_fields(node.place, node, FACT_FIELDS, findings)
    written = [field for field in FACT_FIELDS if fields.is_written(field)]
    if len(written) != 1:
        if findings.ordered():
            return None
        raise Refused(node.place, _ONE_OF, code="WRONG_TYPE")
    (kind,) = written
    found = fields.get(kind, None)
    if kind is MISSING and found is False:
        raise Refused(node.place, _ONE_OF, code="WRONG_TYPE")
    if found is None:
        return None
    if kind is MISSING:
        return Fact(node.place, FeatureStatus.NOT_FOUND)
    if kind is AGO:
        return Fact(node.place, ago_ms=found)
    return Fact(node.place, FeatureStatus.STALE if kind is STALE else FeatureStatus.PRESENT, found)


_ONE_OF = (
    "must be a value, a list of values, or one of {timestamp: 2026-06-01T00:00:00Z}, {ago: 40d}, {stale: a value}, "
    "{missing: true}"
)


def feature_of(name: str, fact: Fact, kind: AttributeType, at_ms: int) -> Feature:
    """At a moment, as its declared type holds it. Raises Refused."""
    return Feature(typed_value(name, fact, kind, at_ms), fact.status)


def typed_value(name: str, fact: Fact, kind: AttributeType, at_ms: int) -> Value:
    value: Value = fact.value
    if fact.ago_ms is not None:
        value = to_datetime(at_ms) - timedelta(milliseconds=fact.ago_ms)
    try:
        return conform(value, kind)
    except ValueError as error:
        raise Refused(fact.place, f"{name} must be {error}") from None


def property_value(fact: Fact, at_ms: int) -> Value:
    """Of an event: of whatever type it is written in."""
    return fact.value if fact.ago_ms is None else to_datetime(at_ms) - timedelta(milliseconds=fact.ago_ms)
