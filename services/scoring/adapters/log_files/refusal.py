"""Why a file cannot be used, in words that name the place."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

MAX_PROBLEMS = 20


class FileRefused(Exception):
    """Each problem is one line: file, place, what is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems[:MAX_PROBLEMS])


def suggestion(name: str, known: Collection[str]) -> str:
    """` (did you mean "reward"?)`, or nothing where no known name is near."""
    near = difflib.get_close_matches(name[:64], list(known)[:1_000], n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""
