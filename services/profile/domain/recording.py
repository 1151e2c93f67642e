"""How events enter a profile: into the states of its aggregates, once each, in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.profile.domain.aggregates.formula import formula_of
from services.profile.domain.aggregates.rules import rule_of
from services.profile.domain.aggregates.states import State
from services.profile.domain.compiled_schema import CompiledAggregate, CompiledSchema
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile, with_event_types

MAX_AHEAD = 256
"""Events kept for later, of one profile; with more of them the earliest enter at once."""
MAX_INACTIVE_STATES = 64
"""States kept for other schemas than the active one: readers of a version before, a policy that is rolled back."""

Log = Mapping[str, Sequence[Event]]
"""Events by type."""


def by_type(events: Iterable[Event]) -> dict[str, list[Event]]:
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        groups[event.type].append(event)
    return dict(groups)


def of_types(log: Log, types: Sequence[str]) -> Sequence[Event]:
    """The events of these types."""
    if len(types) == 1:
        return log.get(types[0], ())
    return [event for event_type in types for event in log.get(event_type, ())]


def missing_states(profile: Profile, schema: CompiledSchema) -> list[CompiledAggregate]:
    """The aggregates that were declared after their events came: to be filled from the log."""
    missing = {
        each.key: each
        for each in schema.aggregates
        if each.key not in profile.states and profile.has_seen_any(each.events)
    }
    return list(missing.values())


def fold_log(
    aggregates: Iterable[CompiledAggregate], states: Mapping[str, State], events: Iterable[Event]
) -> dict[str, State]:
    """The states of the aggregates after one more stretch of a profile's log; an empty mapping begins."""
    groups, folded = by_type(events), dict(states)
    for each in aggregates:
        state = folded.setdefault(each.key, each.empty)
        if found := of_types(groups, each.events):
            folded[each.key] = each.rule.fold(each.formula, state, found)
    return folded


def record(profile: Profile, events: Sequence[Event], schema: CompiledSchema, now_ms: int) -> Profile:
    """The profile after events that its log did not hold. States the schema asks for must not be missing."""
    due, ahead = _split([*profile.ahead, *events], now_ms)
    types = {event.type for event in events}
    asked = {each.key: each.empty for each in schema.aggregates if not types.isdisjoint(each.events)}
    fresh = {key: state for key, state in asked.items() if key not in profile.states}
    states = _folded({**profile.states, **fresh}, by_type(due))
    return msgspec.structs.replace(
        profile,
        states=_without_old(states, {aggregate.key for aggregate in schema.aggregates}),
        event_types=with_event_types(profile.event_types, types),
        ahead=tuple(ahead),
    )


def _split(events: Sequence[Event], now_ms: int) -> tuple[list[Event], list[Event]]:
    """Those whose time has come, and at most MAX_AHEAD that wait."""
    due = [event for event in events if event.event_ms <= now_ms]
    ahead = sorted((event for event in events if event.event_ms > now_ms), key=lambda event: event.event_ms)
    surplus = max(len(ahead) - MAX_AHEAD, 0)
    return due + ahead[:surplus], ahead[surplus:]


def _folded(states: Mapping[str, State], groups: Log) -> dict[str, State]:
    folded = {}
    for key, state in states.items():
        formula = formula_of(key)
        events = of_types(groups, formula.events)
        folded[key] = rule_of(formula).fold(formula, state, events) if events else state
    return folded


def _without_old(states: dict[str, State], active: set[str]) -> dict[str, State]:
    """Without the oldest of the states that the active schema does not use, where there are too many."""
    inactive = [key for key in states if key not in active]
    for key in inactive[: max(len(inactive) - MAX_INACTIVE_STATES, 0)]:
        del states[key]
    return states
