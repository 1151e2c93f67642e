"""Attribute values as policy files write them, in the type they are declared to have."""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.domain.policy.fields import distinct, mapping
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import ListNode, MapNode, Node, ScalarNode, describe
from services.orchestrator.domain.policy.scalars import moment, value
from services.orchestrator.domain.policy.words import attribute_name
from shared.values import AttributeType, Scalar, conform

Constant = Scalar | tuple[Scalar, ...]
MAX_ALLOWED = 1_000
MAX_CONSTANT_LENGTH = 64
"""Of a list in `attributes:`, as long as the model reads it."""
ACTION_BUILT_INS = frozenset({"id", "group", "issue"})
"""What action.<name> means without being declared."""


def constants(node: Node, findings: Findings) -> Mapping[str, Constant]:
    """The `attributes:` of an issue, group or action: what conditions read as action.<name>."""
    read: dict[str, Constant] = {}
    for key, child in distinct(mapping(node), findings):
        try:
            read[_constant_name(key)] = free_value(child)
        except Refused as refusal:
            findings.refused(refusal)
    return read


def _constant_name(key: ScalarNode) -> str:
    name = attribute_name(key)
    if name in ACTION_BUILT_INS:
        message = f"action.{name} has a meaning already: choose another name"
        raise Refused(key.place, message, code="BAD_IDENTIFIER")
    return name


def free_value(node: Node) -> Constant:
    """A value of whatever type it is written in: a scalar, or a list of scalars of one type."""
    if isinstance(node, MapNode):
        raise Refused(node.place, f"must be a value or a list of values, not {describe(node)}")
    if isinstance(node, ListNode):
        return _one_type(node, tuple(_element(item) for item in bounded(node, MAX_CONSTANT_LENGTH)))
    return _element(node)


def typed_scalar(node: Node, kind: AttributeType) -> Scalar:
    """A scalar of the element type of `kind`; a quoted time is a time where one is declared."""
    try:
        element = moment(node) if kind.element is AttributeType.TIMESTAMP else _element(node)
        conformed = conform(element, kind.element)
    except ValueError as error:
        raise Refused(node.place, f"must be {error}") from None
    if conformed is None or isinstance(conformed, tuple):
        raise Refused(node.place, f"must be a {kind.element.text}, not {describe(node)}")
    return conformed


def bounded(node: ListNode, limit: int) -> tuple[Node, ...]:
    """The items of a list that is not too long."""
    if len(node.items) > limit:
        raise Refused(node.place, f"must have at most {limit:,} items", code="OUT_OF_RANGE")
    return node.items


def _element(node: Node) -> Scalar:
    found = value(node)
    if found is None:
        raise Refused(node.place, "must be a value, not null")
    return found


def _one_type(node: ListNode, elements: tuple[Scalar, ...]) -> Constant:
    types = {type(element) for element in elements}
    if types == {int, float}:
        return tuple(float(element) for element in elements if isinstance(element, int | float))
    if len(types) > 1:
        raise Refused(node.place, "must hold values of one type")
    return elements
