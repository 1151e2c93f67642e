"""A small YAML file as nodes with places. Nothing is constructed, and nothing is hidden: no aliases, no tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from services.scoring.adapters.log_files.refusal import FileRefused

MAX_BYTES = 2**20
_PARSER_FAULTS = (ValueError, ArithmeticError, AssertionError, LookupError, AttributeError, TypeError, RecursionError)
"""What the parser lets through on odd input."""


@dataclass(frozen=True, slots=True)
class Place:
    """Lines and columns start at 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    is_plain: bool
    """Written without quotes: only then may it be a number or a word with a meaning."""
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entries:
    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


Node = Scalar | Items | Entries


def read_nodes(path: Path) -> Entries:
    """The mapping that the file is. Raises FileRefused."""
    start = Place(str(path), 1, 1)
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            raise FileRefused([f"{start}: the file is larger than {MAX_BYTES:,} bytes"])
        text = content.decode("utf-8-sig")
        if any(isinstance(event, AliasEvent) for event in YAML(typ="safe", pure=True).parse(text)):
            raise FileRefused([f"{start}: aliases are not allowed here"])
        root = YAML(typ="safe", pure=True).compose(text)
    except OSError as error:
        raise FileRefused([f"{path}: cannot be read: {error}"]) from error
    except UnicodeDecodeError as error:
        raise FileRefused([f"{start}: the file is not UTF-8"]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = start if mark is None else Place(str(path), mark.line + 1, mark.column + 1)
        raise FileRefused([f"{place}: {error.problem or error.context or 'not YAML'}"]) from error
    except (YAMLError, *_PARSER_FAULTS) as error:
        raise FileRefused([f"{start}: not YAML: {str(error).partition(chr(10))[0]}"]) from error
    if root is None:
        raise FileRefused([f"{start}: the file is empty"])
    node = _node(str(path), root)
    if not isinstance(node, Entries):
        raise FileRefused([f"{node.place}: must be a mapping such as `reward: click`"])
    return node


def _node(file: str, found: Any) -> Node:
    place = Place(file, found.start_mark.line + 1, found.start_mark.column + 1)
    match found:
        case ScalarNode():
            return Scalar(str(found.value), found.style in (None, ""), place)
        case SequenceNode():
            return Items(tuple(_node(file, item) for item in found.value), place)
        case MappingNode():
            return Entries(tuple((_key(file, key), _node(file, child)) for key, child in found.value), place)
        case _:
            raise FileRefused([f"{place}: must be a text, a list or a mapping"])


def _key(file: str, found: Any) -> Scalar:
    key = _node(file, found)
    if not isinstance(key, Scalar):
        raise FileRefused([f"{key.place}: a key must be a text"])
    return key
