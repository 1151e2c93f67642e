"""SetConsent: one statement about one permission."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from services.profile.app.drafts import Draft, Drafts
from services.profile.app.requests import ConsentRecorded, ConsentWrite, SetConsent
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.consents import (
    MAX_IN_FORCE,
    Consent,
    ConsentStatus,
    LegalBasis,
    check_consent,
    in_force,
)
from services.profile.domain.identities import Identity, normalise, normalise_subject, primary_of
from shared.clock import MAX_CLOCK_SKEW_MS
from shared.errors import InvalidArgument


async def set_consent(writer: Writer, new_id: Callable[[str], str], command: SetConsent) -> ConsentRecorded:
    subject = normalise_subject(command.subject, "subject")
    write = command.consent
    identity = normalise(write.identity, "consent.identity") if write.identity else primary_of(subject)
    # The identity of the statement is one of the person's, whether the subject repeats it or not.
    named = subject if identity.key in {each.key for each in subject} else (*subject, identity)

    async def edit(drafts: Drafts) -> ConsentRecorded:
        draft, advisories = drafts.resolve(named, "subject")
        # In a conflict the statement also goes to the profile that holds the identity: whichever of the two answers a
        # decision, a withdrawal is seen.
        holders = list({id(each): each for each in (draft, drafts.owner(identity.key))}.values())
        consent = _consent(write, identity, new_id("c"), max(holder.arrival_ms for holder in holders))
        check_consent(consent, "consent", consent.recorded_ms)
        if write.granted_ms is None:
            consent = _after_others(consent, holders)
        for holder in holders:
            _state(holder, consent)
        return ConsentRecorded(draft.profile.profile_id, consent, drafts.token(), advisories)

    keys = [each.key for each in named]
    return await writer.run(Mutation("SetConsent", command, ConsentRecorded, keys, edit))


def _consent(write: ConsentWrite, identity: Identity, statement_id: str, arrival_ms: int) -> Consent:
    """With the defaults filled in."""
    is_granted = write.status is ConsentStatus.GRANTED
    granted_ms = arrival_ms if write.granted_ms is None else write.granted_ms
    if arrival_ms < granted_ms <= arrival_ms + MAX_CLOCK_SKEW_MS:
        granted_ms = arrival_ms  # a caller whose clock is ahead must not overrule what is said after this
    return Consent(
        statement_id=statement_id,
        identity=identity.key,
        purpose=write.purpose.strip().upper(),
        channel=write.channel.strip().upper(),
        status=write.status,
        legal_basis=write.legal_basis or (LegalBasis.CONSENT if is_granted else LegalBasis.UNSPECIFIED),
        granted_ms=granted_ms,
        recorded_ms=arrival_ms,
        expire_ms=write.expire_ms,
        jurisdiction=write.jurisdiction.strip().upper(),
        collection_point=write.collection_point,
        policy_version=write.policy_version,
        proof=write.proof,
    )


def _after_others(consent: Consent, holders: Iterable[Draft]) -> Consent:
    """What is said without a time is said after all that was said before, also by callers whose clocks are ahead."""
    held = (each for holder in holders for each in holder.profile.consents)
    rivals = [each.granted_ms for each in held if each.subject_matter == consent.subject_matter]
    return replace(consent, granted_ms=max([consent.granted_ms, *rivals]))


def _state(draft: Draft, consent: Consent) -> None:
    consents = in_force(draft.profile.consents, consent)
    if len(consents) > MAX_IN_FORCE:
        raise InvalidArgument.field("consent", f"must not give one profile more than {MAX_IN_FORCE} in force")
    draft.statements.append(consent)
    draft.profile = replace(draft.profile, consents=consents)
