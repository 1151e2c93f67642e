"""Decisions whose contacts teach pressure, and a replica that learns from them, for tests of learning it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from services.orchestrator.adapters.metrics import PrometheusTelemetry
from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.learning_consent import LearningConsent
from services.orchestrator.app.ports import ProfileReader
from services.orchestrator.app.pressure.fold import FoldPressure
from services.orchestrator.app.pressure.learning import GRACE_MS, PressureLearning
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.pressure.gaps import GapStanding
from services.orchestrator.domain.pressure.price import PressureStanding
from shared.clock import Clock
from tests.support.decisions import record

LEARNING = "pressure_1"
WINDOW_MS = 5 * 86_400_000
RECORDED_MS = record().record_time_ms
DUE_MS = RECORDED_MS + WINDOW_MS + GRACE_MS
LATER_MS = DUE_MS + 1_000_000
STANDING = PressureStanding(1.25, 2e-9, -0.5, GapStanding(False, None, 0.1), 0.03)
NOBODY_ASKED = cast("ProfileReader", None)
"""Of whom nobody is named, nobody is asked for a consent."""


def teaching(number: int, *, after_ms: int = 0, window_ms: int = WINDOW_MS) -> DecisionRecord:
    """A decision, recorded so long after the first one, of a person of its own whom it does not name."""
    plain = record(f"d_{number}", f"r_{number}", profile_id=f"p_{number}")
    return replace(
        plain,
        command=replace(plain.command, identities=(), events=()),
        record_time_ms=RECORDED_MS + after_ms,
        pressure=STANDING,
        pressure_learning=PressureLearning(LEARNING, window_ms),
    )


def folding(stores: Stores, clock: Clock, profiles: ProfileReader = NOBODY_ASKED) -> FoldPressure:
    """As one replica has it."""
    world = SimpleNamespace(
        feedback=stores.feedback,
        log=stores.log,
        outcomes=stores.outcomes,
        telemetry=PrometheusTelemetry(),
        clock=clock,
    )
    policies = ActivePolicies(stores.policies, clock)
    return FoldPressure(cast("Surroundings", world), LearningConsent(profiles, policies, clock))
