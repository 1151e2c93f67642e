"""SetConsent: one statement about one permission."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from services.profile.app.draft import Draft
from services.profile.app.drafts import Drafts, Occasion, erased
from services.profile.app.ports import PENDING_TOKEN
from services.profile.app.requests import ConsentRecorded, ConsentWrite, SetConsent
from services.profile.app.stating import held_by, holders_of, not_ahead, state
from services.profile.app.writing import Mutation, Writer
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.consent_check import check_consent
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis
from services.profile.domain.identities import Identity, Namespaces, normalise, normalise_subject, primary_of


async def set_consent(writer: Writer, new_id: Callable[[str], str], command: SetConsent) -> ConsentRecorded:
    def plan(namespaces: Namespaces) -> Mutation[ConsentRecorded]:
        subject = normalise_subject(command.subject, "subject", namespaces)
        write = command.consent
        stated = write.identity and normalise(write.identity, "consent.identity", namespaces)
        identity = stated or primary_of(subject)
        # The identity of the statement is one of the person's, whether the subject repeats it or not.
        named = subject if identity.key in {each.key for each in subject} else (*subject, identity)

        async def edit(drafts: Drafts) -> ConsentRecorded:
            if drafts.is_kept_out(identity.key) and identity not in subject:
                raise erased("consent.identity")
            arrival = drafts.resolve(named, Occasion("subject", f"SetConsent/{command.request_id}"))
            holders = holders_of(identity, arrival, drafts)
            consent = _consent(write, identity, new_id("c"), max(holder.arrival_ms for holder in holders))
            check_consent(consent, "consent", consent.recorded_ms)
            if write.granted_ms is None and write.confirmed_ms is None:
                consent = _after_others(consent, holders)
            consent = _confirmed_or_pending(consent, drafts.schema)
            state(consent, arrival, holders, "consent")
            return ConsentRecorded(arrival.draft.profile_id, consent, PENDING_TOKEN, arrival.advisories)

        keys = [each.key for each in named]
        return Mutation("SetConsent", command, ConsentRecorded, keys, edit)

    return await writer.run_planned(plan)


def _consent(write: ConsentWrite, identity: Identity, statement_id: str, arrival_ms: int) -> Consent:
    """With the defaults filled in."""
    is_granted = write.status is ConsentStatus.GRANTED
    confirmed_ms = None if write.confirmed_ms is None else not_ahead(write.confirmed_ms, arrival_ms)
    granted_ms = write.confirmed_ms if write.granted_ms is None else write.granted_ms
    return Consent(
        statement_id=statement_id,
        identity=identity.key,
        purpose=write.purpose.strip().upper(),
        channel=write.channel.strip().upper(),
        status=write.status,
        legal_basis=write.legal_basis or (LegalBasis.CONSENT if is_granted else LegalBasis.UNSPECIFIED),
        granted_ms=not_ahead(granted_ms, arrival_ms),
        recorded_ms=arrival_ms,
        expire_ms=write.expire_ms,
        jurisdiction=write.jurisdiction.strip().upper(),
        collection_point=write.collection_point,
        policy_version=write.policy_version,
        proof=write.proof,
        confirmed_ms=confirmed_ms,
        similar_groups=write.similar_groups,
    )


def _after_others(consent: Consent, holders: Iterable[Draft]) -> Consent:
    """What is said without a time is said after all that was said before, also by callers whose clocks are ahead."""
    rivals = [each.granted_ms for each in held_by(holders) if each.topic == consent.topic]
    return replace(consent, granted_ms=max([consent.granted_ms, *rivals]))


def _confirmed_or_pending(consent: Consent, schema: CompiledSchema) -> Consent:
    """A consent that has to be confirmed and was not is only pending."""
    declared = schema.purposes.get(consent.purpose)
    is_consent = consent.status is ConsentStatus.GRANTED and consent.legal_basis is LegalBasis.CONSENT
    if declared is None or not declared.double_opt_in or not is_consent or consent.confirmed_ms is not None:
        return consent
    return replace(consent, status=ConsentStatus.PENDING_CONFIRMATION)
