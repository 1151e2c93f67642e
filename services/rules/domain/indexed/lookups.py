"""All tests of one term resolved together: one look-up of the value yields everything that the term drops.

A value lies in one *region*: between two neighbouring thresholds (found by bisection), or at one of the constants it
may be equal to (found by hash), or at none of them. What falls is the same everywhere in a region, so it is worked out
when the rule set is compiled: one mask per region, one for unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.indexed.flips import RegionMasks
from services.rules.domain.indexed.native_tests import Derivation
from services.rules.domain.indexed.units import Bits
from shared.values import Value

Locate = Callable[[Any], int | None]
"""The region of a value; None is region 0."""

Thresholds = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """How a value is located, and what falls where it lies.

    `locate` holds the thresholds themselves, ascending, where these are numbers: the region is how many a value has
    reached.
    """

    locate: Locate | Thresholds
    masks: RegionMasks


@dataclass(frozen=True, slots=True)
class Lookup:
    """`index` is the place of the attribute in the values, `derive` how the term is derived from it; `default` stands
    in for unknown, without which the mask `unknown` falls."""

    index: int
    derive: Derivation | None
    default: Value
    unknown: int
    table: Table


@dataclass(frozen=True, slots=True)
class Held:
    """What it changes that a list holds a constant: a mask, or a few bits by number where a mask would be wasteful."""

    rescued: int
    rescued_bits: Bits
    dropped: int
    dropped_bits: Bits


@dataclass(frozen=True, slots=True)
class HolderLookup:
    """`"nike" in favourite_brands` for many constants: the elements of the list say what changes.

    absent    what falls where the list holds none of the constants; one constant at most rescues each bit of it
    """

    index: int
    default: Value
    unknown: int
    absent: int
    held: Mapping[Any, Held]

    def fallen(self, value: Iterable[Any]) -> int:
        mask, dropped = self.absent, 0
        for element in set(value):
            held = self.held.get(element)
            if held is not None:
                mask &= ~held.rescued
                dropped |= held.dropped
                for bit in held.rescued_bits:
                    mask ^= 1 << bit
                for bit in held.dropped_bits:
                    dropped |= 1 << bit
        return mask | dropped
