"""What a person was shown before, as a feature."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.past_contacts import MAX_LISTED, PAST_CONTACTS, PastContact, of_action, past_contacts
from services.scoring.domain import past_contacts as scoring
from shared.clock import MS_PER_DAY
from shared.values import NOT_FOUND, Feature, present

NOW_MS = 1_000 * MS_PER_DAY
NAMES = st.sampled_from(["tea", "mug", "te"])
CONTACTS = st.lists(
    st.builds(PastContact, NAMES, st.integers(NOW_MS - 500 * MS_PER_DAY, NOW_MS + 60_000), st.just("d_0.0.0")),
    max_size=20,
)


def listed(contacts: list[PastContact], reach_ms: int = 400 * MS_PER_DAY) -> Feature:
    return past_contacts(contacts, NOW_MS, reach_ms, "d_1")


@given(CONTACTS, st.integers(1, 500 * MS_PER_DAY))
def test_the_scoring_service_reads_what_is_listed(contacts: list[PastContact], reach_ms: int) -> None:
    feature = listed(contacts, reach_ms)
    assert isinstance(feature.value, tuple)
    ages = [(max(NOW_MS - each.shown_ms, 0), each.action) for each in contacts]
    assert list(scoring.contacts_in(feature.value)) == sorted(each for each in ages if each[0] < reach_ms)


@given(CONTACTS, NAMES)
def test_of_one_action_there_is_what_the_whole_list_says_of_it(contacts: list[PastContact], action: str) -> None:
    whole = listed(contacts)
    features = [{PAST_CONTACTS: each} for each in (whole, of_action(whole, action))]
    assert scoring.ages_of(features[0], action) == scoring.ages_of(features[1], action)
    assert not any(scoring.ages_of(features[1], other) for other in {"tea", "mug", "te"} - {action})


def test_what_this_very_decision_handed_over_is_none_of_them() -> None:
    tries = [PastContact("tea", NOW_MS - 5, "d_1.0.0"), PastContact("mug", NOW_MS - 9, "d_10.0.0")]
    assert listed(tries) == present(("9 mug",))


def test_of_too_many_the_newest_are_listed() -> None:
    crowd = [PastContact("tea", NOW_MS - age, "d_0.0.0") for age in reversed(range(1, 1_000))]
    found = listed(crowd).value
    assert isinstance(found, tuple)
    assert (len(found), found[0], found[-1]) == (MAX_LISTED, "1 tea", f"{MAX_LISTED} tea")


def test_what_is_not_known_stays_unknown() -> None:
    assert of_action(NOT_FOUND, "tea") is NOT_FOUND


def test_both_services_call_it_the_same() -> None:
    assert scoring.PAST_CONTACTS == PAST_CONTACTS
