"""The conditions the index holds natively: tests of a term against constants.

A term is an attribute, its size, days_since or hours_since of it, or now(). Tests are comparisons, `in` from both
sides (owns), startsWith, endsWith and contains; within() is two of them. Types must agree exactly, so that Python
compares as CEL does.
"""

from __future__ import annotations

from services.rules.domain.condition import Default, Operator, Term, TermKind, Test
from services.rules.domain.constants import ACTION_PREFIX, KINDS, Source, constant, constant_of
from services.rules.domain.threshold import flipped
from shared.cel.spans import span_microseconds
from shared.cel.syntax import Call, Constant, ConstantKind, ListLiteral, Name, Node
from shared.values import AttributeType

COMPARISONS = {
    "_==_": Operator.EQUAL,
    "_!=_": Operator.NOT_EQUAL,
    "_<_": Operator.LESS,
    "_<=_": Operator.LESS_OR_EQUAL,
    "_>_": Operator.GREATER,
    "_>=_": Operator.GREATER_OR_EQUAL,
}
_TEXT_TESTS = {
    "startsWith": Operator.STARTS_WITH,
    "endsWith": Operator.ENDS_WITH,
    "contains": Operator.CONTAINS,
}
_TERM_FUNCTIONS = {
    "size": TermKind.SIZE,
    "days_since": TermKind.DAYS_SINCE,
    "hours_since": TermKind.HOURS_SINCE,
}
_ZERO = constant(0)
_TRUE = constant(True)


def native_test(node: Node, source: Source) -> Test | None:
    """None for what is left to the library."""
    match node:
        case Name(name=name) if source.is_attribute(name) and source.type_of(name) is AttributeType.BOOL:
            return _native(Term(TermKind.VALUE, name), Operator.EQUAL, (_TRUE,), source)
        case Call(function=function, arguments=(left, right)) if function in COMPARISONS:
            operator = COMPARISONS[function]
            return _comparison(left, operator, right, source) or _comparison(right, flipped(operator), left, source)
        case Call(function="@in", arguments=(element, container)):
            return _one_of(element, container, source) or _held_by(element, container, source)
        case Call(function="owns", target=None, arguments=(container, element)):
            return _held_by(element, container, source)
        case Call(function=function, target=Name(name=name), arguments=(operand,)) if function in _TEXT_TESTS:
            text = constant_of(operand, source)
            if source.is_attribute(name) and text is not None:
                return _native(Term(TermKind.VALUE, name), _TEXT_TESTS[function], (text,), source)
    return None


def native_window(node: Node, source: Source) -> tuple[Test, Test] | None:
    """`within(t, "30d")`: not ahead of now, and not longer ago. None for what is left to the library."""
    match node:
        case Call(function="within", target=None, arguments=(Name(name=name), span)) if source.is_attribute(name):
            length = _span(span, source)
            if source.type_of(name) is not AttributeType.TIMESTAMP or length is None:
                return None
            elapsed = Term(TermKind.ELAPSED, name)
            not_ahead = _native(elapsed, Operator.GREATER_OR_EQUAL, (_ZERO,), source)
            return not_ahead, _native(elapsed, Operator.LESS_OR_EQUAL, (constant(length),), source)
    return None


def _span(node: Node, source: Source) -> int | None:
    """The microseconds of a constant span, written as a text or as duration("...")."""
    is_duration = isinstance(node, Call) and node.function == "duration" and len(node.arguments) == 1
    text = constant_of(node.arguments[0] if is_duration and isinstance(node, Call) else node, source)
    if text is None or text.kind is not ConstantKind.STRING or (is_duration and set(str(text.value)) & {"d", "w"}):
        return None
    try:
        return span_microseconds(str(text.value))
    except ValueError:
        return None


def _comparison(left: Node, operator: Operator, right: Node, source: Source) -> Test | None:
    term = _term(left, source)
    if term is None:
        return None
    if right == Call("now", None, ()) and term.kind is TermKind.VALUE:
        # t < now() is now() - t > 0: the constant stays a constant.
        return _native(Term(TermKind.ELAPSED, term.attribute), flipped(operator), (_ZERO,), source)
    operand = constant_of(right, source)
    if operand is None or operand.kind is not _kind(term, source):
        return None
    return _native(term, operator, (operand,), source)


def _one_of(element: Node, container: Node, source: Source) -> Test | None:
    """`tier in ["gold", "silver"]`."""
    term = _term(element, source)
    operands = _constants(container, source)
    if term is None or operands is None or any(each.kind is not _kind(term, source) for each in operands):
        return None
    return _native(term, Operator.IN, operands, source)


def _held_by(element: Node, container: Node, source: Source) -> Test | None:
    """`"nike" in favourite_brands`."""
    operand = constant_of(element, source)
    if operand is None or not isinstance(container, Name) or not source.is_attribute(container.name):
        return None
    kind = source.type_of(container.name)
    if kind is None or not kind.is_list or KINDS[kind.element] is not operand.kind:
        return None
    return _native(Term(TermKind.VALUE, container.name), Operator.HAS, (operand,), source)


def _native(term: Term, operator: Operator, operands: tuple[Constant, ...], source: Source) -> Test:
    default = source.default_for(term.attribute)
    return Test(term, operator, operands, None if default is None else Default(default))


def _term(node: Node, source: Source) -> Term | None:
    match node:
        case Name(name=name) if source.is_attribute(name):
            return Term(TermKind.VALUE, name)
        case Call(function="now"):
            return Term(TermKind.NOW, "")
        case Call(function=function, target=None, arguments=(Name(name=name),)) if function in _TERM_FUNCTIONS:
            return Term(_TERM_FUNCTIONS[function], name) if source.is_attribute(name) else None
        case Call(function="size", target=Name(name=name), arguments=()) if source.is_attribute(name):
            return Term(TermKind.SIZE, name)
    return None


def _kind(term: Term, source: Source) -> ConstantKind | None:
    """The kind of constant a term may be compared with natively."""
    match term.kind:
        case TermKind.VALUE:
            kind = source.type_of(term.attribute)
            return None if kind is None else KINDS.get(kind)
        case TermKind.NOW:
            return ConstantKind.TIMESTAMP
        case _:
            return ConstantKind.INT


def _constants(node: Node, source: Source) -> tuple[Constant, ...] | None:
    """The elements of a list of constants."""
    if isinstance(node, ListLiteral):
        elements = [constant_of(element, source) for element in node.elements]
        return None if None in elements else tuple(each for each in elements if each is not None)
    if isinstance(node, Name) and node.name.startswith(ACTION_PREFIX):
        value = source.action_value(node.name)
        return tuple(constant(element) for element in value) if isinstance(value, tuple) else None
    return None
