"""The source text of a part of an expression, for explanations.

The library tells where a node's own token stands, not where its text begins and ends. The tokens of the part span a
range; it is widened until its brackets are balanced and it ends on an operand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.cel.syntax import Node, walk

MAX_CHARACTERS = 300

_TOKEN = re.compile(
    r'//[^\n]*|[rRbB]{0,2}(?:"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')'
    r"|[A-Za-z_]\w*|\d[\w.]*|\.\d\w*|&&|\|\||[<>=!]=|\S"
)
_OPENING, _CLOSING = "([{", ")]}"
_Span = tuple[int, int]


def excerpt(text: str, node: Node) -> str:
    """At most MAX_CHARACTERS of it, in one line."""
    tokens = [match.span() for match in _TOKEN.finditer(text)]
    offsets = [part.place.offset for part in walk(node)]
    first, last = _index(tokens, min(offsets)), _index(tokens, max(offsets))
    first, last = _widened(text, tokens, _with_function_name(text, tokens, first), _with_operand(text, tokens, last))
    flat = " ".join(text[tokens[first][0] : tokens[last][1]].split())
    return flat if len(flat) <= MAX_CHARACTERS else f"{flat[: MAX_CHARACTERS - 1]}…"


def _index(tokens: Sequence[_Span], offset: int) -> int:
    """The token that holds the offset."""
    return next((index for index, (_, end) in enumerate(tokens) if offset < end), len(tokens) - 1)


def _with_function_name(text: str, tokens: Sequence[_Span], first: int) -> int:
    # A call's own token is its parenthesis.
    starts_call = text[tokens[first][0]] == "(" and first > 0 and text[tokens[first - 1][0]].isidentifier()
    return first - 1 if starts_call else first


def _with_operand(text: str, tokens: Sequence[_Span], last: int) -> int:
    # The own token of a negative number is its sign, that of a selection its dot.
    ends_early = text[tokens[last][0] : tokens[last][1]] in {"-", "."} and last + 1 < len(tokens)
    return last + 1 if ends_early else last


def _widened(text: str, tokens: Sequence[_Span], first: int, last: int) -> _Span:
    while (missing := _unbalanced(text, tokens[first : last + 1])) != (0, 0):
        opening, closing = missing
        if (opening and last + 1 == len(tokens)) or (closing and first == 0):
            return 0, len(tokens) - 1
        first, last = first - bool(closing), last + bool(opening)
    return first, last


def _unbalanced(text: str, tokens: Sequence[_Span]) -> tuple[int, int]:
    """How many brackets are opened but not closed, and closed but not opened."""
    opened = closed = 0
    for start, _ in tokens:
        if text[start] in _OPENING:
            opened += 1
        elif text[start] in _CLOSING and opened:
            opened -= 1
        elif text[start] in _CLOSING:
            closed += 1
    return opened, closed
