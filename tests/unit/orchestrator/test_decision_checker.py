"""The checker of decisions finds what is wrong in a log: one violation of each kind is planted in one that is right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tandem.common.v1 import stage_pb2, value_pb2
from tandem.profile.v1 import event_pb2

from tests.support.decision_checker import Kind, digest
from tests.support.decision_rules import wall
from tests.support.decision_statements import FOR_EVER, Merge, Statement
from tests.support.written_log import ADA, EVE, HOUR, MINUTE, NOON, SECOND, Log, item_of, send_at, tell


def a_third_mail_in_an_hour(log: Log) -> None:
    for minutes in (0, 20, 59):
        log.mails(NOON + minutes * MINUTE)


def a_fourth_mail_of_a_day_though_one_bounced(log: Log) -> None:
    for hours in (-3, 0, 2):
        log.mails(NOON + hours * HOUR)
    tell(log.entries[0], "BOUNCED", NOON - HOUR)
    log.mails(NOON + 3 * HOUR)


def a_mail_too_many_after_a_merge(log: Log) -> None:
    log.mails(NOON)
    log.mails(NOON + 1, who=EVE)
    log.said.merges.append(Merge(ADA, EVE, NOON + SECOND, NOON + 2 * SECOND))
    log.mails(NOON + MINUTE)


def one_action_three_times_in_a_minute(log: Log) -> None:
    for seconds in range(3):
        log.decides(NOON + seconds * SECOND, "coffee")


def a_fourth_that_is_seen_in_a_day(log: Log) -> None:
    """One was fetched ahead, and seen."""
    tell(log.decides(NOON, "tea", mode="PREFETCH"), "IMPRESSION", NOON + 500)
    for hours in (1, 2, 3):
        log.decides(NOON + hours * HOUR, "coffee")


def what_was_rejected_again(log: Log) -> None:
    tell(log.mails(NOON), "REJECTED", NOON + MINUTE)
    log.mails(NOON + 2 * HOUR)


def what_was_rejected_again_by_who_was_somebody_else(log: Log) -> None:
    tell(log.mails(NOON, who=EVE), "REJECTED", NOON + MINUTE)
    log.said.merges.append(Merge(ADA, EVE, NOON + HOUR, NOON + HOUR + 5))
    log.mails(NOON + 2 * HOUR)


def anything_after_two_were_dismissed(log: Log) -> None:
    for seconds, action in enumerate(("coffee", "tea")):
        tell(log.decides(NOON + seconds * SECOND, action), "DISMISSED", NOON + MINUTE)
    log.decides(NOON + HOUR, "tea")


def a_mail_after_a_purchase(log: Log) -> None:
    log.decides(NOON).request.events.append(event_pb2.Event(event_id="e", type="purchase"))
    log.mails(NOON + HOUR)


def a_mail_with_a_purchase(log: Log) -> None:
    log.mails(NOON).request.events.append(event_pb2.Event(event_id="e", type="purchase"))


def a_mail_at_lunch(log: Log) -> None:
    log.mails(NOON - 100 * MINUTE)


def a_mail_at_lunch_elsewhere(log: Log) -> None:
    log.said.zones[ADA] = "Europe/London"
    log.mails(NOON - 45 * MINUTE)


def a_mail_of_the_evening_at_once(log: Log) -> None:
    log.mails(NOON + 5 * HOUR)


def a_mail_of_the_evening_too_early(log: Log) -> None:
    entry = log.mails(NOON + 5 * HOUR)
    send_at(entry, NOON + 17 * HOUR + 29 * MINUTE, NOON + 20 * HOUR)


def a_mail_that_may_go_out_at_lunch(log: Log) -> None:
    send_at(log.mails(NOON - 3 * HOUR), NOON - 3 * HOUR, NOON - HOUR)


def a_day_that_costs_too_much(log: Log) -> None:
    for number in range(5):
        name = f"p_{number}"
        log.said.profile_of[f"crm:{number}"] = name
        log.states(f"crm:{number}", "GRANTED", 0)
        log.mails(NOON, who=name)


def a_fifth_piece_before_one_came_back(log: Log) -> None:
    for number in range(5):
        log.decides(NOON + number * HOUR, "tea", who=f"p_{number}")
    tell(log.entries[0], "NOT_PRESENTED", NOON + 5 * HOUR)


def a_contact_that_says_it_cost_nothing(log: Log) -> None:
    del item_of(log.mails(NOON)).uses[:]


def a_mail_after_a_withdrawal(log: Log) -> None:
    log.states("crm:ada", "REVOKED", NOON - MINUTE)
    log.mails(NOON)


def a_mail_after_an_objection_of_who_was_somebody_else(log: Log) -> None:
    log.states("crm:eve", "REVOKED", NOON - HOUR, channel="")
    log.said.merges.append(Merge(ADA, EVE, NOON - MINUTE, NOON - MINUTE + 5))
    log.mails(NOON)


def a_mail_on_an_expired_consent(log: Log) -> None:
    log.said.statements.append(Statement("crm:ada", "MARKETING", "EMAIL", "GRANTED", 10, 20, expire_ms=NOON))
    log.mails(NOON)


def a_mail_on_the_consent_of_somebody_else(log: Log) -> None:
    item_of(log.mails(NOON)).consent_ref = "crm:eve#MARKETING/EMAIL"


def a_profile_that_was_used_in_spite_of_a_refusal(log: Log) -> None:
    log.states("crm:ada", "DENIED", NOON - MINUTE, channel="", purpose="PROFILING")
    log.decides(NOON, "tea").response.feature_statuses["age"] = value_pb2.FEATURE_STATUS_PRESENT


def marketing_to_who_is_held_out(log: Log) -> None:
    log.decides(NOON, "tea").response.arm = "HOLDOUT"


def what_was_dropped(log: Log) -> None:
    log.decides(NOON, "tea").response.dropped.add(action="tea", stage=stage_pb2.DROP_STAGE_ELIGIBILITY)


def what_did_not_compete(log: Log) -> None:
    del log.decides(NOON, "tea").response.candidates[:]


def one_action_in_two_places(log: Log) -> None:
    log.decides(NOON, "tea", "tea")


def an_answer_that_is_not_on_record(log: Log) -> None:
    log.said.answers["d9"] = b""


def an_answer_that_is_another_on_record(log: Log) -> None:
    entry = log.decides(NOON, "tea")
    log.said.answers["d0"] = digest(entry.response)
    item_of(entry).priority = 1.0


def a_simulation_on_record(log: Log) -> None:
    log.decides(NOON, "tea", mode="SIMULATE")


def a_decision_that_is_on_record_twice(log: Log) -> None:
    log.entries.append(log.decides(NOON))


PLANTED: list[tuple[Callable[[Log], None], Kind]] = [
    (a_third_mail_in_an_hour, Kind.CONTACT_LIMIT),
    (a_fourth_mail_of_a_day_though_one_bounced, Kind.CONTACT_LIMIT),
    (a_mail_too_many_after_a_merge, Kind.CONTACT_LIMIT),
    (one_action_three_times_in_a_minute, Kind.CONTACT_LIMIT),
    (a_fourth_that_is_seen_in_a_day, Kind.CONTACT_LIMIT),
    (what_was_rejected_again, Kind.SUPPRESSION),
    (what_was_rejected_again_by_who_was_somebody_else, Kind.SUPPRESSION),
    (anything_after_two_were_dismissed, Kind.SUPPRESSION),
    (a_mail_after_a_purchase, Kind.COOL_DOWN),
    (a_mail_with_a_purchase, Kind.COOL_DOWN),
    (a_mail_at_lunch, Kind.QUIET_HOURS),
    (a_mail_at_lunch_elsewhere, Kind.QUIET_HOURS),
    (a_mail_of_the_evening_at_once, Kind.QUIET_HOURS),
    (a_mail_of_the_evening_too_early, Kind.QUIET_HOURS),
    (a_mail_that_may_go_out_at_lunch, Kind.QUIET_HOURS),
    (a_day_that_costs_too_much, Kind.VOLUME),
    (a_fifth_piece_before_one_came_back, Kind.VOLUME),
    (a_contact_that_says_it_cost_nothing, Kind.USES),
    (a_mail_after_a_withdrawal, Kind.CONSENT),
    (a_mail_after_an_objection_of_who_was_somebody_else, Kind.CONSENT),
    (a_mail_on_an_expired_consent, Kind.CONSENT),
    (a_mail_on_the_consent_of_somebody_else, Kind.CONSENT),
    (a_profile_that_was_used_in_spite_of_a_refusal, Kind.PROFILING),
    (marketing_to_who_is_held_out, Kind.HOLDOUT),
    (what_was_dropped, Kind.DROPPED_WON),
    (what_did_not_compete, Kind.NO_CANDIDATE),
    (one_action_in_two_places, Kind.DUPLICATE),
    (an_answer_that_is_not_on_record, Kind.LOST),
    (an_answer_that_is_another_on_record, Kind.CHANGED),
    (a_simulation_on_record, Kind.TRACE),
    (a_decision_that_is_on_record_twice, Kind.COUNTED_TWICE),
]


@pytest.mark.parametrize(("plant", "kind"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_what_is_wrong_is_found(plant: Callable[[Log], None], kind: Kind) -> None:
    log = Log()
    plant(log)
    assert log.found() == [kind]


def test_every_kind_is_planted() -> None:
    assert {kind for _, kind in PLANTED} == set(Kind)


def test_paris_is_two_hours_ahead_at_the_noon_of_these_tests() -> None:
    assert wall(NOON, "Europe/Paris").isoformat() == "2026-10-01T14:00:00"


def two_mails_an_hour(log: Log) -> None:
    for minutes in (0, 20, 80):
        log.mails(NOON + minutes * MINUTE)


def a_mail_in_place_of_one_that_bounced(log: Log) -> None:
    tell(log.mails(NOON), "BOUNCED", NOON + MINUTE)
    for minutes in (2, 3):
        log.mails(NOON + minutes * MINUTE)


def mails_to_two_who_become_one(log: Log) -> None:
    """What was sent before stays sent, and so does what was decided while they did."""
    for seconds in range(2):
        log.mails(NOON + seconds * SECOND)
        log.mails(NOON + seconds * SECOND, who=EVE)
    log.said.merges.append(Merge(ADA, EVE, NOON - SECOND, NOON + MINUTE))


def what_was_fetched_ahead_and_never_seen(log: Log) -> None:
    log.decides(NOON, "tea", mode="PREFETCH")
    for hours in (1, 2, 3):
        log.decides(NOON + hours * HOUR, "coffee")


def a_rejection_that_is_only_just_told(log: Log) -> None:
    tell(log.mails(NOON), "REJECTED", NOON + MINUTE)
    log.mails(NOON + MINUTE + SECOND)


def a_mail_before_a_purchase(log: Log) -> None:
    log.mails(NOON)
    log.decides(NOON + MINUTE).request.events.append(event_pb2.Event(event_id="e", type="purchase"))


def a_mail_of_the_evening_in_the_morning(log: Log) -> None:
    send_at(log.mails(NOON + 5 * HOUR), NOON + 17 * HOUR + 30 * MINUTE, NOON + 22 * HOUR)


def a_fifth_piece_after_one_came_back(log: Log) -> None:
    for number in range(5):
        log.decides(NOON + number * HOUR, "tea", who=f"p_{number}", mode="PREFETCH")
    tell(log.entries[0], "NOT_PRESENTED", NOON + 3 * HOUR)


def a_mail_while_somebody_withdraws(log: Log) -> None:
    log.said.statements.append(Statement("crm:ada", "MARKETING", "EMAIL", "REVOKED", NOON - 5, NOON + 5))
    log.mails(NOON)


def a_mail_after_an_objection_was_taken_back(log: Log) -> None:
    log.states("crm:ada", "REVOKED", NOON - HOUR, channel="")
    log.states("crm:ada", "GRANTED", NOON - MINUTE, channel="")
    log.mails(NOON)


def what_lost_in_one_place_and_won_in_another(log: Log) -> None:
    log.decides(NOON, "tea").response.dropped.add(action="tea", channel="WEB", stage=stage_pb2.DROP_STAGE_ARBITRATION)


def one_action_in_two_places_that_may_have_it(log: Log) -> None:
    log.decides(NOON, "tea", "tea").request.dedup.across_placements = False


RIGHT: list[Callable[[Log], None]] = [
    two_mails_an_hour,
    a_mail_in_place_of_one_that_bounced,
    mails_to_two_who_become_one,
    what_was_fetched_ahead_and_never_seen,
    a_rejection_that_is_only_just_told,
    a_mail_before_a_purchase,
    a_mail_of_the_evening_in_the_morning,
    a_fifth_piece_after_one_came_back,
    a_mail_while_somebody_withdraws,
    a_mail_after_an_objection_was_taken_back,
    what_lost_in_one_place_and_won_in_another,
    one_action_in_two_places_that_may_have_it,
]


@pytest.mark.parametrize("write", RIGHT, ids=[write.__name__ for write in RIGHT])
def test_what_may_be_right_is_not_reported(write: Callable[[Log], None]) -> None:
    log = Log()
    write(log)
    assert log.found() == []


def test_a_consent_for_ever_does_not_end() -> None:
    assert Statement("crm:ada", "MARKETING", "", "GRANTED", 0, 0).status_at(FOR_EVER - 1) == "GRANTED"
