"""From a syntax tree to a condition: what the index holds natively becomes tests, the rest opaque atoms.

The logic over atoms (&&, ||, !) and in_segment() are native, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.rules.domain.condition import AllOf, AnyOf, Condition, Default, Fixed, Membership, Not, Opaque
from services.rules.domain.constants import ACTION_PREFIX, Source, constant_of, is_closed, settled
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN
from services.rules.domain.native import COMPARISONS, native_test, native_window
from services.rules.domain.threshold import constant_text
from shared.cel.excerpt import excerpt
from shared.cel.syntax import Call, Constant, Name, Node, free_names, walk
from shared.values import NOT_FOUND, present

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
        case Call(function="within") if (tests := native_window(node, source)) is not None:
            return AllOf(tests)
        case _:
            return native_test(node, source) or _fixed(node, source) or _opaque(node, source)


def _flat(node: Node, function: str) -> Iterator[Node]:
    """The operands of a chain, which the parser leaves as a balanced tree."""
    if isinstance(node, Call) and node.function == function:
        for argument in node.arguments:
            yield from _flat(argument, function)
    else:
        yield node


def _fixed(node: Node, source: Source) -> Fixed | None:
    """A condition on nothing but constants."""
    if not is_closed(node, source):
        return None
    value = settled(node, source)
    verdict = TRUE if value is True else FALSE if value is False else UNKNOWN
    name = next((each for each in free_names(node) if each.startswith(ACTION_PREFIX)), "")
    observed = source.constants.get(name)
    return Fixed(verdict, _fixed_threshold(node, source), name, NOT_FOUND if observed is None else present(observed))


def _fixed_threshold(node: Node, source: Source) -> str:
    match node:
        case Call(function=function, arguments=(Name(), right)) if function in COMPARISONS:
            operand = constant_of(right, source)
            if operand is not None:
                return f"{COMPARISONS[function].value} {constant_text(operand)}"
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
