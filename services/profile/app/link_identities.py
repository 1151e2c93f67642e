"""LinkIdentities: identities are one person's, by a login, or by a click on a link in a mail."""

from __future__ import annotations

from dataclasses import replace

from services.profile.app.basis import Bases
from services.profile.app.drafts import Arrival, Drafts, Occasion
from services.profile.app.identity_requests import IdentitiesLinked, LinkIdentities
from services.profile.app.link_tokens import (
    MACHINE_CLICK,
    Click,
    LinkTokens,
    follow,
    keys_of,
    refusal,
    with_recipient,
)
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.requests import Subject
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.basis import COLLECTION
from services.profile.domain.identities import Namespaces, normalise_subject
from services.profile.domain.link_tokens import LINK_TOKEN_INVALID
from services.profile.domain.machines import is_machine_agent
from services.profile.domain.resolution import SHARED_IDENTITY
from shared.errors import FailedPrecondition, InvalidArgument

NO_BASIS = "NO_BASIS"


async def link_identities(writer: Writer, tokens: LinkTokens, command: LinkIdentities) -> IdentitiesLinked:
    click = await tokens.click(command.link_token)
    is_machine = command.is_machine or is_machine_agent(command.user_agent)

    def plan(namespaces: Namespaces) -> Mutation[IdentitiesLinked]:
        subject = normalise_subject(command.subject, "subject", namespaces)
        if len(subject) < 2 and click is None:
            raise InvalidArgument.field("subject.identities", "must be two or more, or one and a link_token")
        occasion = Occasion("subject", f"LinkIdentities/{command.request_id}", links=not is_machine)

        async def edit(drafts: Drafts) -> IdentitiesLinked:
            if is_machine:
                persons, _ = drafts.concerned(subject, occasion)
                profile_id = persons[0].profile_id if persons else ""
                return IdentitiesLinked(profile_id, (), PENDING_TOKEN, (MACHINE_CLICK,))
            arrival = _linked(subject, click, occasion, drafts)
            return IdentitiesLinked(arrival.draft.profile_id, arrival.merged, PENDING_TOKEN, arrival.advisories)

        keys = [*(identity.key for identity in subject), *keys_of(click)]
        return Mutation("LinkIdentities", command, IdentitiesLinked, keys, edit)

    return await writer.run_planned(plan)


def _linked(subject: Subject, click: Click | None, occasion: Occasion, drafts: Drafts) -> Arrival:
    if click is None:
        _check_basis(subject, occasion, drafts)
        has_shared = any(map(drafts.is_shared, subject))
        arrival = drafts.resolve(subject, occasion)
        return replace(arrival, advisories=(*arrival.advisories, SHARED_IDENTITY)) if has_shared else arrival
    reason = refusal(click, drafts)
    if reason == LINK_TOKEN_INVALID:
        raise InvalidArgument.field("link_token", "is not one of ours, or has expired", reason=reason)
    if reason:
        raise FailedPrecondition(reason, "link_token: was used already")
    _check_basis(with_recipient(subject, click), occasion, drafts)
    return follow(subject, click, occasion, drafts)


def _check_basis(subject: Subject, occasion: Occasion, drafts: Drafts) -> None:
    """A link is recorded of a person as an event is. Consents and erasures, which link as well, need no basis."""
    if not Bases(drafts).permit(subject, occasion, ()):
        raise FailedPrecondition(
            NO_BASIS, f"{occasion.path}: there is no basis for {COLLECTION}", metadata={"purpose": COLLECTION}
        )
