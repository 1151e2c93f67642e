"""What a decision goes by of volume: how much of each resource is left to it, and the price of a unit.

room   int64[R]    in millionths: left for this replica to take
price  float64[R]  money per unit
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.worth import Column, Worth
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.drops import Check, DropBlock
from services.orchestrator.domain.lineup import Indices, Lineup, Mask, NoActionReason
from services.orchestrator.domain.pricing import Contest
from services.orchestrator.domain.refusals import Refusal
from services.orchestrator.domain.volume.resources import MILLIONTHS, Micros, VolumeTable

REFUSALS_PER_RESOURCE = 3
"""After which a resource is out altogether for a decision."""


@dataclass(frozen=True, slots=True)
class ResourceStanding:
    """Of one resource, as it is recorded. `room` in millionths, `price` in money per unit."""

    resource_id: str
    period_ms: int
    room: int
    price: float
    unreachable: str = ""
    """Why its account could not be read, a Cause; there is no room then."""


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What one contact took, in millionths, and the price of a unit then."""

    resource_id: str
    period_ms: int
    used: int
    price: float


@dataclass(frozen=True, slots=True, eq=False)
class VolumeStanding:
    """In the order of the table's resources."""

    table: VolumeTable
    resources: tuple[ResourceStanding, ...]

    @property
    def room(self) -> Micros:
        return np.array([each.room for each in self.resources], dtype=np.int64)

    @property
    def unreachable(self) -> Mask:
        """bool[R]."""
        return np.array([bool(each.unreachable) for each in self.resources], dtype=np.bool_)

    @property
    def price(self) -> NDArray[np.float64]:
        return np.array([each.price for each in self.resources])

    def uses_of(self, option: int, *, is_again: bool = False) -> tuple[ResourceUse, ...]:
        """What a contact takes. Served again, it is promised the same piece of stock; money and capacity are used by
        every contact."""
        rows = zip(self.resources, self.table.use[option].tolist(), self.table.is_stock.tolist(), strict=True)
        return tuple(
            ResourceUse(each.resource_id, each.period_ms, used, each.price)
            for each, used, is_stock in rows
            if used and not (is_again and is_stock)
        )

    def cost_of(self, options: Indices) -> Column:
        """float64[C]: Σ price × use of each, in money."""
        cost: Column = self.table.use[options] @ self.price / MILLIONTHS
        return cost

    def at_stake(self, options: Indices) -> NDArray[np.bool_]:
        """bool[R]: whether any of the options uses it."""
        touched: NDArray[np.bool_] = np.logical_or.reduce(self.table.use[options] > 0, axis=0)
        return touched


def standing_of(table: VolumeTable, recorded: Iterable[ResourceStanding]) -> VolumeStanding | None:
    """As a record has it; None where the policy declares no volume."""
    return None if table.is_empty else VolumeStanding(table, tuple(recorded))


def within_volume(catalogue: Catalogue, lineup: Lineup, standing: VolumeStanding, again: Sequence[int] = ()) -> Lineup:
    """Without the candidates that a resource has no room for. The rows `again` may be served again: the stock they take
    is theirs already."""
    short = standing.table.use[lineup.option] > standing.room
    short[np.ix_(np.array(again, dtype=np.intp), standing.table.is_stock)] = False
    out = short.any(axis=1)
    if not out.any():
        return lineup
    kept = np.flatnonzero(~out)
    starts = np.concatenate(([0], np.cumsum(~out)))[lineup.starts].astype(np.intp)
    reasons = tuple(
        NoActionReason.VOLUME if reason is None and not size else reason
        for reason, size in zip(lineup.empty_reasons, np.diff(starts), strict=True)
    )
    blocks = _drops(catalogue, lineup.option, short, standing)
    return Lineup(lineup.option[kept], starts, (*lineup.drops, *blocks), reasons)


def priced(contest: Contest, standing: VolumeStanding) -> Contest:
    """What a contact takes from others is subtracted from what it is worth."""
    cost = standing.cost_of(contest.option)
    if not cost.any():
        return contest
    worth = Worth(contest.worth.slope, contest.worth.offset - cost)
    return replace(contest, prices=replace(contest.prices, resource_cost=cost), worth=worth)


def volume_closed(table: VolumeTable, option: Indices, refusals: Sequence[Refusal]) -> Mask:
    """bool[C]: the rows that refusals put out. One closes every row that uses as much of the resource, or more; after
    REFUSALS_PER_RESOURCE of them, or one for want of an answer, every row that uses any."""
    closed = np.zeros(option.size, dtype=np.bool_)
    index, seen = table.index, dict[str, int]()
    for refusal in refusals:
        if not refusal.resource:
            continue
        seen[refusal.resource] = seen.get(refusal.resource, 0) + 1
        use = table.use[option, index[refusal.resource]]
        is_last = bool(refusal.unreachable) or seen[refusal.resource] >= REFUSALS_PER_RESOURCE
        closed |= use > 0 if is_last else use >= use[refusal.row]
    return closed


def refused_by_volume(
    catalogue: Catalogue,
    table: VolumeTable,
    option: Indices,
    refusals: Sequence[Refusal],
    chosen: NDArray[np.intp],
) -> list[DropBlock]:
    """The (action, channel) pairs that were put out and not chosen, each under the first resource that did."""
    blocks, seen = [], set(_pairs(catalogue, option[chosen]).tolist())
    before = np.zeros(option.size, dtype=np.bool_)
    for number, refusal in enumerate(refusals):
        if not refusal.resource:
            continue
        closed = volume_closed(table, option, refusals[: number + 1])
        fresh = sorted(set(_pairs(catalogue, option[closed & ~before]).tolist()) - seen)
        seen |= set(fresh)
        before = closed
        room = _told(refusal.room, refusal.unreachable)
        blocks.append(_block(catalogue, fresh, [room] * len(fresh), refusal.resource))
    return [block for block in blocks if block.size]


def _drops(
    catalogue: Catalogue, option: Indices, short: NDArray[np.bool_], standing: VolumeStanding
) -> list[DropBlock]:
    """The pairs that are a candidate nowhere, each under the first resource that is short."""
    pair = _pairs(catalogue, option)
    out = short.any(axis=1)
    lost = np.setdiff1d(pair[out], pair[~out])
    blocks = []
    for resource in range(short.shape[1]):
        fell = np.intersect1d(pair[short[:, resource] & out], lost)
        lost = np.setdiff1d(lost, fell)
        short_of, fresh = standing.resources[resource], fell.tolist()
        room = _told(short_of.room, short_of.unreachable)
        blocks.append(_block(catalogue, fresh, [room] * len(fresh), short_of.resource_id))
    return [block for block in blocks if block.size]


def _told(room: int, unreachable: str) -> float:
    """In units; NaN where nobody could tell."""
    return np.nan if unreachable else room / MILLIONTHS


def _block(catalogue: Catalogue, pairs: list[int], observed: list[float], resource_id: str) -> DropBlock:
    action, channel = np.divmod(np.array(pairs, dtype=np.intp), max(1, len(catalogue.channel_names)))
    return DropBlock(
        Check.VOLUME,
        action.astype(np.int32),
        channel.astype(np.int32),
        np.array(observed, dtype=np.float64),
        resource_id,
    )


def _pairs(catalogue: Catalogue, option: Indices) -> NDArray[np.intp]:
    pairs: NDArray[np.intp] = catalogue.option_action[option].astype(np.intp) * max(1, len(catalogue.channel_names))
    return pairs + catalogue.option_channel[option]
