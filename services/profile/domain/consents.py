"""Consents: statements about permissions, each of one identity for one purpose and channel."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import msgspec

from services.profile.domain.limits import check_code, check_observed_time, check_text, missing
from shared.errors import InvalidArgument

MAX_IN_FORCE = 1_000
"""Of one profile."""
MAX_TEXT_LENGTH = 256
MAX_PROOF_BYTES = 4_096


class ConsentStatus(IntEnum):
    """Numbers are those of tandem.profile.v1.ConsentStatus. Of statements made at one moment the greatest one of
    GRANTED, DENIED, REVOKED wins: the order is that of strictness.
    """

    GRANTED = 1
    DENIED = 2
    REVOKED = 3
    UNKNOWN = 4


class LegalBasis(IntEnum):
    """Numbers are those of tandem.profile.v1.LegalBasis."""

    UNSPECIFIED = 0
    CONSENT = 1
    SOFT_OPT_IN = 2
    CONTRACT = 3
    LEGITIMATE_INTEREST = 4


class Consent(msgspec.Struct, frozen=True, array_like=True):
    """One statement, as recorded. An empty channel means every channel."""

    statement_id: str
    identity: str
    """Key of the identity it is about."""
    purpose: str
    channel: str
    status: ConsentStatus
    legal_basis: LegalBasis
    granted_ms: int
    recorded_ms: int
    expire_ms: int | None = None
    jurisdiction: str = ""
    collection_point: str = ""
    policy_version: str = ""
    proof: str = ""

    @property
    def subject_matter(self) -> tuple[str, str, str]:
        """Statements with the same one overrule each other."""
        return (self.identity, self.purpose, self.channel)

    @property
    def place(self) -> tuple[int, int, str]:
        """Orders statements; newest first is by descending place."""
        return (self.granted_ms, self.recorded_ms, self.statement_id)


def check_consent(consent: Consent, path: str, now_ms: int) -> None:
    """Raises InvalidArgument naming the field under `path`."""
    if not consent.purpose:
        raise missing(f"{path}.purpose")
    check_code(consent.purpose, f"{path}.purpose")
    if consent.channel:
        check_code(consent.channel, f"{path}.channel")
    check_observed_time(consent.granted_ms, f"{path}.granted_time", now_ms)
    if consent.expire_ms is not None and consent.expire_ms < consent.granted_ms:
        raise InvalidArgument.field(f"{path}.expire_time", "must not be before granted_time")
    for name in ("jurisdiction", "collection_point", "policy_version"):
        check_text(getattr(consent, name), f"{path}.{name}", MAX_TEXT_LENGTH)
    if len(consent.proof.encode()) > MAX_PROOF_BYTES:
        raise InvalidArgument.field(f"{path}.proof", f"must have at most {MAX_PROOF_BYTES} bytes")


def in_force(held: Iterable[Consent], arrived: Consent) -> tuple[Consent, ...]:
    """The statements in force after one more: the latest explicit one per identity, purpose and channel."""
    by_matter = {consent.subject_matter: consent for consent in held}
    rival = by_matter.get(arrived.subject_matter)
    if arrived.status is not ConsentStatus.UNKNOWN and (rival is None or _overrules(arrived, rival)):
        by_matter[arrived.subject_matter] = arrived
    return tuple(by_matter.values())


def _overrules(arrived: Consent, held: Consent) -> bool:
    """By granted time; at one moment the stricter statement wins, of two equally strict ones the later arrival."""
    return (arrived.granted_ms, *_strictness(arrived)) >= (held.granted_ms, *_strictness(held))


def _strictness(consent: Consent) -> tuple[int, float]:
    """Greater is stricter: the status, then the earlier end."""
    return (consent.status, float("-inf") if consent.expire_ms is None else -consent.expire_ms)
