"""Triggers at work without a runtime: states, timers and waiting subjects in dictionaries, the log a list of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.rules.domain.finding_log import FindingLog
from services.rules.domain.matching import Message, Unmatched
from services.rules.domain.rule_set import RuleSet
from services.rules.domain.triggers.check import check_triggers
from services.rules.domain.triggers.compile import compile_triggers
from services.rules.domain.triggers.course import Course, observe, ring, sweep, tick
from services.rules.domain.triggers.outcome import DueTimer, Firing, Happening, Outcome
from services.rules.domain.triggers.program import TriggerProgram
from services.rules.domain.triggers.schedule import next_tick
from services.rules.domain.triggers.state import SubjectState
from shared.values import Feature, Value, present
from tests.support.kleene_matcher import satisfied

Answer = Callable[[Message], frozenset[str] | Unmatched]
MINUTE_MS = 60_000
COURIER_MS = 30 * MINUTE_MS
"""After which an inferred trait is in the profile."""


@dataclass(frozen=True, slots=True)
class Step:
    """The log's next event as it comes in at `now_ms`; without one the log was read to its end."""

    now_ms: int
    happening: Happening | None = None


def program_of(rule_set: RuleSet, version: str = "rs_1") -> TriggerProgram:
    """Fails where anything is wrong with the triggers."""
    log = FindingLog()
    check_triggers(rule_set, log)
    assert not log.findings, log.findings
    return compile_triggers(rule_set, version)


def play(course: Course, answer: Answer) -> Outcome:
    """To its end."""
    try:
        message = next(course)
        while True:
            message = course.send(answer(message))
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome


@dataclass(slots=True)
class TriggerRun:
    """`facts` by subject; inferred traits come to them COURIER_MS later, the latest by event time."""

    program: TriggerProgram
    facts: Mapping[str, Mapping[str, Feature]]
    started_ms: int
    states: dict[str, bytes] = field(default_factory=dict)
    timers: dict[str, DueTimer] = field(default_factory=dict)
    waiting: dict[str, set[str]] = field(default_factory=dict)
    firings: list[Firing] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _mail: list[tuple[int, Firing]] = field(default_factory=list)
    _profile: dict[tuple[str, str], tuple[int, Value]] = field(default_factory=dict)
    _ticked_ms: int = 0

    def __post_init__(self) -> None:
        self._ticked_ms = self.started_ms

    def run(self, steps: Iterable[Step]) -> list[Firing]:
        for step in steps:
            self.take(step)
        return self.firings

    def take(self, step: Step) -> None:
        self._deliver(step.now_ms)
        self._tick_all(step.now_ms)
        if step.happening is None:
            self._ring_all(step.now_ms)
        elif step.happening.event_id not in self._seen:
            self._seen.add(step.happening.event_id)
            self._observe(step.happening, step.now_ms)

    def state(self, profile_id: str) -> SubjectState:
        return SubjectState.decode(profile_id, self.states.get(profile_id, b""))

    def sweep(self, now_ms: int) -> None:
        for profile_id in list(self.states):
            self._note(profile_id, sweep(self.program, self.state(profile_id), now_ms), now_ms)

    def _observe(self, happening: Happening, now_ms: int) -> None:
        def course(profile_id: str, join_key: str = "") -> Course:
            return observe(self.program, self.state(profile_id), happening, self._facts(profile_id), now_ms, join_key)

        if happening.profile_id:
            self._play(happening.profile_id, course(happening.profile_id), now_ms)
        for join_key in self.program.join_keys(happening):
            for profile_id in sorted(self.waiting.get(join_key, set()) - {happening.profile_id}):
                self._play(profile_id, course(profile_id, join_key), now_ms)

    def _ring_all(self, now_ms: int) -> None:
        while due := [each for each in self.timers.values() if each.due_ms <= now_ms]:
            timer = min(due, key=lambda each: (each.due_ms, each.profile_id, self._join(each)))
            del self.timers[timer.timer_id]
            state = self.state(timer.profile_id)
            self._play(
                timer.profile_id, ring(self.program, state, timer, self._facts(timer.profile_id), now_ms), now_ms
            )

    def _tick_all(self, now_ms: int) -> None:
        due = []
        for number, (trigger_id, schedule) in enumerate(self.program.schedules.items()):
            moment_ms = next_tick(schedule, self._ticked_ms)
            while moment_ms <= now_ms:
                due.append((moment_ms, number, trigger_id))
                moment_ms = next_tick(schedule, moment_ms)
        self._ticked_ms = now_ms
        for moment_ms, _, trigger_id in sorted(due):
            for profile_id in sorted(self.facts):
                state = self.state(profile_id)
                course = tick(self.program, state, trigger_id, moment_ms, self._facts(profile_id))
                self._play(profile_id, course, now_ms)

    def _play(self, profile_id: str, course: Course, now_ms: int) -> None:
        self._note(profile_id, play(course, self._answer), now_ms)

    def _answer(self, message: Message) -> frozenset[str]:
        self.messages.append(message)
        return satisfied(self.program.message_rules, message)

    def _note(self, profile_id: str, outcome: Outcome, now_ms: int) -> None:
        self.states[profile_id] = outcome.state.encode()
        if not self.states[profile_id]:
            del self.states[profile_id]
        for timer_id in outcome.drop_timers:
            del self.timers[timer_id]
        for timer in outcome.add_timers:
            assert timer.timer_id not in self.timers
            self.timers[timer.timer_id] = timer
        for join_key, who in outcome.waiting_dropped:
            self.waiting[join_key].remove(who)
        for join_key, who in outcome.waiting_added:
            assert who not in self.waiting.setdefault(join_key, set())
            self.waiting[join_key].add(who)
        self.firings += outcome.firings
        self._mail += [(now_ms, each) for each in outcome.firings if each.trait]

    def _deliver(self, now_ms: int) -> None:
        for sent_ms, firing in self._mail:
            key = (firing.profile_id, firing.trait)
            if sent_ms + COURIER_MS <= now_ms and self._profile.get(key, (firing.fired_ms,))[0] <= firing.fired_ms:
                self._profile[key] = (firing.fired_ms, firing.payload[firing.trait])
        self._mail = [(sent_ms, each) for sent_ms, each in self._mail if sent_ms + COURIER_MS > now_ms]

    def _facts(self, profile_id: str) -> Mapping[str, Feature]:
        inferred = {trait: present(value) for (who, trait), (_, value) in self._profile.items() if who == profile_id}
        known = {**self.facts.get(profile_id, {}), **inferred}
        return {name: known[name] for name in self.program.facts if name in known}

    def _join(self, timer: DueTimer) -> str:
        for joins in self.state(timer.profile_id).patterns.values():
            for join, pattern in joins.items():
                if any(each.timer_id == timer.timer_id for each in pattern.pending):
                    return join
        return ""


def sequence(firings: Sequence[Firing]) -> list[tuple[str, str, str]]:
    """(trigger, subject, what)."""
    return [(each.trigger_id, each.profile_id, each.name or each.trait) for each in firings]
