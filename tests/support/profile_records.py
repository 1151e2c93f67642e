"""Records as stores keep them, for tests of the ports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.profile.app.ports import Answer, Change, LogEntry, Statement
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.events import Event
from services.profile.domain.profile import Profile
from shared.values import INT64_MAX, INT64_MIN, Value

MOMENT = datetime(2026, 7, 1, 12, 30, 0, 123_000, UTC)
EVERY_VALUE: dict[str, Value] = {
    "true": True,
    "false": False,
    "zero": 0,
    "least": INT64_MIN,
    "greatest": INT64_MAX,
    "beyond_doubles": 2**53 + 1,
    "double": 0.1,
    "whole_double": 3.0,
    "tiny": 5e-324,
    "negative_zero": -0.0,
    "empty": "",
    "text": "naïve ☃ 𝄞",
    "moment": MOMENT,
    "old": datetime(1, 1, 1, tzinfo=UTC),
    "far": datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC),
    "none": None,
    "no_items": (),
    "flags": (True, False),
    "numbers": (1, -2),
    "doubles": (1.0, 0.5),
    "texts": ("a", ""),
    "moments": (MOMENT, MOMENT),
}


def profile(profile_id: str = "p1", version: int = 1, *keys: str) -> Profile:
    return Profile(profile_id, version, 5, 10 * version, keys)


def event(event_id: str, kind: str = "view", properties: dict[str, Value] | None = None) -> Event:
    return Event(event_id, kind, 100, 200, ("crm\x1f1",), properties or {})


def statement(statement_id: str, granted_ms: int, recorded_ms: int = 1) -> Consent:
    return Consent(
        statement_id,
        "crm\x1f1",
        "MARKETING",
        "EMAIL",
        ConsentStatus.GRANTED,
        LegalBasis.CONSENT,
        granted_ms,
        recorded_ms,
        expire_ms=granted_ms + 5,
        jurisdiction="FR",
        collection_point="form",
        policy_version="v1",
        proof="☃",
    )


def answer(request_id: str, rpc: str = "UpsertTraits") -> Answer:
    return Answer(rpc, request_id, "hash", b"\x00response", 7)


def change(
    changed: Profile,
    claims: Sequence[str] = (),
    events: Sequence[Event] = (),
    statements: Sequence[Consent] = (),
) -> Change:
    """Of a profile that was never merged."""
    part_id = changed.profile_id
    logged = tuple(LogEntry(part_id, each) for each in events)
    return Change(
        changed, tuple(claims), events=logged, statements=tuple(Statement(part_id, each) for each in statements)
    )
