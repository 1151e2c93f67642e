"""Names of message fields, as durable-rules tells them apart: by a 32-bit hash alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BASIS, _PRIME, _MASK = 0x811C9DC5, 16_777_619, 0xFFFF_FFFF

RESERVED = (
    *("_", "id", "sid", "w", "m", "name", "label", "chart", "running", "all", "any", "pri", "count", "cap", "dist"),
    *("$s", "$m", "$i", "$l", "$r", "$forward", "$time", "$timerName", "$baseTime", "$pulse", "$state", "$not"),
    *("$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$ex", "$nex", "$mt", "$imt", "$iall", "$iany", "$or", "$and"),
    *("$add", "$sub", "$mul", "$div", "$all", "$any"),
)
"""What means something to the engine, or to the worker."""

_MISREAD = re.compile(r"[^a-z0-9_]")


def engine_hash(name: str) -> int:
    """FNV-1a, as the engine hashes names."""
    found = _BASIS
    for byte in name.encode():
        found = ((found ^ byte) * _PRIME) & _MASK
    return found


class NameGiver:
    """Readable names, of which no two look alike to the engine: one that would gets a number."""

    def __init__(self, taken: Iterable[str] = RESERVED) -> None:
        self._hashes = {engine_hash(name) for name in taken}

    def name(self, kind: str, text: str) -> str:
        """`kind` keeps values of different types apart, which the engine compares loosely."""
        plain = f"{kind}_{_MISREAD.sub('_', text)[:80]}"
        name, number = plain, 1
        while engine_hash(name) in self._hashes:
            number += 1
            name = f"{plain}_{number}"
        self._hashes.add(engine_hash(name))
        return name
