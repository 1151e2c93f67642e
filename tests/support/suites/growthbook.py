"""Conditions of GrowthBook (cases.json, evalCondition) as expressions of ours.

All attributes of the user stand in one fact, `user`: a missing one is null there, as it is in GrowthBook. A condition
on attributes that are all there, of one type each, reads them by their names instead, which the index holds natively.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.suites.converted import IDENTIFIER, Converted, NotMapped, literal

USER = "user"
VERSIONS = "versions compared by their parts: no string functions in CEL's standard library"
COERCION = "text compared with numbers by coercion"
PATTERN = "a pattern that is none: refused when it is published"
OPERATOR = "an operator that GrowthBook does not know either"
_ORDER = {"$lt": "<", "$lte": "<=", "$gt": ">", "$gte": ">="}
_TYPES = {"string": "string", "boolean": "bool", "array": "list", "object": "map"}

Condition = Mapping[str, Any]


def convert(case: list[Any]) -> Converted:
    """Raises NotMapped."""
    name, condition, user, expect = case[:4]
    groups = case[4] if len(case) > 4 else {}
    expression = _Conversion(groups).condition(condition, USER, user)
    return Converted(name, expression, {USER: user}, expect)


def typed(case: list[Any]) -> Converted | None:
    """The same over attributes by their names; None where one is missing, an object, or of several types."""
    name, condition, user, expect = case[:4]
    groups = case[4] if len(case) > 4 else {}
    try:
        return Converted(name, _Typed(groups).condition(condition, USER, user), user, expect)
    except NotMapped:
        return None


class _Conversion:
    def __init__(self, groups: Mapping[str, Any]) -> None:
        self._groups = groups
        self._depth = 0

    def path(self, root: str, names: list[str], sample: Any) -> tuple[str, Any]:
        """What a dotted name reads, and what it is here: null where something on the way is missing or no object."""
        text = root
        for place, name in enumerate(names):
            is_map = place > 0 or root != USER
            text = f"(type({text}) == map ? {_guarded(text, name)} : null)" if is_map else _guarded(text, name)
            sample = sample.get(name) if isinstance(sample, dict) else None
        return text, sample

    def is_of(self, text: str, kind: str, _: Any) -> str:
        return f"type({text}) == {kind}"

    def constant(self, value: Any, _: Any) -> str:
        return literal(value)

    def condition(self, condition: Condition, root: str, sample: Any) -> str:
        return _joined("&&", [self._part(name, each, root, sample) for name, each in condition.items()])

    def _part(self, name: str, value: Any, root: str, sample: Any) -> str:
        match name:
            case "$or" | "$nor" | "$and":
                parts = [self.condition(each, root, sample) for each in value]
                joined = _joined("&&" if name == "$and" or not parts else "||", parts)
                return f"!({joined})" if name == "$nor" else joined
            case "$not":
                return f"!({self.condition(value, root, sample)})"
        return self._field(value, *self.path(root, name.split("."), sample))

    def _field(self, value: Any, text: str, sample: Any) -> str:
        if isinstance(value, dict) and value and all(name.startswith("$") for name in value):
            return _joined("&&", [self._operator(name, each, text, sample) for name, each in value.items()])
        return f"{text} == {self.constant(value, sample)}"

    def _operator(self, name: str, value: Any, text: str, sample: Any) -> str:
        if name.startswith("$v"):
            raise NotMapped(VERSIONS)
        if name not in _OPERATORS:
            raise NotMapped(OPERATOR)
        operator: Callable[..., str] = getattr(self, _OPERATORS[name])
        return operator(name, value, text, sample)

    def equal(self, name: str, value: Any, text: str, sample: Any) -> str:
        return f"{text} {'==' if name == '$eq' else '!='} {self.constant(value, sample)}"

    def order(self, name: str, value: Any, text: str, sample: Any) -> str:
        if isinstance(value, str) != isinstance(sample, str) or sample is None:
            raise NotMapped(COERCION)
        return f"{text} {_ORDER[name]} {self.constant(value, sample)}"

    def among(self, name: str, value: Any, text: str, sample: Any) -> str:
        if not isinstance(value, list):
            return "false"
        same = _same_in_any_case if name in ("$ini", "$nini") else _same
        one = self._variable()
        of_list, of_one = f"{text}.exists({one}, {_any(same, one, value)})", _any(same, text, value)
        inside = self.either(text, sample, of_list, of_one)
        return f"!({inside})" if name in ("$nin", "$nini") else inside

    def group(self, name: str, value: Any, text: str, sample: Any) -> str:
        members = self._groups.get(value, [])
        return self.among("$in" if name == "$inGroup" else "$nin", members, text, sample)

    def pattern(self, name: str, value: Any, text: str, sample: Any) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise NotMapped(PATTERN) from error
        flags = "(?i)" if name == "$regexi" else ""
        return _joined("&&", [self.is_of(text, "string", sample), f"{text}.matches({literal(flags + value)})"])

    def existence(self, _: str, value: Any, text: str, __: Any) -> str:
        return f"{text} {'!=' if value else '=='} null"

    def type(self, _: str, value: Any, text: str, __: Any) -> str:
        if value == "number":
            return f"type({text}) in [int, double]"
        return f"{text} == null" if value == "null" else f"type({text}) == {_TYPES[value]}"

    def size(self, _: str, value: Any, text: str, sample: Any) -> str:
        length = len(sample) if isinstance(sample, list) else 0
        return _joined("&&", [self.is_of(text, "list", sample), self._field(value, f"size({text})", length)])

    def element(self, _: str, value: Any, text: str, sample: Any) -> str:
        one = self._variable()
        first = sample[0] if isinstance(sample, list) and sample else {}
        of_values = value and all(name.startswith("$") and name != "$not" for name in value)
        inner = self._field(value, one, first) if of_values or not isinstance(first, dict) else None
        inner = self.condition(value, one, first) if inner is None else inner
        return _joined("&&", [self.is_of(text, "list", sample), f"{text}.exists({one}, {inner})"])

    def all(self, name: str, value: Any, text: str, sample: Any) -> str:
        same = _same_in_any_case if name == "$alli" else _same
        one = self._variable()
        parts = [f"{text}.exists({one}, {same(one, each)})" for each in value]
        return _joined("&&", [self.is_of(text, "list", sample), *parts])

    def negation(self, _: str, value: Any, text: str, sample: Any) -> str:
        return f"!({self._field(value, text, sample)})"

    def either(self, text: str, sample: Any, of_list: str, of_one: str) -> str:
        return f"({self.is_of(text, 'list', sample)} && {of_list} || {of_one})"

    def _variable(self) -> str:
        self._depth += 1
        return f"x{self._depth}"


_OPERATORS: Mapping[str, str] = {
    **dict.fromkeys(("$eq", "$ne"), "equal"),
    **dict.fromkeys(_ORDER, "order"),
    **dict.fromkeys(("$in", "$nin", "$ini", "$nini"), "among"),
    **dict.fromkeys(("$inGroup", "$notInGroup"), "group"),
    **dict.fromkeys(("$regex", "$regexi"), "pattern"),
    **dict.fromkeys(("$all", "$alli"), "all"),
    "$exists": "existence",
    "$type": "type",
    "$size": "size",
    "$elemMatch": "element",
    "$not": "negation",
}


class _Typed(_Conversion):
    """Of attributes whose types are declared: nothing is asked at run time."""

    def path(self, root: str, names: list[str], sample: Any) -> tuple[str, Any]:
        value = sample.get(names[0]) if root == USER and len(names) == 1 else None
        if value is None or not _is_attribute(names[0], value):
            raise NotMapped("no attribute")
        return names[0], value

    def is_of(self, text: str, kind: str, sample: Any) -> str:
        if _KINDS.get(type(sample)) != kind:
            raise NotMapped("another type")
        return "true"

    def constant(self, value: Any, sample: Any) -> str:
        if type(value) is not type(sample):
            raise NotMapped("another type")
        return _plain(value) if isinstance(value, list) else literal(value)

    def either(self, text: str, sample: Any, of_list: str, of_one: str) -> str:
        return of_list if isinstance(sample, list) else of_one

    def existence(self, _: str, value: Any, text: str, __: Any) -> str:
        raise NotMapped("presence")

    type = existence


_KINDS = {bool: "bool", int: "int", float: "double", str: "string", list: "list"}


def _is_attribute(name: str, value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    is_typed = len({type(each) for each in values}) == 1 and isinstance(values[0], bool | int | float | str)
    return is_typed and IDENTIFIER.fullmatch(name) is not None


def _guarded(text: str, name: str) -> str:
    if IDENTIFIER.fullmatch(name.lower()) is None:
        return f"({literal(name)} in {text} ? {text}[{literal(name)}] : dyn(null))"
    return f"(has({text}.{name}) ? {text}.{name} : null)"


def _any(same: Callable[[str, Any], str], text: str, values: list[Any]) -> str:
    if same is _same:
        return f"{text} in {literal(values) if len({type(each) for each in values}) > 1 else _plain(values)}"
    return _joined("||", [same(text, each) for each in values])


def _plain(values: list[Any]) -> str:
    return f"[{', '.join(map(literal, values))}]"


def _same(text: str, value: Any) -> str:
    return f"{text} == {literal(value)}"


def _same_in_any_case(text: str, value: Any) -> str:
    if not isinstance(value, str):
        return _same(text, value)
    return f"(type({text}) == string && {text}.matches({literal(f'(?i)^{re.escape(value)}$')}))"


def _joined(sign: str, parts: list[str]) -> str:
    return f" {sign} ".join(f"({part})" for part in parts) if parts else "true"
