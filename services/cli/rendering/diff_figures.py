"""The figures of policies that were compared, as rows of text: the same in a terminal and on a page."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.common.v1.stage_pb2 import DropStage
from tandem.orchestrator.v1 import policy_diff_pb2 as pb

Answer = pb.DiffPoliciesResponse | pb.SimulatePolicyResponse
Row = tuple[str, list[str]]
"""A name, and a text for each policy."""

EXPECTED_NOTE = (
    "Nobody was asked: money and successes are what each policy's own models expect, at its own prices. Intervals are "
    "of the draw of persons, so they have no width where all are drawn, and not of what the models may be wrong about."
)
NOT_COMPARABLE = "not comparable"


def is_of_profiles(answer: Answer) -> bool:
    return answer.HasField("audience")


def sample_text(answer: Answer) -> str:
    left = "".join(f"; {count:,} left out: {why}" for why, count in sorted(answer.left_out.items()))
    if is_of_profiles(answer):
        drawn = answer.audience
        return (
            f"{answer.persons:,} of {drawn.audience:,} persons where {drawn.condition}, each decided for once; each "
            f"stands for {drawn.weight:.4g}{left}"
        )
    text = f"{answer.decisions:,} of {answer.sampled:,} decisions made again, of {answer.persons:,} persons"
    return f"{text}; {answer.valued:,} say something of values{left}"


def interval_text(interval: pb.Interval) -> str:
    return f"{interval.mean:.4g} ({interval.low:.4g} to {interval.high:.4g})"


def stage_name(stage: int) -> str:
    return DropStage.Name(stage).removeprefix("DROP_STAGE_").lower().replace("_", " ")


def value_rows(currency: str, value: pb.PolicyValue) -> list[tuple[str, pb.Interval]]:
    return [
        (f"{currency} per decision, DR", value.money_dr),
        (f"{currency} per decision, SNIPS", value.money_snips),
        ("successes per decision, DR", value.successes_dr),
        ("successes per decision, SNIPS", value.successes_snips),
    ]


def worth_rows(answer: Answer, runs: Sequence[pb.PolicyRun]) -> list[Row]:
    rows = _expected(answer, runs) if is_of_profiles(answer) else _logged(answer.currency, runs)
    rows.append(("persons hardly reached", [f"{run.starving_persons:,}" for run in runs]))
    rows.append(("actions hardly shown", [", ".join(run.starving_actions) or "-" for run in runs]))
    return rows


def difference_rows(answer: pb.DiffPoliciesResponse) -> list[tuple[str, pb.Interval]]:
    """Of money first."""
    if answer.HasField("expected_difference"):
        flag = f", {NOT_COMPARABLE}" if answer.not_comparable else ""
        return [(f"{answer.currency} per person, expected{flag}", answer.expected_difference)]
    return value_rows(answer.currency, answer.difference) if answer.HasField("difference") else []


def flag_texts(answer: pb.DiffPoliciesResponse) -> list[str]:
    """Why money does not compare, where the verdict does not say so."""
    if not answer.not_comparable or answer.verdict == pb.DIFF_VERDICT_NOT_COMPARABLE:
        return []
    return [f"{NOT_COMPARABLE}: {'; '.join(answer.not_comparable)}"]


def arm_rows(answer: pb.DiffPoliciesResponse) -> list[Row]:
    """The control arms that differ."""
    if not answer.HasField("arms"):
        return []
    rows = [(each.arm, [f"{100 * each.baseline:.3g}%", f"{100 * each.candidate:.3g}%"]) for each in answer.arms.shares]
    return [*rows, ("arms_salt", ["-", "another: everybody is drawn anew"])] if answer.arms.other_salt else rows


def use_title(answer: Answer) -> str:
    return "used of, by the whole audience" if is_of_profiles(answer) else "used of"


def changes_text(answer: pb.DiffPoliciesResponse) -> str:
    share = answer.winners_changed / max(answer.decisions, 1)
    return (
        f"{answer.winners_changed:,} of {answer.decisions:,} winners changed ({share:.1%}); "
        f"{answer.probability_moved:.1%} of the probability of first slots lies elsewhere; "
        f"{answer.starved_persons:,} persons are not reached any more"
    )


def _expected(answer: Answer, runs: Sequence[pb.PolicyRun]) -> list[Row]:
    flag = f", {NOT_COMPARABLE}" if isinstance(answer, pb.DiffPoliciesResponse) and answer.not_comparable else ""
    weight = answer.audience.weight
    return [
        ("contacts of the whole audience", [f"{weight * run.expected_contacts:,.0f}" for run in runs]),
        (f"{answer.currency} per person, expected{flag}", [interval_text(run.expected_money) for run in runs]),
        ("successes per person, expected", [interval_text(run.expected_successes) for run in runs]),
    ]


def _logged(currency: str, runs: Sequence[pb.PolicyRun]) -> list[Row]:
    names = [name for name, _ in value_rows(currency, pb.PolicyValue())]
    rows = [(name, [_value_text(run, currency, index) for run in runs]) for index, name in enumerate(names)]
    rows.append(("never tried by the log", [f"{run.untried_share:.1%}" for run in runs]))
    rows.append(("the log is worth, decisions", [f"{run.effective_size:,.0f}" for run in runs]))
    return rows


def _value_text(run: pb.PolicyRun, currency: str, index: int) -> str:
    return interval_text(value_rows(currency, run.value)[index][1]) if run.HasField("value") else "-"
