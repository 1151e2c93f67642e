"""What lint says comes of a rule that says the same of everybody is what comes of it, for those unknown, too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.rules.domain.evaluation import Explain
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.lint.budget import Budget
from services.rules.domain.lint.lint import lint
from services.rules.domain.rule_set import Finding, Rule, Stage
from services.rules.domain.written import OnUnknown
from shared.values import AttributeType, Value, present
from tests.support.rules import NOW_TIME, evaluate, rule_set

TYPES = {"a": AttributeType.INT, "vip": AttributeType.BOOL, "t": AttributeType.TIMESTAMP}
NEVER, ALWAYS = "a > 17 && a < 10", "a > 17 || a <= 17"
EVERYBODY, NOBODY = "so it drops everybody:", "so it drops nobody:"


def findings(rule: Rule, now: datetime = NOW_TIME) -> list[Finding]:
    cache = CompileCache()
    _, checked = cache.checked(rule_set([rule], TYPES))
    assert checked is not None
    return list(lint(checked, cache.known(checked.environment.variables, []), now, Budget(30, 5_000)).findings)


def dropped(rule: Rule, values: dict[str, Value]) -> bool:
    facts = {name: present(value) for name, value in values.items()}
    return not evaluate(rule_set([rule], TYPES), facts, Explain.NONE).eligible_actions


@pytest.mark.parametrize(
    ("when", "stage", "on_unknown", "effect", "known", "unknown"),
    [
        (NEVER, Stage.SUPPRESSION, OnUnknown.FAIL, "so it drops only those for whom it is unknown:", False, True),
        (NEVER, Stage.SUPPRESSION, OnUnknown.PASS, "so it never drops anybody:", False, False),
        (NEVER, Stage.SUPPRESSION, OnUnknown.DEFAULT, "so it never drops anybody:", False, False),
        (NEVER, Stage.ELIGIBILITY, OnUnknown.FAIL, EVERYBODY, True, True),
        (NEVER, Stage.ELIGIBILITY, OnUnknown.PASS, "everybody but those for whom it is unknown:", True, False),
        (NEVER, Stage.ELIGIBILITY, OnUnknown.DEFAULT, EVERYBODY, True, True),
        (ALWAYS, Stage.SUPPRESSION, OnUnknown.FAIL, EVERYBODY, True, True),
        (ALWAYS, Stage.SUPPRESSION, OnUnknown.PASS, "everybody but some of whom something is unknown:", True, False),
        (ALWAYS, Stage.ELIGIBILITY, OnUnknown.FAIL, "nobody but some of whom something is unknown:", False, True),
        (ALWAYS, Stage.ELIGIBILITY, OnUnknown.PASS, NOBODY, False, False),
        (ALWAYS, Stage.ELIGIBILITY, OnUnknown.DEFAULT, NOBODY, False, False),
    ],
)
def test_the_consequence_is_told_by_on_unknown(
    when: str,
    stage: Stage,
    on_unknown: OnUnknown,
    effect: str,
    known: bool,
    unknown: bool,
) -> None:
    rule = Rule("r", stage, when, on_unknown, 3 if on_unknown is OnUnknown.DEFAULT else None)
    found = [each.message for each in findings(rule) if each.code in ("CONTRADICTION", "TAUTOLOGY")]
    assert len(found) == 1
    assert effect in found[0]
    assert (dropped(rule, {"a": 5}), dropped(rule, {})) == (known, unknown)


def test_a_rule_that_is_never_unknown_drops_everybody_whatever_is_said_of_unknown() -> None:
    (found,) = findings(
        Rule("r", Stage.ELIGIBILITY, "now() < timestamp('2020-01-01T00:00:00Z') && false", OnUnknown.PASS)
    )
    assert EVERYBODY in found.message


@pytest.mark.parametrize(
    "when",
    [
        't > timestamp("9999-12-31T23:59:59.998Z")',
        't < timestamp("0001-01-01T00:00:00.001Z")',
        't == timestamp("9999-12-31T23:59:59Z")',
        't == timestamp("0001-01-01T00:00:00Z")',
        't < timestamp("0001-01-01T00:00:00.001Z") || t > timestamp("9999-12-31T23:59:59.998Z")',
    ],
)
def test_the_first_and_the_last_moment_satisfy_a_rule(when: str) -> None:
    assert findings(Rule("r", Stage.ELIGIBILITY, when)) == []
    assert findings(Rule("r", Stage.ELIGIBILITY, f"{when} && !vip")) == []


@pytest.mark.parametrize("when", ['t > timestamp("9999-12-31T23:59:59.999Z")', 't < timestamp("0001-01-01T00:00:00Z")'])
def test_no_moment_is_beyond_them(when: str) -> None:
    assert {each.code for each in findings(Rule("r", Stage.ELIGIBILITY, when))} >= {"CONTRADICTION"}


@pytest.mark.parametrize(
    "now", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)]
)
def test_lint_at_the_ends_of_time(now: datetime) -> None:
    for when in ("t < now()", "days_since(t) > 3", "days_since(t) > 99999999 && vip", 'within(t, "30d") && t > now()'):
        findings(Rule("r", Stage.ELIGIBILITY, when), now)
    (found,) = findings(Rule("r", Stage.ELIGIBILITY, "t < now() && t > now()"), now)
    assert found.code == "CONTRADICTION"
