"""What a case of somebody else's suite becomes: an expression of ours with facts, or the reason why there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,63}")


class NotMapped(Exception):
    """The reason, in the words under which such cases are counted."""


@dataclass(frozen=True, slots=True)
class Converted:
    name: str
    expression: str
    facts: Mapping[str, Any]
    expect: Any


def literal(value: Any) -> str:
    """A JSON value as CEL. Of several types only inside dyn()."""
    match value:
        case None:
            return "null"
        case list():
            return f"[{', '.join(f'dyn({literal(each)})' for each in value)}]"
        case dict():
            return "{" + ", ".join(f"dyn({literal(name)}): dyn({literal(each)})" for name, each in value.items()) + "}"
        case bool() | str():
            return json.dumps(value)
        case float():
            return repr(value)
        case _:
            return str(value)
