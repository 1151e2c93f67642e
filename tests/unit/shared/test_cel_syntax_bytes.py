"""The library's bytes are read into a syntax tree and written back without loss."""

from __future__ import annotations

import pytest

from shared.cel.checked_expression import read_checked
from shared.cel.excerpt import excerpt
from shared.cel.expression_writer import write_checked
from shared.cel.library import CelEnvironment, CheckedExpression
from shared.cel.syntax import (
    Call,
    Comprehension,
    Constant,
    ConstantKind,
    Name,
    Node,
    children,
    free_names,
    walk,
)
from shared.values import AttributeType
from tests.support.rules_cases import cases

TYPES = {"age": AttributeType.INT, "tags": AttributeType.STRING_LIST, "context.weather": AttributeType.STRING}


def checked(text: str) -> CheckedExpression:
    found = CelEnvironment(TYPES).check(text)
    assert isinstance(found, CheckedExpression), found
    return found


@pytest.mark.parametrize(
    "text",
    [
        "-9223372036854775808 < age && 18446744073709551615u > 1u",
        "tags.map(t, t + 'é😀').exists_one(t, t == \"\") ? 1.5e-300 > -0.0 : b'\\xff' == b''",
        "{'a': age, 'b': 2}.a in [1, 2, 3] || has({'x': null}.x)",
        "google.protobuf.Duration{seconds: age, nanos: 5} == duration('1s')",
        "type(age) == int && dyn(null) == null && context.weather.size() > 200",
    ],
)
def test_a_tree_survives_being_written_and_read(text: str) -> None:
    expression = checked(text)
    again = read_checked(write_checked(expression.root, expression.tree, {}))
    assert again.root == expression.root
    assert (again.references, again.types) == (expression.tree.references, expression.tree.types)


def test_all_language_cases_survive() -> None:
    count = 0
    for case in cases("cel_language"):
        found = CelEnvironment(TYPES).check(case["expr"])
        if isinstance(found, CheckedExpression):
            assert read_checked(write_checked(found.root, found.tree, {})).root == found.root
            count += 1
    assert count > 30


def test_constants_that_python_holds_equal_are_different_expressions() -> None:
    kinds = ConstantKind
    different = [
        Constant(kinds.INT, 1),
        Constant(kinds.DOUBLE, 1.0),
        Constant(kinds.BOOL, True),
        Constant(kinds.UINT, 1),
    ]
    assert len(set(different)) == 4
    assert Constant(kinds.DOUBLE, 0.0) != Constant(kinds.DOUBLE, -0.0)


def test_the_place_of_a_node_does_not_make_it_another() -> None:
    assert checked("age   +   1 > 2").root == checked("age+1>2").root


def test_names_bound_by_a_loop_are_not_read() -> None:
    assert free_names(checked("tags.exists(age, age == context.weather) && tags.all(t, t != '')").root) == (
        "tags",
        "context.weather",
    )
    assert free_names(checked("[age].exists(age, age > 1)").root) == ("age",)


def part(root: Node, function: str) -> Node:
    return next(node for node in walk(root) if isinstance(node, Call) and node.function == function)


@pytest.mark.parametrize(
    ("text", "function", "expected"),
    [
        ("age > 1 && (age + 2) * 3 > 4", "_*_", "(age + 2) * 3"),
        ("age > 1 && (age + 2) * 3 > 4", "_+_", "age + 2"),
        ("tags.size() > 2 || 'it\\'s (' in tags", "@in", "'it\\'s (' in tags"),
        ("size(tags) > 2 ? true : false", "size", "size(tags)"),
        ("true && tags[age] == 'x'", "_[_]", "tags[age]"),
        ("age == -3 && age % -2 == 1", "_%_", "age % -2"),
        ("true || // why\n   age * 2\n     > 3", "_>_", "age * 2 > 3"),
    ],
)
def test_the_text_of_a_part_is_cut_out_whole(text: str, function: str, expected: str) -> None:
    assert excerpt(text, part(checked(text).root, function)) == expected


def test_the_text_of_a_loop_is_cut_out_whole() -> None:
    text = "age > 1 && (tags.filter(t, t != '').exists(t, t == 'a)')) || age < 0"
    loop = next(node for node in walk(checked(text).root) if isinstance(node, Comprehension))
    assert excerpt(text, loop) == "tags.filter(t, t != '').exists(t, t == 'a)')"


def test_a_long_text_is_shortened() -> None:
    text = "age == " + " + ".join(["1"] * 20) + " && tags == ['" + "x" * 1000 + "']"
    assert len(excerpt(text, checked(text).root)) == 300


def test_children_are_the_direct_parts() -> None:
    root = checked("age > 1").root
    assert children(root) == (Name("age"), Constant(ConstantKind.INT, 1))
