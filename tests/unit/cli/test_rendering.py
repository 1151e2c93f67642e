"""Decisions as people read them."""

from __future__ import annotations

import pytest
from rich.console import Console, RenderableType
from tandem.common.v1.stage_pb2 import Dropped, DropStage, FailedTest, SmallestChange, StageCount
from tandem.common.v1.value_pb2 import Feature, FeatureStatus, TypedValue
from tandem.orchestrator.v1.arbitration_pb2 import PressureStanding
from tandem.orchestrator.v1.decision_pb2 import (
    Candidate,
    DecideResponse,
    Fallback,
    NoAction,
    NoActionReason,
    PlacementResult,
    Proposition,
    Propositions,
)
from tandem.orchestrator.v1.marginal_pb2 import SlotMarginals
from tandem.orchestrator.v1.orchestrator_service_pb2 import ExplainDecisionResponse

from services.cli.arguments import typed_value
from services.cli.rendering.attributes import attributes_view
from services.cli.rendering.decision import candidates_table, decision_view, money_text, placement_view
from services.cli.rendering.pressure_standing import standing_text
from services.cli.rendering.texts import money, no_action_text, observed_text, percent
from services.cli.rendering.why_not import because, dropped_table, group_by_reason

PROPOSITION = Proposition(
    channel="WEB",
    issue="retain",
    group="win_back",
    action="comeback_15",
    treatment="comeback_web",
    locale="fr",
    content={"text": "Bonjour Léa", "title": "Revenez"},
    rank=1,
    priority=3.986,
    lever=1.2,
    propensity=0.0831,
    context_weight=1,
    business_value=40,
    cost=0.002,
    choice_probability=0.621,
    uncertainty=0.025,
    evidence=12,
    consent_ref="email:lea@example.com#MARKETING/EMAIL",
    reservation_id="p_1.r_2",
)


def text_of(view: RenderableType, width: int = 140) -> str:
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


def dropped(action: str, *, channel: str = "", age: int = 16) -> Dropped:
    return Dropped(
        action=action,
        channel=channel,
        stage="DROP_STAGE_ELIGIBILITY",
        rule_id="adult",
        attribute="age",
        observed=TypedValue(int_value=age),
        status="FEATURE_STATUS_PRESENT",
        threshold=">= 18",
    )


def test_money_parts_make_the_priority() -> None:
    item = PROPOSITION
    worth = item.lever * item.propensity * item.context_weight * item.business_value - item.cost
    assert item.priority == pytest.approx(worth, abs=1e-3)
    assert money_text(item) == ("3.986 = 1.2 lever × 8.31 % propensity × 1 context × 40 value − 0.002 cost")


def test_what_a_contact_takes_from_others_and_costs_later_is_part_of_the_priority() -> None:
    item = Proposition()
    item.CopyFrom(PROPOSITION)
    item.priority, item.resource_cost, item.pressure_cost = 3.686, 0.1, 0.2
    assert money_text(item).endswith("× 40 value − 0.002 cost − 0.1 resources − 0.2 pressure")


def test_candidates_show_what_a_contact_costs_later_where_any_does() -> None:
    free = Candidate(action="tea", channel="EMAIL", priority=1.5)
    dear = Candidate(action="mug", channel="SMS", priority=1.25, pressure_cost=0.375)
    shown = text_of(candidates_table(DecideResponse(candidates=[free, dear]))).splitlines()
    assert shown[1].split()[-2:] == ["pressure", "priority"]
    assert [line.split()[-2:] for line in shown[2:]] == [["0", "1.5"], ["0.375", "1.25"]]
    assert "pressure" not in text_of(candidates_table(DecideResponse(candidates=[free])))


