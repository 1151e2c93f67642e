"""What may be said of a candidate policy beside a baseline, in words; and what may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from services.orchestrator.domain.diff.off_policy import Interval, PolicyRows

LEAST_EFFECTIVE_ROWS = 30.0
LEAST_PERSONS = 20
MAX_SELECTED = 0.05
"""Of decisions that had been drawn anew by then, and say nothing: chance did not choose them."""


class Finding(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.DiffVerdict."""

    BETTER = 1
    WORSE = 2
    NO_DIFFERENCE_SEEN = 3
    CANNOT_TELL = 4
    REFUSED = 5
    EXPECTS_MORE = 6
    EXPECTS_LESS = 7
    NOT_COMPARABLE = 8


@dataclass(frozen=True, slots=True)
class Verdict:
    finding: Finding
    text: str


def refusal(rows: PolicyRows, persons: int, max_untried: float, name: str) -> Verdict | None:
    """Why no value is said of a policy; None where it may be."""
    share = rows.untried_share
    if share > max_untried:
        return Verdict(
            Finding.REFUSED,
            f"refused: {share:.1%} of what the {name} would do the log never tried, at most {max_untried:.1%} may "
            "be: nobody can know from this log what it is worth. Let those actions be explored first",
        )
    if persons < LEAST_PERSONS or rows.effective_size < LEAST_EFFECTIVE_ROWS:
        return Verdict(
            Finding.CANNOT_TELL,
            f"cannot tell: of the {name} the log is worth {rows.effective_size:.0f} decisions of {persons} persons; "
            f"{LEAST_EFFECTIVE_ROWS:.0f} of {LEAST_PERSONS} are needed",
        )
    return None


def selected(left_out: int, valued: int) -> Verdict | None:
    """Why no value is said, where too many are left out because of what they drew; None where it may be."""
    share = left_out / max(left_out + valued, 1)
    if share <= MAX_SELECTED:
        return None
    return Verdict(
        Finding.CANNOT_TELL,
        f"cannot tell: {share:.1%} of the decisions were drawn anew after a refusal that does not say what there was, "
        f"at most {MAX_SELECTED:.1%} may be: what is left is selected by what was drawn",
    )


def expected(difference: Interval, persons: int, unit: str, not_comparable: Sequence[str]) -> Verdict:
    """By what the models of candidate and baseline expect per person, each at its own prices: no outcome is known."""
    if persons < LEAST_PERSONS:
        return Verdict(Finding.CANNOT_TELL, f"cannot tell: {persons} persons; {LEAST_PERSONS} are needed")
    size = (
        f"{difference.mean:+.4g} {unit} per person ({difference.low:+.4g} to {difference.high:+.4g}), "
        "by the models' own propensities"
    )
    if not_comparable:
        return Verdict(
            Finding.NOT_COMPARABLE, f"not comparable: {'; '.join(not_comparable)}. Each counted by its own: {size}"
        )
    if difference.low > 0.0:
        return Verdict(Finding.EXPECTS_MORE, f"expects more: {size}")
    if difference.high < 0.0:
        return Verdict(Finding.EXPECTS_LESS, f"expects less: {size}")
    return Verdict(Finding.NO_DIFFERENCE_SEEN, f"no difference seen: {size}")


def with_reason(verdict: Verdict, reason: str) -> Verdict:
    """The same, and something else that must be known to read it."""
    return Verdict(verdict.finding, f"{verdict.text}; {reason}")


def compared(difference: Interval, unit: str) -> Verdict:
    """By the doubly robust difference of candidate and baseline, per decision."""
    size = f"{difference.mean:+.4g} {unit} per decision ({difference.low:+.4g} to {difference.high:+.4g})"
    if difference.low > 0.0:
        return Verdict(Finding.BETTER, f"better: {size}")
    if difference.high < 0.0:
        return Verdict(Finding.WORSE, f"worse: {size}")
    return Verdict(Finding.NO_DIFFERENCE_SEEN, f"no difference seen: {size}")
