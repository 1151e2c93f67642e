"""The subjects of one step: their states and facts, and what the step changes about them.

Profiles that were merged are one subject by now: their states become one state, under the id of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.rules.app.trigger_ports import FactReader, SubjectFacts
from services.rules.app.trigger_store import Progress, StateChange, TriggerStateStore
from services.rules.app.triggers.program import Facts
from services.rules.domain.triggers.outcome import DueTimer, Firing, Outcome
from services.rules.domain.triggers.state import SubjectState, merged

MAX_FACTS = 1_000
"""Subjects asked for at once."""

States = Mapping[str, SubjectState | None]
"""By profile id; None where there is none."""


@dataclass(slots=True)
class Member:
    """One subject on stage. `former_ids`: whose states went into this one."""

    profile_id: str
    facts: Facts
    state: SubjectState
    former_ids: tuple[str, ...] = ()
    is_changed: bool = False


@dataclass(slots=True)
class Ledger:
    """What the step changes, later words over earlier ones."""

    timers: dict[str, DueTimer | None] = field(default_factory=dict)
    waiting: dict[tuple[str, str], bool] = field(default_factory=dict)
    firings: list[Firing] = field(default_factory=list)

    def note(self, outcome: Outcome) -> None:
        self.timers |= dict.fromkeys(outcome.drop_timers)
        self.timers |= {timer.timer_id: timer for timer in outcome.add_timers}
        self.waiting |= dict.fromkeys(outcome.waiting_dropped, False)
        self.waiting |= dict.fromkeys(outcome.waiting_added, True)
        self.firings += outcome.firings

    def who_waits(self, stored: Sequence[str], join_key: str, after: str, upto: str) -> list[str]:
        """Of a page of the store, by what the step has changed since. `upto` "": to the end."""
        waiting = dict.fromkeys(stored, True)
        for (key, profile_id), waits in self.waiting.items():
            if key == join_key and profile_id > after and (not upto or profile_id <= upto):
                waiting[profile_id] = waits
        return sorted(profile_id for profile_id, waits in waiting.items() if waits)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where subjects come from."""

    store: TriggerStateStore
    facts: FactReader


class Cast:
    def __init__(self, sources: Sources, fact_names: Sequence[str], version: str) -> None:
        self._sources = sources
        self._fact_names = fact_names
        self._version = version
        self._members: dict[str, Member | None] = {}
        self.ledger = Ledger()

    def get(self, profile_id: str) -> Member | None:
        """Of those that were brought in; None for somebody unknown, or erased."""
        return self._members.get(profile_id)

    async def bring(self, profile_ids: Iterable[str]) -> None:
        """Raises Unavailable."""
        absent = sorted({each for each in profile_ids if each not in self._members})
        known: dict[str, SubjectFacts] = {}
        for start in range(0, len(absent), MAX_FACTS):
            asked = absent[start : start + MAX_FACTS]
            known |= await self._sources.facts.facts(asked, self._fact_names)
        newcomers = {each.profile_id: each for each in known.values() if each.profile_id not in self._members}
        states = await self._states(newcomers.values())
        for subject in newcomers.values():
            self._members[subject.profile_id] = self._member(subject, states)
        for profile_id in absent:
            found = known.get(profile_id)
            self._members[profile_id] = None if found is None else self._members[found.profile_id]

    def change(self, progress: Progress, now_ms: int, taken: Sequence[str] = ()) -> StateChange:
        members = [member for member in self._subjects() if member.is_changed]
        moved = {former: member.profile_id for member in members for former in member.former_ids}
        timers, waiting = self.ledger.timers.items(), self.ledger.waiting.items()
        return StateChange(
            progress,
            now_ms,
            moved,
            states={**dict.fromkeys(moved, b""), **{each.profile_id: each.state.encode() for each in members}},
            add_timers=[timer for _, timer in timers if timer is not None],
            drop_timers=[timer_id for timer_id, timer in timers if timer is None],
            waiting_added=[pair for pair, waits in waiting if waits],
            waiting_dropped=[pair for pair, waits in waiting if not waits],
            firings=self.ledger.firings,
            taken=taken,
        )

    async def _states(self, subjects: Iterable[SubjectFacts]) -> States:
        wanted = [each for subject in subjects for each in (subject.profile_id, *subject.former_ids)]
        stored = await self._sources.store.states(wanted) if wanted else {}
        return {each: SubjectState.decode(each, stored[each]) if each in stored else None for each in wanted}

    def _member(self, subject: SubjectFacts, states: States) -> Member:
        own = states[subject.profile_id]
        former = {each: state for each in subject.former_ids if (state := states[each]) is not None}
        if former:
            parts = [*former.values(), *([] if own is None else [own])]
            parts.sort(key=lambda part: part.version == self._version)
            own = merged(subject.profile_id, parts)
        state = SubjectState(subject.profile_id) if own is None else own
        return Member(subject.profile_id, subject.attributes, state, tuple(former), is_changed=bool(former))

    def _subjects(self) -> list[Member]:
        """Each once, though several ids may name it."""
        return [each for name, each in self._members.items() if each is not None and each.profile_id == name]
