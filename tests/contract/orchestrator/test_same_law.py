"""The profile service and the orchestrator judge purposes alike: what may be collected, profiled with, learnt from."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.orchestrator.domain.policy_parts import PurposePart
from services.orchestrator.domain.purposes import Use
from services.orchestrator.domain.purposes import has_basis as may_use
from services.orchestrator.domain.subject import ConsentStatement, Identity
from services.profile.domain.basis import Arriving, has_basis
from services.profile.domain.consents import Consent, ConsentStatus, LegalBasis, all_in_force
from services.profile.domain.identities import identity_of
from services.profile.domain.schema import PurposeDeclaration

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
KEYS = ("crm\x1f1", "cookie\x1fa", "cookie\x1fb")
MOMENTS = st.integers(-3, 1).map(lambda hours: NOW_MS + hours * HOUR_MS)
BASES = (LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTEREST, LegalBasis.CONTRACT)

purposes = st.builds(PurposeDeclaration, st.just("TRAINING"), st.sampled_from(BASES), st.booleans())
statements = st.lists(
    st.builds(
        Consent,
        st.uuids().map(str),
        st.sampled_from(KEYS),
        st.sampled_from(["TRAINING", "PROFILING"]),
        st.sampled_from(["", "WEB"]),
        st.sampled_from(ConsentStatus),
        st.sampled_from(LegalBasis),
        MOMENTS,
        st.just(NOW_MS),
        st.one_of(st.none(), MOMENTS),
        confirmed_ms=st.one_of(st.none(), MOMENTS),
        signalled=st.booleans(),
    ),
    max_size=8,
).map(all_in_force)


def said_on(channel: str, status: ConsentStatus, granted_ms: int, expire_ms: int | None = None) -> Consent:
    basis = LegalBasis.UNSPECIFIED
    return Consent(channel or "general", KEYS[0], "TRAINING", channel, status, basis, granted_ms, NOW_MS, expire_ms)


@settings(max_examples=1_000)
@example(  # a grant that has not begun takes nothing back, even where it would have ended
    (
        said_on("WEB", ConsentStatus.DENIED, NOW_MS),
        said_on("", ConsentStatus.GRANTED, NOW_MS + HOUR_MS, expire_ms=NOW_MS),
    ),
    PurposeDeclaration("TRAINING", LegalBasis.LEGITIMATE_INTEREST),
    {KEYS[0]},
)
@given(statements, purposes, st.sets(st.sampled_from(KEYS), min_size=1))
def test_both_services_judge_a_purpose_alike(
    said: tuple[Consent, ...], purpose: PurposeDeclaration, named: set[str]
) -> None:
    arriving = Arriving(named, said, NOW_MS)
    part = PurposePart(purpose.name, purpose.basis.name, purpose.double_opt_in)
    identities = [Identity(each.namespace, each.value) for each in map(identity_of, named)]
    use = Use.of(identities, tuple(map(_as_read, said)), NOW_MS)
    needs_consent = purpose.basis is LegalBasis.CONSENT
    assert has_basis([purpose.name], {purpose.name: purpose}, arriving) == may_use(
        part, use, needs_consent=needs_consent
    )


def _as_read(consent: Consent) -> ConsentStatement:
    identity = identity_of(consent.identity)
    return ConsentStatement(
        Identity(identity.namespace, identity.value),
        consent.purpose,
        consent.channel,
        consent.status.name,
        consent.legal_basis.name,
        consent.granted_ms,
        consent.expire_ms,
        consent.confirmed_ms,
        consent.similar_groups,
        consent.signalled,
    )
