"""The states of several parts together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from services.profile.domain.aggregates.formula import Formula, formula_of
from services.profile.domain.aggregates.rules import rule_of
from services.profile.domain.aggregates.states import State

if TYPE_CHECKING:
    from services.profile.domain.profile import Profile


def combined_states(parts: Sequence[Profile]) -> dict[str, State]:
    """By formula key; one that a part has events for and no state is left out: it is filled from the log."""
    keys = dict.fromkeys(key for part in parts for key in part.states)
    combined = {key: _combined(key, formula_of(key), parts) for key in keys}
    return {key: state for key, state in combined.items() if state is not None}


def combined_remembered(parts: Sequence[Profile]) -> dict[str, State]:
    """What the states of the parts hold of deleted events, by formula key."""
    keys = dict.fromkeys(key for part in parts for key in part.remembered)
    return {
        key: _together(formula_of(key), [part.remembered[key] for part in parts if key in part.remembered])
        for key in keys
    }


def _combined(key: str, formula: Formula, parts: Sequence[Profile]) -> State | None:
    seeing = [part for part in parts if key in part.states or part.has_seen_any(formula.events)]
    if not all(key in part.states for part in seeing):
        return None
    return _together(formula, [part.states[key] for part in seeing])


def _together(formula: Formula, states: Sequence[State]) -> State:
    rule = rule_of(formula)
    return reduce(lambda left, right: rule.combine(formula, left, right), states)
