"""Why a candidate got no slot that money would have given it: one too many, or withheld on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from services.orchestrator.app.decision_record import SlotVector
from services.orchestrator.domain.arbitration.silence import Withheld
from services.orchestrator.domain.at_most import AtMost, at_most_table
from services.orchestrator.domain.catalogue import Action, Catalogue
from services.orchestrator.domain.drops import Check, DropBlock
from services.orchestrator.domain.kept_out import at_most_drops, ghost_drops, ghosts_of
from tests.support.catalogues import Offer, Shelf

NOTHING = np.empty(0)
STARTS = np.array([0, 3, 6], dtype=np.int64)
OPTION = np.array([0, 1, 2, 0, 1, 2], dtype=np.int32)
"""Three actions in two places; the first two are of one group."""


def catalogue() -> Catalogue:
    built = Shelf({"a": Offer(), "b": Offer(), "c": Offer()}).catalogue()
    groups = ("wine", "wine", "bread")
    actions = zip(built.actions, groups, strict=True)
    return replace(built, actions=tuple(Action(each.action_id, group, "grow", "MARKETING") for each, group in actions))


def drops(*slots: SlotVector, count: int = 1) -> list[DropBlock]:
    built = catalogue()
    table = at_most_table(built.actions, (AtMost("GROUP", count, "wine"),))
    assert table is not None
    chosen = np.array([slot.row for slot in slots if slot.row >= 0], dtype=np.intp)
    blocks, _ = at_most_drops(built, table, OPTION, STARTS, slots, chosen)
    return blocks


def test_what_a_later_slot_could_not_have_was_one_too_many() -> None:
    (block,) = drops(SlotVector(0, 0, 0, NOTHING), SlotVector(1, 0, 5, NOTHING))
    assert (block.check, block.rule_id, block.action.tolist()) == (Check.AT_MOST, "at_most.wine", [1])
    assert block.observed.tolist() == [1.0]


def test_nothing_was_too_many_while_there_is_room() -> None:
    assert drops(SlotVector(0, 0, 0, NOTHING), SlotVector(1, 0, 5, NOTHING), count=2) == []
    assert drops(SlotVector(0, 0, 2, NOTHING)) == []


def test_a_ghost_uses_room() -> None:
    (block,) = drops(SlotVector(0, 0, -1, NOTHING, withheld=Withheld(0.5, 0.5, 0)), SlotVector(1, 0, 5, NOTHING))
    assert 1 in block.action.tolist()


def test_ghosts_fall_to_randomised_silence_with_what_they_were_worth() -> None:
    slots = [
        SlotVector(0, 0, -1, NOTHING, withheld=Withheld(0.5, 0.5, 1)),
        SlotVector(1, 0, 3, NOTHING, withheld=Withheld(0.5, 0.5)),
    ]
    ghosts = ghosts_of(slots)
    block = ghost_drops(catalogue(), OPTION, np.linspace(0.0, 2.5, 6), ghosts, np.array([3], dtype=np.intp))
    assert (ghosts.tolist(), block.check) == ([1], Check.RANDOMISED_SILENCE)
    assert (block.action.tolist(), block.observed.tolist()) == ([1], [0.5])


def test_what_was_withheld_here_and_shown_there_did_not_fall() -> None:
    ghosts, shown = np.array([1, 4], dtype=np.intp), np.array([4], dtype=np.intp)
    assert ghost_drops(catalogue(), OPTION, np.ones(6), ghosts, shown).size == 0
    assert ghost_drops(catalogue(), OPTION, np.ones(6), ghosts, np.array([0], dtype=np.intp)).action.tolist() == [1]
