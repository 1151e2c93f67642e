"""A bound on the work of an expression that the library evaluates, known from the sizes of what it reads.

The bound is a polynomial in the sizes of the attributes: a call costs one plus the sizes of what its arguments read, a
comprehension multiplies what is inside by the size of what it runs over. A scalar has size 1, a string one plus its
length, a list one plus the sizes of its elements. matches() costs what its pattern becomes: to compile, and for every
character of the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from math import prod

from shared.cel.patterns import MAX_REPEATS, instructions
from shared.cel.syntax import Call, Comprehension, Constant, Name, Node, children
from shared.values import Value

MAX_CONSTANT_WORK = 100_000
"""Of one expression, as far as its text alone decides it; beyond it the expression is refused."""

MAX_WORK = 500_000
"""Of all expressions of one evaluation together, as far as the facts decide it; beyond it the evaluation is refused.
Measured at 16 to 170 ns each, during which the library holds the GIL."""

MAX_LOOP_NESTING = 2
MAX_LIST_ELEMENTS = 10_000

_COMPILING, _STEPS = 8, 8
"""Steps of work for one instruction of a pattern, and instructions that go through a character in one."""

_CONSTANT_TIME = {"_&&_", "_||_", "!_", "_?_:_", "_[_]", "@not_strictly_false"}

Monomial = tuple[str, ...]
Polynomial = Mapping[Monomial, int]

_ONE: Polynomial = {(): 1}


def work_bound(node: Node, is_sized: Callable[[str], bool]) -> Polynomial:
    """`is_sized` tells which names hold strings or lists; all others count 1."""
    bound: Counter[Monomial] = Counter()
    _add_work(node, _ONE, is_sized, bound)
    return dict(bound)


def work(bound: Polynomial, sizes: Mapping[str, int]) -> int:
    """The bound for these sizes, without its constant part."""
    return sum(factor * prod(sizes.get(name, 1) for name in names) for names, factor in bound.items() if names)


def size_of(value: Value) -> int:
    if isinstance(value, str):
        return 1 + len(value)
    if isinstance(value, tuple):
        return 1 + sum(size_of(element) for element in value)
    return 1


def loop_nesting(node: Node) -> int:
    """How deep comprehensions run inside one another's steps."""
    if isinstance(node, Comprehension):
        inside = max(loop_nesting(part) for part in (node.condition, node.step, node.result))
        return max(1 + inside, loop_nesting(node.iterated))
    return max((loop_nesting(child) for child in children(node)), default=0)


def _add_work(node: Node, times: Polynomial, is_sized: Callable[[str], bool], bound: Counter[Monomial]) -> None:
    if isinstance(node, Comprehension):
        _add_work(node.iterated, times, is_sized, bound)
        inside = _product(times, _size(node.iterated, is_sized))
        for part in (node.condition, node.step, node.result):
            _add_work(part, inside, _unless(node, is_sized), bound)
        return
    if isinstance(node, Call) and node.function == "matches":
        bound.update(_product(times, _of_matches(node, is_sized)))
    elif isinstance(node, Call):
        bound.update(_product(times, _ONE if node.function in _CONSTANT_TIME else _size(node, is_sized)))
    for child in children(node):
        _add_work(child, times, is_sized, bound)


def _of_matches(node: Call, is_sized: Callable[[str], bool]) -> Polynomial:
    *target, pattern = (node.target, *node.arguments) if node.target is not None else node.arguments
    text = _size(target[0], is_sized) if target else Counter(_ONE)
    if isinstance(pattern, Constant):
        size: Polynomial = {(): instructions(str(pattern.value))}
    else:
        size = _product({(): MAX_REPEATS}, _size(pattern, is_sized))
    return _product({(): _COMPILING}, size) + _product(
        text, {names: 1 + factor // _STEPS for names, factor in size.items()}
    )


def _size(node: Node, is_sized: Callable[[str], bool]) -> Counter[Monomial]:
    """How large the value of an expression, and what it is made of, can be."""
    size: Counter[Monomial] = Counter(_ONE)
    if isinstance(node, Name):
        size.update({(node.name,): 1} if is_sized(node.name) else {})
    elif isinstance(node, Constant) and isinstance(node.value, str | bytes):
        size.update({(): len(node.value)})
    elif isinstance(node, Comprehension):
        size.update(_product(_size(node.iterated, is_sized), _size(node.step, _unless(node, is_sized))))
    else:
        for child in children(node):
            size.update(_size(child, is_sized))
    return size


def _unless(node: Comprehension, is_sized: Callable[[str], bool]) -> Callable[[str], bool]:
    """A loop's own variables add nothing: the elements together are as large as the list, which multiplies them."""
    own = {*node.variables, node.accumulator}
    return lambda name: name not in own and is_sized(name)


def _product(left: Polynomial, right: Polynomial) -> Counter[Monomial]:
    result: Counter[Monomial] = Counter()
    for names, factor in left.items():
        for others, multiplier in right.items():
            result[tuple(sorted(names + others))] += factor * multiplier
    return result
