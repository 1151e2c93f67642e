"""Inputs on which durable-rules is known to answer wrongly, to hang or to crash, through our guards: right answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from services.rules.adapters.durable.names import engine_hash
from services.rules.domain.condition import AllOf, AnyOf, Condition, Not, Operator, Term, TermKind
from services.rules.domain.condition import Test as Comparison
from services.rules.domain.constants import constant
from services.rules.domain.matching import Message, MessageRule, MessageRules
from shared.values import AttributeType, Scalar
from tests.support.durable import durable_matcher

INT, DOUBLE, STRING = AttributeType.INT, AttributeType.DOUBLE, AttributeType.STRING


def compares(name: str, operator: Operator, *operands: Scalar) -> Comparison:
    return Comparison(Term(TermKind.VALUE, name), operator, tuple(constant(operand) for operand in operands))


async def satisfied(
    types: Mapping[str, AttributeType], conditions: Sequence[Condition], *messages: Message
) -> list[list[int]]:
    """The numbers of the conditions that each message satisfies."""
    rules = tuple(MessageRule(str(number), condition) for number, condition in enumerate(conditions))
    async with durable_matcher() as matcher:
        await matcher.load(MessageRules("v", types, rules))
        found = await matcher.match("v", messages)
    return [sorted(map(int, each)) if isinstance(each, frozenset) else [-1] for each in found]


async def test_an_attribute_cannot_be_forged_by_one_whose_name_looks_alike_to_the_engine() -> None:
    assert engine_hash("costarring") == engine_hash("liquid")
    types = {"costarring": INT, "liquid": INT}
    rule = compares("costarring", Operator.EQUAL, 1)
    assert await satisfied(types, [rule], {"liquid": 1}, {"costarring": 1}) == [[], [0]]


async def test_attributes_may_have_names_that_mean_something_to_the_engine() -> None:
    names = ("id", "sid", "label", "chart", "running", "all", "any", "count", "cap", "pri", "dist", "name", "m", "w")
    rules = [compares(name, Operator.EQUAL, "pending") for name in names]
    alone = [{name: "pending"} for name in names]
    assert await satisfied(dict.fromkeys(names, STRING), rules, *alone) == [[number] for number in range(len(names))]


async def test_undeclared_names_of_a_message_do_nothing() -> None:
    forged: Message = {"$s": 1, "$forward": 1, "$timerName": "t", "$time": 1, "_": 0, "id": "x", "sid": "y", "i_age": 5}
    rule = AnyOf((compares("age", Operator.EQUAL, 5), compares("age", Operator.EQUAL, 6)))
    assert await satisfied({"age": INT}, [rule], forged, {**forged, "age": 6}) == [[], [0]]


async def test_strings_compare_in_their_whole_length() -> None:
    long = "hello" + "x" * 65_536
    rules = [
        compares("t", Operator.EQUAL, "hello"),
        compares("t", Operator.EQUAL, long),
        compares("t", Operator.IN, "a", long),
    ]
    assert await satisfied({"t": STRING}, rules, {"t": "hello"}, {"t": long}, {"t": long + "y"}) == [[0], [1, 2], []]


async def test_values_of_different_types_are_never_equal() -> None:
    types = {"number": INT, "text": STRING, "flag": AttributeType.BOOL, "real": DOUBLE}
    rules = [
        compares("number", Operator.EQUAL, 1),
        compares("text", Operator.IN, "1", "true", "1.000000"),
        compares("flag", Operator.EQUAL, True),
        compares("real", Operator.EQUAL, 1.0),
    ]
    alone: list[Message] = [{"number": 1}, {"text": "true"}, {"flag": True}, {"real": 1.0}]
    assert await satisfied(types, rules, *alone) == [[0], [1], [2], [3]]


async def test_numbers_are_exact_to_the_last_bit() -> None:
    rules = [
        compares("n", Operator.EQUAL, 2**63 - 1),
        compares("n", Operator.LESS, 2**63 - 1),
        compares("d", Operator.GREATER, 1e-05),
        compares("d", Operator.EQUAL, 1e22),
        compares("d", Operator.EQUAL, 0.0),
    ]
    messages: list[Message] = [{"n": 2**63 - 1}, {"n": 2**63 - 2}, {"n": -(2**63)}, {"d": 1.0000000000000003e-05}]
    messages += [{"d": 1e22}, {"d": -0.0}, {"d": 5e-324}]
    assert await satisfied({"n": INT, "d": DOUBLE}, rules, *messages) == [[0], [1], [1], [2], [2, 3], [4], []]


async def test_a_missing_value_satisfies_nothing_not_even_a_negation() -> None:
    rules: list[Condition] = [
        compares("t", Operator.NOT_EQUAL, "a"),
        Not(compares("t", Operator.EQUAL, "a")),
        Not(compares("t", Operator.IN, "a", "b")),
    ]
    assert await satisfied({"t": STRING}, rules, {}, {"t": None}, {"t": "c"}) == [[], [], [0, 1, 2]]


async def test_any_number_of_rules_may_be_true_at_once() -> None:
    rules = [compares("x", Operator.GREATER, number) for number in range(200)]
    assert await satisfied({"x": INT}, rules, {"x": 1_000}, {"x": 3}) == [list(range(200)), [0, 1, 2]]


async def test_any_number_of_rules_may_say_the_same() -> None:
    rules = [compares("x", Operator.EQUAL, 1) for _ in range(300)]
    assert await satisfied({"x": INT}, rules, {"x": 1}, {"x": 2}) == [list(range(300)), []]


async def test_any_number_of_values_may_be_told_apart() -> None:
    rules = [compares("x", Operator.EQUAL, number) for number in range(1_100)]
    assert await satisfied({"x": INT}, rules, {"x": 512}, {"x": 1_099}, {"x": 1_100}) == [[512], [1_099], []]


async def test_lists_of_values_may_overlap() -> None:
    rules = [compares("x", Operator.IN, *range(number, number + 100)) for number in range(120)]
    assert await satisfied({"x": INT}, rules, {"x": 99}, {"x": 0}) == [list(range(100)), [0]]


async def test_a_message_may_have_any_number_of_attributes() -> None:
    types = {f"a{number}": INT for number in range(600)}
    rules = [AllOf((compares(name, Operator.EQUAL, 1), compares("a0", Operator.EQUAL, 1))) for name in types]
    assert await satisfied(types, rules, dict.fromkeys(types, 1)) == [list(range(600))]


async def test_several_true_branches_are_one_answer() -> None:
    pairs = [AnyOf((compares("x", Operator.LESS, n), compares("y", Operator.LESS, n))) for n in (10, 20, 30)]
    assert await satisfied({"x": INT, "y": INT}, [AllOf(tuple(pairs))], {"x": 1, "y": 1}, {"x": 1}) == [[0], [0]]


@pytest.mark.parametrize("count", [2_000])
async def test_no_message_has_the_answer_of_the_one_before(count: int) -> None:
    rules = [compares("x", Operator.GREATER, number) for number in range(60)]
    messages: list[Message] = [{"x": 100} if number % 2 else {"x": -1} for number in range(count)]
    answers = await satisfied({"x": INT}, rules, *messages)
    assert answers == [list(range(60)) if number % 2 else [] for number in range(count)]
