"""What is kept for a limited time: traits that are past it, and what states keep of events that are.

Aggregates keep what they counted. A state is sometimes built anew from the log, for a reading of the past or where it
was dropped; so what it holds of deleted events is kept beside it, and the building begins there (`remembering`). An
aggregate that is declared when events were deleted already counts those that are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

from msgspec.structs import replace

from services.profile.domain.aggregates.formula import Formula, formula_of
from services.profile.domain.aggregates.rules import rule_of
from services.profile.domain.aggregates.states import State
from services.profile.domain.compiled_schema import CompiledAggregate
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile
from services.profile.domain.schema import EventTypeDeclaration, TraitDeclaration
from services.profile.domain.traits import Observation


def is_past(moment_ms: int, retention_ms: int, now_ms: int) -> bool:
    """Whether what happened or was observed then is kept no longer; a retention of 0 never ends."""
    return bool(retention_ms) and now_ms - moment_ms >= retention_ms


def is_event_past(event_type: str, event_ms: int, declared: Mapping[str, EventTypeDeclaration], now_ms: int) -> bool:
    declaration = declared.get(event_type)
    return declaration is not None and is_past(event_ms, declaration.retention_ms, now_ms)


def without_past_traits(profile: Profile, retained: Mapping[str, TraitDeclaration], now_ms: int) -> Profile:
    """The same object where none is past its retention."""
    kept_of: dict[str, list[Observation]] = {}
    for name in retained.keys() & profile.traits.keys():
        held = (profile.traits[name], *profile.rivals.get(name, ()))
        kept = [each for each in held if not is_past(each.observed_ms, retained[name].retention_ms, now_ms)]
        if len(kept) < len(held):
            kept_of[name] = kept
    if not kept_of:
        return profile
    traits = {name: each for name, each in profile.traits.items() if name not in kept_of}
    rivals = {name: others for name, others in profile.rivals.items() if name not in kept_of}
    for name, kept in kept_of.items():
        if kept:
            traits[name] = kept[0]
        if len(kept) > 1:
            rivals[name] = tuple(kept[1:])
    return replace(profile, traits=traits, rivals=rivals)


def remembering(part: Profile, deleted: Sequence[Event], *, retention_ms: int) -> Profile:
    """The part when events of one type are no longer in its log, all of which its states hold."""
    remembered = {key: state for key, state in part.remembered.items() if key in part.states}
    for key in part.states:
        formula = formula_of(key)
        concerned = [event for event in deleted if event.type in formula.events]
        if concerned and _reaches_beyond(formula, retention_ms):
            rule = rule_of(formula)
            remembered[key] = rule.fold(formula, remembered.get(key, rule.empty()), concerned)
    return part if remembered == part.remembered else replace(part, remembered=remembered)


def remembered_at(
    profile: Profile, aggregates: Sequence[CompiledAggregate], read_ms: int | None = None
) -> dict[str, State]:
    """What states begin with that are built from the log. At a moment before the deleted events there is nothing."""
    held = {each.key: profile.remembered[each.key] for each in aggregates if each.key in profile.remembered}
    if read_ms is None:
        return held
    by_key = {each.key: each for each in aggregates}
    return {key: state for key, state in held.items() if _answers(by_key[key], state, read_ms)}


def _reaches_beyond(formula: Formula, retention_ms: int) -> bool:
    """Whether an event that is past its retention may still count."""
    return not formula.is_windowed or formula.horizon_ms > retention_ms


def _answers(aggregate: CompiledAggregate, state: State, read_ms: int) -> bool:
    return aggregate.rule.read(aggregate.formula, state, read_ms, UTC) is not None
