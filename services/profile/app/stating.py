"""How a statement enters the profiles it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from services.profile.app.draft import Draft, PartDraft
from services.profile.app.drafts import Arrival, Drafts
from services.profile.domain.consents import MAX_IN_FORCE, Consent, in_force, within_bounds
from services.profile.domain.identities import Identity
from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import InvalidArgument


def holders_of(identity: Identity, arrival: Arrival, drafts: Drafts) -> Sequence[Draft]:
    """Whose the statement is. In a conflict it also goes to the profile that holds the identity: whichever of the two
    answers a decision, a withdrawal is seen.
    """
    return list({id(each): each for each in (arrival.draft, *drafts.owners((identity,)))}.values())


def state(consent: Consent, arrival: Arrival, holders: Iterable[Draft], field: str) -> None:
    """To the part that holds the identity. `field` names the statement, where there are too many."""
    for holder in holders:
        other = arrival.part if holder is arrival.draft else holder.parts[0]
        _state(holder.part_of(consent.identity) or other, consent, field)


def held_by(holders: Iterable[Draft]) -> list[Consent]:
    """The statements in force, of every part."""
    return [consent for holder in holders for part in holder.parts for consent in part.profile.consents]


def not_ahead(time_ms: int | None, arrival_ms: int) -> int:
    """A caller whose clock is ahead must not overrule what is said after this."""
    if time_ms is None or arrival_ms < time_ms <= arrival_ms + MAX_CLOCK_SKEW_MS:
        return arrival_ms
    return time_ms


def _state(part: PartDraft, consent: Consent, field: str) -> None:
    consents = within_bounds(in_force(part.profile.consents, consent))
    if len(consents) > MAX_IN_FORCE:
        raise InvalidArgument.field(field, f"must not give one profile more than {MAX_IN_FORCE} in force")
    part.statements.append(consent)
    part.profile = replace(part.profile, consents=consents)
