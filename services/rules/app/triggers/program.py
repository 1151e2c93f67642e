"""The triggers of one rule set, compiled: what the runtime asks of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.rules.domain.matching import Message, MessageRules, Unmatched
from services.rules.domain.triggers.declaration import Schedule
from services.rules.domain.triggers.outcome import DueTimer, Happening, Outcome
from services.rules.domain.triggers.state import SubjectState
from shared.values import Feature

Facts = Mapping[str, Feature]
Answer = frozenset[str] | Unmatched
"""The ids of the rules that a message satisfies."""
Steps = Generator[Message, Answer, Outcome]
"""Yields messages, is sent their answers, and returns what came of it."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a program reads, and what it has matched. `facts`: names of attributes. `schedules`: by trigger.

    `version` is the rule set's; that of the rules differs, because the engagement policy has rules as well.
    """

    version: str
    rules: MessageRules
    event_types: tuple[str, ...]
    facts: tuple[str, ...]
    schedules: Mapping[str, Schedule]


class Program(Protocol):
    """Pure: the same states, happenings, facts and answers have the same outcomes."""

    @property
    def needs(self) -> Needs: ...

    def join_keys(self, happening: Happening) -> Sequence[str]:
        """Under which subjects may wait for this event, if it is about a thing."""
        ...

    def candidates(self, trigger_id: str) -> str:
        """CEL over what the profile service knows, true for every subject for which a schedule's condition may hold."""
        ...

    def observe(
        self, state: SubjectState, happening: Happening, facts: Facts, now_ms: int, join_key: str = ""
    ) -> Steps:
        """An event about a thing comes once for each of its join keys under which the subject waits."""
        ...

    def ring(self, state: SubjectState, timer: DueTimer, facts: Facts, now_ms: int) -> Steps: ...

    def sweep(self, state: SubjectState, now_ms: int) -> Outcome:
        """Leaves only what can still matter."""
        ...

    def tick(self, state: SubjectState, trigger_id: str, tick_ms: int, facts: Facts) -> Steps: ...
