"""What a person permits at a moment: contact on a channel.

Of the statements of one identity that speak of a channel (by name, or of every channel) the latest wins; of two of one
moment, the one that forbids. A denied or revoked statement for marketing on every channel is an objection: it covers
the whole person, whatever identity it was given on.

Which address a contact will use is not known here. A refusal therefore also holds against grants on identities of other
namespaces (a withdrawal on the phone number against a grant on the customer number), and not against a grant on another
identity of its own (one of two e-mail addresses).

Grounds that are not the person's word stand beside it: a soft opt-in permits a known customer marketing of some groups
of actions; contract and legitimate interest permit service messages, and never marketing. None outlives a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from services.orchestrator.domain.catalogue import Channel
from services.orchestrator.domain.subject import GRANTED, NO_EVIDENCE, PENDING, SOFT_OPT_IN, ConsentStatement

MARKETING = "MARKETING"
OBJECTED = "OBJECTED"
EVERY_CHANNEL = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a contact is permitted, and why: the status found ("" for none) and the statement it rests on.

    `similar` None: for every action. Else only for those of its groups, each with the statement it rests on.
    """

    permitted: bool
    status: str = ""
    reference: str = ""
    similar: Mapping[str, str] | None = None

    def reference_for(self, group: str) -> str:
        return self.reference if self.similar is None else self.similar.get(group, "")


NOT_NEEDED = Permission(True)


@dataclass(frozen=True, slots=True)
class Stance:
    """What a person and the law say, at the moment it is asked for."""

    statements: Sequence[ConsentStatement]
    now_ms: int
    is_known: bool = False
    """A customer, not a visitor."""
    double_opt_in: frozenset[str] = field(default_factory=frozenset)
    """Purposes whose consents count only confirmed."""

    def status(self, statement: ConsentStatement) -> str:
        status = statement.status_at(self.now_ms)
        needs_confirmation = statement.purpose in self.double_opt_in and statement.confirmed_time_ms is None
        return PENDING if status == GRANTED and statement.is_consent and needs_confirmation else status


def contact_permission(channel: Channel, stance: Stance) -> Permission:
    """Whether the person may be contacted on the channel now."""
    if not channel.needs_consent:
        return NOT_NEEDED
    if channel.purpose == MARKETING and has_objected(stance):
        return Permission(False, OBJECTED)
    speaking = _about(stance.statements, channel.purpose, channel.name)
    winning = _latest_of_each_identity(speaking, stance)
    refusals = [each for each in winning if each.forbids]
    for each in winning:
        if stance.status(each) == GRANTED and not _is_refused(each, refusals) and _suffices(each):
            return Permission(True, GRANTED, each.reference)
    grounds = [each for each in speaking if not each.is_said and stance.status(each) == GRANTED]
    grounds = [each for each in grounds if not _is_refused(each, refusals)]
    return _on_other_grounds(channel, grounds, stance) or Permission(False, _shown_status(speaking, winning, stance))


def has_objected(stance: Stance) -> bool:
    """Whether the person objects to marketing."""
    speaking = _about(stance.statements, MARKETING, EVERY_CHANNEL)
    return any(statement.forbids for statement in _latest_of_each_identity(speaking, stance))


def _on_other_grounds(channel: Channel, grounds: Sequence[ConsentStatement], stance: Stance) -> Permission | None:
    for each in grounds:
        if each.legal_basis != SOFT_OPT_IN and channel.purpose != MARKETING:
            return Permission(True, GRANTED, each.reference)
    soft = [each for each in grounds if each.legal_basis == SOFT_OPT_IN] if stance.is_known else []
    similar = {group: each.reference for each in soft for group in each.similar_groups}
    return Permission(True, SOFT_OPT_IN, similar=similar) if similar else None


def _suffices(statement: ConsentStatement) -> bool:
    """Marketing needs consent, whatever else was said."""
    return statement.is_consent or statement.purpose != MARKETING


def _is_refused(statement: ConsentStatement, refusals: Iterable[ConsentStatement]) -> bool:
    """By a refusal on an identity of another kind, or on its own."""
    return any(
        refusal.identity.namespace != statement.identity.namespace or refusal.identity.name == statement.identity.name
        for refusal in refusals
    )


def _shown_status(speaking: Sequence[ConsentStatement], winning: Sequence[ConsentStatement], stance: Stance) -> str:
    """The most telling one: a refusal, else what was said, else that something waits for confirmation."""
    refusals = [each for each in winning if each.forbids]
    pending = [each for each in speaking if stance.status(each) == PENDING]
    return next((stance.status(each) for each in (*refusals, *winning, *pending)), "")


def _about(statements: Iterable[ConsentStatement], purpose: str, channel: str) -> list[ConsentStatement]:
    return [each for each in statements if each.purpose == purpose and each.channel in (channel, EVERY_CHANNEL)]


def _latest_of_each_identity(statements: Iterable[ConsentStatement], stance: Stance) -> list[ConsentStatement]:
    """What the person said last on each identity, in the order of the identities' names."""
    said = [each for each in statements if each.is_said and stance.status(each) not in NO_EVIDENCE]
    said.sort(key=lambda each: (each.identity.name, each.granted_time_ms, each.forbids))
    return [list(group)[-1] for _, group in groupby(said, key=lambda each: each.identity.name)]
