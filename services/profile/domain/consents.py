"""Consents: statements about permissions, each of one identity for one purpose and channel, and which are in force."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import msgspec

MAX_IN_FORCE = 1_000
"""Of one profile."""


class ConsentStatus(IntEnum):
    """Numbers are those of tandem.profile.v1.ConsentStatus. Of statements made at one moment the greatest one of
    GRANTED, DENIED, REVOKED wins: the order is that of strictness.
    """

    GRANTED = 1
    DENIED = 2
    REVOKED = 3
    UNKNOWN = 4
    PENDING_CONFIRMATION = 5

    @property
    def is_refusal(self) -> bool:
        return self in (ConsentStatus.DENIED, ConsentStatus.REVOKED)


class LegalBasis(IntEnum):
    """Numbers are those of tandem.profile.v1.LegalBasis."""

    UNSPECIFIED = 0
    CONSENT = 1
    SOFT_OPT_IN = 2
    CONTRACT = 3
    LEGITIMATE_INTEREST = 4


class Standing(IntEnum):
    """What kind of statement it is. Only statements of one kind overrule each other."""

    SAID = 0
    """By the person: a consent, a refusal, a browser's signal."""
    PENDING = 1
    """By the person, and not confirmed yet."""
    SOFT_OPT_IN = 2
    CONTRACT = 3
    LEGITIMATE_INTEREST = 4
    """The last three are not said by the person: such a ground stands beside what the person says, and takes no
    refusal back.
    """


class Consent(msgspec.Struct, frozen=True, array_like=True):
    """One statement, as recorded. An empty channel means every channel. New fields go to the end, with a default."""

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
    confirmed_ms: int | None = None
    """When a double opt-in was confirmed."""
    similar_groups: tuple[str, ...] = ()
    """Of a soft opt-in: the groups of actions it permits."""
    signalled: bool = False
    """By a browser for whoever uses it: it concerns what is done with that identity only."""

    @property
    def topic(self) -> tuple[str, str, str]:
        return (self.identity, self.purpose, self.channel)

    @property
    def standing(self) -> Standing:
        if self.status is ConsentStatus.PENDING_CONFIRMATION:
            return Standing.PENDING
        is_ground = self.status is ConsentStatus.GRANTED and self.legal_basis > LegalBasis.CONSENT
        return Standing(self.legal_basis) if is_ground and not self.signalled else Standing.SAID

    @property
    def place(self) -> tuple[int, int, str]:
        """Orders statements; newest first is by descending place."""
        return (self.granted_ms, self.recorded_ms, self.statement_id)


def in_force(held: Iterable[Consent], arrived: Consent) -> tuple[Consent, ...]:
    """The statements in force after one more."""
    return all_in_force((*held, arrived))


def all_in_force(statements: Iterable[Consent]) -> tuple[Consent, ...]:
    """Of statements in whatever order: the one that counts per identity, purpose, channel and standing.

    UNKNOWN never counts. A PENDING one is kept until the person says something explicit, of that moment or later.
    """
    counting: dict[tuple[tuple[str, str, str], Standing], Consent] = {}
    for statement in statements:
        if statement.status is ConsentStatus.UNKNOWN:
            continue
        key = (statement.topic, statement.standing)
        rival = counting.get(key)
        if rival is None or _weight(statement) > _weight(rival):
            counting[key] = statement
    return tuple(each for each in counting.values() if not _is_settled(each, counting.get((each.topic, Standing.SAID))))


def within_bounds(held: tuple[Consent, ...]) -> tuple[Consent, ...]:
    """Without the oldest grants that browsers signalled, where there are more statements than a profile may hold.

    A browser that comes back signals again; what a person said, and every refusal, stays.
    """
    excess = len(held) - MAX_IN_FORCE
    if excess <= 0:
        return held
    grants = [each for each in held if each.signalled and each.status is ConsentStatus.GRANTED]
    dropped = {each.statement_id for each in sorted(grants, key=lambda each: each.place)[:excess]}
    return tuple(each for each in held if each.statement_id not in dropped)


def _is_settled(statement: Consent, said: Consent | None) -> bool:
    is_pending = statement.status is ConsentStatus.PENDING_CONFIRMATION
    return is_pending and said is not None and said.granted_ms >= statement.granted_ms


def _weight(statement: Consent) -> tuple[object, ...]:
    """The heavier of two statements counts, whichever arrived first: the later one; at one moment what a person said
    over what a browser signalled; then the stricter one, by status, end and basis; then the one that is confirmed.
    """
    return (
        statement.granted_ms,
        not statement.signalled,
        statement.status,
        float("-inf") if statement.expire_ms is None else -statement.expire_ms,
        statement.legal_basis,
        -1 if statement.confirmed_ms is None else statement.confirmed_ms,
        statement.recorded_ms,
        statement.statement_id,
    )
