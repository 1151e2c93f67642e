"""What people read of two policies over persons: whose hopes the numbers are, and what does not compare."""

from __future__ import annotations

import pytest
from rich.console import Console, RenderableType
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.cli.rendering.diff_page import diff_page
from services.cli.rendering.policy_diff import diff_view, simulation_view
from services.cli.rendering.simulation_page import simulation_page

AUDIENCE = pb.SampledAudience(condition="age < 30 && true", audience=400, weight=4.0)
RUN = pb.PolicyRun(
    policy_version="policy_1",
    expected_contacts=25.0,
    expected_money=pb.Interval(mean=0.5, low=0.4, high=0.6),
    resource_use={"mails": 60.0},
)


def diffed(**changed: object) -> pb.DiffPoliciesResponse:
    answer = pb.DiffPoliciesResponse(
        currency="EUR",
        sampled=100,
        decisions=100,
        persons=100,
        baseline=RUN,
        candidate=RUN,
        verdict="DIFF_VERDICT_NO_DIFFERENCE_SEEN",
        verdict_text="no difference seen",
        audience=AUDIENCE,
        expected_difference=pb.Interval(mean=0.1, low=-0.1, high=0.3),
    )
    answer.MergeFrom(pb.DiffPoliciesResponse(**changed))  # type: ignore[arg-type]
    return answer


def shown(view: RenderableType) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def both(answer: pb.DiffPoliciesResponse) -> list[str]:
    return [shown(diff_view(answer)), diff_page(answer)]


def test_whose_expectation_it_is_and_whom_it_is_about() -> None:
    for text in both(diffed()):
        assert "Nobody was asked" in text
        assert "100 of 400 persons where age" in text
        assert "each stands for 4" in text
        assert "sed of, by the whole audience" in text
        assert "not comparable" not in text
        assert "SNIPS" not in text


@pytest.mark.parametrize("verdict", ["DIFF_VERDICT_NOT_COMPARABLE", "DIFF_VERDICT_CANNOT_TELL"])
def test_what_does_not_compare_is_flagged_at_the_numbers_and_said_once(verdict: str) -> None:
    reason = "values of tea differ"
    is_said = verdict == "DIFF_VERDICT_NOT_COMPARABLE"
    said = f"not comparable: {reason}" if is_said else "cannot tell: 3 persons"
    for text in both(diffed(not_comparable=[reason], verdict=verdict, verdict_text=said)):
        assert text.count(reason) == 1
        assert "EUR per person, expected, not comparable" in text


def test_the_arms_that_differ_are_named_however_small() -> None:
    arms = pb.ArmChange(shares=[pb.ArmShare(arm="HOLDOUT", baseline=0.02, candidate=0.0004)], other_salt=True)
    for text in both(diffed(arms=arms)):
        assert "HOLDOUT" in text
        assert "0.04%" in text
        assert "everybody is drawn anew" in text
    assert not any("arms_salt" in text for text in both(diffed()))


def test_a_condition_is_text_on_a_page() -> None:
    assert "age &lt; 30 &amp;&amp; true" in diff_page(diffed())


def test_one_policy_alone_has_no_column_of_another() -> None:
    group = pb.GroupDiff(attribute="tier", group="gold", persons=30, candidate_rate=0.5)
    answer = pb.SimulatePolicyResponse(currency="EUR", persons=100, run=RUN, audience=AUDIENCE, groups=[group])
    for text in (shown(simulation_view(answer)), simulation_page(answer)):
        assert "0.5 (0.4 to 0.6)" in text
        assert "tier: gold" in text
        assert "before" not in text
        assert "baseline" not in text
