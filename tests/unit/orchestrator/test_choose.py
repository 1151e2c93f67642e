"""Sharing out slots keeps the event loop to itself only where it is quick."""

from __future__ import annotations

import threading
from unittest import mock

import numpy as np
import pytest

from services.orchestrator.app.decide.choose import Arena, fill_arena
from services.orchestrator.domain.arbitration import assign
from services.orchestrator.domain.arbitration.assignment import Assignment, improved
from services.orchestrator.domain.arbitration.assignment_problem import Problem, Rows
from services.orchestrator.domain.arbitration.slots import FROM_THE_START
from tests.support.assignments import Request


def crowded(places: int, actions: int) -> Request:
    """Limits across places, so that filling in order is not the best."""
    rng = np.random.default_rng(2)
    worth = rng.random(actions) * 10 + rng.random((places, actions)) * 3
    groups = (np.arange(actions) % 3).tolist()
    return Request(worth.tolist(), [2] * places, groups=groups, most=[1, 2, 1])


@pytest.mark.parametrize(("places", "actions", "is_inline"), [(2, 6, True), (3, 10, False), (6, 50, False)])
async def test_an_assignment_that_may_take_long_is_looked_for_off_the_event_loop(
    places: int, actions: int, is_inline: bool
) -> None:
    request, solved_in = crowded(places, actions), set[int]()
    arena = Arena(request.field, request.plans, request.terms)

    def watched(problem: Problem, in_order: Rows) -> tuple[Rows, Assignment]:
        solved_in.add(threading.get_ident())
        return improved(problem, in_order)

    with mock.patch.object(assign, "improved", watched):
        filled = await fill_arena(arena, FROM_THE_START)
    assert filled.assignment is not None
    assert (solved_in == {threading.get_ident()}) is is_inline
