"""A rule set that differs in one rule from the last one is compiled again without reading the rest again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.rules.domain.evaluation import EngagementPolicy, Explain
from services.rules.domain.indexed import compile_cache
from services.rules.domain.indexed.compile_cache import CompileCache, Generations
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.rule_set import Rule, RuleSet, Scope, Segment, Stage
from shared.cel.library import CelEnvironment
from shared.values import AttributeType, Value, present
from tests.support.rules import BRANCH, NOW_MS, declarations, offer

TYPES = {"age": AttributeType.INT, "tier": AttributeType.STRING}


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the library checks."""
    texts: list[str] = []
    check = CelEnvironment.check

    def counting(self: CelEnvironment, text: str) -> object:
        texts.append(text)
        return check(self, text)

    monkeypatch.setattr(CelEnvironment, "check", counting)
    return texts


def content(*whens: str, segments: tuple[Segment, ...] = (), **constants: Value) -> RuleSet:
    offers = tuple(
        offer(f"o{place}", [Rule("r", Stage.ELIGIBILITY, when)], constants) for place, when in enumerate(whens)
    )
    return RuleSet(declarations(TYPES), segments, (*BRANCH, *offers))


def compiled(engine: IndexedEngine, rule_set: RuleSet) -> EngagementPolicy:
    compilation = engine.compile(rule_set)
    assert compilation.policy is not None, compilation.findings
    return compilation.policy


def eligible(policy: EngagementPolicy, **facts: Value) -> list[str]:
    known = {name: present(value) for name, value in facts.items()}
    return policy.evaluate(known, NOW_MS, Explain.NONE).eligible_actions


def test_only_the_changed_rule_is_checked(checked: list[str]) -> None:
    engine = IndexedEngine()
    texts = [f"age > {bound}" for bound in range(50)]
    compiled(engine, content(*texts))
    assert checked == texts
    checked.clear()
    changed = compiled(engine, content("age < 3", *texts[1:]))
    assert checked == ["age < 3"]
    assert eligible(changed, age=2) == ["o0", "o1"]
    engine.check(content(*texts))
    assert checked == ["age < 3"]


def test_other_declarations_are_another_environment(checked: list[str]) -> None:
    engine = IndexedEngine()
    compiled(engine, content("age > 3"))
    other = replace(content("age > 3"), attributes=declarations({"age": AttributeType.DOUBLE}))
    assert [finding.code for finding in engine.compile(other).findings] == ["CEL_TYPE"]
    assert checked == ["age > 3", "age > 3"]


def test_constants_of_actions_count_for_what_is_kept() -> None:
    engine = IndexedEngine()
    rules = "age >= action.limit"
    assert eligible(compiled(engine, content(rules, limit=18)), age=20) == ["o0"]
    assert eligible(compiled(engine, content(rules, limit=21)), age=20) == []
    assert eligible(compiled(engine, content(rules, limit=18)), age=20) == ["o0"]


def test_a_changed_segment_changes_all_that_use_it() -> None:
    engine = IndexedEngine()
    uses = "in_segment('b') && tier == 'x'", "in_segment('b') == (tier == 'x')"

    def with_limit(limit: int) -> list[str]:
        segments = Segment("a", f"age > {limit}"), Segment("b", "in_segment('a') || tier == 'y'")
        return eligible(compiled(engine, content(*uses, segments=segments)), age=5, tier="x")

    assert with_limit(3) == ["o0", "o1"]
    assert with_limit(7) == []
    assert with_limit(3) == ["o0", "o1"]


def test_a_mistake_is_found_every_time() -> None:
    engine = IndexedEngine()
    for _ in range(2):
        assert [finding.code for finding in engine.check(content("agee > 3"))] == ["UNKNOWN_ATTRIBUTE"]


def test_what_is_kept_is_bounded_and_what_is_used_stays() -> None:
    kept: Generations[int, str] = Generations(max_young=10)
    for number in range(100):
        kept[number] = str(number)
        assert kept[0] == "0"
    assert len(kept) <= 20
    assert 1 not in kept
    with pytest.raises(KeyError):
        kept[1]


def test_the_environments_used_last_are_kept() -> None:
    cache = CompileCache()
    first = cache.known({"age": AttributeType.INT}, [])
    for place in range(compile_cache.MAX_ENVIRONMENTS - 1):
        cache.known({f"a{place}": AttributeType.INT}, [])
    assert cache.known({"age": AttributeType.INT}, []) is first
    for place in range(compile_cache.MAX_ENVIRONMENTS):
        cache.known({f"a{place}": AttributeType.INT}, [])
    assert cache.known({"age": AttributeType.INT}, []) is not first


def test_a_scope_more_or_less_is_no_reason_to_read_again(checked: list[str]) -> None:
    engine = IndexedEngine()
    one = content("age > 3", "tier == 'x'")
    compiled(engine, one)
    checked.clear()
    more = replace(one, scopes=(*one.scopes, Scope(one.scopes[-1].level, "late", "win_back", one.scopes[-1].rules)))
    assert compiled(engine, more).actions == ("o0", "o1", "late")
    assert checked == []
