"""Whether what is known of a person may be used for a purpose: collected, profiled with, learnt from.

A refusal wins over every ground and every grant. One that names no channel covers the whole person, whatever identity
it was given on; one that names a channel, or that a browser signalled, covers what arrives on its identity. A channel
is finer than these purposes: a grant for one of them takes back no refusal for all of them, and is no grant for all.

The orchestrator decides by the same rules (services/orchestrator/domain/purposes.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis, Standing
from services.profile.domain.schema import PurposeDeclaration
from shared.clock import MAX_CLOCK_SKEW_MS

COLLECTION = "COLLECTION"
"""Everything that is recorded of a person needs a basis for it."""
EVERY_CHANNEL = ""


@dataclass(frozen=True, slots=True)
class Arriving:
    """What arrives: on which identities (keys), of whom, and when."""

    identities: Collection[str]
    statements: Sequence[Consent]
    """In force on the person."""
    now_ms: int


def has_basis(purposes: Iterable[str], declared: Mapping[str, PurposeDeclaration], arriving: Arriving) -> bool:
    """Whether there is a basis for all the purposes, as the trait schema declares them."""
    return all(_has_basis(declared.get(purpose) or PurposeDeclaration(purpose), arriving) for purpose in purposes)


def _has_basis(purpose: PurposeDeclaration, arriving: Arriving) -> bool:
    needs_consent = purpose.basis is LegalBasis.CONSENT
    said = [each for each in arriving.statements if each.purpose == purpose.name and each.standing is Standing.SAID]
    if not said:
        return not needs_consent
    said = [each for each in said if each.status.is_refusal or _has_begun(each, arriving)]
    general = {each.identity: each for each in said if each.channel == EVERY_CHANNEL}
    if any(_refuses(each, general.get(each.identity), arriving) for each in said):
        return False
    return not needs_consent or any(_permits(each, purpose, arriving) for each in general.values())


def _refuses(statement: Consent, general: Consent | None, arriving: Arriving) -> bool:
    if not statement.status.is_refusal:
        return False
    if statement.channel == EVERY_CHANNEL:
        return _concerns(statement, arriving)
    is_newest = general is None or statement.granted_ms >= general.granted_ms
    return is_newest and statement.identity in arriving.identities


def _permits(statement: Consent, purpose: PurposeDeclaration, arriving: Arriving) -> bool:
    return (
        statement.status is ConsentStatus.GRANTED
        and statement.legal_basis <= LegalBasis.CONSENT
        and _concerns(statement, arriving)
        and (statement.expire_ms is None or statement.expire_ms > arriving.now_ms)
        and (statement.confirmed_ms is not None or not purpose.double_opt_in)
    )


def _has_begun(statement: Consent, arriving: Arriving) -> bool:
    return statement.granted_ms <= arriving.now_ms + MAX_CLOCK_SKEW_MS


def _concerns(statement: Consent, arriving: Arriving) -> bool:
    return not statement.signalled or statement.identity in arriving.identities
