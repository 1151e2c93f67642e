"""JSON in which every name of an object stands once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


def read_json(text: str) -> Any:
    """Raises ValueError, which names a key that is written twice, and RecursionError."""
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise ValueError(f"the key {name!r} is written {'twice' if times == 2 else f'{times} times'}")
    return dict(pairs)
