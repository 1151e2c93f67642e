"""Consent as the law wants it: of identities, purposes and channels, at one moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.catalogue import Channel, Direction
from services.orchestrator.domain.consent import Permission, Stance, contact_permission, has_objected
from services.orchestrator.domain.policy_parts import PurposePart
from services.orchestrator.domain.purposes import Use, may_learn, may_profile
from services.orchestrator.domain.subject import ConsentStatement, Identity

NOW = 1_800_000_000_000
DAY = 86_400_000
ADA = Identity("email", "ada@example.org")
EMAIL = Channel("EMAIL", Direction.OUTBOUND, "MARKETING", needs_consent=True)
SERVICE_MAIL = Channel("EMAIL", Direction.OUTBOUND, "SERVICE", needs_consent=True)
WEB = Channel("WEB", Direction.INBOUND, "MARKETING", needs_consent=False)


def said(
    status: str,
    *,
    purpose: str = "MARKETING",
    channel: str = "EMAIL",
    days_ago: float = 1.0,
    who: str = "ada@example.org",
    namespace: str = "email",
    expires_in_days: float | None = None,
    basis: str = "CONSENT",
    groups: tuple[str, ...] = (),
    confirmed: bool = False,
    signalled: bool = False,
) -> ConsentStatement:
    return ConsentStatement(
        Identity(namespace, who),
        purpose,
        channel,
        status,
        basis,
        NOW - int(days_ago * DAY),
        None if expires_in_days is None else NOW + int(expires_in_days * DAY),
        NOW if confirmed else None,
        groups,
        signalled,
    )


def permission(*statements: ConsentStatement, channel: Channel = EMAIL, is_known: bool = True) -> Permission:
    return contact_permission(channel, Stance(statements, NOW, is_known))


def is_permitted(*statements: ConsentStatement, channel: Channel = EMAIL) -> bool:
    return permission(*statements, channel=channel).permitted


def test_nothing_said_permits_nothing() -> None:
    assert not is_permitted()


def test_a_channel_without_need_of_consent_needs_none() -> None:
    assert is_permitted(channel=WEB)


@pytest.mark.parametrize("channel", ["EMAIL", ""])
def test_a_grant_for_the_channel_or_for_all_of_them_permits(channel: str) -> None:
    found = permission(said("GRANTED", channel=channel))
    assert found.permitted
    assert found.reference_for("any") == f"email:ada@example.org#MARKETING/{channel}"


@pytest.mark.parametrize(
    "statement",
    [
        said("GRANTED", channel="SMS"),
        said("GRANTED", purpose="SERVICE"),
        said("DENIED"),
        said("REVOKED"),
        said("UNKNOWN"),
        said("PENDING_CONFIRMATION"),
        said("GRANTED", basis="CONTRACT"),
        said("GRANTED", basis="LEGITIMATE_INTEREST"),
        said("GRANTED", basis="LEGITIMATE_INTEREST", signalled=True),
        said("GRANTED", basis="SOFT_OPT_IN"),
        said("GRANTED", expires_in_days=0.0),
        said("GRANTED", days_ago=-1.0),
    ],
    ids=[
        "other channel",
        "other purpose",
        "denied",
        "revoked",
        "unknown",
        "pending",
        "contract",
        "interest",
        "not objected",
        "similar to nothing",
        "expired",
        "not yet",
    ],
)
def test_nothing_but_a_grant_in_force_permits(statement: ConsentStatement) -> None:
    assert not is_permitted(statement)


def test_a_refusal_on_the_address_holds_against_a_grant_on_the_customer_number() -> None:
    grant = said("GRANTED", who="42", namespace="crm")
    found = permission(grant, said("REVOKED", days_ago=9.0))
    assert (found.permitted, found.status) == (False, "REVOKED")
    assert is_permitted(grant)


def test_a_grant_on_any_identity_of_the_kind_is_enough() -> None:
    assert is_permitted(said("REVOKED", who="old@example.org"), said("GRANTED", who="new@example.org"))


def test_the_latest_statement_of_an_identity_wins_whatever_channel_it_names() -> None:
    assert not is_permitted(said("GRANTED", channel="", days_ago=9.0), said("REVOKED", days_ago=1.0))
    assert is_permitted(said("REVOKED", days_ago=9.0), said("GRANTED", channel="", days_ago=1.0))


def test_of_two_statements_of_one_moment_the_forbidding_one_wins() -> None:
    assert not is_permitted(said("GRANTED", channel=""), said("REVOKED"))
    assert not is_permitted(said("REVOKED"), said("GRANTED", channel=""))


@pytest.mark.parametrize("status", ["UNKNOWN", "PENDING_CONFIRMATION"])
def test_what_is_no_evidence_overrules_nothing(status: str) -> None:
    assert is_permitted(said("GRANTED", days_ago=9.0), said(status, days_ago=1.0))
    assert not is_permitted(said("REVOKED", days_ago=9.0), said(status, days_ago=1.0))


def test_that_a_confirmation_is_missing_is_told() -> None:
    assert permission(said("PENDING_CONFIRMATION")).status == "PENDING_CONFIRMATION"
    assert permission(said("REVOKED", days_ago=9.0), said("PENDING_CONFIRMATION")).status == "REVOKED"


def test_a_consent_from_before_confirmation_was_asked_for_has_to_be_confirmed() -> None:
    for statement, expected in ((said("GRANTED"), False), (said("GRANTED", confirmed=True), True)):
        stance = Stance([statement], NOW, double_opt_in=frozenset({"MARKETING"}))
        assert contact_permission(EMAIL, stance).permitted is expected


def test_an_expired_grant_does_not_wake_an_older_one() -> None:
    assert not is_permitted(said("GRANTED", channel="", days_ago=9.0), said("GRANTED", expires_in_days=-0.5))


@pytest.mark.parametrize("status", ["DENIED", "REVOKED"])
def test_an_objection_to_marketing_on_one_identity_covers_the_whole_person(status: str) -> None:
    objection = said(status, channel="", who="shop-card", days_ago=30.0)
    found = permission(said("GRANTED"), objection)
    assert (found.permitted, found.status) == (False, "OBJECTED")
    assert not is_permitted(SOFT, objection)


def test_an_objection_to_marketing_leaves_other_purposes_alone() -> None:
    statements = [said("GRANTED", purpose="SERVICE"), said("DENIED", channel="")]
    assert has_objected(Stance(statements, NOW))
    assert is_permitted(*statements, channel=SERVICE_MAIL)


@pytest.mark.parametrize("basis", ["SOFT_OPT_IN", "CONTRACT", "LEGITIMATE_INTEREST"])
def test_only_the_persons_own_word_takes_an_objection_back(basis: str) -> None:
    objection = said("DENIED", channel="", days_ago=9.0)
    assert has_objected(Stance([objection, said("GRANTED", channel="", basis=basis, groups=("tea",))], NOW))
    assert not has_objected(Stance([objection, said("GRANTED", channel="")], NOW))


def test_a_denial_of_one_channel_is_no_objection() -> None:
    assert not has_objected(Stance([said("DENIED")], NOW))


SOFT = said("GRANTED", basis="SOFT_OPT_IN", groups=("tea", "cups"))


def test_a_soft_opt_in_permits_a_known_customer_its_groups() -> None:
    found = permission(SOFT)
    assert found.permitted
    assert found.similar is not None
    assert set(found.similar) == {"tea", "cups"}
    assert found.reference_for("tea") == "email:ada@example.org#MARKETING/EMAIL"
    assert not permission(SOFT, is_known=False).permitted


def test_soft_opt_ins_of_several_identities_add_up() -> None:
    found = permission(SOFT, said("GRANTED", basis="SOFT_OPT_IN", groups=("coffee",), who="7", namespace="crm"))
    assert set(found.similar or ()) == {"tea", "cups", "coffee"}


@pytest.mark.parametrize(
    "refusal",
    [
        said("REVOKED", days_ago=9.0),
        said("DENIED", channel="", days_ago=9.0),
        said("REVOKED", who="7", namespace="crm"),
    ],
    ids=["an older one", "of every channel", "on another kind of identity"],
)
def test_a_soft_opt_in_takes_no_refusal_back(refusal: ConsentStatement) -> None:
    assert not is_permitted(refusal, SOFT)


def test_a_consent_is_worth_more_than_a_soft_opt_in_and_an_expired_one_less() -> None:
    assert permission(said("GRANTED"), SOFT).similar is None
    assert set(permission(said("GRANTED", expires_in_days=-1.0), SOFT).similar or ()) == {"tea", "cups"}


@pytest.mark.parametrize("basis", ["CONTRACT", "LEGITIMATE_INTEREST"])
def test_contract_and_legitimate_interest_permit_service_messages_that_were_not_refused(basis: str) -> None:
    ground = said("GRANTED", purpose="SERVICE", basis=basis)
    assert is_permitted(ground, channel=SERVICE_MAIL)
    assert not is_permitted(ground, said("DENIED", purpose="SERVICE", days_ago=9.0), channel=SERVICE_MAIL)


def may_use_profile(
    *statements: ConsentStatement,
    basis: str = "CONSENT",
    direction: Direction = Direction.INBOUND,
    asking: Identity = ADA,
    double_opt_in: bool = False,
) -> bool:
    purpose = PurposePart("PROFILING", basis, double_opt_in)
    return may_profile(direction, purpose, Use.of([asking], statements, NOW))


def test_answering_someone_uses_no_profile_without_a_basis() -> None:
    assert not may_use_profile()
    assert may_use_profile(basis="LEGITIMATE_INTEREST")
    assert may_use_profile(said("GRANTED", purpose="PROFILING", channel=""))


def test_a_grant_of_profiling_counts_while_it_holds_and_is_confirmed() -> None:
    assert not may_use_profile(said("GRANTED", purpose="PROFILING", channel="", expires_in_days=-1.0))
    for confirmed in (False, True):
        grant = said("GRANTED", purpose="PROFILING", channel="", confirmed=confirmed)
        assert may_use_profile(grant, double_opt_in=True) is confirmed
    assert not may_use_profile(said("PENDING_CONFIRMATION", purpose="PROFILING", channel=""))
    assert not may_use_profile(said("GRANTED", purpose="PROFILING", channel="", basis="LEGITIMATE_INTEREST"))


@pytest.mark.parametrize("basis", ["CONSENT", "LEGITIMATE_INTEREST", "CONTRACT"])
@pytest.mark.parametrize("direction", list(Direction))
def test_a_refusal_of_profiling_wins_over_every_basis(basis: str, direction: Direction) -> None:
    granted = said("GRANTED", purpose="PROFILING", channel="", who="new@example.org")
    refused = said("REVOKED", purpose="PROFILING", channel="", who="old@example.org")
    assert not may_use_profile(granted, refused, basis=basis, direction=direction)


def test_what_a_browser_signals_concerns_whoever_asks_with_it() -> None:
    refused = said("DENIED", purpose="PROFILING", channel="", who="AbC", namespace="cookie", signalled=True)
    for asking, expected in ((Identity("Cookie", " AbC "), False), (Identity("crm", "1"), True)):
        assert may_use_profile(refused, basis="LEGITIMATE_INTEREST", asking=asking) is expected
    granted = said("GRANTED", purpose="PROFILING", channel="", who="AbC", namespace="cookie", signalled=True)
    assert may_use_profile(granted, asking=Identity("cookie", "AbC"))
    assert not may_use_profile(granted, asking=Identity("crm", "1"))


def test_a_refusal_for_one_channel_concerns_whoever_asks_with_its_identity() -> None:
    refused = said("DENIED", purpose="PROFILING", channel="WEB")
    assert not may_use_profile(refused, basis="CONTRACT")
    assert may_use_profile(refused, basis="CONTRACT", asking=Identity("crm", "1"))
    later = said("GRANTED", purpose="PROFILING", channel="", days_ago=0.5)
    assert may_use_profile(refused, later, basis="CONTRACT")


def test_reaching_out_rests_on_the_consent_to_the_contact() -> None:
    assert may_use_profile(direction=Direction.OUTBOUND)


@pytest.mark.parametrize(
    ("basis", "status", "expected"),
    [
        ("LEGITIMATE_INTEREST", "", True),
        ("LEGITIMATE_INTEREST", "REVOKED", False),
        ("CONTRACT", "DENIED", False),
        ("CONSENT", "", False),
        ("CONSENT", "PENDING_CONFIRMATION", False),
        ("CONSENT", "GRANTED", True),
    ],
)
def test_outcomes_are_learnt_from_as_the_basis_of_training_allows(basis: str, status: str, expected: bool) -> None:
    statements = [said(status, purpose="TRAINING", channel="")] if status else []
    use = Use.of([ADA], statements, NOW)
    assert may_learn(PurposePart("TRAINING", basis), use) is expected


any_statements = st.lists(
    st.builds(
        ConsentStatement,
        st.sampled_from([ADA, Identity("email", "old@example.org"), Identity("crm", "7")]),
        st.sampled_from(["MARKETING", "SERVICE"]),
        st.sampled_from(["", "EMAIL", "SMS"]),
        st.sampled_from(["GRANTED", "DENIED", "REVOKED", "UNKNOWN", "PENDING_CONFIRMATION"]),
        st.sampled_from(["CONSENT", "SOFT_OPT_IN", "CONTRACT", "LEGITIMATE_INTEREST"]),
        st.integers(-3, 0).map(lambda days: NOW + days * DAY),
        st.one_of(st.none(), st.integers(-2, 2).map(lambda days: NOW + days * DAY)),
        st.none(),
        st.sampled_from([(), ("tea",), ("tea", "cups")]),
        st.booleans(),
    ),
    max_size=6,
)
channels = st.sampled_from([EMAIL, SERVICE_MAIL])


@given(any_statements, any_statements, channels, st.booleans())
def test_what_is_no_evidence_changes_nothing(
    statements: list[ConsentStatement], others: list[ConsentStatement], channel: Channel, is_known: bool
) -> None:
    silent = [each for each in others if each.status in ("UNKNOWN", "PENDING_CONFIRMATION")]
    before = permission(*statements, channel=channel, is_known=is_known)
    after = permission(*statements, *silent, channel=channel, is_known=is_known)
    assert (after.permitted, after.reference, after.similar) == (before.permitted, before.reference, before.similar)


@given(any_statements, any_statements, channels)
def test_a_refusal_never_permits_more(
    statements: list[ConsentStatement], others: list[ConsentStatement], channel: Channel
) -> None:
    refusals = [each for each in others if each.forbids]
    after = permission(*statements, *refusals, channel=channel)
    before = permission(*statements, channel=channel)
    assert before.permitted or not after.permitted
    if after.permitted and before.similar is not None:
        assert after.similar is not None
        assert set(after.similar) <= set(before.similar)


@given(any_statements, st.sampled_from(["DENIED", "REVOKED"]), st.booleans())
def test_after_an_objection_nothing_permits_marketing(
    statements: list[ConsentStatement], status: str, is_known: bool
) -> None:
    objection = said(status, channel="", days_ago=-0.0001)
    assert not permission(*statements, objection, is_known=is_known).permitted


@given(any_statements)
def test_nothing_but_consent_and_soft_opt_ins_permits_marketing(statements: list[ConsentStatement]) -> None:
    others = [each for each in statements if each.legal_basis in ("CONTRACT", "LEGITIMATE_INTEREST")]
    assert not permission(*others).permitted
