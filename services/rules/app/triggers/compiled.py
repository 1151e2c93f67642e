"""Triggers as the domain compiles them, as the runtime takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.rules.app.triggers.program import Facts, Needs, Program, Steps
from services.rules.domain.rule_set import RuleSet
from services.rules.domain.triggers import course
from services.rules.domain.triggers.compile import compile_triggers
from services.rules.domain.triggers.outcome import DueTimer, Happening, Outcome
from services.rules.domain.triggers.program import TriggerProgram
from services.rules.domain.triggers.state import SubjectState

EVERYBODY = "true"


def compiled_program(rule_set: RuleSet, version: str) -> Program:
    return CompiledProgram(compile_triggers(rule_set, version))


class CompiledProgram:
    """Implements Program."""

    def __init__(self, program: TriggerProgram) -> None:
        self._program = program
        rules = replace(program.message_rules, version=f"{program.version}/triggers")
        self._needs = Needs(program.version, rules, program.event_types, program.facts, program.schedules)

    @property
    def domain(self) -> TriggerProgram:
        return self._program

    @property
    def needs(self) -> Needs:
        return self._needs

    def join_keys(self, happening: Happening) -> Sequence[str]:
        return self._program.join_keys(happening)

    def candidates(self, trigger_id: str) -> str:
        return self._program.audiences.get(trigger_id) or EVERYBODY

    def observe(
        self, state: SubjectState, happening: Happening, facts: Facts, now_ms: int, join_key: str = ""
    ) -> Steps:
        return course.observe(self._program, state, happening, facts, now_ms, join_key)

    def ring(self, state: SubjectState, timer: DueTimer, facts: Facts, now_ms: int) -> Steps:
        return course.ring(self._program, state, timer, facts, now_ms)

    def tick(self, state: SubjectState, trigger_id: str, tick_ms: int, facts: Facts) -> Steps:
        return course.tick(self._program, state, trigger_id, tick_ms, facts)

    def sweep(self, state: SubjectState, now_ms: int) -> Outcome:
        return course.sweep(self._program, state, now_ms)
