"""What an environment declares, and only that, may be used."""

from __future__ import annotations

import pytest

from shared.cel.library import CelEnvironment, CheckedExpression
from shared.values import AttributeType

TYPES = {"age": AttributeType.INT, "born": AttributeType.TIMESTAMP}


@pytest.mark.parametrize("text", ["now() > born", "days_since(born) > 3", "hours_since(born) > 3"])
def test_an_environment_without_a_clock_knows_no_functions_of_now(text: str) -> None:
    assert isinstance(CelEnvironment(TYPES).check(text), CheckedExpression)
    problems = CelEnvironment(TYPES, has_clock=False).check(text)
    assert isinstance(problems, tuple)
    assert [problem.code for problem in problems] == ["UNKNOWN_FUNCTION"]


def test_segments_can_be_asked_for_only_where_there_may_be_any() -> None:
    assert isinstance(CelEnvironment(TYPES, ()).check("in_segment('gold')"), CheckedExpression)
    problems = CelEnvironment(TYPES).check("in_segment('gold')")
    assert isinstance(problems, tuple)
    assert [(problem.code, problem.column) for problem in problems] == [("UNKNOWN_FUNCTION", 1)]
