"""Masks by region of a value: neighbouring regions differ in few bits, so most need none of their own.

    masks[rows[r]]                 the mask of region r, except for
    flips[starts[r] : stops[r]]    bits that are the other way round

A mask per region would take regions * width / 8 bytes, which explodes where thousands of rules have thresholds of their
own, and what does not stay in the processor's cache takes longer to fetch than flips take to apply. So a region whose
mask differs from a stored one in a few bits only lists these, at most MAX_FLIPS. Masks that are stored even so stand
for more than MAX_FLIPS changed bits each: together they take at most `changed bits / MAX_FLIPS * width / 8` bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_FLIPS = 32


@dataclass(frozen=True, slots=True)
class RegionMasks:
    """See the module."""

    masks: tuple[int, ...]
    rows: Sequence[int]
    flips: Sequence[int]
    starts: Sequence[int]
    stops: Sequence[int]


def chain(first: int, changes: Sequence[Sequence[int]], max_flips: int = MAX_FLIPS) -> RegionMasks:
    """Regions in a row: `changes[r]` are the bits that turn round between region r and r + 1."""
    ends = [0]
    for bits in changes:
        ends.append(ends[-1] + len(bits))
    flips = array("I", (bit for bits in changes for bit in bits))
    masks: list[int] = []
    rows, starts, stops = array("I"), array("I"), array("I")
    mask, place = first, 0
    for end, at in zip(ends, _stored(ends, max_flips), strict=True):
        if not masks or ends[at] != place:
            mask, place = _turned(mask, flips[place : ends[at]]), ends[at]
            masks.append(mask)
        rows.append(len(masks) - 1)
        starts.append(min(end, place))
        stops.append(max(end, place))
    return RegionMasks(tuple(masks), rows, array("I") if starts == stops else flips, starts, stops)


def star(centre: int, changes: Sequence[Sequence[int]], max_flips: int = MAX_FLIPS) -> RegionMasks:
    """Region 0 has the mask `centre`; `changes[r]` are the bits in which region r + 1 differs from it."""
    masks = [centre]
    rows, flips, starts, stops = array("I", [0]), array("I"), array("I", [0]), array("I", [0])
    for bits in changes:
        is_stored = len(bits) > max_flips
        if is_stored:
            masks.append(_turned(centre, bits))
        rows.append(len(masks) - 1 if is_stored else 0)
        starts.append(len(flips))
        if not is_stored:
            flips.extend(bits)
        stops.append(len(flips))
    return RegionMasks(tuple(masks), rows, flips, starts, stops)


def _stored(ends: Sequence[int], max_flips: int) -> list[int]:
    """Per region, the region whose mask is stored for it: at most `max_flips` changed bits away."""
    stored: list[int] = []
    while (first := len(stored)) < len(ends):
        centre = first
        while centre + 1 < len(ends) and ends[centre + 1] - ends[first] <= max_flips:
            centre += 1
        last = centre
        while last + 1 < len(ends) and ends[last + 1] - ends[centre] <= max_flips:
            last += 1
        stored += [centre] * (last + 1 - first)
    return stored


def _turned(mask: int, bits: Iterable[int]) -> int:
    turned = list(bits)
    if not turned:
        return mask
    size = max(max(turned), mask.bit_length()) // 8 + 1
    change = bytearray(size)
    for bit in turned:
        change[bit >> 3] ^= 1 << (bit & 7)
    return mask ^ int.from_bytes(change, "little")
