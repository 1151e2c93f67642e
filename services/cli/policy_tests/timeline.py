"""Triggers in simulated time: events, due timers and moments of schedules, in the order of their times.

The rules of triggers are judged by their conditions, in this process; the engine that runs them in a server is held to
the same answers by tests of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.cli.policy_tests.cases import Case, Moment
from services.cli.policy_tests.facts_file import property_value
from services.cli.policy_tests.subject import Subject
from services.local.person import Deed
from services.rules.domain.kleene import TRUE
from services.rules.domain.matching import NOW_ATTRIBUTE, Message
from services.rules.domain.triggers.course import Course, observe, ring, tick
from services.rules.domain.triggers.outcome import DueTimer, Firing, Happening, Outcome
from services.rules.domain.triggers.program import TriggerProgram
from services.rules.domain.triggers.schedule import next_tick
from services.rules.domain.triggers.state import SubjectState
from services.rules.domain.why.judging import Judge, Judges
from services.rules.domain.why.judging import Subject as Judged
from shared.clock import to_datetime
from shared.values import Value

PERSON = "person"

Due = tuple[int, str, str]
"""When, and which: the trigger of a schedule, or a timer."""


class RuleJudge:
    """Says which rules of a program a message satisfies."""

    def __init__(self, program: TriggerProgram) -> None:
        rules = program.message_rules
        judges = Judges({}, rules.attributes)
        self._unknown: Mapping[str, Value] = dict.fromkeys(rules.attributes)
        self._judges: tuple[tuple[str, Judge], ...] = tuple(
            (each.rule_id, judges.of(each.condition)) for each in rules.rules
        )

    def satisfied(self, message: Message) -> frozenset[str]:
        now = message.get(NOW_ATTRIBUTE)
        moment = now if isinstance(now, datetime) else to_datetime(0)
        judged = Judged({**self._unknown, **message}, moment)
        return frozenset(rule_id for rule_id, judge in self._judges if judge(judged) == TRUE)


@dataclass(slots=True)
class Timeline:
    """Of one subject."""

    program: TriggerProgram
    judge: RuleJudge
    subject: Subject
    state: SubjectState = field(default_factory=lambda: SubjectState(PERSON))
    timers: dict[str, DueTimer] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    """Keys of the things that an event is waited for."""
    firings: list[Firing] = field(default_factory=list)
    _start_ms: int = 0
    _ticked: dict[str, int] = field(default_factory=dict)

    def run(self, case: Case) -> list[Firing]:
        """What fires from the start to the end of the case, in order. Raises Refused."""
        self._start_ms = case.at_ms
        for number, moment in enumerate(case.moments):
            self._pass_until(case.at_ms + moment.after_ms)
            self._take(moment, case.at_ms, number)
        self._pass_until(case.at_ms + case.until_ms)
        return self.firings

    def _take(self, moment: Moment, start_ms: int, number: int) -> None:
        at_ms = start_ms + moment.after_ms
        if not moment.event:
            self.subject.is_told(moment.facts, at_ms)
            return
        properties = {name: property_value(fact, at_ms) for name, fact in moment.properties.items()}
        event_id = f"event_{number:04}"
        if not moment.of_thing:
            self.subject.does(Deed(event_id, moment.event, at_ms, properties))
        profile_id = "" if moment.of_thing else PERSON
        happening = Happening(event_id, profile_id, moment.event, at_ms, properties)
        if moment.of_thing and self.waiting.isdisjoint(self.program.join_keys(happening)):
            return
        features = self.subject.features(at_ms)
        self._play(observe(self.program, self.state, happening, features, at_ms))

    def _pass_until(self, end_ms: int) -> None:
        while (due := min([*self._due_timers(end_ms), *self._due_moments(end_ms)], default=None)) is not None:
            self._play(self._begin(due))

    def _due_timers(self, end_ms: int) -> Iterator[Due]:
        return ((each.due_ms, "", each.timer_id) for each in self.timers.values() if each.due_ms <= end_ms)

    def _due_moments(self, end_ms: int) -> Iterator[Due]:
        for trigger_id, schedule in self.program.schedules.items():
            moment_ms = next_tick(schedule, self._ticked.get(trigger_id, self._start_ms))
            if moment_ms <= end_ms:
                yield moment_ms, trigger_id, ""

    def _begin(self, due: Due) -> Course:
        due_ms, trigger_id, timer_id = due
        features = self.subject.features(due_ms)
        if timer_id:
            return ring(self.program, self.state, self.timers.pop(timer_id), features, due_ms)
        self._ticked[trigger_id] = due_ms
        return tick(self.program, self.state, trigger_id, due_ms, features)

    def _play(self, course: Course) -> None:
        try:
            message = next(course)
            while True:
                message = course.send(self.judge.satisfied(message))
        except StopIteration as end:
            self._note(end.value)

    def _note(self, outcome: Outcome) -> None:
        self.state = outcome.state
        for timer_id in outcome.drop_timers:
            self.timers.pop(timer_id, None)
        self.timers |= {timer.timer_id: timer for timer in outcome.add_timers}
        self.waiting -= {key for key, _ in outcome.waiting_dropped}
        self.waiting |= {key for key, _ in outcome.waiting_added}
        self.firings += outcome.firings
        for firing in outcome.firings:
            if firing.trait:
                self.subject.infers(firing.trait, firing.payload[firing.trait], firing.fired_ms)
