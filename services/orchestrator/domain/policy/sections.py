"""The top-level keys of a folder, merged over its files: mappings and lists grow together, single values stand once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from services.orchestrator.domain.policy.fields import EntryParser, Field, leaf, mapping, named, optional
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion, where
from services.orchestrator.domain.policy.folder import Folder
from services.orchestrator.domain.policy.nodes import ListNode, MapNode, Node, ScalarNode, describe
from services.orchestrator.domain.policy.scalars import is_null
from services.orchestrator.domain.policy_parts import Place

T = TypeVar("T")

NOT_BUILT = frozenset({"campaigns", "experiments", "journeys"})
"""Keys of the policy language that this version does not know how to act on: refused, never ignored."""


class Sections:
    """Reads the top-level keys in any order. What is wrong goes to the findings, which take it once."""

    def __init__(self, folder: Folder, findings: Findings) -> None:
        self._folder = folder
        self._findings = findings

    def check_keys(self, known: Collection[str]) -> None:
        """Reports every top-level key that is not known."""
        for name, occurrences in self._folder.sections.items():
            for key, _ in occurrences:
                if name in NOT_BUILT:
                    self._findings.error(key.place, "NOT_SUPPORTED", f'this version cannot act on "{name}"')
                elif name not in known:
                    message = f'unknown key "{name[:80]}"{suggestion(name, known)}'
                    self._findings.error(key.place, "UNKNOWN_KEY", message)

    def check_size(self, name: str, limit: int) -> None:
        """Reports a mapping of more than `limit` things."""
        record = self.record(name)
        if record is not None and len(record.entries) > limit:
            message = f"{len(record.entries):,} {name}; at most {limit:,} make a policy"
            self._findings.error(record.entries[limit][0].place, "TOO_LARGE", message)

    def place(self, name: str) -> Place | None:
        """Of the key where it is written first; None where it is not."""
        occurrences = self._folder.sections.get(name, ())
        return occurrences[0][0].place if occurrences else None

    def record(self, name: str) -> MapNode | None:
        """The mapping under a key, entries of all files together; None where the key is not written."""
        place = self.place(name)
        if place is None:
            return None
        read = (optional(leaf(mapping), node, self._findings) for _, node in self._occurrences(name))
        return MapNode(tuple(entry for node in read if node is not None for entry in node.entries), place)

    def named(
        self, name: str, kind: str, parse: EntryParser[T | None], seen: dict[str, Place] | None = None
    ) -> tuple[T, ...]:
        """The named things under a key."""
        record = self.record(name)
        entries = record.entries if record is not None else ()
        return named(kind, entries, parse, self._findings, {} if seen is None else seen)

    def joined(self, field: Field[tuple[T, ...]]) -> tuple[T, ...]:
        """The list under a key, items of all files together."""
        place = self.place(field.name)
        read = (optional(leaf(_items), node, self._findings) for _, node in self._occurrences(field.name))
        items = tuple(item for list_items in read if list_items is not None for item in list_items)
        return field.parse(ListNode(items, place), self._findings) if place is not None else ()

    def single(self, field: Field[T]) -> T | None:
        """The value under a key that the whole folder writes once."""
        occurrences = self._occurrences(field.name)
        for key, _ in occurrences[1:]:
            message = f'the key "{field.name}" is written twice: first at {where(occurrences[0][0].place)}'
            self._findings.error(key.place, "DUPLICATE_KEY", message)
        if not occurrences or is_null(occurrences[0][1]):
            self._report_missing(field)
            return None
        return optional(field.parse, occurrences[0][1], self._findings)

    def _report_missing(self, field: Field[Any]) -> None:
        if field.required and self._folder.is_complete:
            place = Place(self._folder.first_file, 1, 1)
            self._findings.error(place, "MISSING_KEY", f'the key "{field.name}" is missing')

    def _occurrences(self, name: str) -> tuple[tuple[ScalarNode, Node], ...]:
        return self._folder.sections.get(name, ())


def _items(node: Node) -> tuple[Node, ...]:
    if isinstance(node, ListNode):
        return node.items
    if is_null(node):
        return ()
    raise Refused(node.place, f"must be a list, not {describe(node)}")
