"""TC strings: the published examples mean what their publishers say, and nothing malformed is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.consents import ConsentStatus, LegalBasis
from services.profile.domain.signals.statements import Signals, read_signals
from services.profile.domain.signals.tcf import Malformed, TcString, decode_tc_string
from shared.errors import InvalidArgument
from tests.support.tc_strings import tc_string

OF_THE_SPECIFICATION = (
    "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAA"
    "GBAAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw"
)
OF_THE_PERL_PARSER = (
    "CLcVDxRMWfGmWAVAHCENAXCkAKDAADnAABRgA5mdfCKZuYJez-NQm0TBMYA4oCAAGQYIAAAAAAEAIAEgAA.argAC0gAAAAAAAAAAAA"
)
WITH_RESTRICTIONS = "COwAdDhOwAdDhN4ABAENAPCgAAQAAv___wAAAFP_AAp_4AI6ACACAA"
OF_POLICY_4 = "CPzvOIAPzvOIAGXABBENAUEAAACAAAAAAAAAAAAAAAAA.IAAA"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OF_THE_SPECIFICATION, TcString(27, 15, 2, frozenset({1, 2, 3}), frozenset(), asks_for_purpose_1=True)),
        (
            OF_THE_PERL_PARSER,
            TcString(21, 23, 2, frozenset({1, 3, 9, 10}), frozenset({3, 4, 5, 8, 9, 10}), asks_for_purpose_1=True),
        ),
        (
            WITH_RESTRICTIONS,
            TcString(888, 15, 2, frozenset({6, 23}), frozenset(range(1, 25)), asks_for_purpose_1=True),
        ),
        (OF_POLICY_4, TcString(407, 20, 4, frozenset({9}), frozenset(), asks_for_purpose_1=True)),
    ],
    ids=["specification", "ranges of vendors", "publisher restrictions", "policy 4"],
)
def test_a_published_example_means_what_its_publisher_says(text: str, expected: TcString) -> None:
    assert decode_tc_string(text) == expected


@given(st.frozensets(st.integers(1, 24)), st.frozensets(st.integers(1, 24)), st.booleans())
def test_every_purpose_is_read_from_its_own_bit(
    consents: frozenset[int], interests: frozenset[int], asks: bool
) -> None:
    decoded = decode_tc_string(tc_string(consents, interests, asks_for_purpose_1=asks))
    assert (decoded.consents, decoded.legitimate_interests) == (consents, interests)
    assert decoded.asks_for_purpose_1 is asks


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "!",
        "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAA\n",
        "é" + OF_POLICY_4,
        "BOEFEAyOEFEAyAHABDENAIgAAAB9vABAASA",
        OF_POLICY_4 + ".",
        OF_POLICY_4 + ".a b",
        OF_POLICY_4.split(".")[0] + "=",
        tc_string(ranges=((7, 3),)),
    ],
)
def test_what_is_no_tc_string_of_version_2_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decode_tc_string(text)


@pytest.mark.parametrize("text", [OF_THE_SPECIFICATION, OF_THE_PERL_PARSER, WITH_RESTRICTIONS])
def test_a_string_that_was_cut_anywhere_is_refused(text: str) -> None:
    core = text.split(".")[0]
    padding = 4  # the last characters hold no more than the bits that fill up the bytes
    for length in range(len(core) - padding):
        with pytest.raises(Malformed):
            decode_tc_string(core[:length])


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", max_size=200))
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, "C" + text):
        try:
            decode_tc_string(candidate)
        except Malformed:
            continue


def meaning(
    consents: set[int], interests: set[int], *, asks_for_purpose_1: bool = True
) -> dict[str, tuple[ConsentStatus, LegalBasis]]:
    text = tc_string(consents, interests, asks_for_purpose_1=asks_for_purpose_1)
    (signal,) = read_signals(Signals(text), "")
    return {each.purpose: (each.status, each.legal_basis) for each in signal.meanings}


CONSENTED = (ConsentStatus.GRANTED, LegalBasis.CONSENT)
UNOPPOSED = (ConsentStatus.GRANTED, LegalBasis.LEGITIMATE_INTEREST)
DENIED = (ConsentStatus.DENIED, LegalBasis.UNSPECIFIED)
PURPOSES = ("COLLECTION", "ADVERTISING", "PROFILING", "MEASUREMENT", "TRAINING", "CONTENT")


def test_accepting_all_grants_every_purpose_and_rejecting_all_denies_every_one() -> None:
    assert meaning(set(range(1, 12)), set()) == dict.fromkeys(PURPOSES, CONSENTED)
    assert meaning(set(), set()) == dict.fromkeys(PURPOSES, DENIED)


def test_a_purpose_that_stands_for_several_is_granted_by_all_of_them_only() -> None:
    assert meaning({3, 4, 5}, set())["PROFILING"] == DENIED
    assert meaning({3, 4, 5, 6}, set())["PROFILING"] == CONSENTED
    assert meaning({7, 8}, {9})["MEASUREMENT"] == UNOPPOSED
    assert meaning({7, 8}, set())["MEASUREMENT"] == DENIED


def test_legitimate_interest_is_no_consent_and_counts_only_where_the_framework_allows_it() -> None:
    assert meaning(set(), set(range(1, 12))) == {
        "COLLECTION": DENIED,
        "ADVERTISING": UNOPPOSED,
        "PROFILING": DENIED,
        "MEASUREMENT": UNOPPOSED,
        "TRAINING": UNOPPOSED,
        "CONTENT": UNOPPOSED,
    }


def test_a_dialogue_that_did_not_ask_for_storage_says_nothing_of_collection() -> None:
    assert "COLLECTION" not in meaning(set(), set(), asks_for_purpose_1=False)


def test_global_privacy_control_denies_sale_and_sharing_and_nothing_else() -> None:
    (signal,) = read_signals(Signals(gpc=True), "")
    assert [(each.purpose, each.status) for each in signal.meanings] == [("SALE_AND_SHARING", ConsentStatus.DENIED)]


def test_a_malformed_string_is_refused_by_the_name_of_its_field() -> None:
    for text in ("nonsense", "C" * 4_097):
        with pytest.raises(InvalidArgument) as refused:
            read_signals(Signals(text, gpc=True), "consent_signals.")
        assert refused.value.violations[0].field == "consent_signals.tcf_string"
