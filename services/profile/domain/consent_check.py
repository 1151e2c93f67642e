"""Whether a statement about a permission makes sense."""

from __future__ import annotations

from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.limits import check_code, check_observed_time, check_text, missing
from shared.errors import InvalidArgument

MAX_TEXT_LENGTH = 256
MAX_PROOF_BYTES = 4_096
MAX_SIMILAR_GROUPS = 100
MAX_GROUP_LENGTH = 64


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
    _check_confirmation(consent, path, now_ms)
    _check_soft_opt_in(consent, path)
    for name in ("jurisdiction", "collection_point", "policy_version"):
        check_text(getattr(consent, name), f"{path}.{name}", MAX_TEXT_LENGTH)
    if len(consent.proof.encode()) > MAX_PROOF_BYTES:
        raise InvalidArgument.field(f"{path}.proof", f"must have at most {MAX_PROOF_BYTES} bytes")


def _check_confirmation(consent: Consent, path: str, now_ms: int) -> None:
    if consent.confirmed_ms is None:
        return
    field = f"{path}.confirmed_time"
    if consent.status is not ConsentStatus.GRANTED:
        raise InvalidArgument.field(field, "is of a GRANTED statement only")
    if consent.confirmed_ms < consent.granted_ms:
        raise InvalidArgument.field(field, "must not be before granted_time")
    check_observed_time(consent.confirmed_ms, field, now_ms)


def _check_soft_opt_in(consent: Consent, path: str) -> None:
    field = f"{path}.similar_groups"
    if consent.legal_basis is not LegalBasis.SOFT_OPT_IN:
        if consent.similar_groups:
            raise InvalidArgument.field(field, "is of a SOFT_OPT_IN only")
        return
    if consent.status is not ConsentStatus.GRANTED:
        raise InvalidArgument.field(f"{path}.legal_basis", "SOFT_OPT_IN is the ground of a GRANTED statement only")
    if not consent.similar_groups:
        raise missing(field)
    if len(consent.similar_groups) > MAX_SIMILAR_GROUPS:
        raise InvalidArgument.field(field, f"must be at most {MAX_SIMILAR_GROUPS}")
    for index, group in enumerate(consent.similar_groups):
        if not group:
            raise missing(f"{field}[{index}]")
        check_text(group, f"{field}[{index}]", MAX_GROUP_LENGTH)
