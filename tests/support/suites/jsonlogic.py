"""Rules of JSON Logic (the compat-tables suites) as expressions of ours.

The types of the variables are those of the data, as a policy would declare them; so what JSON Logic does by coercion
between types has no counterpart. Numbers are doubles, as they are in JavaScript. The data stands in a fact `data`, too,
for what is null, missing, nested or no attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.support.suites.converted import IDENTIFIER, Converted, NotMapped, literal

DATA = "data"
COERCION = "coercion between types"
ERRORS = "what JSON Logic answers with an error of its own: NaN, invalid arguments, throw, try"
FOLDS = "reduce: CEL has no fold"
TEXTS = "substr, and numbers written as JavaScript writes them: no such functions in CEL's standard library"
SCOPES = "variables of an outer scope, by counting scopes"
COMPUTED = "arguments that a rule computes"
MIXED = "elements of several types"
ARGUMENTS = "more or fewer arguments than the operation of CEL takes"
_UNMAPPED = {"reduce": FOLDS, "substr": TEXTS, "try": ERRORS, "throw": ERRORS}

BOOL, NUMBER, STRING, NULL, LIST, MAP, ANY = "bool", "number", "string", "null", "list", "map", "any"


@dataclass(frozen=True, slots=True)
class Part:
    """An expression and the type of its value.

    `samples` are values it may have here; `plain` is a number as it is declared or written, not yet made a double.
    """

    text: str
    kind: str
    samples: tuple[Any, ...] = ()
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where variables are read: the data, or the element of a macro."""

    text: str
    samples: tuple[Any, ...]

    @property
    def is_data(self) -> bool:
        return self.text == DATA


def convert(case: Mapping[str, Any]) -> Converted:
    """Raises NotMapped."""
    if "error" in case:
        raise NotMapped(ERRORS)
    data = case.get("data")
    part = _Conversion().rule(case["rule"], Scope(DATA, (data,)))
    facts = {**(_attributes(data) if isinstance(data, dict) else {}), DATA: {"": None} if data is None else data}
    return Converted(str(case["description"]), part.text, facts, case["result"])


def _attributes(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if _is_attribute(name, value)}


