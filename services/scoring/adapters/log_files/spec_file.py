"""Reads SPEC.yaml. Every deviation is told with file, line and column, all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.scoring.adapters.log_files.csv_columns import delimiter_in
from services.scoring.adapters.log_files.refusal import FileRefused, suggestion
from services.scoring.adapters.log_files.yaml_nodes import Entries, Items, Node, Place, Scalar, read_nodes
from services.scoring.domain.logs.spec import RESERVED_POLICIES, FeatureKind, FeatureSpec, LogSpec, Uniform

KINDS = {
    **{kind.value: kind for kind in FeatureKind},
    **dict.fromkeys(("number", "int", "integer", "float", "double"), FeatureKind.NUMERIC),
    **dict.fromkeys(("string", "category", "text"), FeatureKind.CATEGORICAL),
    "boolean": FeatureKind.BOOL,
    "datetime": FeatureKind.TIMESTAMP,
}
MONOTONE = {"increasing": 1, "decreasing": -1, "none": 0}
_NULLS = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A spec, and where it names each column first."""

    spec: LogSpec
    places: dict[str, Place]

    def unknown_columns(self, known: tuple[str, ...], names: frozenset[str]) -> list[str]:
        """A line for each of `names` that is no column of the log."""
        return [
            f'{self.places[name]}: the log has no column "{name}"{suggestion(name, known)}'
            for name in sorted(names - frozenset(known), key=lambda name: (self.places[name].line, name))
        ]


class _Refused(Exception):
    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place}: {message}")


@dataclass(slots=True)
class _Reading:
    problems: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def column(self, node: Node) -> str:
        written = _scalar(node, "the name of a column")
        self.places.setdefault(written.text, written.place)
        return written.text

    def each(self, node: Entries, read: Callable[[Scalar, Node], None]) -> None:
        """Goes on after what is wrong. A key occurs once."""
        seen: set[str] = set()
        for key, child in node.entries:
            try:
                if key.text in seen:
                    raise _Refused(key.place, f'"{key.text}" is written twice')
                seen.add(key.text)
                read(key, child)
            except _Refused as refused:
                self.problems.append(str(refused))


def read_spec(path: Path) -> SpecFile:
    """Raises FileRefused, naming every place that is wrong."""
    root = read_nodes(path)
    reading = _Reading()
    readers: dict[str, Callable[[Node], Any]] = {
        "action": reading.column,
        "reward": reading.column,
        "choice_probability": lambda node: _choice_probability(reading, node),
        "features": lambda node: _features(reading, node),
        "position": reading.column,
        "time": reading.column,
        "value": reading.column,
        "eligible": lambda node: _eligible(reading, node),
        "targets": lambda node: _targets(reading, node),
        "reward_range": _range,
        "delimiter": _delimiter,
    }
    found: dict[str, Any] = {}

    def read(key: Scalar, child: Node) -> None:
        if key.text not in readers:
            raise _Refused(key.place, f'unknown key "{key.text[:80]}"{suggestion(key.text, readers)}')
        if not (isinstance(child, Scalar) and child.is_plain and child.text in _NULLS):
            found[key.text] = readers[key.text](child)

    reading.each(root, read)
    if not reading.problems and "reward" not in found:
        reading.problems.append(f'{root.place}: the key "reward" is missing: which column says what became of it?')
    if reading.problems:
        raise FileRefused(reading.problems)
    return SpecFile(LogSpec(**found), reading.places)


def _scalar(node: Node, expected: str) -> Scalar:
    if isinstance(node, Scalar) and node.text:
        return node
    raise _Refused(node.place, f"must be {expected}")


def _choice_probability(reading: _Reading, node: Node) -> str | float | Uniform:
    written = _scalar(node, "a column, a number, or uniform")
    if written.is_plain and written.text == "uniform":
        return Uniform()
    number = _number(written)
    if number is None:
        return reading.column(node)
    if not 0.0 < number <= 1.0:
        raise _Refused(node.place, f"a probability lies above 0 and at most at 1, not at {written.text}")
    return number


def _number(written: Scalar) -> float | None:
    if not written.is_plain:
        return None
    try:
        return float(written.text.replace(".nan", "nan").replace(".inf", "inf"))
    except ValueError:
        return None


