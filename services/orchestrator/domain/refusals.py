"""Contacts that the ledger refused after they were drawn: what is out from then on, and why.

What the ledger says of a limit holds for every candidate the limit is about. So a refusal closes all of them, and a
decision meets each limit at most once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import ContactCount, LimitTable, Mask
from services.orchestrator.domain.drops import Check, DropBlock

EVERY_LIMITED = -1
"""Instead of a row: whatever a limit is about is out, because the ledger could not be asked (again)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The slot whose contact was refused, the row it had drawn, and the limits that left no room."""

    place: int
    slot: int
    row: int
    counts: tuple[ContactCount, ...] = ()
    resource: str = ""
    """Instead of limits: the resource that had too little left (domain/volume)."""
    room: int = 0
    """Of the resource, in millionths."""
    unreachable: str = ""
    """Why nobody could tell whether the resource has enough, a Cause."""


def closed_rows(
    catalogue: Catalogue, table: LimitTable, option: NDArray[np.int32], refusals: Sequence[Refusal]
) -> Mask:
    """bool[C]: the rows that are out."""
    closed = np.zeros(option.size, dtype=np.bool_)
    for _, rows, _ in _closings(catalogue, table, option, refusals):
        closed |= rows
    return closed


def refused_drops(
    catalogue: Catalogue,
    table: LimitTable,
    option: NDArray[np.int32],
    refusals: Sequence[Refusal],
    chosen: NDArray[np.intp],
) -> list[DropBlock]:
    """The (action, channel) pairs that are out and were not chosen before, each under the refusal that closed it."""
    pair = pairs_of(catalogue, option)
    seen = set(pair[chosen].tolist())
    blocks = []
    for count, rows, check in _closings(catalogue, table, option, refusals):
        fresh = sorted(set(pair[rows].tolist()) - seen)
        if not fresh:
            continue
        seen |= set(fresh)
        action, channel = np.divmod(np.array(fresh, dtype=np.intp), max(1, len(catalogue.channel_names)))
        observed = np.full(len(fresh), np.nan if count is None else float(count.used))
        rule = "" if count is None else count.limit_id
        blocks.append(DropBlock(check, action.astype(np.int32), channel.astype(np.int32), observed, rule))
    return blocks


def pairs_of(catalogue: Catalogue, option: NDArray[np.int32]) -> NDArray[np.intp]:
    """intp[C]: one number per (action, channel)."""
    pairs: NDArray[np.intp] = catalogue.option_action[option].astype(np.intp) * max(1, len(catalogue.channel_names))
    return pairs + catalogue.option_channel[option]


def _closings(
    catalogue: Catalogue, table: LimitTable, option: NDArray[np.int32], refusals: Sequence[Refusal]
) -> Iterator[tuple[ContactCount | None, Mask, Check]]:
    """What each refusal closes: by limit, then the refused pair itself."""
    pair, counters = pairs_of(catalogue, option), table.option_counter[option]
    for refusal in refusals:
        if refusal.resource:
            continue
        if refusal.row == EVERY_LIMITED:
            yield None, table.limited(option), Check.CONTACT_LEDGER
            continue
        for count in refusal.counts:
            counter = table.counters.get((count.limit_id, count.counted))
            if counter is not None:
                yield count, (counters == counter).any(axis=1), Check.CONTACT_LIMIT
        first = refusal.counts[0] if refusal.counts else None
        own = pair == pair[refusal.row]
        yield first, own, Check.CONTACT_LEDGER if first is None else Check.CONTACT_LIMIT
