"""How an event, a due timer or a moment of a schedule takes its course through the triggers of one subject.

Each function is a generator, so that a caller can take many subjects forward together: it yields messages, is sent the
ids of the rules that each satisfies, and returns what changed. It reads no clock and changes nothing that it was given.

    event    1. one message: which `where` of its type hold (none where nothing is asked)
             2. the open patterns take it in; what completes is consumed, and waits for its absence or goes on
             3. per tier a message with how far the patterns have come: which triggers fire; effects follow at once
    timer    3. for the one completion it was set for
    moment   3. for the one trigger it is of

`now_ms` says what is too late and what is no longer needed, nothing else: time within conditions is the event's, the
timer's, the schedule's. Give it so that a repetition gives the same (when an event was recorded, for example).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

from msgspec.structs import replace

from services.rules.domain.matching import Message, Unmatched
from services.rules.domain.triggers.firing import Candidate, Cause, fire
from services.rules.domain.triggers.intake import Completed, acceptances, take_in
from services.rules.domain.triggers.outcome import DueTimer, Happening, Outcome
from services.rules.domain.triggers.program import DUE, FIRING, MESSAGE, TICK, TIMER, EventPlan, TriggerProgram
from services.rules.domain.triggers.reading import Reading
from services.rules.domain.triggers.state import Pending, SubjectState
from services.rules.domain.triggers.working_state import WorkingState
from shared.values import Feature, Value

Facts = Mapping[str, Feature]
Course = Generator[Message, frozenset[str] | Unmatched, Outcome]


def observe(
    program: TriggerProgram, state: SubjectState, happening: Happening, facts: Facts, now_ms: int, join_key: str = ""
) -> Course:
    """An event of the subject; or, where its profile id is not the state's, one about a thing the subject waits for.

    The subject's own event comes once, as its own, also where it is one that others wait for. One about a thing comes
    once for each `join_key` under which the subject waits, and counts for that one alone; "": for all of them.
    """
    plan = program.events.get(happening.type)
    if plan is None:
        return Outcome(state)
    is_own = happening.profile_id == state.profile_id
    working = WorkingState(program, state, now_ms)
    satisfied: frozenset[str] | Unmatched = frozenset()
    if plan.inputs and (is_own or plan.anyone):
        satisfied = yield _event_message(plan, working, happening, facts)
    if isinstance(satisfied, Unmatched):
        return working.outcome()
    completed = [
        found
        for accepted in acceptances(plan, happening, satisfied, now_ms, is_own=is_own)
        if not join_key or accepted.trigger.join_key(accepted.join) == join_key
        if (found := take_in(working, happening, accepted)) is not None
    ]
    if completed:
        candidates = [_candidate(each, happening) for each in completed]
        yield from fire(working, candidates, facts, {MESSAGE: FIRING})
    return working.outcome()


def ring(program: TriggerProgram, state: SubjectState, timer: DueTimer, facts: Facts, now_ms: int) -> Course:
    """A timer that is due: what it was set for fires, unless it is no more."""
    working = WorkingState(program, state, now_ms)
    for key, joins in working.patterns.items():
        for join, pattern in joins.items():
            pending = next((each for each in pattern.pending if each.timer_id == timer.timer_id), None)
            if pending is not None:
                trigger = program.by_key[key]
                left = tuple(each for each in pattern.pending if each is not pending)
                working.put(trigger, join, replace(pattern, pending=left))
                candidate = Candidate(trigger, join, _cause_of_timer(pending))
                yield from fire(working, [candidate], facts, {MESSAGE: TIMER, DUE: trigger.trigger_id})
                return working.outcome()
    return working.outcome()


def tick(program: TriggerProgram, state: SubjectState, trigger_id: str, tick_ms: int, facts: Facts) -> Course:
    """A moment of a trigger's schedule."""
    working = WorkingState(program, state, tick_ms)
    trigger = program.triggers.get(trigger_id)
    if trigger is not None:
        candidate = Candidate(trigger, "", Cause(str(tick_ms), "", tick_ms, {}))
        yield from fire(working, [candidate], facts, {MESSAGE: TICK, DUE: trigger_id})
    return working.outcome()


def sweep(program: TriggerProgram, state: SubjectState, now_ms: int) -> Outcome:
    """Leaves only what can still matter: also of a subject to whom nothing happens any more."""
    working = WorkingState(program, state, now_ms)
    working.prune()
    return working.outcome()


def _event_message(plan: EventPlan, working: WorkingState, happening: Happening, facts: Facts) -> Message:
    reading = Reading(facts, working.traits(), happening.properties, happening.event_ms)
    message: dict[str, Value] = {MESSAGE: f"event:{happening.type}"}
    for name, read in plan.inputs.items():
        message[name] = read(reading)
    return message


def _candidate(completed: Completed, happening: Happening) -> Candidate:
    last = completed.completion.last
    # Of an event that came before, only what was kept is known.
    properties = happening.properties if last.event_id == happening.event_id else last.kept
    cause = Cause(last.event_id, last.event_id, last.ms, properties)
    return Candidate(completed.trigger, completed.join, cause, completed.completion.progress)


def _cause_of_timer(pending: Pending) -> Cause:
    return Cause(pending.timer_id, pending.last.event_id, pending.due_ms, pending.last.kept)
