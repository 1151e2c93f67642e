"""What a person permits at a moment: contact on a channel, and the use of the profile.

Of the statements of one identity that speak of a channel (by name, or of every channel) the latest wins; of two of one
moment, the one that forbids. A denied or revoked statement for marketing on every channel is an objection: it covers
the whole person, whatever identity it was given on.

Which address a contact will use is not known here. A refusal therefore also holds against grants on identities of other
namespaces (a withdrawal on the phone number against a grant on the customer number), and not against a grant on another
identity of its own (one of two e-mail addresses).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.orchestrator.domain.catalogue import Channel, Direction
from services.orchestrator.domain.subject import GRANTED, UNKNOWN, ConsentStatement

MARKETING = "MARKETING"
PROFILING = "PROFILING"
BASIS_CONSENT = "CONSENT"
OBJECTED = "OBJECTED"
EVERY_CHANNEL = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a contact is permitted, and why: the status found ("" for none) and the statement it rests on."""

    permitted: bool
    status: str = ""
    reference: str = ""


NOT_NEEDED = Permission(True)


def contact_permission(channel: Channel, statements: Sequence[ConsentStatement], now_ms: int) -> Permission:
    """Whether the person may be contacted on the channel now."""
    if not channel.needs_consent:
        return NOT_NEEDED
    if channel.purpose == MARKETING and has_objected(statements, now_ms):
        return Permission(False, OBJECTED)
    speaking = _about(statements, channel.purpose, channel.name)
    winning = _latest_of_each_identity(speaking, now_ms)
    refusals = [each for each in winning if each.forbids]
    for each in winning:
        is_refused = any(refusal.identity.namespace != each.identity.namespace for refusal in refusals)
        if each.status_at(now_ms) == GRANTED and not is_refused:
            return Permission(True, GRANTED, each.reference)
    return Permission(False, next((each.status_at(now_ms) for each in (*refusals, *winning)), ""))


def has_objected(statements: Sequence[ConsentStatement], now_ms: int) -> bool:
    """Whether the person objects to marketing."""
    speaking = _about(statements, MARKETING, EVERY_CHANNEL)
    return any(statement.forbids for statement in _latest_of_each_identity(speaking, now_ms))


def may_profile(direction: Direction, basis: str, statements: Sequence[ConsentStatement], now_ms: int) -> bool:
    """Whether the profile may be used. A refusal on any identity wins.

    Answering someone who showed up needs a basis of its own: the policy's, or a granted PROFILING consent. Reaching out
    rests on the consent to the contact.
    """
    speaking = [statement for statement in statements if statement.purpose == PROFILING]
    winning = _latest_of_each_identity(speaking, now_ms)
    if any(statement.forbids for statement in winning):
        return False
    if direction is Direction.OUTBOUND or basis != BASIS_CONSENT:
        return True
    return any(each.channel == EVERY_CHANNEL and each.status_at(now_ms) == GRANTED for each in winning)


def _about(statements: Iterable[ConsentStatement], purpose: str, channel: str) -> list[ConsentStatement]:
    return [each for each in statements if each.purpose == purpose and each.channel in (channel, EVERY_CHANNEL)]


def _latest_of_each_identity(statements: Iterable[ConsentStatement], now_ms: int) -> list[ConsentStatement]:
    """The explicit statement that wins on each identity, in the order of the identities' names."""
    explicit = [statement for statement in statements if statement.status_at(now_ms) != UNKNOWN]
    explicit.sort(key=lambda each: (each.identity.name, each.granted_time_ms, each.forbids))
    return [list(group)[-1] for _, group in groupby(explicit, key=lambda each: each.identity.name)]
