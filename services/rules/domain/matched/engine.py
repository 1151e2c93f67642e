"""Compiles rule sets whose engagement policy a Matcher decides, and refuses what its guards do not let through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from services.rules.domain.condition import Condition, Fixed, Membership
from services.rules.domain.evaluation import Compilation
from services.rules.domain.indexed.assembly import assemble
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.indexed.compiler import Compiler, gather_drops
from services.rules.domain.indexed.drops import Drops, Masks
from services.rules.domain.indexed.lookup_rows import lookup_rows
from services.rules.domain.indexed.normalised import Normalised
from services.rules.domain.indexed.policy import IndexedPolicy
from services.rules.domain.matched.lowering import Lowering, condition_number, message_rules
from services.rules.domain.matched.policy import MatchedPolicy
from services.rules.domain.matching import MessageRule, MessageRules, Refusal
from services.rules.domain.rule_set import Finding, RuleSet
from services.rules.domain.rule_set_check import check_rule_set
from shared.ids import content_id
from shared.values import AttributeType

Guard = Callable[[MessageRules], Sequence[Refusal]]
"""Matcher.check."""


class MatchedEngine:
    """See RuleEngine."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._cache = CompileCache()

    def check(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        return self.compile(rule_set).findings

    def compile(self, rule_set: RuleSet) -> Compilation:
        findings, checked = check_rule_set(rule_set, self._cache.known)
        if checked is None:
            return Compilation(findings, None)
        known = self._cache.known(checked.environment.variables, [each.segment_id for each in checked.segments])
        indexed = Compiler(checked, known).policy()
        drops = gather_drops((*indexed.rules, *indexed.treatment_rules), indexed.units)
        policy = _policy(content_id("engagement", rule_set), indexed, drops, Normalised(checked, known).segments)
        refused = tuple(_findings(rule_set, drops, self._guard(policy.rules)))
        return Compilation((*findings, *refused), None if refused else policy)


def _policy(
    version: str, indexed: IndexedPolicy, drops: Mapping[Condition, Drops], segments: Mapping[str, Membership]
) -> MatchedPolicy:
    lowering = Lowering()
    masks: dict[int, Masks] = {}
    rules: list[MessageRule] = []
    for number, (condition, of_condition) in enumerate(drops.items()):
        if not isinstance(condition, Fixed):  # what that drops is settled
            masks[number] = of_condition.masks(indexed.units.width)
            rules += message_rules(number, lowering.lower(condition, of_condition.rule_id), masks[number])
    columns = {column.name: column for column in indexed.columns}
    program, slots = assemble(lowering.owners, columns, segments)
    nothing, _ = assemble({}, columns, segments)
    nowhere = lookup_rows((), len(columns) + 1, indexed.units.width)
    types = {name: column.type for name, column in columns.items()} | dict.fromkeys(lowering.held, AttributeType.BOOL)
    return MatchedPolicy(
        indexed=indexed,
        settled=replace(indexed, lookups=nowhere, holders=(), checks=(), program=nothing),
        rules=MessageRules(version, types, tuple(rules)),
        masks=masks,
        program=program,
        slots={name: slots[condition] for name, condition in lowering.held.items()},
    )


def _findings(rule_set: RuleSet, drops: Mapping[Condition, Drops], refusals: Iterable[Refusal]) -> Iterator[Finding]:
    """At the rules that first ask for what is refused."""
    owners = [of_condition.rule_id for of_condition in drops.values()]
    positions = {rule.rule_id: rule.position for scope in rule_set.scopes for rule in scope.rules}
    for refusal in refusals:
        owner = owners[condition_number(refusal.rule_id)]
        message = f"durable-rules cannot hold rule '{owner}': {refusal.reason}"
        yield Finding(positions[owner], "ENGINE_GUARD", message)