def test_a_standing_says_level_price_and_certainty() -> None:
    standing = PressureStanding(level=2.3125, contacts=4, price=0.18, certainty=0.941)
    said = "pressure: level 2.31 after 4 contacts; one more of weight 1 costs 0.18 later (certainty 94.1 %)"
    assert standing_text(standing) == said
    standing.in_gap, standing.gap_probability = True, 0.05
    standing.gap_end_time.FromSeconds(1_800_000_000)
    assert standing_text(standing) == f"{said}; in a contact gap until 2027-01-15 08:00:00 UTC, with a chance of 5 %"


def test_proposition_shows_content_money_odds_and_consent() -> None:
    text = text_of(placement_view(PlacementResult(placement_id="home", propositions=Propositions(items=[PROPOSITION]))))
    assert "home" in text
    assert "1. comeback_15  comeback_web on WEB (fr)  retain / win_back" in text
    assert text.index("title: Revenez") < text.index("text: Bonjour Léa")
    assert "worth 3.986 = " in text
    assert "drawn with probability 62.1 %; propensity ± 2.5 % after 12 responses" in text
    assert "allowed by the consent of email:lea@example.com#MARKETING/EMAIL" in text
    assert "reserved as p_1.r_2" in text


def test_a_full_contact_limit_says_how_full_it_is() -> None:
    full = Dropped(
        action="comeback_15",
        channel="EMAIL",
        stage="DROP_STAGE_CONTACT_POLICY",
        rule_id="mail_week",
        attribute="contacts.mail_week",
        observed=TypedValue(int_value=2),
        status="FEATURE_STATUS_PRESENT",
        threshold="< 2",
    )
    assert because(full) == "mail_week: needs contacts.mail_week < 2; it held 2"


def test_silence_says_its_reason_and_what_it_gave_up() -> None:
    silence = NoAction(reason="NO_ACTION_REASON_NO_CONSENT", expected_value=0.25)
    text = text_of(placement_view(PlacementResult(no_action=silence)))
    assert "no action: NO_CONSENT: consent is missing for everything that was eligible; value given up: 0.25" in text


def test_fallback_says_why_the_placement_fell_back() -> None:
    fallback = Fallback(treatment="brand_story", channel="WEB", reason="NO_ACTION_REASON_NOT_ELIGIBLE")
    text = text_of(placement_view(PlacementResult(placement_id="home", fallback=fallback)))
    assert "fallback brand_story on WEB; NOT_ELIGIBLE: the engagement policy dropped every candidate" in text


@pytest.mark.parametrize("reason", NoActionReason.values()[1:])
def test_every_reason_for_silence_has_its_words(reason: NoActionReason) -> None:
    assert ": " in no_action_text(reason)


def test_actions_that_fell_for_one_reason_share_a_line() -> None:
    groups = group_by_reason([dropped("a"), dropped("b"), dropped("c", age=17), dropped("d", channel="SMS")])
    assert list(groups.values()) == [["a", "b", "d on SMS"], ["c"]]


def test_why_not_comes_in_the_order_of_the_stages() -> None:
    consent = Dropped(action="x", channel="EMAIL", stage="DROP_STAGE_CONSENT", rule_id="consent")
    text = text_of(dropped_table([consent, *(dropped(name) for name in "abcdefgh")]))
    assert text.index("ELIGIBILITY") < text.index("CONSENT")
    assert "a, b, c, d, e, f and 2 more" in text
    assert "adult: needs age >= 18; it held 16" in text
    assert "x on EMAIL" in text


def fallen(
    stage: DropStage, rule_id: str, attribute: str, observed: object, threshold: str, action: str = "a"
) -> Dropped:
    return Dropped(
        action=action,
        stage=stage,
        rule_id=rule_id,
        attribute=attribute,
        observed=typed_value(observed),
        status="FEATURE_STATUS_PRESENT",
        threshold=threshold,
    )


