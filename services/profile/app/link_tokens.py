"""IssueLinkToken, and what a click on such a link says."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.profile.app.drafts import Arrival, Drafts, Occasion
from services.profile.app.get_profile import ProfileReader
from services.profile.app.identity_requests import IssueLinkToken, LinkTokenIssued
from services.profile.app.ports import SecretStore
from services.profile.app.requests import Subject
from services.profile.app.shared_identities import check_person
from services.profile.domain.link_tokens import (
    LINK_TOKEN_INVALID,
    LINK_TOKEN_USED,
    LinkToken,
    end_of_life,
    read_link_token,
    signed,
)
from services.profile.domain.parts import part_of
from services.profile.domain.resolution import IDENTITY_CONFLICT, SHARED_IDENTITY
from shared.clock import Clock
from shared.signing import Signer

SECRET_NAME = "link_token"  # noqa: S105 - a name
SECRET_BYTES = 32

MACHINE_CLICK = "MACHINE_CLICK"
"""Advisory: a machine named several identities or carried a link token, and nothing was linked."""


@dataclass(frozen=True, slots=True)
class Click:
    """A link that somebody followed."""

    token: LinkToken | None
    """None: it is not one of ours."""


class LinkTokens:
    """Their secret is made up once, kept in the store and read once."""

    def __init__(self, store: SecretStore) -> None:
        self._store = store
        self._signer: Signer | None = None

    async def signer(self) -> Signer:
        if self._signer is None:
            proposal = secrets.token_bytes(SECRET_BYTES)
            self._signer = Signer(await self._store.get_or_create(SECRET_NAME, proposal))
        return self._signer

    async def click(self, text: str) -> Click | None:
        """None where no link was followed."""
        return Click(read_link_token(text, await self.signer())) if text else None


async def issue_link_token(
    reader: ProfileReader, tokens: LinkTokens, clock: Clock, new_id: Callable[[str], str], query: IssueLinkToken
) -> LinkTokenIssued:
    expire_ms = end_of_life(query.expire_ms, clock())
    named = await reader.named(query.subject)
    profile = await reader.resolved(named)
    check_person(profile.identities, "subject", named.schema.identity_rules)
    part = part_of(profile, [identity.key for identity in named.subject], named.schema.identity_rules)
    token = LinkToken(new_id("k"), part.profile_id, expire_ms)
    return LinkTokenIssued(signed(token, await tokens.signer()), expire_ms)


def keys_of(click: Click | None) -> tuple[str, ...]:
    """What has to be looked up to judge it."""
    return (click.token.recipient.key, click.token.spent_key) if click and click.token else ()


def refusal(click: Click, drafts: Drafts) -> str:
    """Why the link says nothing, as the reason of an error; empty where it does."""
    token = click.token
    if token is None or token.is_over(drafts.now_ms) or not drafts.is_held(token.recipient.key):
        return LINK_TOKEN_INVALID
    return LINK_TOKEN_USED if drafts.is_spent(token.spent_key) else ""


def with_recipient(subject: Subject, click: Click) -> Subject:
    """Who clicked is the recipient."""
    assert click.token is not None, "a click that was not refused has one"
    return (*subject, click.token.recipient)


def follow(subject: Subject, click: Click, occasion: Occasion, drafts: Drafts) -> Arrival:
    """Resolves who clicked, and spends the token; where that is known to be another person, neither. What several
    people use is linked to nobody: then the click is the recipient's, and the token stays good for a browser.
    """
    together = with_recipient(subject, click)
    _, opponents = drafts.concerned(together, occasion)
    assert click.token is not None, "a click that was not refused has one"
    if drafts.are_shared(subject) or drafts.is_shared(click.token.recipient):
        arrival = drafts.resolve(together, occasion)
        return replace(arrival, advisories=(*arrival.advisories, SHARED_IDENTITY))
    if not opponents:
        arrival = drafts.resolve(together, occasion)
        drafts.spend(click.token.spent_key, arrival.draft)
        return arrival
    arrival = drafts.resolve(subject, occasion)
    recipient = drafts.owner(click.token.recipient.key)
    if recipient is arrival.draft:  # who brought others along
        drafts.spend(click.token.spent_key, recipient)
        return arrival
    keys = [identity.key for identity in subject]
    drafts.oppose(arrival.draft, recipient, keys, occasion.cause)
    return replace(arrival, advisories=tuple(dict.fromkeys((*arrival.advisories, IDENTITY_CONFLICT))))
