"""Masks by region of a value, when neighbouring regions differ in few bits.

    masks[r]      the mask of region r, except for
    flips[starts[r] : stops[r]]    bits that are the other way round

A mask per region would take regions * width / 8 bytes, which explodes where thousands of rules have thresholds of their
own. So beyond DENSE_BYTES a region whose mask differs from a stored one in a few bits only lists these: at most
MAX_FLIPS, as few as suffice. Masks that do not fit even so stand for more than MAX_FLIPS changed bits each: together
they take at most `changed bits / MAX_FLIPS * width / 8` bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_FLIPS = 8
DENSE_BYTES = 2_097_152
"""Per look-up: as much as may be spent on masks before regions have to make do with flips."""


@dataclass(frozen=True, slots=True)
class Flips:
    bits: Sequence[int]
    starts: Sequence[int]
    stops: Sequence[int]

    def applied(self, mask: int, region: int) -> int:
        for bit in self.bits[self.starts[region] : self.stops[region]]:
            mask ^= 1 << bit
        return mask


@dataclass(frozen=True, slots=True)
class RegionMasks:
    """`flips` is None where every region has a mask of its own."""

    masks: tuple[int, ...]
    flips: Flips | None = None

    def of(self, region: int) -> int:
        mask = self.masks[region]
        return mask if self.flips is None else self.flips.applied(mask, region)

    @property
    def size_bytes(self) -> int:
        distinct = {id(mask): mask for mask in self.masks}
        size = sum((mask.bit_length() + 7) // 8 for mask in distinct.values()) + 8 * len(self.masks)
        return size if self.flips is None else size + 4 * (len(self.flips.bits) + 2 * len(self.masks))


def fewest_flips(regions: int, width: int) -> int:
    """How many flips a row of regions needs, one bit changing from each to the next, to keep to DENSE_BYTES."""
    stored = max(DENSE_BYTES // (width // 8 + 1), 1)
    return next((flips for flips in (0, 1, 2, 4) if regions <= stored * (2 * flips + 1)), MAX_FLIPS)


def chain(first: int, changes: Sequence[Sequence[int]], max_flips: int) -> RegionMasks:
    """Regions in a row: `changes[r]` are the bits that turn round between region r and r + 1."""
    ends = [0]
    for bits in changes:
        ends.append(ends[-1] + len(bits))
    flips = array("I", (bit for bits in changes for bit in bits))
    stored = _stored(ends, max_flips)
    masks: list[int] = []
    starts, stops = array("I"), array("I")
    mask, place = first, 0
    for end, at in zip(ends, stored, strict=True):
        mask, place = _turned(mask, flips[place : ends[at]]), ends[at]
        masks.append(mask)
        starts.append(min(end, place))
        stops.append(max(end, place))
    if stops == starts:
        return RegionMasks(tuple(masks))
    return RegionMasks(tuple(masks), Flips(flips, starts, stops))


def star(centre: int, changes: Sequence[Sequence[int]], max_flips: int) -> RegionMasks:
    """Region 0 has the mask `centre`; `changes[r]` are the bits in which region r + 1 differs from it."""
    masks = [centre]
    flips, starts, stops = array("I"), array("I", [0]), array("I", [0])
    for bits in changes:
        is_stored = len(bits) > max_flips
        masks.append(_turned(centre, bits) if is_stored else centre)
        starts.append(len(flips))
        if not is_stored:
            flips.extend(bits)
        stops.append(len(flips))
    return RegionMasks(tuple(masks), Flips(flips, starts, stops) if flips else None)


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
