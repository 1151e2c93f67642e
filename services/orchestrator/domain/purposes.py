"""Whether what is known of a person may be used for a purpose: to decide with, to learn from.

A refusal wins over every ground and every grant. One that names no channel covers the whole person, whatever identity
it was given on; one that names a channel, or that a browser signalled, covers what is done with its identity. A grant
for one channel takes back no refusal for all of them, and is no grant for all.

The profile service decides by the same rules what it records (services/profile/domain/basis.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.consent import EVERY_CHANNEL
from services.orchestrator.domain.policy_parts import PurposePart
from services.orchestrator.domain.subject import (
    BASIS_CONSENT,
    GRANTED,
    LEGITIMATE_INTEREST,
    NO_EVIDENCE,
    ConsentStatement,
    Identity,
)

PROFILING = "PROFILING"
TRAINING = "TRAINING"


@dataclass(frozen=True, slots=True)
class Use:
    """Of what is known of a person, at a moment, by a request that names some of the identities."""

    named: frozenset[str]
    """`folded` identities."""
    statements: Sequence[ConsentStatement]
    now_ms: int

    @classmethod
    def of(cls, identities: Iterable[Identity], statements: Sequence[ConsentStatement], now_ms: int) -> Use:
        return cls(frozenset(map(folded, identities)), statements, now_ms)


def folded(identity: Identity) -> str:
    """The normal form of an identity is the profile service's business; two of one person that differ in nothing but
    case and outer blanks are taken for one.
    """
    return f"{identity.namespace.strip()}:{identity.value.strip()}".casefold()


def purpose_of(declared: Iterable[PurposePart], name: str) -> PurposePart:
    """As the policy declares it, else with the usual basis."""
    return next((each for each in declared if each.name == name), PurposePart(name, LEGITIMATE_INTEREST))


def may_profile(direction: Direction, purpose: PurposePart, use: Use) -> bool:
    """Whether the profile may be used to decide.

    Answering someone who showed up needs a basis of its own: the policy's, or a granted PROFILING consent. Reaching out
    rests on the consent to the contact.
    """
    return has_basis(purpose, use, needs_consent=direction is Direction.INBOUND and purpose.basis == BASIS_CONSENT)


def may_learn(purpose: PurposePart, use: Use) -> bool:
    """Whether outcomes of the person may be learnt from."""
    return has_basis(purpose, use, needs_consent=purpose.basis == BASIS_CONSENT)


def has_basis(purpose: PurposePart, use: Use, *, needs_consent: bool) -> bool:
    said = [each for each in use.statements if each.purpose == purpose.name and each.is_said]
    said = [each for each in said if each.status_at(use.now_ms) not in NO_EVIDENCE]
    if not said:
        return not needs_consent
    general = {each.identity.name: each for each in said if each.channel == EVERY_CHANNEL}
    if any(_refuses(each, general.get(each.identity.name), use) for each in said):
        return False
    return not needs_consent or any(_permits(each, purpose, use) for each in general.values())


def _refuses(statement: ConsentStatement, general: ConsentStatement | None, use: Use) -> bool:
    if not statement.forbids:
        return False
    if statement.channel == EVERY_CHANNEL:
        return _concerns(statement, use)
    is_newest = general is None or statement.granted_time_ms >= general.granted_time_ms
    return is_newest and folded(statement.identity) in use.named


def _permits(statement: ConsentStatement, purpose: PurposePart, use: Use) -> bool:
    return (
        statement.is_consent
        and statement.status_at(use.now_ms) == GRANTED
        and _concerns(statement, use)
        and (statement.confirmed_time_ms is not None or not purpose.double_opt_in)
    )


def _concerns(statement: ConsentStatement, use: Use) -> bool:
    return not statement.signalled or folded(statement.identity) in use.named
