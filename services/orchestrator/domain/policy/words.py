"""The small vocabulary of policy files: identifiers, references to them, choices, numbers within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.scalars import text
from services.orchestrator.domain.policy_parts import Place

N = TypeVar("N", int, float)

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")

_CEL_WORDS = (
    "as bool break bytes const continue double dyn else false for function if import in int let list loop map "
    "namespace null null_type package return string true type uint var void while"
)
_OWN_WORDS = "action context days_since hours_since in_segment is_anniversary now owns within"
RESERVED = frozenset(f"{_CEL_WORDS} {_OWN_WORDS}".split())
"""Words that mean something else inside a condition."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the policy mentions a thing declared elsewhere."""

    name: str
    place: Place


def identifier(node: Node) -> str:
    """A name: a lower-case letter, then letters, digits and underscores, at most 64 in all."""
    name = text(node)
    if _IDENTIFIER.fullmatch(name):
        return name
    message = f"{name[:80]!r} is no name: a lower-case letter, then lower-case letters, digits and _, at most 64 in all"
    raise Refused(node.place, message, code="BAD_IDENTIFIER")


def upper_identifier(node: Node) -> str:
    """A name of a channel, purpose or message class: written in lower case, upper-case inside."""
    return identifier(node).upper()


def attribute_name(node: Node) -> str:
    """A name that a condition can read."""
    name = identifier(node)
    if name in RESERVED:
        raise Refused(node.place, f'"{name}" means something else in conditions', code="BAD_IDENTIFIER")
    return name


def reference(node: Node) -> Reference:
    return Reference(identifier(node), node.place)


def locale(node: Node) -> str:
    """A language tag such as fr or en-GB."""
    tag = text(node)
    if _LOCALE.fullmatch(tag):
        return tag
    raise Refused(node.place, f"{tag[:80]!r} is no language tag such as fr or en-GB", code="BAD_IDENTIFIER")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed set, in upper or lower case; answered in upper case."""

    allowed: Collection[str]

    def __call__(self, node: Node) -> str:
        word = text(node).upper()
        if word in self.allowed:
            return word
        expected = ", ".join(sorted(self.allowed))
        raise Refused(node.place, f"must be one of {expected}{suggestion(word, self.allowed)}", code="OUT_OF_RANGE")


def choice(allowed: Collection[str]) -> Choice:
    return Choice(allowed)


@dataclass(frozen=True, slots=True)
class Within(Generic[N]):
    """A number no smaller than `minimum` and, if given, no greater than `maximum`."""

    read: Callable[[Node], N]
    minimum: float
    maximum: float | None

    def __call__(self, node: Node, _: Findings) -> N:
        number = self.read(node)
        if number < self.minimum or (self.maximum is not None and number > self.maximum):
            bound = f"between {self.minimum:g} and {self.maximum:g}" if self.maximum is not None else ""
            raise Refused(node.place, f"must be {bound or f'at least {self.minimum:g}'}", code="OUT_OF_RANGE")
        return number


def within(read: Callable[[Node], N], minimum: float, maximum: float | None = None) -> Within[N]:
    return Within(read, minimum, maximum)
