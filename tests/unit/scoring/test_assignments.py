"""Who is used after a role was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.scoring.domain.assignments import given, role_of, rolled_back
from services.scoring.domain.models import Assignment, ModelRole

FIRST = Assignment("click", champion="bayes")
CHAMPION, CHALLENGER, APPRENTICE = ModelRole


def after(*steps: tuple[str, ModelRole]) -> Assignment:
    current = FIRST
    for revision, (model_id, role) in enumerate(steps, 1):
        current = given(current, model_id, role, 100 + revision, f"step {revision}")
        assert current.revision == revision
    return current


def test_replaced_champion_is_the_challenger_and_the_former_one() -> None:
    expected = Assignment("click", 1, "a", challenger="bayes", former="bayes", change_time_ms=101, reason="step 1")
    assert after(("a", CHAMPION)) == expected


def test_challenger_that_becomes_champion_changes_places() -> None:
    current = after(("a", CHALLENGER), ("a", CHAMPION))
    assert (current.champion, current.challenger, current.former) == ("a", "bayes", "bayes")


def test_challenger_leaves_the_champion_where_it_is() -> None:
    current = after(("a", CHAMPION), ("b", CHALLENGER))
    assert (current.champion, current.challenger, current.former) == ("a", "b", "bayes")


def test_apprentice_is_the_champion_that_does_not_answer_yet() -> None:
    learning = after(("a", APPRENTICE))
    assert (learning.champion, learning.is_apprentice) == ("a", True)
    ready = given(learning, "a", CHAMPION, 9, "")
    assert ready == replace(learning, is_apprentice=False, revision=2, change_time_ms=9, reason="")


def test_model_without_a_base_may_be_the_apprentice_from_the_start() -> None:
    assert after(("bayes", APPRENTICE)).is_apprentice


def test_champion_is_not_tried_beside_itself() -> None:
    with pytest.raises(ValueError, match="is the champion"):
        given(FIRST, "bayes", CHALLENGER, 9, "")


def test_roll_back_returns_to_the_former_champion_once() -> None:
    current = rolled_back(after(("a", CHAMPION), ("b", CHALLENGER)), 9, "it broke")
    assert current == Assignment("click", 3, "bayes", change_time_ms=9, reason="it broke")
    with pytest.raises(ValueError, match="no former"):
        rolled_back(current, 10, "again")


def test_roles_are_those_of_the_assignment() -> None:
    current = after(("a", APPRENTICE))
    assert [role_of(name, current) for name in ("a", "bayes", "c")] == [APPRENTICE, CHALLENGER, None]
