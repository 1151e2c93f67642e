"""Rule sets of all types and levels that a known subject passes: nobody is told that nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.kleene import TRUE
from services.rules.domain.lint.budget import Budget
from services.rules.domain.lint.lint import LintReport, lint
from services.rules.domain.lint.rule_book import Owner, RuleBook, Stand
from services.rules.domain.rule_set import EngineKind, Rule, RuleSet
from services.rules.domain.why.judging import Judges, Subject
from services.rules.domain.written import SourcePosition
from shared.values import Feature
from tests.support.durable_conditions import NOW
from tests.support.random_rule_sets import TYPES, RandomRuleSets

SUBJECTS = 40


@dataclass(frozen=True)
class Read:
    """A rule set whose rules stand at lines of their own."""

    book: RuleBook
    judges: Judges
    cache: CompileCache
    content: RuleSet

    def drops(self, stand: Stand, subject: Subject) -> bool:
        return stand.drop[self.judges.of(stand.condition)(subject)]

    def report(self) -> LintReport:
        _, checked = self.cache.checked(self.content)
        assert checked is not None
        known = self.cache.known(checked.environment.variables, [each.segment_id for each in checked.segments])
        return lint(checked, known, NOW, Budget(seconds=30, query_ms=5_000))

    def at(self, line: int) -> Iterator[tuple[Owner, Stand]]:
        for owner in self.book.actions:
            yield from ((owner, stand) for stand in owner.stands if stand.rule.position.line == line)


def read(content: RuleSet) -> Read:
    cache = CompileCache()
    findings, checked = cache.checked(content)
    assert checked is not None, findings
    known = cache.known(checked.environment.variables, [each.segment_id for each in checked.segments])
    book = RuleBook(checked, known)
    return Read(book, Judges(book.normalised.segments, checked.attribute_types), cache, content)


def placed(content: RuleSet) -> RuleSet:
    lines = iter(range(1, 1_000))

    def at(rule: Rule) -> Rule:
        return replace(rule, position=SourcePosition("rules.yaml", next(lines), 1))

    scopes = tuple(replace(scope, rules=tuple(map(at, scope.rules))) for scope in content.scopes)
    return replace(content, scopes=scopes, engine=EngineKind.INDEXED)


def passed_by(witness: Subject, content: RuleSet) -> RuleSet:
    """Without the rules that drop this one from any action."""
    of_all = read(content)
    dropping = {stand.key for owner in of_all.book.actions for stand in owner.stands if of_all.drops(stand, witness)}
    scopes = tuple(
        replace(scope, rules=tuple(rule for rule in scope.rules if id(rule) not in dropping))
        for scope in content.scopes
    )
    return replace(content, scopes=scopes)


def subject_of(facts: Mapping[str, Feature]) -> Subject:
    return Subject({name: facts[name].value if facts[name].is_known else None for name in TYPES}, NOW)


@pytest.mark.parametrize("seed", range(200))
def test_what_a_known_subject_passes_is_reachable_and_every_other_finding_holds(seed: int) -> None:
    source = RandomRuleSets(seed)
    content = placed(source.rule_set(actions=2))
    witness, *others = (subject_of(source.subject()) for _ in range(SUBJECTS))
    satisfiable = read(passed_by(witness, content))
    for finding in satisfiable.report().findings:
        assert not finding.code.startswith("UNREACHABLE") or "of whom all is known" in finding.message, finding
        for owner, stand in satisfiable.at(finding.position.line):
            for subject in (witness, *others):
                verdict = satisfiable.judges.of(stand.condition)(subject)
                if finding.code == "CONTRADICTION":
                    assert verdict != TRUE, finding
                if finding.code == "TAUTOLOGY" and None not in subject.values.values():
                    assert verdict == TRUE, finding
                if finding.code == "SHADOWED_RULE" and satisfiable.drops(stand, subject):
                    assert any(satisfiable.drops(each, subject) for each in owner.stands if each is not stand), finding
