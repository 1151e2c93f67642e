"""Whatever text stands for a condition, it is refused with a finding or evaluates; nothing else happens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.rules.domain.evaluation import Explain
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.rule_set import Rule, Stage
from services.rules.domain.written import OnUnknown
from shared.cel.problems import Severity
from shared.values import AttributeType, present
from tests.support.rules import NOW_MS, rule_set

TYPES = {
    "age": AttributeType.INT,
    "tier": AttributeType.STRING,
    "tags": AttributeType.STRING_LIST,
    "context.flag": AttributeType.BOOL,
}
FACTS = {"age": present(3), "tier": present("a"), "tags": present(("a", "b"))}
OPERANDS = "age tier tags context.flag action.rank true false null 1 -1 1.5 2u 'a' \"b\" b'c' x 'seg'"
OPERATORS = "( ) [ ] { } . , : ? && || ! == != < <= > >= + - * / % in // \n \\ @ # \u00e9 \U0001f600"
CALLS = "exists( all( map( filter( has( size( days_since( now() in_segment( timestamp( int( string( matches( dyn( type("
TOKENS = [token for line in (OPERANDS, OPERATORS, CALLS) for token in line.split(" ")]
TEXTS = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=14).map(" ".join),
    st.lists(st.sampled_from(TOKENS), max_size=14).map("".join),
    st.text(max_size=40),
)


@given(when=TEXTS, stage=st.sampled_from(Stage), default=st.sampled_from([None, 1, "a", ("a",), True]))
def test_any_text_is_refused_or_evaluates(when: str, stage: Stage, default: object) -> None:
    on_unknown = OnUnknown.FAIL if default is None else OnUnknown.DEFAULT
    rule = Rule("r", stage, when, on_unknown, default)  # type: ignore[arg-type]
    compilation = IndexedEngine().compile(rule_set([rule], TYPES, constants={"rank": 2}))
    errors = [finding for finding in compilation.findings if finding.severity is Severity.ERROR]
    assert (compilation.policy is None) == bool(errors)
    if compilation.policy is not None:
        answer = compilation.policy.evaluate(FACTS, NOW_MS, Explain.FULL)
        assert len(answer.eligible) + len(answer.dropped) == 1
