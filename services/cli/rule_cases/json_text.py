"""JSON in which every name of an object stands once."""

from __future__ import annotations

import json
from typing import Any


def read_json(text: str) -> Any:
    """Raises ValueError, which names a key that is written twice, and RecursionError."""
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise ValueError(f"the key {twice!r} is written twice")
