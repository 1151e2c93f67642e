"""A condition over the traits and aggregates of a schema, for whole profiles: true, or not.

Missing, null and stale values are no values: where the condition needs one it is unknown, and so not true. The library
evaluates; what the condition demands of a single indexed trait is read off its syntax tree, for the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from services.profile.domain.attribute_index import IndexKey, IndexTest, key_of
from services.profile.domain.compiled_schema import CompiledSchema
from shared.cel.checks import condition_problems
from shared.cel.library import CelEnvironment, CheckedExpression, TooManySteps, is_readable
from shared.cel.preparation import NOW
from shared.cel.problems import Problem
from shared.cel.syntax import Call, Constant, ListLiteral, Name, Node, free_names
from shared.cel.work import MAX_WORK, size_of, work, work_bound
from shared.clock import to_datetime, to_ms
from shared.errors import InvalidArgument, ResourceExhausted
from shared.values import AttributeType, Feature

MAX_LISTED = 100
"""Values of one `in [...]` that the index is asked for."""

_MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_", "_==_": "_==_"}


class SearchCondition:
    def __init__(self, checked: CheckedExpression, schema: CompiledSchema, types: Mapping[str, AttributeType]) -> None:
        read = set(free_names(checked.root))
        self._environment = checked.environment
        self._program = checked.program(checked.root, {})
        self._types = {name: types[name] for name in types if name in read}
        sized = {name for name, kind in self._types.items() if kind.is_list or kind is AttributeType.STRING}
        self._work = work_bound(checked.root, sized.__contains__)
        self.needs: CompiledSchema = replace(
            schema,
            traits={name: each for name, each in schema.traits.items() if name in {*read, schema.time_zone_trait}},
            aggregates=tuple(each for each in schema.aggregates if each.name in read),
        )
        """The schema with nothing but what the condition reads, and the time zone that aggregates may go by."""
        indexed = frozenset(name for name, declared in schema.traits.items() if declared.indexed)
        self.index_test = index_test(checked.root, indexed)
        """What every profile that is found satisfies, for an index; None where that cannot be said."""

    def holds(self, features: Mapping[str, Feature], read_ms: int) -> bool:
        """Raises InvalidArgument where the profile has so much data that this would take too long."""
        values: dict[str, object] = {NOW: to_datetime(read_ms)}
        sizes = {}
        for name in self._types:
            feature = features[name]
            if feature.is_known and is_readable(feature.value):
                value = feature.value
                values[name] = list(value) if isinstance(value, tuple) else value
                sizes[name] = size_of(value)
        if work(self._work, sizes) > MAX_WORK:
            raise _too_much()
        try:
            return self._program.run(self._environment.activation(values)) is True
        except TooManySteps:
            raise _too_much() from None


def compile_condition(text: str, schema: CompiledSchema, path: str) -> SearchCondition:
    """Raises InvalidArgument that names line and column."""
    types = _types(schema)
    environment = CelEnvironment(types)
    problems = condition_problems(text, environment)
    if problems:
        raise InvalidArgument.field(path, "; ".join(map(_in_words, problems)))
    checked = environment.check(text)
    assert isinstance(checked, CheckedExpression), "it has no problems"
    return SearchCondition(checked, schema, types)


def index_test(root: Node, indexed: frozenset[str]) -> IndexTest | None:
    """Of what is joined by `&&` at the top, an equality if there is one, else a range."""
    tests = [test for node in _conjuncts(root) if (test := _test_of(node, indexed)) is not None]
    ranges = [test for test in tests if test.keys is None]
    return next((test for test in tests if test.keys is not None), None) or (_joined(ranges) if ranges else None)


def _joined(ranges: list[IndexTest]) -> IndexTest:
    """All ranges of the first trait that has one."""
    mine = [test for test in ranges if test.name == ranges[0].name]
    lows = [test.low for test in mine if test.low is not None]
    highs = [test.high for test in mine if test.high is not None]
    return IndexTest(mine[0].name, None, max(lows, default=None), min(highs, default=None))


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.function == "_&&_":
        for each in node.arguments:
            yield from _conjuncts(each)
    else:
        yield node


def _test_of(node: Node, indexed: frozenset[str]) -> IndexTest | None:
    match node:
        case Name(name=name) if name in indexed:
            return IndexTest(name, (True,))
        case Call(function="!_", arguments=(Name(name=name),)) if name in indexed:
            return IndexTest(name, (False,))
        case Call(function="@in", arguments=(Name(name=name), ListLiteral(elements=elements))) if name in indexed:
            keys = [_key_of(element) for element in elements]
            if len(keys) > MAX_LISTED or any(key is None for key in keys):
                return None
            return IndexTest(name, tuple(dict.fromkeys(key for key in keys if key is not None)))
        case Call(function=function, arguments=(Name(name=name), other)) if name in indexed:
            return _comparison(function, name, _key_of(other))
        case Call(function=function, arguments=(other, Name(name=name))) if name in indexed:
            return _comparison(_MIRRORED.get(function, ""), name, _key_of(other))
        case _:
            return None


def _comparison(function: str, name: str, key: IndexKey | None) -> IndexTest | None:
    """Bounds belong to the range: keys are shorter than values may be."""
    if key is None:
        return None
    match function:
        case "_==_":
            return IndexTest(name, (key,))
        case "_>_" | "_>=_":
            return IndexTest(name, None, low=key)
        case "_<_" | "_<=_":
            return IndexTest(name, None, high=key)
        case _:
            return None


def _key_of(node: Node) -> IndexKey | None:
    match node:
        case Constant(value=bool() | int() | float() | str() as value):
            return key_of(value)
        case Call(function="timestamp", arguments=(Constant(value=str(text)),)):
            try:
                moment = datetime.fromisoformat(text)
                return to_ms(moment)
            except ValueError:
                return None
        case Call(function="-_", arguments=(Constant(value=int() | float() as value),)):
            return -value
        case _:
            return None


def _types(schema: CompiledSchema) -> dict[str, AttributeType]:
    types = {name: declared.type for name, declared in schema.traits.items()}
    for aggregate in schema.aggregates:
        kind = aggregate.formula.answers
        if kind is not None:
            types[aggregate.name] = kind
    return types


def _in_words(problem: Problem) -> str:
    return f"{problem.line}:{problem.column}: {problem.code} {problem.message}"


def _too_much() -> ResourceExhausted:
    message = "the condition takes too long for the data of one of the profiles"
    return ResourceExhausted("EVALUATION_TOO_COSTLY", message, metadata={"rule": "condition"})
