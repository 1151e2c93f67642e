"""What can be wrong with a well-typed expression, whatever it is for."""

from __future__ import annotations

from collections.abc import Iterator

from shared.cel.library import WITHIN_TEXT, CelEnvironment, CheckedExpression, Failure
from shared.cel.patterns import MAX_INSTRUCTIONS, instructions
from shared.cel.problems import Problem, problem_at
from shared.cel.spans import span_microseconds
from shared.cel.syntax import Call, Constant, ConstantKind, ListLiteral, Name, walk
from shared.cel.work import MAX_CONSTANT_WORK, MAX_LIST_ELEMENTS, MAX_LOOP_NESTING, loop_nesting, work_bound
from shared.values import AttributeType


def presence_problems(checked: CheckedExpression, meaning: str) -> Iterator[Problem]:
    """has() of a name; `meaning` says what a missing one means without it."""
    # The checker turns has(context.flag) into context.flag: its place is the parenthesis.
    for node in walk(checked.root):
        is_dotted = isinstance(node, Name) and "." in node.name
        if isinstance(node, Name) and is_dotted and checked.text[node.place.offset : node.place.offset + 1] == "(":
            message = f"has() cannot test {node.name}: {meaning}"
            yield problem_at(checked.text, node.place.offset, "CEL_TYPE", message)


def limit_problems(checked: CheckedExpression) -> Iterator[Problem]:
    """More than one evaluation may take."""
    for node in walk(checked.root):
        if isinstance(node, ListLiteral) and len(node.elements) > MAX_LIST_ELEMENTS:
            message = f"the list has {len(node.elements)} elements; {MAX_LIST_ELEMENTS} are allowed"
            yield problem_at(checked.text, node.place.offset, "LIMIT", message)
    if (nesting := loop_nesting(checked.root)) > MAX_LOOP_NESTING:
        yield Problem("LIMIT", f"{nesting} comprehensions run inside one another; {MAX_LOOP_NESTING} may")
    is_too_large = False
    for node in walk(checked.root):
        match node:
            case Call(
                function="matches", arguments=(*_, Constant(kind=ConstantKind.STRING, value=str(text)) as pattern)
            ):
                if (size := instructions(text)) > MAX_INSTRUCTIONS:
                    is_too_large = True
                    message = f"written out, the pattern takes some {size} instructions; {MAX_INSTRUCTIONS} are allowed"
                    yield problem_at(checked.text, pattern.place.offset, "LIMIT", message)
    if is_too_large:
        return
    constant_work = work_bound(checked.root, lambda _: False).get((), 0)
    if constant_work > MAX_CONSTANT_WORK:
        yield Problem("LIMIT", f"one evaluation takes {constant_work} steps; {MAX_CONSTANT_WORK} are allowed")


def pattern_problems(checked: CheckedExpression) -> Iterator[Problem]:
    """Regular expressions that are none; for an expression within its limits."""
    for node in walk(checked.root):
        match node:
            case Call(function="matches", arguments=(*_, Constant(kind=ConstantKind.STRING) as pattern)):
                trial = checked.program(Call("matches", Constant(ConstantKind.STRING, ""), (pattern,)), {})
                outcome = trial.run(checked.environment.activation({}))
                if isinstance(outcome, Failure):
                    yield problem_at(checked.text, pattern.place.offset, "INVALID_PATTERN", outcome.sentence)


def span_problems(checked: CheckedExpression) -> Iterator[Problem]:
    """Spans of within() that are none: a text is written out, as a literal or a constant of the action."""
    for node in walk(checked.root):
        match node:
            case Call(function="within", arguments=(_, Constant(value=str(text)) as span)):
                try:
                    span_microseconds(text)
                except ValueError as error:
                    yield problem_at(checked.text, span.place.offset, "INVALID_SPAN", str(error))
            case Call(function="within", arguments=(_, span), place=place) if _is_text_only(checked, place.id):
                if not (isinstance(span, Name) and span.name.startswith("action.")):
                    yield problem_at(checked.text, span.place.offset, "INVALID_SPAN", _UNWRITTEN_SPAN)


_UNWRITTEN_SPAN = 'the span of within() is a literal such as "30d", a constant of the action, or a duration'


def _is_text_only(checked: CheckedExpression, number: int) -> bool:
    reference = checked.tree.references.get(number, b"")
    return WITHIN_TEXT.encode() in reference and b"within_duration" not in reference


_MISSING = "a condition that needs what is missing does not hold"


def condition_problems(text: str, environment: CelEnvironment) -> tuple[Problem, ...]:
    """Everything that is wrong with a condition that either holds or does not: whatever is missing, it does not."""
    checked = environment.check(text)
    if isinstance(checked, tuple):
        return checked
    found = [*presence_problems(checked, _MISSING), *limit_problems(checked), *span_problems(checked)]
    if checked.result is not AttributeType.BOOL:
        kind = "another type" if checked.result is None else checked.result.text
        found.append(Problem("NOT_BOOL", f"a condition must be of type bool, not {kind}"))
    return tuple(found or pattern_problems(checked))
