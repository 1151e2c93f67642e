"""Candidates that a slot could not have for another reason than money: withheld on purpose, or one too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.arbitration.silence import NO_GHOST, Withheld
from services.orchestrator.domain.arbitration.worth import Column
from services.orchestrator.domain.at_most import AtMostTable
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.drops import Check, DropBlock
from services.orchestrator.domain.refusals import pairs_of

Rows = NDArray[np.intp]


class FilledSlot(Protocol):
    """A slot as it was drawn, or as it was recorded."""

    @property
    def place(self) -> int: ...
    @property
    def slot(self) -> int: ...
    @property
    def row(self) -> int: ...
    @property
    def withheld(self) -> Withheld | None: ...


def ghosts_of(slots: Sequence[FilledSlot]) -> Rows:
    """The rows that won and were withheld."""
    withheld = [slot.withheld for slot in slots if slot.withheld is not None]
    return np.array([each.ghost for each in withheld if each.ghost != NO_GHOST], dtype=np.intp)


def ghost_drops(
    catalogue: Catalogue, option: NDArray[np.int32], priority: Column, ghosts: Rows, out: Rows
) -> DropBlock:
    """Their (action, channel) pairs, without those of the rows that are `out`: what was withheld in one place may have
    been shown in another."""
    pair = pairs_of(catalogue, option)
    fresh = ghosts[~np.isin(pair[ghosts], pair[out])]
    rows = fresh[np.unique(pair[fresh], return_index=True)[1]]
    action, channel = catalogue.option_action[option[rows]], catalogue.option_channel[option[rows]]
    return DropBlock(Check.RANDOMISED_SILENCE, action, channel, priority[rows])


def surplus_rows(
    table: AtMostTable, action: NDArray[np.int32], starts: NDArray[np.int64], slots: Sequence[FilledSlot]
) -> Iterator[tuple[int, Rows]]:
    """By counter: the rows that had no room under it when a later slot of their place, or a later place, was filled.

    What an earlier slot could still have had lost on its worth.
    """
    room, counter = table.most.copy(), table.counter[action]
    for slot in sorted(slots, key=lambda each: (each.place, each.slot)):
        taken = slot.withheld.ghost if slot.row < 0 and slot.withheld is not None else slot.row
        if taken < 0:
            continue
        for each in counter[taken].tolist():
            room[each] -= 1
            if room[each] == 0:
                after = np.arange(starts[slot.place], action.size)
                yield each, after[(counter[after] == each).any(axis=1)]


def at_most_drops(
    catalogue: Catalogue,
    table: AtMostTable,
    option: NDArray[np.int32],
    starts: NDArray[np.int64],
    slots: Sequence[FilledSlot],
    out: Rows,
) -> tuple[list[DropBlock], Rows]:
    """The (action, channel) pairs that were one too many, without those of the rows that are `out`; and their rows."""
    pair = pairs_of(catalogue, option)
    seen = set(pair[out].tolist())
    blocks, rows = [], [np.empty(0, dtype=np.intp)]
    for counter, surplus in surplus_rows(table, catalogue.option_action[option], starts, slots):
        fresh = np.array([row for row in surplus.tolist() if pair[row] not in seen], dtype=np.intp)
        if not fresh.size:
            continue
        seen |= set(pair[fresh].tolist())
        rows.append(fresh)
        _, first = np.unique(pair[fresh], return_index=True)
        dropped = option[fresh[first]]
        declared = table.declared[int(table.counter_declared[counter])]
        blocks.append(
            DropBlock(
                Check.AT_MOST,
                catalogue.option_action[dropped],
                catalogue.option_channel[dropped],
                np.full(dropped.size, float(declared.count)),
                declared.rule_id,
            )
        )
    return blocks, np.concatenate(rows)