def _features(reading: _Reading, node: Node) -> tuple[FeatureSpec, ...]:
    features: dict[str, FeatureSpec] = {}

    def read(key: Scalar, child: Node) -> None:
        column = reading.column(key)
        if column in features:
            raise _Refused(key.place, f'the feature "{column}" is declared twice')
        features[column] = _feature(column, child)

    if isinstance(node, Entries):
        reading.each(node, read)
        return tuple(features.values())
    for item in node.items if isinstance(node, Items) else (node,):
        keys = {key.text: child for key, child in item.entries} if isinstance(item, Entries) else {}
        name = keys.get("name", keys.get("column"))
        if not isinstance(name, Scalar) or not isinstance(item, Entries):
            raise _Refused(item.place, "must be a mapping of columns to types, such as `age: numeric`")
        rest = tuple((key, child) for key, child in item.entries if key.text not in ("name", "column"))
        reading.each(Entries(((name, Entries(rest, item.place)),), item.place), read)
    return tuple(features.values())


def _feature(column: str, node: Node) -> FeatureSpec:
    if isinstance(node, Scalar):
        return FeatureSpec(column, _kind(node))
    kind: FeatureKind | None = None
    monotone = 0
    for key, child in node.entries if isinstance(node, Entries) else ():
        if key.text == "type":
            kind = _kind(child)
        elif key.text == "monotone":
            monotone = _word(child, MONOTONE)
        else:
            raise _Refused(key.place, f'unknown key "{key.text[:80]}"{suggestion(key.text, ("type", "monotone"))}')
    if kind is None:
        raise _Refused(node.place, f"must have a type: {', '.join(FeatureKind)}")
    if monotone and kind is not FeatureKind.NUMERIC:
        raise _Refused(node.place, f"only a numeric feature can be monotone, not a {kind} one")
    return FeatureSpec(column, kind, monotone)


def _kind(node: Node) -> FeatureKind:
    written = _scalar(node, f"a type: {', '.join(FeatureKind)}")
    if written.text.lower() not in KINDS:
        text = f'"{written.text[:80]}" is no type: {", ".join(FeatureKind)}{suggestion(written.text, KINDS)}'
        raise _Refused(written.place, text)
    return KINDS[written.text.lower()]


def _word(node: Node, words: dict[str, int]) -> int:
    written = _scalar(node, f"one of {', '.join(words)}")
    if written.text not in words:
        raise _Refused(node.place, f"must be one of {', '.join(words)}")
    return words[written.text]


def _eligible(reading: _Reading, node: Node) -> str | tuple[str, ...] | int:
    if isinstance(node, Items):
        actions = tuple(_scalar(item, "an action").text for item in node.items)
        if not actions or len(set(actions)) != len(actions):
            raise _Refused(node.place, "must list every eligible action once")
        return actions
    written = _scalar(node, "a list of actions, their count, or a column")
    if written.is_plain and written.text.lstrip("+-").isdigit():
        if int(written.text) < 1:
            raise _Refused(node.place, "there is at least one eligible action")
        return int(written.text)
    return reading.column(node)


def _targets(reading: _Reading, node: Node) -> dict[str, str]:
    targets: dict[str, str] = {}

    def read(key: Scalar, child: Node) -> None:
        if key.text in RESERVED_POLICIES:
            raise _Refused(key.place, f'"{key.text}" is evaluated in any case: give the target another name')
        targets[key.text] = reading.column(child)

    if not isinstance(node, Entries):
        raise _Refused(node.place, "must be a mapping of names to columns")
    reading.each(node, read)
    return targets


def _range(node: Node) -> tuple[float, float]:
    written = [_number(item) for item in node.items if isinstance(item, Scalar)] if isinstance(node, Items) else []
    ends = [end for end in written if end is not None and math.isfinite(end)]
    if len(ends) != 2 or len(written) != 2 or not ends[0] < ends[1]:
        raise _Refused(node.place, "must be the least and the largest reward there can be, such as [0, 500]")
    return ends[0], ends[1]


def _delimiter(node: Node) -> str:
    found = delimiter_in(_scalar(node, "one character").text)
    if found is None:
        raise _Refused(node.place, 'must be one character, such as ";", or tab')
    return found
