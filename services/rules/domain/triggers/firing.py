"""Triggers that may fire: their rules decide, and their effects follow, tier after tier."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from msgspec.structs import replace

from services.rules.domain.matching import Message, Unmatched
from services.rules.domain.triggers.causes import firing_id
from services.rules.domain.triggers.outcome import Firing
from services.rules.domain.triggers.program import EmitPlan, SetTraitPlan, TriggerPlan
from services.rules.domain.triggers.reading import Reading
from services.rules.domain.triggers.working_state import WorkingState
from shared.values import Feature, Value

MAX_FIRED = 64
"""Moments kept for a cooldown, per subject and value of the join."""

Steps = Generator[Message, frozenset[str] | Unmatched, None]


class Cause(NamedTuple):
    """Why a trigger may fire: `name` is that of the completing event, the timer or the moment."""

    name: str
    event_id: str
    moment_ms: int
    properties: Mapping[str, Value]


class Candidate(NamedTuple):
    """A trigger that fires if its rule is satisfied. `progress` is what its pattern has reached, if that is asked."""

    trigger: TriggerPlan
    join: str
    cause: Cause
    progress: int | float | None = None


def fire(state: WorkingState, candidates: Iterable[Candidate], facts: Mapping[str, Feature], marks: Message) -> Steps:
    """Yields a message for the triggers of one tier that have their cause in common.

    Those of one tier do not see what the others of it infer.
    """
    ordered = sorted(candidates, key=lambda each: each.trigger.tier)
    for _, tier in groupby(ordered, key=lambda each: each.trigger.tier):
        together = [each for each in tier if not _is_cooling_down(state, each)]
        traits = state.traits()
        readings: dict[int, Reading] = {}
        for group in _groups(together):
            cause = together[group[0]].cause
            reading = Reading(facts, traits, cause.properties, cause.moment_ms)
            answer = yield _message(marks, [together[index] for index in group], reading)
            if not isinstance(answer, Unmatched):
                readings |= {index: reading for index in group if together[index].trigger.rule_id in answer}
        for index in sorted(readings):
            _apply(state, together[index], readings[index])


def _groups(candidates: Sequence[Candidate]) -> list[list[int]]:
    """By index, what goes into one message: it has one event, and each trigger once."""
    groups: list[list[int]] = []
    for index, each in enumerate(candidates):
        for group in groups:
            if all(_fit(each, candidates[other]) for other in group):
                group.append(index)
                break
        else:
            groups.append([index])
    return groups


def _fit(one: Candidate, other: Candidate) -> bool:
    return one.cause.name == other.cause.name and one.trigger is not other.trigger


def _message(marks: Message, together: Iterable[Candidate], reading: Reading) -> Message:
    message = dict(marks)
    for each in together:
        if each.progress is not None:
            message[each.trigger.measure] = each.progress
        for name, read in each.trigger.inputs.items():
            if name not in message:
                message[name] = read(reading)
    return message


def _is_cooling_down(state: WorkingState, candidate: Candidate) -> bool:
    """Between two firings lies at least the cooldown, whichever of them is noticed first."""
    if not candidate.trigger.cooldown_ms:
        return False
    fired = state.open(candidate.trigger, candidate.join).fired
    return any(abs(candidate.cause.moment_ms - each) < candidate.trigger.cooldown_ms for each in fired)


def _apply(state: WorkingState, candidate: Candidate, reading: Reading) -> None:
    trigger, moment_ms = candidate.trigger, candidate.cause.moment_ms
    if trigger.cooldown_ms:
        pattern = state.open(trigger, candidate.join)
        fired = tuple(sorted({*pattern.fired, moment_ms}))[-MAX_FIRED:]
        state.put(trigger, candidate.join, replace(pattern, fired=fired))
    for effect in trigger.effects:
        if isinstance(effect, EmitPlan):
            values = {name: read(reading) for name, read in effect.values}
            payload = {name: value for name, value in values.items() if value is not None}
            state.firings.append(_firing(state, candidate, effect.number, effect.name, payload))
        else:
            _infer(state, candidate, effect, reading)


def _infer(state: WorkingState, candidate: Candidate, effect: SetTraitPlan, reading: Reading) -> None:
    value = effect.inferred(reading)
    if value is not None:
        state.infer(effect.trait, value, candidate.cause.moment_ms)
        state.firings.append(_firing(state, candidate, effect.number, "", {effect.trait: value}, effect.trait))


def _firing(
    state: WorkingState, candidate: Candidate, effect: int, name: str, payload: Mapping[str, Value], trait: str = ""
) -> Firing:
    trigger_id, cause = candidate.trigger.trigger_id, candidate.cause
    return Firing(
        firing_id=firing_id(trigger_id, state.profile_id, candidate.join, cause.name, effect),
        trigger_id=trigger_id,
        rule_set_version=state.version,
        profile_id=state.profile_id,
        name=name,
        payload=payload,
        cause_event_id=cause.event_id,
        fired_ms=cause.moment_ms,
        trait=trait,
    )
