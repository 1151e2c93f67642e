"""Looks for what is open and can matter no longer, also of subjects to whom nothing happens any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.rules.app.trigger_store import Progress, StateChange
from services.rules.app.triggers.program import Program
from services.rules.domain.triggers.state import SubjectState
from shared.clock import MS_PER_DAY

EVERY_MS = MS_PER_DAY
PAGE = 500


def is_due(progress: Progress, now_ms: int) -> bool:
    return bool(progress.swept) or now_ms >= progress.sweep_ms + EVERY_MS


def swept(program: Program, bodies: Mapping[str, bytes], progress: Progress, now_ms: int) -> StateChange:
    before = {profile_id: SubjectState.decode(profile_id, body) for profile_id, body in bodies.items()}
    outcomes = {profile_id: program.sweep(state, now_ms) for profile_id, state in before.items()}
    after = {each: outcome.state for each, outcome in outcomes.items() if outcome.state is not before[each]}
    through = max(bodies) if len(bodies) == PAGE else ""
    return StateChange(
        replace(progress, swept=through, sweep_ms=progress.sweep_ms if progress.swept else now_ms),
        now_ms,
        states={profile_id: state.encode() for profile_id, state in after.items()},
        drop_timers=[timer_id for outcome in outcomes.values() for timer_id in outcome.drop_timers],
        waiting_dropped=[pair for outcome in outcomes.values() for pair in outcome.waiting_dropped],
    )
