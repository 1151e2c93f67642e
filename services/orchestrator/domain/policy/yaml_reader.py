"""One YAML file as a tree of nodes. Nothing is constructed or executed: only a parser's events are read.

Refused, because a policy needs none of them and each can hide something: anchors and aliases (a few lines can stand for
gigabytes), tags, several documents in one file, nesting deeper than MAX_DEPTH, more nodes than the budget has left.

Two parsers: libyaml, several times as fast, reads what is plain; whatever it refuses, and text in which YAML 1.1 and
1.2 may differ, is read by the parser of YAML 1.2, which has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from services.orchestrator.domain.policy.findings import Refused
from services.orchestrator.domain.policy.nodes import ListNode, MapNode, Node, ScalarNode, describe
from services.orchestrator.domain.policy_parts import Place

MAX_DEPTH = 32
MAX_NODES = 1_000_000
"""Of a whole folder: ten thousand actions have about half of that."""

PARSER_FAULTS = (ValueError, ArithmeticError, AssertionError, LookupError, AttributeError, TypeError)
"""What the parser lets through on odd input, such as "\\U00110000" or `%YAML 1.25`."""

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_SPECIAL = (
    r"^%",  # directives
    r"^\.\.\.",  # ends of documents
    r"[\t\r\x85\u2028\u2029\ufeff]",  # white space that is not the same to all
    r"(^|[\[{,:?-])[ \n]*\?([ \n]|\Z)",  # explicit keys
    r"[|>][-+0-9]*(#| *\n *(\n|#|\Z))",  # blocks that begin with what touches or looks like a comment, or a blank line
)
_IS_SPECIAL = re.compile("|".join(_SPECIAL), re.MULTILINE).search
"""Where the two parsers differ."""

Event = Any
"""Of either parser: both call kinds and attributes of events alike."""


@dataclass(slots=True)
class NodeBudget:
    """How many nodes may still be read; shared by the files of a folder."""

    left: int = MAX_NODES


def read_yaml(file: str, content: bytes, budget: NodeBudget | None = None) -> Node | None:
    """The file's only document; None for an empty file. Raises Refused (YAML_…) for what is not a plain document."""
    text = decode(file, content)
    shared = budget or NodeBudget()
    if yaml.__with_libyaml__ and not _IS_SPECIAL(text):
        own = NodeBudget(shared.left)
        try:
            root = _tree(file, text, own, _fast_events(text))
        except (Refused, yaml.YAMLError):
            return read_carefully(file, text, shared)
        shared.left = own.left
        return root
    return read_carefully(file, text, shared)


def read_carefully(file: str, text: str, budget: NodeBudget) -> Node | None:
    """The same by the parser of YAML 1.2 alone."""
    return _tree(file, text, budget, _events(file, text))


def _tree(file: str, text: str, budget: NodeBudget, events: Iterator[Event]) -> Node | None:
    builder = _TreeBuilder(file, split_lines(text), budget)
    for event in events:
        builder.take(event)
    return builder.root


def split_lines(text: str) -> list[str]:
    """As YAML counts lines, which is not as Python does."""
    return _LINE_BREAK.split(text)


