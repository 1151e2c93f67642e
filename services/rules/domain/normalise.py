"""From a syntax tree to a condition: what the index holds natively becomes tests, the rest opaque atoms.

Native: comparisons, `in`, startsWith, endsWith and contains of one term with constants; a term is an attribute, its
size, days_since or hours_since of it, or now(). The logic over atoms (&&, ||, !) and in_segment are native, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.rules.domain.cel import Failure
from services.rules.domain.condition import (
    AllOf,
    AnyOf,
    Atom,
    Condition,
    Default,
    Fixed,
    Membership,
    Not,
    Opaque,
    Operator,
    Term,
    TermKind,
    Test,
)
from services.rules.domain.constants import ACTION_PREFIX, KINDS, Source, constant, constant_of, is_closed, settled
from services.rules.domain.excerpt import excerpt
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN
from services.rules.domain.syntax import (
    Call,
    Constant,
    ConstantKind,
    ListLiteral,
    Name,
    Node,
    free_names,
    walk,
)
from services.rules.domain.threshold import constant_text, flipped
from shared.values import NOT_FOUND, AttributeType, present

_COMPARISONS = {
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

Segments = Mapping[str, Membership]


def normalise(source: Source, segments: Segments) -> Condition:
    """The condition of a whole expression. `segments` holds those it may use, normalised before."""
    return _condition(source.expression.root, source, segments)


def segment_ids(node: Node) -> Iterator[str]:
    """The segments an expression uses; checked expressions name them by literals."""
    for part in walk(node):
        match part:
            case Call(function="in_segment", arguments=(Constant(value=str(segment_id)),)):
                yield segment_id


def _condition(node: Node, source: Source, segments: Segments) -> Condition:
    match node:
        case Call(function="_&&_"):
            return AllOf(tuple(_condition(each, source, segments) for each in _flat(node, "_&&_")))
        case Call(function="_||_"):
            return AnyOf(tuple(_condition(each, source, segments) for each in _flat(node, "_||_")))
        case Call(function="!_", arguments=(operand,)):
            return Not(_condition(operand, source, segments))
        case Call(function="in_segment", arguments=(Constant(value=str(segment_id)),)):
            return segments[segment_id]
        case _:
            return _test(node, source) or _fixed(node, source) or _opaque(node, source)


def _flat(node: Node, function: str) -> Iterator[Node]:
    """The operands of a chain, which the parser leaves as a balanced tree."""
    if isinstance(node, Call) and node.function == function:
        for argument in node.arguments:
            yield from _flat(argument, function)
    else:
        yield node


def _test(node: Node, source: Source) -> Atom | None:
    match node:
        case Name(name=name) if source.is_attribute(name) and source.type_of(name) is AttributeType.BOOL:
            return _native(Term(TermKind.VALUE, name), Operator.EQUAL, (_TRUE,), source)
        case Call(function=function, arguments=(left, right)) if function in _COMPARISONS:
            operator = _COMPARISONS[function]
            return _comparison(left, operator, right, source) or _comparison(right, flipped(operator), left, source)
        case Call(function="@in", arguments=(element, container)):
            return _one_of(element, container, source) or _held_by(element, container, source)
        case Call(function=function, target=Name(name=name), arguments=(operand,)) if function in _TEXT_TESTS:
            text = constant_of(operand, source)
            if source.is_attribute(name) and text is not None:
                return _native(Term(TermKind.VALUE, name), _TEXT_TESTS[function], (text,), source)
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


def _fixed(node: Node, source: Source) -> Fixed | None:
    """A condition on nothing but constants."""
    if not is_closed(node, source):
        return None
    value = settled(node, source)
    verdict = UNKNOWN if isinstance(value, Failure) else TRUE if value is True else FALSE
    name = next((each for each in free_names(node) if each.startswith(ACTION_PREFIX)), "")
    observed = source.action_value(name) if name else None
    return Fixed(verdict, _fixed_threshold(node, source), name, NOT_FOUND if observed is None else present(observed))


def _fixed_threshold(node: Node, source: Source) -> str:
    match node:
        case Call(function=function, arguments=(Name(), right)) if function in _COMPARISONS:
            operand = constant_of(right, source)
            if operand is not None:
                return f"{_COMPARISONS[function].value} {constant_text(operand)}"
    return excerpt(source.expression.text, node)


def _opaque(node: Node, source: Source) -> Opaque:
    names = free_names(node)
    constants = {name: source.action_value(name) for name in names if name.startswith(ACTION_PREFIX)}
    return Opaque(
        node=node,
        spelled=tuple((name, repr(value)) for name, value in constants.items()),
        attributes=tuple(name for name in names if source.is_attribute(name)),
        segments=tuple(dict.fromkeys(segment_ids(node))),
        default=None if source.default is None else Default(source.default),
        constants=constants,
        expression=source.expression,
        text=excerpt(source.expression.text, node),
    )
