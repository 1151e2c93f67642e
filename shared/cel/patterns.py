"""How large a regular expression becomes: RE2 writes repetitions out, and goes through all of it for a character where
its automaton has too many states.

The library compiles a pattern anew at every evaluation.
"""

from __future__ import annotations

import re

MAX_INSTRUCTIONS = 10_000
"""Of one pattern: some 8 ms to compile."""
MAX_REPEATS = 1_000
"""RE2 refuses more, nested ones multiplied."""

_REPEAT = re.compile(r"\{([0-9]{1,9})(?:,([0-9]{0,9}))?\}")
_GROUP_HEAD = re.compile(r"\?(?:P?<\w+>|[imsU-]*:)")
_FLAGS = re.compile(r"\?[imsU-]+\)")
_BRACKETS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*+\]", re.DOTALL)
_UNICODE_CLASS = re.compile(r"\\[pP](?:\{\^?\w*\}|.)", re.DOTALL)

_OF_UNICODE_CLASS = 1_200
_OF_NEGATION = 12  # and of anything: the bytes of UTF-8


def instructions(pattern: str) -> int:
    """About as many as RE2 compiles it to, or more. Linear in the length of the pattern."""
    sizes, last = [0], 0
    """Of what is open: the whole, and every group within another; and of what a repetition would repeat."""
    factor = 2 if re.search(r"\(\?[a-zA-Z]*i", pattern) else 1
    place = 0
    while place < len(pattern):
        step, atom = 1, 0
        match pattern[place]:
            case "(" if flags := _FLAGS.match(pattern, place + 1):
                step, last = flags.end() - place, 0
            case "(":
                head = _GROUP_HEAD.match(pattern, place + 1)
                step, last = head.end() - place if head else 1, 0
                sizes.append(2)
            case ")" if len(sizes) > 1:
                atom = sizes.pop()
            case "{" if repeat := _REPEAT.match(pattern, place):
                times = min(max(int(repeat[1]), int(repeat[2] or 0)), MAX_REPEATS)
                step = repeat.end() - place
                sizes[-1], last = sizes[-1] + last * times, last * (times + 1)
            case "*" | "+" | "?" | "|":
                sizes[-1] += 2
            case "[":
                brackets = _BRACKETS.match(pattern, place)
                if brackets is None:  # RE2 refuses what nothing closes
                    break
                step, atom = brackets.end() - place, _of_class(brackets[0])
            case "\\" if unicode_class := _UNICODE_CLASS.match(pattern, place):
                step, atom = unicode_class.end() - place, _OF_UNICODE_CLASS
            case "\\":
                step, atom = 2, _OF_NEGATION if pattern[place + 1 : place + 2] in "DSWC" else 2
            case ".":
                atom = _OF_NEGATION
            case character:
                atom = len(character.encode(errors="replace"))
        if atom:
            sizes[-1], last = sizes[-1] + atom, atom
        place += step
    return factor * sum(sizes)


def _of_class(brackets: str) -> int:
    unicode_classes = len(_UNICODE_CLASS.findall(brackets))
    is_wide = brackets.startswith("[^") or not brackets.isascii() or "\\" in brackets
    return unicode_classes * _OF_UNICODE_CLASS + (_OF_NEGATION if is_wide else 0) + len(brackets)
