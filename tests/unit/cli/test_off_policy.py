"""The policies that are compared, and what of the record they are compared by."""

from __future__ import annotations

import numpy as np
import pytest
from tandem.orchestrator.v1.decision_pb2 import Candidate, DecideResponse

from services.cli.demo.off_policy import best_item, expected_rewards, policy_values, split
from services.cli.demo.recorded import Recorded, fill_row
from services.cli.demo.visits import ITEM_COUNT, Visit


def visit(index: int, item: int, *, click: bool = False) -> Visit:
    return Visit(index, 0, 1, item, 1 / ITEM_COUNT, click, ("a", "b", "c", "d"), ())


def recorded(rows: int) -> Recorded:
    return Recorded(np.zeros((rows, ITEM_COUNT)), np.full((rows, ITEM_COUNT), np.nan))


def always(item: int, rows: int) -> Recorded:
    matrices = recorded(rows)
    matrices.choice_probabilities[:, item] = 1.0
    matrices.propensities[:] = 0.01
    return matrices


def test_log_is_split_in_the_middle_of_time() -> None:
    first, second = split([visit(i, 0) for i in range(7)])
    assert [v.index for v in first] == [0, 1, 2]
    assert [v.index for v in second] == [3, 4, 5, 6]


def test_best_item_has_the_highest_click_rate_not_the_most_clicks() -> None:
    often = [visit(i, 5, click=i < 3) for i in range(10)]
    seldom = [visit(i, 9, click=i < 2) for i in range(4)]
    assert best_item(often + seldom) == 9


def test_candidates_fill_the_column_of_their_item() -> None:
    matrices = recorded(1)
    response = DecideResponse(
        candidates=[
            Candidate(action="item_07", choice_probability=0.25, propensity=0.03),
            Candidate(action="item_79", choice_probability=0.75, propensity=0.04),
            Candidate(action="something_else", choice_probability=1.0),
        ]
    )
    fill_row(matrices, 0, response)
    assert matrices.choice_probabilities[0, [7, 79]].tolist() == [0.25, 0.75]
    assert matrices.choice_probabilities.sum() == 1.0
    assert np.isnan(matrices.propensities[0]).sum() == ITEM_COUNT - 2


def test_item_that_was_not_scored_is_expected_to_do_as_the_first_half_did() -> None:
    first = [visit(i, 0, click=i < 9) for i in range(900)]
    matrices = recorded(1)
    matrices.propensities[0, 3] = 0.2
    expected = expected_rewards(matrices, first)
    assert expected[0, 3] == 0.2
    assert expected[0, 4] == pytest.approx(10 / 1000)


def test_uniform_is_worth_the_click_rate_of_the_log_itself() -> None:
    second = [visit(i, i % ITEM_COUNT, click=i % 40 == 0) for i in range(800)]
    values = policy_values([visit(0, 0)], second, always(0, 800))
    estimate = values["uniform"]["snips"].estimate
    assert estimate.mean == pytest.approx(20 / 800)
    assert estimate.effective_sample_size == pytest.approx(800)
    assert values["uniform"]["snips"].verdict == "baseline"


def test_policy_that_always_shows_the_clicked_item_is_found_better_than_uniform() -> None:
    second = [visit(i, i % ITEM_COUNT, click=i % ITEM_COUNT == 4) for i in range(8_000)]
    values = policy_values([visit(0, 0)], second, always(4, 8_000))
    judged = values["tandem"]["snips"]
    assert judged.estimate.mean == pytest.approx(1.0)
    assert judged.estimate.effective_sample_size == pytest.approx(100)
    assert judged.verdict == "better than uniform"


def test_without_any_click_the_intervals_still_hold_and_no_verdict_is_given() -> None:
    second = [visit(i, i % ITEM_COUNT) for i in range(400)]
    for kinds in policy_values([visit(0, 0)], second, always(4, 400)).values():
        for judged in kinds.values():
            assert judged.verdict == "the data cannot tell"
            assert judged.estimate.high > 0.0
            assert judged.estimate.low == pytest.approx(0.0, abs=1e-9)


def test_doubly_robust_equals_the_model_where_the_model_is_right() -> None:
    second = [visit(i, i % ITEM_COUNT, click=i % ITEM_COUNT == 4) for i in range(800)]
    matrices = always(4, 800)
    matrices.propensities[:] = 0.0
    matrices.propensities[:, 4] = 1.0
    assert policy_values([visit(0, 0)], second, matrices)["tandem"]["dr"].estimate.mean == pytest.approx(1.0)
