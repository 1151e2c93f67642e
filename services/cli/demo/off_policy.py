"""What Tandem's policy would have earned on the second half of the log, beside two policies anybody can run.

The log's policy showed every item with probability 1/80, so any policy can be evaluated on it:

tandem               the choice probabilities on record, drawn up before each outcome was known
uniform              every item with 1/80: the log's own policy
best_single_action   always the item that was clicked most often in the first half
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.cli.demo.recorded import Recorded
from services.cli.demo.visits import ITEM_COUNT, Visit
from services.scoring.domain.evaluation.estimators import Estimate, LoggedRows, doubly_robust, snips
from services.scoring.domain.evaluation.verdict import CANNOT_TELL, LEAST_WEIGHTED_POSITIVES, verdict

Matrix = NDArray[np.float64]

BASELINE = "uniform"
IS_BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Judged:
    """An estimate, in clicks per visit, and what it allows to be said."""

    estimate: Estimate
    verdict: str


PolicyValues = Mapping[str, Mapping[str, Judged]]
"""By policy, by estimator."""


def split(visits: Sequence[Visit]) -> tuple[Sequence[Visit], Sequence[Visit]]:
    """The half that is learnt from alone, and the half that is evaluated."""
    middle = len(visits) // 2
    return visits[:middle], visits[middle:]


def policy_values(first: Sequence[Visit], second: Sequence[Visit], recorded: Recorded) -> PolicyValues:
    """`recorded` holds the decisions of the second half, row by row."""
    targets = {
        "tandem": recorded.choice_probabilities,
        BASELINE: np.full((len(second), ITEM_COUNT), 1.0 / ITEM_COUNT),
        "best_single_action": _always(best_item(first), len(second)),
    }
    expected = expected_rewards(recorded, first)
    estimates = {name: _estimates(second, target, expected) for name, target in targets.items()}
    return {
        name: {kind: Judged(one, _verdict(name, one, estimates[BASELINE][kind])) for kind, one in kinds.items()}
        for name, kinds in estimates.items()
    }


def best_item(visits: Sequence[Visit]) -> int:
    """The item with the highest click rate; of equals the one with the lowest number."""
    shown, clicked = np.zeros(ITEM_COUNT), np.zeros(ITEM_COUNT)
    for visit in visits:
        shown[visit.item] += 1
        clicked[visit.item] += visit.has_click
    return int(np.argmax(clicked / np.maximum(shown, 1)))


def expected_rewards(recorded: Recorded, first: Sequence[Visit]) -> Matrix:
    """The doubly robust estimator's model, float64[N, 80]: the propensities on record, which no outcome of the row had
    reached; for items that were not scored, the click rate of the first half (one click added to a hundred visits, so
    that it is never 0)."""
    rate = (sum(visit.has_click for visit in first) + 1) / (len(first) + 100)
    return np.where(np.isnan(recorded.propensities), rate, recorded.propensities)


def _estimates(visits: Sequence[Visit], target: Matrix, expected: Matrix) -> dict[str, Estimate]:
    rows = np.arange(len(visits))
    items = np.array([visit.item for visit in visits])
    logging = np.array([visit.propensity for visit in visits])
    log = LoggedRows(
        reward=np.array([float(visit.has_click) for visit in visits]),
        logging_probability=logging,
        target_probability=target[rows, items],
        # What the visit could have weighed at most, whatever had been shown: known before it was.
        weight_bound=float((target.max(axis=1) / logging).max()),
    )
    target_reward = (target * expected).sum(axis=1)
    robust = doubly_robust(log, expected[rows, items], target_reward, expected.max(axis=1))
    return {"snips": snips(log), "dr": robust}


def _always(item: int, count: int) -> Matrix:
    target = np.zeros((count, ITEM_COUNT))
    target[:, item] = 1.0
    return target


def _verdict(name: str, estimate: Estimate, baseline: Estimate) -> str:
    if name != BASELINE:
        return verdict(estimate, baseline, BASELINE)
    return IS_BASELINE if estimate.weighted_positives >= LEAST_WEIGHTED_POSITIVES else CANNOT_TELL
