"""Whether a training lives: it says so every few seconds, and has its objective for itself until it stops saying so.

Who looks at one that stopped saying so sees it FAILED, whoever looks, and whether or not the store was told.
"""

from __future__ import annotations

from dataclasses import replace

from services.scoring.domain.models import Training, TrainingState

LEASE_MS = 30_000
"""One that has not said for so long that it lives has died."""


def given_up(training: Training) -> Training:
    """One that stopped saying that it runs."""
    text = (
        f"nothing was heard of it for {LEASE_MS // 1_000} s: its process or its machine ended without saying so; what "
        "it did is kept, and another training on the same machine goes on from there"
    )
    return replace(training, state=TrainingState.FAILED, end_ms=training.beat_ms, message=text)


def as_seen(training: Training, now_ms: int) -> Training:
    """By somebody who looks now."""
    has_died = training.state is TrainingState.RUNNING and training.beat_ms < now_ms - LEASE_MS
    return given_up(training) if has_died else training
