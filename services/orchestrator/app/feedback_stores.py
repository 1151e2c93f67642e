"""The stores of what others tell, and of what contacts came to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from services.orchestrator.app.contact_history import ContactHistory
from services.orchestrator.app.conversion_store import ConversionStore, TouchStore
from services.orchestrator.app.implied_outcomes import ImpliedOutcomeStore
from services.orchestrator.app.performance_store import PerformanceStore
from services.orchestrator.app.pressure.store import PressureStore
from services.orchestrator.domain.conversion import Conversion
from services.orchestrator.domain.touch import Touch

EXPORT_PAGE = 100


@dataclass(frozen=True, slots=True)
class FeedbackStores:
    conversions: ConversionStore
    touches: TouchStore
    history: ContactHistory
    implied: ImpliedOutcomeStore
    performance: PerformanceStore
    pressure: PressureStore


async def told_of(stores: FeedbackStores, profile_ids: Sequence[str]) -> AsyncGenerator[Conversion | Touch]:
    """Everything that was told of some profiles, reversals included."""
    after = ""
    while conversions := await stores.conversions.of_profiles(profile_ids, after, EXPORT_PAGE):
        for conversion in conversions:
            yield conversion
        after = conversions[-1].conversion_id
    after = ""
    while touches := await stores.touches.of_profiles(profile_ids, after, EXPORT_PAGE):
        for touch in touches:
            yield touch
        after = touches[-1].touch_id
