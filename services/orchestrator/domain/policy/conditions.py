"""Conditions and numbers in CEL, as text with its place: the rules service types and compiles them."""

from __future__ import annotations

from services.orchestrator.domain.policy.fields import Field, Fields, leaf, list_of, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, where
from services.orchestrator.domain.policy.nodes import MapNode, Node, ScalarNode
from services.orchestrator.domain.policy.scalars import scalar, value
from services.orchestrator.domain.policy.shapes import EXPRESSION, VALUE, either, list_shape, record
from services.orchestrator.domain.policy.values import free_value
from services.orchestrator.domain.policy.words import Reference, reference
from services.orchestrator.domain.policy_parts import NumberPart, OnUnknown, Place, RulePart

MAX_EXPRESSION_LENGTH = 10_000
STAGES = ("suppression", "eligibility", "applicability", "suitability")

_SHAPE = "must be FAIL, PASS, DEFAULT followed by a value, or {DEFAULT: value}"


def expression(node: Node) -> tuple[str, Place]:
    """A CEL text and the place of its first character."""
    written = scalar(node)
    if not written.text.strip():
        raise Refused(written.place, "must be a condition, not empty")
    if len(written.text) > MAX_EXPRESSION_LENGTH:
        raise Refused(written.place, f"must have at most {MAX_EXPRESSION_LENGTH:,} characters", code="OUT_OF_RANGE")
    return written.text, written.text_place


def on_unknown(node: Node) -> OnUnknown:
    """FAIL, PASS, `DEFAULT 0`, or {DEFAULT: 0} for values that are lists or need quotes."""
    if isinstance(node, MapNode):
        return _default_from_mapping(node)
    written = scalar(node)
    kind, _, rest = written.text.strip().partition(" ")
    if kind in ("FAIL", "PASS") and not rest:
        return OnUnknown(kind)
    if kind == "DEFAULT" and rest.strip():
        return OnUnknown(kind, value(_as_written(written, rest.strip())))
    raise Refused(written.place, f"on_unknown {_SHAPE}", code="OUT_OF_RANGE")


def _default_from_mapping(node: MapNode) -> OnUnknown:
    if len(node.entries) != 1 or node.entries[0][0].text != "DEFAULT":
        raise Refused(node.place, f"on_unknown {_SHAPE}", code="OUT_OF_RANGE")
    return OnUnknown("DEFAULT", free_value(node.entries[0][1]))


def _as_written(node: ScalarNode, rest: str) -> ScalarNode:
    """The value behind DEFAULT, which may have quotes of its own."""
    is_quoted = len(rest) >= 2 and rest[0] == rest[-1] and rest[0] in "'\""
    return ScalarNode(rest[1:-1] if is_quoted else rest, not is_quoted, node.place, node.place)


_ON_UNKNOWN_SHAPE = either(
    {"type": "string", "pattern": "^(FAIL|PASS|DEFAULT .+)$"},
    {"type": "object", "properties": {"DEFAULT": VALUE}, "required": ["DEFAULT"], "additionalProperties": False},
)
RULE_ID = Field("id", leaf(reference), required=True)
WHEN = Field("when", leaf(expression, EXPRESSION), required=True)
ON_UNKNOWN = Field("on_unknown", leaf(on_unknown, _ON_UNKNOWN_SHAPE))
RULE_FIELDS = (RULE_ID, WHEN, ON_UNKNOWN)


def stage_field(stage: str) -> Field[tuple[RulePart, ...]]:
    """The list of rules that a level may have under the name of a stage."""

    def parse_rule(node: Node, findings: Findings) -> tuple[Reference, RulePart] | None:
        fields = read_fields(node.place, node, RULE_FIELDS, findings)
        rule_id, when = fields.get(RULE_ID, None), fields.get(WHEN, None)
        if rule_id is None or when is None:
            return None
        return rule_id, RulePart(rule_id.name, stage.upper(), when[0], fields.get(ON_UNKNOWN, OnUnknown()), when[1])

    def parse_rules(node: Node, findings: Findings) -> tuple[RulePart, ...]:
        return _distinct_rules(list_of(parse_rule)(node, findings), findings)

    return Field(stage, parse_rules, shape=list_shape(record(RULE_FIELDS)))


def rules_of(fields: Fields) -> tuple[RulePart, ...]:
    """All that a level says, stage by stage."""
    return tuple(rule for field in STAGE_FIELDS for rule in fields.get(field, ()))


def _distinct_rules(rules: tuple[tuple[Reference, RulePart], ...], findings: Findings) -> tuple[RulePart, ...]:
    seen: dict[str, Place] = {}
    for rule_id, _ in rules:
        if rule_id.name in seen:
            message = f'the rule "{rule_id.name}" is declared twice: first at {where(seen[rule_id.name])}'
            findings.error(rule_id.place, "DUPLICATE_RULE", message)
        seen.setdefault(rule_id.name, rule_id.place)
    return tuple({rule.rule_id: rule for _, rule in reversed(rules)}.values())[::-1]


STAGE_FIELDS = tuple(stage_field(stage) for stage in STAGES)


def number_field(name: str, minimum: float | None = None) -> Field[NumberPart]:
    """A number, or a CEL expression that computes one per action."""

    def parse_number(node: Node) -> NumberPart:
        written, place = expression(node)
        constant = value(node)
        if not isinstance(constant, int | float) or isinstance(constant, bool):
            return NumberPart(name, written, place)
        if minimum is not None and constant < minimum:
            raise Refused(place, f"must be at least {minimum:g}", code="OUT_OF_RANGE")
        return NumberPart(name, repr(constant), place)

    return Field(name, leaf(parse_number, EXPRESSION))