def test_suppression_says_what_drops_and_the_others_what_they_need() -> None:
    suppressed = fallen(DropStage.DROP_STAGE_SUPPRESSION, "owns_it", "owned", True, "== true")
    assert because(suppressed) == "owns_it: drops when owned == true; it held true"
    ineligible = fallen(DropStage.DROP_STAGE_ELIGIBILITY, "new", "owned", ["x"], "size(owned) == 0")
    assert because(ineligible) == 'new: needs size(owned) == 0; it held ["x"]'


def explained(*changes: SmallestChange.AttributeChange, none_because: str = "", is_open: bool = False) -> Dropped:
    item = dropped("a")
    change = SmallestChange(changes=changes, none_because=none_because, smaller_not_ruled_out=is_open)
    item.smallest_change.CopyFrom(change)
    return item


def change(attribute: str, observed: object, needed: object) -> SmallestChange.AttributeChange:
    is_known = observed is not None
    return SmallestChange.AttributeChange(
        attribute=attribute,
        observed=typed_value(observed) if is_known else None,
        status="FEATURE_STATUS_PRESENT" if is_known else "FEATURE_STATUS_NOT_FOUND",
        needed=None if needed is None else typed_value(needed),
    )


def test_a_dropped_action_says_what_would_have_made_it_pass() -> None:
    start = "adult: needs age >= 18; it held 16; "
    assert because(explained(change("age", 16, 18))) == f"{start}would pass if age were 18 (is 16)"
    two = explained(change("rate", 0.5, 0.50001), change("tier", None, "gold"))
    sentence = 'would pass if rate were 0.50001 (is 0.5) and tier were "gold" (never observed)'
    assert because(two) == f"{start}{sentence}"
    assert because(explained(change("age", 16, None))) == f"{start}would pass if age were unknown (is 16)"


def test_a_change_that_may_not_be_the_smallest_says_so() -> None:
    text = because(explained(change("score", 100_000, 99_998), is_open=True))
    assert text.endswith("; would pass if score were 99998 (is 100000); a smaller change may exist")
    text = because(explained(none_because="TOO_MANY", is_open=True))
    assert text.endswith("; more than three attributes would have to change; a small change may exist")


@pytest.mark.parametrize("reason", ["IMMUTABLE", "TOO_MANY", "OPAQUE", "NEVER", "NOT_SEARCHED"])
def test_every_reason_for_no_small_change_has_its_words(reason: str) -> None:
    text = because(explained(none_because=reason))
    assert text.startswith("adult: needs age >= 18; it held 16; ")
    assert reason not in text


def test_every_failed_part_of_a_rule_is_shown() -> None:
    item = dropped("a")
    tier = FailedTest(attribute="tier", status="FEATURE_STATUS_NOT_FOUND", threshold='== "gold"')
    age = FailedTest(attribute="age", observed=item.observed, status=item.status, threshold=">= 18")
    item.failed.extend([age, tier])
    assert because(item) == 'adult: needs age >= 18 (it held 16) and tier == "gold" (it was never observed)'


def test_what_lost_shows_the_money_it_lacked() -> None:
    stage, why = DropStage.DROP_STAGE_ARBITRATION, "another was drawn"
    losers = [fallen(stage, "priority", "priority", 1.0, why, action) for action in ("a", "b")]
    losers[0].margin, losers[1].margin = 0.25, -0.5
    assert group_by_reason(losers) == {("ARBITRATION", why): ["a (0.25 short)", "b (0.5 ahead)"]}


def test_losers_of_the_arbitration_share_a_line_whatever_their_priority() -> None:
    stage, why = DropStage.DROP_STAGE_ARBITRATION, "another was drawn"
    losers = [fallen(stage, "priority", "priority", worth, why, action) for action, worth in (("a", 0.1), ("b", 0.2))]
    assert group_by_reason(losers) == {("ARBITRATION", why): ["a", "b"]}