def _is_attribute(name: str, value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    is_typed = len({type(each) for each in values}) == 1 and isinstance(values[0], bool | int | float | str)
    return is_typed and name != DATA and IDENTIFIER.fullmatch(name) is not None


def _kind(values: Sequence[Any]) -> str:
    kinds = {_KINDS[type(value)] for value in values}
    if len(kinds) > 1:
        raise NotMapped(MIXED)
    return next(iter(kinds), ANY)


_KINDS = {bool: BOOL, int: NUMBER, float: NUMBER, str: STRING, type(None): NULL, list: LIST, dict: MAP}


class _Conversion:
    def __init__(self) -> None:
        self._variables = 0

    def rule(self, rule: Any, scope: Scope) -> Part:
        if isinstance(rule, list):
            parts = [self.rule(each, scope) for each in rule]
            return Part(f"[{', '.join(f'dyn({each.text})' for each in parts)}]", LIST, _listed(rule))
        if not isinstance(rule, dict) or not rule:
            return Part(literal(rule), _kind([rule]), (rule,), literal(rule))
        if len(rule) > 1:
            raise NotMapped(ARGUMENTS)
        ((name, arguments),) = rule.items()
        if name in _UNMAPPED:
            raise NotMapped(_UNMAPPED[name])
        if name == "preserve":
            return Part(literal(arguments), _kind([arguments]), (arguments,))
        return _OPERATIONS[name](self, name, arguments, scope)

    def parts(self, arguments: Any, scope: Scope) -> list[Part]:
        if isinstance(arguments, list):
            return [self.rule(each, scope) for each in arguments]
        part = self.rule(arguments, scope)
        if part.kind in (LIST, ANY, MAP):
            raise NotMapped(COMPUTED)
        return [part]

    # Variables

    def variable(self, name: str, arguments: Any, scope: Scope) -> Part:
        given = arguments if isinstance(arguments, list) else [arguments]
        if any(isinstance(each, dict | list) for each in given[:1]):
            raise NotMapped(SCOPES if isinstance(given[0], list) else COMPUTED)
        if name == "val":
            return self._read([str(each) for each in given], scope)
        path = str(given[0]) if given and given[0] is not None else ""
        found = self._read(path.split(".") if path else [], scope)
        if len(given) < 2 or found.kind is not NULL:
            return found
        return self.rule(given[1], scope)

    def _read(self, path: Sequence[str], scope: Scope) -> Part:
        values = tuple(_at(sample, path) for sample in scope.samples)
        kind = _kind(values)
        if scope.is_data and len(path) == 1 and all(_is_attribute(path[0], value) for value in values):
            return Part(f"double({path[0]})" if kind is NUMBER else path[0], kind, values, path[0])
        if not path:
            if scope.is_data and values == (None,):
                return Part("null", NULL, values)
            return Part(f"double({scope.text})" if kind is NUMBER else _typed(scope.text, kind), kind, values)
        if any(isinstance(sample, list) for sample in scope.samples) or any(each.isdigit() for each in path):
            raise NotMapped("elements of lists by a number in a path")
        text = scope.text
        for label in path:
            text = f"(type({text}) == map && {literal(label)} in {text} ? {text}[{literal(label)}] : dyn(null))"
        return Part(f"double({text})" if kind is NUMBER else _typed(text, kind), kind, values)

    # Comparisons and logic

    def equality(self, name: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope)
        is_negated, is_strict = name.startswith("!"), len(name) == 3
        if len(parts) < 2 or (is_negated and len(parts) > 2):
            raise NotMapped(ARGUMENTS)
        kinds = {part.kind for part in parts}
        if kinds & {LIST, MAP, ANY} or (len(kinds) > 1 and not is_strict):
            raise NotMapped(COERCION)
        texts = [f"dyn({part.text})" for part in parts] if len(kinds) > 1 else _compared(parts)
        return Part(_chain("!=" if is_negated else "==", texts), BOOL)

    def order(self, name: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope)
        if len(parts) < 2:
            raise NotMapped(ARGUMENTS)
        if {part.kind for part in parts} not in ({NUMBER}, {STRING}):
            raise NotMapped(COERCION)
        return Part(_chain(name, _compared(parts)), BOOL)

    def chosen(self, name: str, arguments: Any, scope: Scope) -> Part:
        """The first operand that decides, as JavaScript has it."""
        parts = self.parts(arguments, scope)
        if not parts:
            raise NotMapped(ARGUMENTS)
        if all(part.kind is BOOL for part in parts):
            return Part(f"({(' && ' if name == 'and' else ' || ').join(part.text for part in parts)})", BOOL)
        text = f"dyn({parts[-1].text})"
        for part in reversed(parts[:-1]):
            own = f"dyn({part.text})"
            text = f"({_truth(part)} ? {text if name == 'and' else own} : {own if name == 'and' else text})"
        kinds = {part.kind for part in parts}
        return Part(text, kinds.pop() if len(kinds) == 1 else ANY)

    def negation(self, name: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope)
        if len(parts) != 1:
            raise NotMapped(ARGUMENTS)
        return Part(f"!({_truth(parts[0])})" if name == "!" else _truth(parts[0]), BOOL)

    def choice(self, _: str, arguments: Any, scope: Scope) -> Part:
        if not isinstance(arguments, list):
            raise NotMapped(COMPUTED)
        parts = [self.rule(each, scope) for each in arguments]
        last = parts[-1] if len(parts) % 2 else Part("null", NULL)
        text = f"dyn({last.text})"
        for condition, value in reversed(list(zip(parts[:-1:2], parts[1::2], strict=False))):
            text = f"({_truth(condition)} ? dyn({value.text}) : {text})"
        kinds = {part.kind for part in [*parts[1::2], last]}
        return Part(text, kinds.pop() if len(kinds) == 1 else ANY)

    def coalesce(self, _: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope) or [Part("null", NULL)]
        text = f"dyn({parts[-1].text})"
        for part in reversed(parts[:-1]):
            text = f"(dyn({part.text}) != null ? dyn({part.text}) : {text})"
        kinds = {part.kind for part in parts}
        return Part(text, kinds.pop() if len(kinds) == 1 else ANY)

    # Numbers and texts

    def arithmetic(self, name: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope)
        if any(part.kind is not NUMBER for part in parts):
            raise NotMapped(COERCION)
        numbers = [_double(part) for part in parts]
        if name == "%":
            return self._remainder(parts)
        if name in "-/" and len(parts) < 2:
            if not parts:
                raise NotMapped(ARGUMENTS)
            return Part(f"(-({numbers[0]}))" if name == "-" else f"(1.0 / {numbers[0]})", NUMBER)
        return Part(f"({f' {name} '.join(numbers)})" if numbers else {"+": "0.0", "*": "1.0"}[name], NUMBER)

    def _remainder(self, parts: Sequence[Part]) -> Part:
        if len(parts) < 2 or not all(
            part.samples and all(isinstance(each, int) for each in part.samples) for part in parts
        ):
            raise NotMapped("the remainder of doubles: CEL has that of ints only")
        return Part(f"double({' % '.join(f'int({part.text})' for part in parts)})", NUMBER)

    def extreme(self, name: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope)
        if not parts or any(part.kind is not NUMBER for part in parts):
            raise NotMapped(COERCION if parts else ARGUMENTS)
        one, other = self._variable(), self._variable()
        numbers = f"[{', '.join(map(_double, parts))}]"
        sign = "<=" if name == "min" else ">="
        return Part(f"{numbers}.filter({one}, {numbers}.all({other}, {one} {sign} {other}))[0]", NUMBER)

    def concatenation(self, _: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope)
        return Part(f"({' + '.join([*map(_text, parts)] or [literal('')])})", STRING)

    def membership(self, _: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope)
        if len(parts) != 2:
            raise NotMapped(ARGUMENTS)
        one, container = parts
        if container.kind is STRING and one.kind is STRING:
            # An empty text holds nothing here, not even itself.
            return Part(f"{container.text}.contains({one.text})", BOOL)
        if container.kind is not LIST:
            raise NotMapped(COERCION)
        return Part(f"dyn({one.text}) in {container.text}", BOOL)

    # Lists

    def merging(self, _: str, arguments: Any, scope: Scope) -> Part:
        parts = self.parts(arguments, scope) if isinstance(arguments, list) else [self.rule(arguments, scope)]
        if any(part.kind is ANY for part in parts):
            raise NotMapped(COMPUTED)
        lists = [f"dyn({part.text})" if part.kind is LIST else f"[dyn({part.text})]" for part in parts]
        return Part(f"({' + '.join([*lists] or ['[]'])})", LIST)

    def macro(self, name: str, arguments: Any, scope: Scope) -> Part:
        if not isinstance(arguments, list) or len(arguments) != 2:
            raise NotMapped(ARGUMENTS)
        over = self.rule(arguments[0], scope)
        if over.kind is NULL and name in ("filter", "map", "all", "some", "none"):
            over = Part("[]", LIST, ((),))
        if over.kind is not LIST or not over.samples:
            raise NotMapped(COMPUTED)
        elements = tuple(element for sample in over.samples for element in sample)
        one = self._variable()
        inner = self.rule(arguments[1], Scope(one, elements))
        if name == "map":
            return Part(f"{over.text}.map({one}, {inner.text})", LIST)
        condition = _truth(inner)
        if name == "filter":
            return Part(f"{over.text}.filter({one}, {condition})", LIST, over.samples)
        found = f"{over.text}.{'all' if name == 'all' else 'exists'}({one}, {condition})"
        if name == "none":
            return Part(f"!{found}", BOOL)
        return Part(f"(size({over.text}) > 0 && {found})" if name == "all" else found, BOOL)

    # Presence

    def missing(self, _: str, arguments: Any, scope: Scope) -> Part:
        names = arguments if isinstance(arguments, list) else [arguments]
        return Part(self._missing(names, scope), LIST)

    def missing_some(self, _: str, arguments: Any, scope: Scope) -> Part:
        count, names = arguments
        missing = self._missing(names, scope)
        return Part(f"({len(names)} - size({missing}) >= {count} ? [] : {missing})", LIST)

    def _missing(self, names: Sequence[Any], scope: Scope) -> str:
        if not scope.is_data or not all(isinstance(name, str) for name in names):
            raise NotMapped(COMPUTED)
        if any("." in name for name in names):
            raise NotMapped("paths in missing")
        one, held = self._variable(), f"{DATA}[{{}}]"
        value = held.format(one)
        absent = f"!({one} in {DATA}) || {value} == null || {value} == ''"
        return f"[{', '.join(map(literal, names))}].filter({one}, {absent})"

    def existence(self, _: str, arguments: Any, scope: Scope) -> Part:
        path = arguments if isinstance(arguments, list) else [arguments]
        if not all(isinstance(each, str) for each in path):
            raise NotMapped(COMPUTED)
        tests, text = [], scope.text
        for label in path:
            tests.append(f"type({text}) == map && {literal(label)} in {text}")
            text = f"{text}[{literal(label)}]"
        return Part(f"({' && '.join(tests)})", BOOL)

    def _variable(self) -> str:
        self._variables += 1
        return f"x{self._variables}"


_OPERATIONS: Mapping[str, Callable[[_Conversion, str, Any, Scope], Part]] = {
    **dict.fromkeys(("var", "val"), _Conversion.variable),
    **dict.fromkeys(("==", "!=", "===", "!=="), _Conversion.equality),
    **dict.fromkeys(("<", "<=", ">", ">="), _Conversion.order),
    **dict.fromkeys(("and", "or"), _Conversion.chosen),
    **dict.fromkeys(("!", "!!"), _Conversion.negation),
    **dict.fromkeys(("if", "?:"), _Conversion.choice),
    **dict.fromkeys("+-*/%", _Conversion.arithmetic),
    **dict.fromkeys(("min", "max"), _Conversion.extreme),
    **dict.fromkeys(("map", "filter", "all", "some", "none"), _Conversion.macro),
    "??": _Conversion.coalesce,
    "cat": _Conversion.concatenation,
    "in": _Conversion.membership,
    "merge": _Conversion.merging,
    "missing": _Conversion.missing,
    "missing_some": _Conversion.missing_some,
    "exists": _Conversion.existence,
}


def _listed(rule: Sequence[Any]) -> tuple[Any, ...]:
    """The list itself, where it is made of constants."""
    return () if any(isinstance(each, dict) and each for each in rule) else (list(rule),)


def _at(value: Any, path: Sequence[str]) -> Any:
    for label in path:
        value = value.get(label) if isinstance(value, dict) else None
    return value


def _typed(text: str, kind: str) -> str:
    return {BOOL: f"bool({text})", STRING: f"string({text})"}.get(kind, text)


def _double(part: Part) -> str:
    return part.text if part.text.startswith("double(") else f"double({part.text})"


def _compared(parts: Sequence[Part]) -> list[str]:
    """Numbers of one type as they are, others as doubles."""
    if parts[0].kind is not NUMBER:
        return [part.text for part in parts]
    types = {type(sample) for part in parts for sample in part.samples}
    is_plain = len(types) == 1 and all(part.plain for part in parts)
    return [part.plain for part in parts] if is_plain else [_double(part) for part in parts]


def _chain(sign: str, texts: Sequence[str]) -> str:
    return f"({' && '.join(f'{left} {sign} {right}' for left, right in pairwise(texts))})"


def _truth(part: Part) -> str:
    match part.kind:
        case "bool":
            return part.text
        case "number":
            return f"double({part.text}) != 0.0"
        case "string":
            return f"{part.text} != ''"
        case "null":
            return "false"
        case "map":
            return "true"
        case "list":
            return f"size({part.text}) > 0"
    raise NotMapped(MIXED)


def _text(part: Part) -> str:
    if part.kind is STRING:
        return part.text
    if part.kind is BOOL:
        return f"string({part.text})"
    if part.kind is NUMBER and part.samples and all(isinstance(each, int) for each in part.samples):
        return f"string(int({part.text}))"
    raise NotMapped(TEXTS)
