"""What is suspicious about a rule set in which nothing is wrong: rules that cannot do what their author meant.

All findings are warnings. Even an action that nobody gets may be meant: that is how one is stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.rules.domain.indexed.compile_cache import Known
from services.rules.domain.lint.budget import Budget
from services.rules.domain.lint.examples import Examples
from services.rules.domain.lint.formulas import Declarations
from services.rules.domain.lint.prover import Prover
from services.rules.domain.lint.range_findings import range_findings
from services.rules.domain.lint.reachability import Reachability
from services.rules.domain.lint.rule_book import RuleBook
from services.rules.domain.lint.search import Search
from services.rules.domain.lint.segment_findings import segment_findings
from services.rules.domain.lint.shadows import Shadows
from services.rules.domain.lint.single_rules import SingleRules
from services.rules.domain.lint.solver import Solver
from services.rules.domain.lint.trigger_findings import trigger_findings
from services.rules.domain.rule_set import Finding
from services.rules.domain.rule_set_check import CheckedRuleSet
from services.rules.domain.why.judging import Judges


@dataclass(frozen=True, slots=True)
class LintReport:
    """`undecided` counts the questions for which there was no time: nothing is reported about them."""

    findings: tuple[Finding, ...]
    undecided: int


def lint(checked: CheckedRuleSet, known: Known, now: datetime, budget: Budget) -> LintReport:
    """`known` is of the environment of the rule set. `now` is the moment that examples are about."""
    book = RuleBook(checked, known)
    segments = book.normalised.segments

    def prover_of(declarations: Declarations) -> Prover:
        judges = Judges(segments, {each.name: each.type for each in declarations.values()})
        examples = Examples(book.conditions, declarations, segments, judges, now)
        search = Search(declarations, segments, judges, now)
        solver = Solver(declarations, segments, now, budget)
        provers.append(Prover(declarations, examples, search, solver, budget))
        return provers[-1]

    provers: list[Prover] = []
    declarations = {attribute.name: attribute for attribute in checked.rule_set.attributes}
    prover = prover_of(declarations)
    findings = list(range_findings(checked, declarations))
    findings += segment_findings(prover, checked.rule_set.segments, segments)
    rules = SingleRules(prover)
    findings += rules.findings(book)
    reachability = Reachability(prover, rules.hopeless)
    findings += reachability.findings(book)
    findings += Shadows(prover, rules.hopeless | rules.idle, reachability.unreached).findings(book)
    if checked.rule_set.triggers:
        findings += trigger_findings(checked.rule_set, declarations, segments, prover_of)
    return LintReport(tuple(dict.fromkeys(findings)), sum(each.undecided for each in provers))
