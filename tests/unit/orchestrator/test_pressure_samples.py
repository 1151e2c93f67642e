"""What one decision teaches of pressure, outcome by outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.outcome_store import CapturedOutcome, OutcomeItem
from services.orchestrator.app.pressure.learning import PressureLearning, due_ms
from services.orchestrator.app.pressure.samples import samples_of
from services.orchestrator.domain.contact_limits import SERVICE
from services.orchestrator.domain.decision import PlacementAnswer
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import Effect, Outcome, reward_key
from services.orchestrator.domain.pressure.gaps import GapStanding
from services.orchestrator.domain.pressure.price import PressureStanding
from services.orchestrator.domain.pressure.sample import PressureSample
from tests.support.decisions import proposition, record

WINDOW_MS = 5 * 86_400_000
STANDING = PressureStanding(1.25, 2e-9, -0.5, GapStanding(False, None, 0.1), 0.03)
MAIL = replace(proposition(), channel="EMAIL", propensity=0.2, business_value=30.0)
CLICK = (Objective("click", (Outcome.CLICKED,), None, "f_1"), Objective("buy", (Outcome.CONVERTED,), None, "f_2"))


def decision(*objectives: Objective, served: tuple[PlacementAnswer, ...] = ()) -> DecisionRecord:
    plain = record()
    places = served or (PlacementAnswer("mail", (MAIL,)),)
    return replace(
        plain,
        answer=replace(plain.answer, placements=places),
        objectives=objectives or CLICK,
        pressure=STANDING,
        pressure_learning=PressureLearning("k", WINDOW_MS),
    )


def said(
    outcome: Outcome, *, after_ms: int = 1_000, is_machine: bool = False, action: str = "welcome"
) -> CapturedOutcome:
    moment = record().decision_time_ms + after_ms
    item = OutcomeItem(f"o_{outcome.name}_{after_ms}", outcome, is_machine=is_machine)
    return CapturedOutcome(
        item, "d_1", reward_key("d_1", "mail", action, "EMAIL"), Effect.NOTHING, moment, moment + 5, 0
    )


def only(taken: DecisionRecord, *outcomes: CapturedOutcome) -> PressureSample:
    (sample,) = samples_of(taken, outcomes)
    return sample


def test_a_sample_is_what_the_decision_knew_and_what_came_of_it() -> None:
    sample = only(decision(), said(Outcome.CLICKED))
    assert sample == PressureSample(
        profile_id="p_1",
        level=1.25,
        deviation=-0.5,
        propensity=0.2,
        value=30.0,
        responded=True,
        unsubscribed=False,
    )


@pytest.mark.parametrize(
    ("outcomes", "responded", "unsubscribed"),
    [
        ((), False, False),
        ((said(Outcome.DELIVERED), said(Outcome.OPENED)), False, False),
        ((said(Outcome.CONVERTED),), False, False),
        ((said(Outcome.CLICKED, after_ms=WINDOW_MS),), True, False),
        ((said(Outcome.CLICKED, after_ms=WINDOW_MS + 1),), False, False),
        ((said(Outcome.CLICKED, is_machine=True),), False, False),
        ((said(Outcome.CLICKED, action="other"),), False, False),
        ((said(Outcome.UNSUBSCRIBED),), False, True),
        ((said(Outcome.COMPLAINED), said(Outcome.CLICKED)), True, True),
        ((said(Outcome.UNSUBSCRIBED, after_ms=WINDOW_MS + 1),), False, False),
        ((said(Outcome.UNSUBSCRIBED, is_machine=True),), False, False),
    ],
    ids=[
        "silence",
        "seen",
        "the success of another objective",
        "within the window",
        "after the window",
        "a machine",
        "another contact",
        "unsubscribed",
        "both",
        "unsubscribed late",
        "unsubscribed by a machine",
    ],
)
def test_what_outcomes_say(outcomes: tuple[CapturedOutcome, ...], responded: bool, unsubscribed: bool) -> None:
    sample = only(decision(), *outcomes)
    assert (sample.responded, sample.unsubscribed) == (responded, unsubscribed)


def test_a_success_that_was_taken_back_is_no_response() -> None:
    taken = decision(Objective("buy", (Outcome.CONVERTED,), None, "f_1"))
    assert only(taken, said(Outcome.CONVERTED)).responded
    assert not only(taken, said(Outcome.RETURNED, after_ms=2_000), said(Outcome.CONVERTED)).responded


def test_the_window_of_the_objective_ends_a_response_earlier() -> None:
    taken = decision(Objective("click", (Outcome.CLICKED,), 1_000, "f_1"))
    assert only(taken, said(Outcome.CLICKED)).responded
    assert not only(taken, said(Outcome.CLICKED, after_ms=1_001)).responded


def test_of_a_policy_without_objectives_the_usual_successes_count() -> None:
    assert only(replace(decision(), objectives=()), said(Outcome.REDEEMED)).responded


@pytest.mark.parametrize("outcome", [Outcome.BOUNCED, Outcome.FAILED, Outcome.NOT_PRESENTED])
def test_what_reached_nobody_was_no_contact(outcome: Outcome) -> None:
    assert samples_of(decision(), [said(outcome)]) == []


def test_each_contact_of_a_decision_is_a_sample_but_for_service_messages() -> None:
    bill = replace(MAIL, action="bill", message_class=SERVICE)
    other = replace(MAIL, action="other", propensity=0.5)
    taken = decision(served=(PlacementAnswer("mail", (MAIL, bill, other)), PlacementAnswer("sms")))
    samples = samples_of(taken, [said(Outcome.CLICKED, action="other"), said(Outcome.CLICKED, action="bill")])
    assert [(each.propensity, each.responded) for each in samples] == [(0.2, False), (0.5, True)]


def test_a_channel_that_weighs_nothing_teaches_nothing() -> None:
    taken = replace(decision(), pressure_learning=PressureLearning("k", WINDOW_MS, ("SMS", "EMAIL")))
    assert samples_of(taken, []) == []
    assert due_ms(taken) is None
    assert due_ms(decision()) is not None