def test_missing_attribute_never_looks_like_a_value() -> None:
    nothing = TypedValue()
    assert "never observed" in observed_text(nothing, FeatureStatus.FEATURE_STATUS_NOT_FOUND)
    assert "known to be empty" in observed_text(nothing, FeatureStatus.FEATURE_STATUS_NULL_VALUE)
    stale = observed_text(TypedValue(string_value="gold"), FeatureStatus.FEATURE_STATUS_STALE)
    assert stale == '"gold" (stale)'


def test_decision_without_reasons_shows_the_counts_per_stage() -> None:
    response = DecideResponse(dropped_by_stage=[StageCount(stage=DropStage.DROP_STAGE_CONSENT, count=3)])
    assert "dropped: CONSENT 3" in text_of(decision_view(response))


def test_degraded_answer_and_its_advisories_are_noted() -> None:
    text = text_of(decision_view(DecideResponse(degraded=True, advisories=["SCORING_UNAVAILABLE"])))
    assert "note: degraded, SCORING_UNAVAILABLE" in text


def test_candidates_come_likeliest_first_and_long_lists_are_cut() -> None:
    candidates = [Candidate(action=f"item_{i:02d}", choice_probability=i / 100) for i in range(14)]
    text = text_of(decision_view(DecideResponse(candidates=candidates)))
    assert text.index("item_13") < text.index("item_04")
    assert "item_03" not in text
    assert "... and 4 more" in text


def test_of_a_slate_the_probability_at_each_position_stands_beside_that_of_the_draw() -> None:
    odds = {("home", "tea"): 0.7, ("home", "mug"): 0.3, ("side", "tea"): 0.1}
    candidates = [
        Candidate(placement_id=placement, action=action, choice_probability=share)
        for (placement, action), share in odds.items()
    ]
    marginals = [
        SlotMarginals(placement_id="home", rank=1, candidate_probabilities=[0.7, 0.3]),
        SlotMarginals(placement_id="home", rank=2, candidate_probabilities=[0.25, 0.65], error=0.013),
        SlotMarginals(placement_id="side", rank=1, candidate_probabilities=[0.05]),
    ]
    lines = text_of(decision_view(DecideResponse(candidates=candidates), marginals)).splitlines()
    found = {tuple(line.split()[:2]): line for line in lines}
    assert "70 %   70 % / 25 %" in found["home", "tea"]
    assert "30 %   30 % / 65 %" in found["home", "mug"]
    assert "10 %           5 %" in found["side", "tea"]
    assert "slot by slot: whatever filled the slots before, to within 1.3 %" in lines
    assert "slot by slot" not in text_of(decision_view(DecideResponse(candidates=candidates)))


def test_content_of_the_policy_is_never_taken_for_markup() -> None:
    item = Proposition(action="a", content={"title": "[bold]50 % [/] :smile:"})
    text = text_of(placement_view(PlacementResult(propositions=Propositions(items=[item]))))
    assert "[bold]50 % [/] :smile:" in text


def test_what_was_known_is_listed_and_what_was_not_is_counted() -> None:
    explanation = ExplainDecisionResponse(
        attributes={
            "age": Feature(value=TypedValue(int_value=41), status="FEATURE_STATUS_PRESENT"),
            "city": Feature(status="FEATURE_STATUS_NOT_FOUND"),
        },
        segments=["lapsed"],
    )
    text = text_of(attributes_view(explanation))
    assert "age" in text
    assert "41" in text
    assert "city" not in text
    assert "1 other attributes were never observed; segments: lapsed" in text


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0"), (1234.5, "1234.50"), (3.98612, "3.986"), (0.0005, "0.0005"), (-0.002, "-0.002")]
)
def test_money_is_never_in_powers_of_ten(amount: float, text: str) -> None:
    assert money(amount) == text


@pytest.mark.parametrize(("share", "text"), [(1, "100 %"), (0.00384, "0.384 %"), (0, "0 %")])
def test_percentages_have_three_digits(share: float, text: str) -> None:
    assert percent(share) == text