def decode(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        raise Refused(_end_of(file, before), "the file is not UTF-8", code="YAML_SYNTAX") from None


def _end_of(file: str, before: str) -> Place:
    lines = split_lines(before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _fast_events(text: str) -> Iterator[Event]:
    return yaml.parse(text, Loader=yaml.CSafeLoader)


def _events(file: str, text: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except ReaderError as error:
        message = f"the character U+{error.character:04X} is not allowed"
        raise Refused(_end_of(file, text[: error.position]), message, code="YAML_SYNTAX") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = ", ".join(part for part in (error.context, error.problem) if part)
        raise Refused(_place(file, mark), words or "not YAML", code="YAML_SYNTAX") from None
    except YAMLError as error:
        raise Refused(Place(file, 1, 1), str(error).partition("\n")[0] or "not YAML", code="YAML_SYNTAX") from None
    except PARSER_FAULTS as error:
        raise Refused(Place(file, 1, 1), f"not YAML: {error}", code="YAML_SYNTAX") from None


def _place(file: str, mark: Any) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file, 1, 1)


class _OpenCollection:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("children", "is_map", "place")

    def __init__(self, place: Place, *, is_map: bool) -> None:
        self.place = place
        self.is_map = is_map
        self.children: list[Node] = []

    def close(self) -> Node:
        if not self.is_map:
            return ListNode(tuple(self.children), self.place)
        keys, values = self.children[0::2], self.children[1::2]
        return MapNode(tuple(zip(map(_key, keys), values, strict=True)), self.place)


def _key(node: Node) -> ScalarNode:
    if isinstance(node, ScalarNode):
        return node
    raise Refused(node.place, f"a key must be text, not {describe(node)}", code="YAML_SYNTAX")


class _TreeBuilder:
    """Folds events into nodes on a stack of its own, so that depth costs no recursion."""

    def __init__(self, file: str, lines: list[str], budget: NodeBudget) -> None:
        self.root: Node | None = None
        self._file = file
        self._lines = lines
        self._budget = budget
        self._open: list[_OpenCollection] = []
        self._documents = 0

    def take(self, event: Event) -> None:
        step = _STEPS.get(type(event).__name__)
        if step is not None:
            step(self, event)

    def document(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise Refused(self._place(event), "a second document in one file", code="YAML_SYNTAX")

    def alias(self, event: Event) -> None:
        raise Refused(self._place(event), "anchors and aliases are not allowed: write it out", code="YAML_ALIAS")

    def mapping(self, event: Event) -> None:
        self._open_collection(event, is_map=True)

    def sequence(self, event: Event) -> None:
        self._open_collection(event, is_map=False)

    def end(self, _: Event) -> None:
        self._add(self._open.pop().close())

    def scalar(self, event: Event) -> None:
        place = self._place(event)
        self._check(event, place)
        text, style = event.value, event.style
        if not _is_encodable(text):
            raise Refused(place, "half of a surrogate pair is no character", code="YAML_SYNTAX")
        self._add(ScalarNode(text, not style, place, self._text_place(text, place, style) if style else place))

    def _open_collection(self, event: Event, *, is_map: bool) -> None:
        place = self._place(event)
        self._check(event, place)
        if len(self._open) >= MAX_DEPTH:
            raise Refused(place, f"nested deeper than {MAX_DEPTH}", code="YAML_TOO_DEEP")
        self._open.append(_OpenCollection(place, is_map=is_map))

    def _check(self, event: Event, place: Place) -> None:
        if self._budget.left <= 0:
            raise Refused(place, f"more than {MAX_NODES:,} nodes in the folder", code="YAML_TOO_LARGE")
        self._budget.left -= 1
        if event.anchor is not None:
            self.alias(event)
        if event.tag is not None and not _is_untagged(event):
            raise Refused(place, f"tags are not allowed: {event.tag}", code="YAML_TAG")

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node

    def _text_place(self, text: str, place: Place, style: str) -> Place:
        if style in ("'", '"'):
            return Place(place.file, place.line, place.column + 1)
        return self._block_place(text, place)

    def _block_place(self, text: str, place: Place) -> Place:
        """Of a block's text: behind the indentation of the first line that is not blank."""
        own_spaces = len(text.lstrip("\n")) - len(text.lstrip("\n").lstrip(" "))
        for number in range(place.line, len(self._lines)):
            line = self._lines[number]
            if line.strip(" "):
                return Place(place.file, number + 1, len(line) - len(line.lstrip(" ")) - own_spaces + 1)
        return place

    def _place(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)


_STEPS: dict[str, Callable[[_TreeBuilder, Event], None]] = {
    "DocumentStartEvent": _TreeBuilder.document,
    "ScalarEvent": _TreeBuilder.scalar,
    "MappingStartEvent": _TreeBuilder.mapping,
    "SequenceStartEvent": _TreeBuilder.sequence,
    "MappingEndEvent": _TreeBuilder.end,
    "SequenceEndEvent": _TreeBuilder.end,
    "AliasEvent": _TreeBuilder.alias,
}


def _is_untagged(event: Event) -> bool:
    """The parser marks a quoted text with the tag `!`, which says no more than that it is no number."""
    return event.tag == "!" and bool(getattr(event, "style", None))


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
