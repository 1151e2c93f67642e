"""The part of an evaluation that is machine code: every look-up of a policy in one call.

Compiled by numba when first called, which the compiler of rule sets sees to (`warm_up` in `lookup_rows`), and kept on
disk where a folder can be written to. It keeps the GIL: what takes microseconds gains nothing by giving it up, and
beside a busy thread waits for its return (measured: twice the time of an evaluation).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.rules.domain.indexed.members import WORD_BITS

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

_TOP_BYTE = np.uint64(WORD_BITS - 8)
_WORD, _BIT = np.uint32(6), np.uint32(WORD_BITS - 1)
"""Where a bit is: the word, by shifting its number, and the place therein."""


class Tables(NamedTuple):
    """L look-ups of which N are of numbers, their regions and M masks of W words.

    numbers     int64[N+2]    how many are of ints; then where the thresholds of each begin, and where the last ones end
    thresholds  int64[]       ascending within a look-up; those of doubles as their bits
    regions     int64[L+1]    where the regions of each begin, and where the last ones end; the last of each is unknown
    rows        int32[]       per region its row of the masks
    starts      uint32[]      per region the first of its flips
    stops       uint32[]      and behind the last
    flips       uint32[]      bits that are the other way round in the region
    masks       uint64[M, W]
    """

    numbers: NDArray[np.int64]
    thresholds: NDArray[np.int64]
    regions: NDArray[np.int64]
    rows: NDArray[np.int32]
    starts: NDArray[np.uint32]
    stops: NDArray[np.uint32]
    flips: NDArray[np.uint32]
    masks: NDArray[np.uint64]


def machine_code(function: Compiled) -> Compiled:
    """Without a folder to keep it in, it is made anew by every process."""
    try:
        return cast("Compiled", njit(cache=True)(function))
    except RuntimeError:  # numba found no such folder
        return cast("Compiled", njit(function))


@machine_code
def _beyond(thresholds: NDArray[Any], first: int, after: int, value: Any) -> int:
    """How many of `thresholds[first:after]`, ascending, a value has reached."""
    low, high = first, after
    while low < high:
        middle = (low + high) >> 1
        if value < thresholds[middle]:
            high = middle
        else:
            low = middle + 1
    return low - first


@machine_code
def _set_bits(word: np.uint64) -> np.int64:
    """How many; LLVM makes one instruction of it."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> _TOP_BYTE)


@machine_code
def look_up(
    values: NDArray[np.int64],
    missing: NDArray[np.int64],
    fallen: NDArray[np.uint64],
    numbers: NDArray[np.int64],
    thresholds: NDArray[np.int64],
    regions: NDArray[np.int64],
    rows: NDArray[np.int32],
    starts: NDArray[np.uint32],
    stops: NDArray[np.uint32],
    flips: NDArray[np.uint32],
    masks: NDArray[np.uint64],
) -> None:
    """Adds to `fallen`, uint64[W], what falls by each of the look-ups. Of the arguments behind it see Tables.

    values   int64[L]   first the ints, then the bits of doubles, then regions that were found already
    missing  int64[]    which of the first N are unknown
    """
    ints, count = numbers[0], len(numbers) - 2
    doubles, double_thresholds = values.view(np.float64), thresholds.view(np.float64)
    located = np.empty(len(values), np.int64)
    for place in range(len(values)):
        located[place] = regions[place]
        if place < ints:
            located[place] += _beyond(thresholds, numbers[place + 1], numbers[place + 2], values[place])
        elif place < count:
            located[place] += _beyond(double_thresholds, numbers[place + 1], numbers[place + 2], doubles[place])
        else:
            located[place] += values[place]
    for place in missing:
        located[place] = regions[place + 1] - 1
    # Element by element: numba makes vector instructions of it, and less of whole arrays.
    turned = np.empty_like(fallen)
    for region in located:
        mask = masks[rows[region]]
        start, stop = np.int64(starts[region]), np.int64(stops[region])
        if start == stop:
            for word in range(len(fallen)):
                fallen[word] |= mask[word]
        else:
            for word in range(len(fallen)):
                turned[word] = mask[word]
            for place in range(start, stop):
                turned[flips[place] >> _WORD] ^= np.uint64(1) << np.uint64(flips[place] & _BIT)
            for word in range(len(fallen)):
                fallen[word] |= turned[word]


@machine_code
def _first_bits(count: int) -> np.uint64:
    """As many as a word has, where that is fewer."""
    if count <= 0:
        return np.uint64(0)
    if count >= WORD_BITS:
        return ~np.uint64(0)
    return (np.uint64(1) << np.uint64(count)) - np.uint64(1)


@machine_code
def survivors(fallen: NDArray[np.uint64], units: int, actions: int, by_stage: NDArray[np.int64]) -> NDArray[np.int64]:
    """The units that are left, ascending; `by_stage` is filled with how many actions fell at each stage first."""
    words = (units + WORD_BITS - 1) // WORD_BITS
    left = np.empty(units, np.int64)
    found = 0
    by_stage[:] = 0
    for word in range(words):
        alive = _first_bits(units - word * WORD_BITS)
        of_actions = _first_bits(actions - word * WORD_BITS)
        for stage in range(len(by_stage)):
            fell = fallen[stage * words + word] & alive
            by_stage[stage] += _set_bits(fell & of_actions)
            alive ^= fell
        while alive:
            lowest = alive & (~alive + np.uint64(1))
            left[found] = word * WORD_BITS + _set_bits(lowest - np.uint64(1))
            found += 1
            alive ^= lowest
    return left[:found].copy()
