"""What was in force at a moment of the past, by all that is on record today."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from services.profile.domain.consents import Consent, ConsentStatus, all_in_force


def consent_at(statements: Iterable[Consent], moment_ms: int) -> tuple[Consent, ...]:
    """The statements in force at the moment, of the whole history in whatever order.

    By the time they speak of, not by that of their arrival: a withdrawal that arrives late was in force since it was
    made. A grant that was confirmed later was still pending then.
    """
    return all_in_force(_as_of(each, moment_ms) for each in statements if each.granted_ms <= moment_ms)


def _as_of(statement: Consent, moment_ms: int) -> Consent:
    if statement.confirmed_ms is None or statement.confirmed_ms <= moment_ms:
        return statement
    return replace(statement, status=ConsentStatus.PENDING_CONFIRMATION, confirmed_ms=None)
