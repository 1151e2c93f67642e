"""What everything that a policy declares has: a place where it is written, and a meaning of unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class OnUnknown(IntEnum):
    """What a condition means when it reads an attribute that is missing, null or stale."""

    FAIL = 1
    PASS = 2
    DEFAULT = 3


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """A place in a policy folder; lines and columns start at 1. All empty where the caller gave none."""

    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def text(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = SourcePosition()
