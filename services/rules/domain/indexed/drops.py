"""Whom a condition drops on which verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.rules.domain.indexed.clauses import DropWhen
from services.rules.domain.indexed.members import mask_of
from services.rules.domain.indexed.units import Bits
from services.rules.domain.kleene import FALSE, TRUE, UNKNOWN, Verdict

Masks = tuple[int, int, int]
"""By verdict: FALSE, TRUE, UNKNOWN."""


@dataclass(slots=True)
class Drops:
    """Of one condition: groups of bits that fall on the same verdicts. `rule_id`: the rule that first asks for it."""

    rule_id: str
    groups: list[tuple[DropWhen, Bits]] = field(default_factory=list)

    def on(self, verdict: Verdict) -> Iterator[Bits]:
        return (bits for drop, bits in self.groups if drop[verdict])

    def masks(self, width: int) -> Masks:
        return self._mask(FALSE, width), self._mask(TRUE, width), self._mask(UNKNOWN, width)

    def _mask(self, verdict: Verdict, width: int) -> int:
        return united(list(self.on(verdict)), width)


def united(groups: Sequence[Bits], width: int) -> int:
    """All bits of the groups."""
    if sum(map(len, groups)) > _FEW:
        return mask_of((bit for bits in groups for bit in bits), width)
    mask = 0
    for bits in groups:
        for bit in bits:
            mask |= 1 << bit
    return mask


_FEW = 32
