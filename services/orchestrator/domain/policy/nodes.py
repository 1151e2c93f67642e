"""A YAML document as a tree that remembers where everything is written."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.policy_parts import Place


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One word, number or text, not yet interpreted."""

    text: str
    is_plain: bool
    """Written without quotes and not as a block: only then may it be a number, a date, true, false or null."""
    place: Place
    text_place: Place
    """Of the first character of the text itself: behind the quote, or on the line after a block's | or >."""


@dataclass(frozen=True, slots=True)
class ListNode:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class MapNode:
    """Entries as written: a key may occur twice."""

    entries: tuple[tuple[ScalarNode, Node], ...]
    place: Place


Node = ScalarNode | ListNode | MapNode


def describe(node: Node) -> str:
    """What a node is, in the words of a message: "a list", "a mapping", "a text"."""
    match node:
        case ListNode():
            return "a list"
        case MapNode():
            return "a mapping"
        case _:
            return f"{node.text!r}" if len(node.text) <= 40 else "a long text"
