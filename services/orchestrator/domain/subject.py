"""Who a decision is about, and what they said they permit."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import MAX_CLOCK_SKEW_MS

GRANTED, DENIED, REVOKED, UNKNOWN = "GRANTED", "DENIED", "REVOKED", "UNKNOWN"
PENDING = "PENDING_CONFIRMATION"
EXPIRED = "EXPIRED"
FORBIDDING = frozenset({DENIED, REVOKED})
NO_EVIDENCE = frozenset({UNKNOWN, PENDING})
"""They permit nothing and overrule nothing."""
BASIS_CONSENT, SOFT_OPT_IN, LEGITIMATE_INTEREST = "CONSENT", "SOFT_OPT_IN", "LEGITIMATE_INTEREST"


@dataclass(frozen=True, slots=True)
class Identity:
    namespace: str
    value: str
    primary: bool = False

    @property
    def name(self) -> str:
        return f"{self.namespace}:{self.value}"


@dataclass(frozen=True, slots=True)
class ConsentStatement:
    """A statement in force. Names upper-case; channel "" means every channel; status and basis without prefix."""

    identity: Identity
    purpose: str
    channel: str
    status: str
    legal_basis: str
    granted_time_ms: int
    expire_time_ms: int | None = None
    confirmed_time_ms: int | None = None
    similar_groups: tuple[str, ...] = ()
    """Of a soft opt-in: the groups it permits."""
    signalled: bool = False
    """By a browser: it concerns what is done with that identity only."""

    @property
    def is_said(self) -> bool:
        """Whether the person said so, rather than that the law gives another ground for it."""
        return self.status != GRANTED or self.signalled or self.is_consent

    @property
    def is_consent(self) -> bool:
        return self.status == GRANTED and self.legal_basis in (BASIS_CONSENT, "UNSPECIFIED", "")

    @property
    def forbids(self) -> bool:
        return self.status in FORBIDDING

    @property
    def reference(self) -> str:
        """As answers cite it: "email:ada@example.org#MARKETING/EMAIL"."""
        return f"{self.identity.name}#{self.purpose}/{self.channel}"

    def status_at(self, now_ms: int) -> str:
        """GRANTED only while it holds; a grant of the future is UNKNOWN yet."""
        if self.status != GRANTED:
            return self.status
        if self.granted_time_ms > now_ms + MAX_CLOCK_SKEW_MS:
            return UNKNOWN
        has_ended = self.expire_time_ms is not None and self.expire_time_ms <= now_ms
        return EXPIRED if has_ended else GRANTED
