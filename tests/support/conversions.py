"""Conversions, touches and contacts for tests of the stores and of what is counted over them."""

from __future__ import annotations

from collections.abc import Sequence, Set

import msgspec

from services.orchestrator.app.contact_history import Contact
from services.orchestrator.app.contact_outbox import ContactReport
from services.orchestrator.app.conversion_store import (
    ConversionBatch,
    ConversionDraft,
    TouchBatch,
    TouchDraft,
    Verdict,
)
from services.orchestrator.app.outcome_store import (
    Capture,
    CapturedOutcome,
    Implied,
    OutcomeItem,
    Sighting,
    implied_key,
)
from services.orchestrator.domain.conversion import Conversion, Line
from services.orchestrator.domain.outcome import Effect, Outcome
from services.orchestrator.domain.response import Answering
from services.orchestrator.domain.touch import Touch

UNIT = 1_000_000
"""Millionths."""
KEY = "d_1/home/welcome/WEB"


def purchase(
    conversion_id: str = "c_1", *lines: Line, profile_id: str = "p_1", time_ms: int = 1_000, coupon: str = ""
) -> Conversion:
    bought = lines or (Line("tea", 2.0, 10 * UNIT, 4 * UNIT),)
    return Conversion(conversion_id, profile_id, time_ms, 2_000, bought, coupon_code=coupon)


def reversal(conversion_id: str, reverses: str, *lines: Line, time_ms: int = 1_500) -> Conversion:
    return Conversion(conversion_id, "", time_ms, 2_500, lines, reverses=reverses)


def back(sku: str, quantity: float, revenue: int | None = None) -> Line:
    """A line of a reversal that is not settled."""
    return Line(sku, quantity, revenue, None)


def batch(request_id: str, *conversions: Conversion, body_hash: str = "body") -> ConversionBatch:
    drafts = [ConversionDraft(each, f"hash of {each}", f"conversions[{i}]") for i, each in enumerate(conversions)]
    return ConversionBatch("RecordConversions", request_id, body_hash, drafts, encoded)


def touch(touch_id: str = "t_1", profile_id: str = "p_1", time_ms: int = 1_000, cost: int = UNIT) -> Touch:
    return Touch(touch_id, profile_id, "GOOGLE", "brand", time_ms, 2_000, cost)


def touch_batch(request_id: str, *touches: Touch, body_hash: str = "body") -> TouchBatch:
    drafts = [TouchDraft(each, f"hash of {each}", f"touches[{index}]") for index, each in enumerate(touches)]
    return TouchBatch("RecordTouches", request_id, body_hash, drafts, encoded)


def encoded(verdicts: Sequence[Verdict]) -> bytes:
    words = ["duplicate" if each.is_duplicate else each.fault.reason if each.fault else "new" for each in verdicts]
    return msgspec.json.encode(words)


def words_of(response: bytes) -> list[str]:
    return msgspec.json.decode(response, type=list[str])


def contact(presentation: str = KEY, profile_id: str = "p_1", time_ms: int = 500, cost: int = UNIT) -> Contact:
    decision_id, _, action, channel = presentation.split("/")
    return Contact(presentation, decision_id, profile_id, time_ms, channel, action, "", cost, True, 10_000)


def outcome(key: str, kind: Outcome = Outcome.IMPRESSION, presentation: str = KEY) -> CapturedOutcome:
    item = OutcomeItem(key, kind, proposition_id="d_1.0.0")
    return CapturedOutcome(item, presentation.partition("/")[0], presentation, Effect.SHOWN, 600, 700, 0)


def sighting(
    key: str, seen: Contact | None = None, answering: Answering = Answering.WAITING, due_ms: int = 5_000
) -> Sighting:
    about = seen or contact()
    if answering is not Answering.WAITING:
        return Sighting(key, about, answering)
    implied = outcome(implied_key(about.presentation), Outcome.IGNORED, about.presentation)
    return Sighting(key, about, answering, due_ms, Implied(implied, (ContactReport("p_1.r_1", 1, due_ms, 13),)))


def capture(request_id: str, *sightings: Sighting) -> Capture:
    """The outcomes that the sightings are of."""
    kinds = {Answering.ANSWERED: Outcome.CLICKED}
    outcomes = [
        outcome(each.idempotency_key, kinds.get(each.answering, Outcome.IMPRESSION), each.contact.presentation)
        for each in sightings
    ]

    def response_of(new_keys: Set[str]) -> bytes:
        return ",".join(sorted(new_keys)).encode()

    return Capture("CaptureOutcomes", request_id, "body", outcomes, {}, response_of, sightings=sightings)
