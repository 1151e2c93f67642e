"""From message rules to what a worker loads.

    rule         MessageRule, by its id
    clause       one alternative of a rule, by its number: a rule of the engine
    shard        a ruleset of the engine: at most MAX_CLAUSES clauses, MAX_SHARD_TESTS tests, MAX_FIELDS fields

Within a shard clauses that begin alike share their tests, so common tests come first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.rules.adapters.durable.alternatives import IS_ONE_OF, Alternative, FieldTest, TooMuch, alternatives
from services.rules.adapters.durable.vocabulary import Probe, Vocabulary
from services.rules.domain.matching import MessageRules, Refusal
from services.rules.durable_worker.wire import MARKER, Shard

MAX_CLAUSES = 60
"""Of a shard: the engine's stack holds 64 conditions, and each clause at most one of them at a time."""
MAX_SHARD_TESTS = 400
"""The engine hangs at 513 conditions below one."""
MAX_FIELDS = 200
"""Of a shard: the engine reads no more than 252 properties of a message."""
MAX_VERSION_CLAUSES = 5_000
"""Of a version; an alternative takes the worker about 40 KB."""


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """`rule_ids` names the rule of each clause. Rules that nothing satisfies have none."""

    version: str
    probes: tuple[Probe, ...]
    field_count: int
    shards: tuple[Shard, ...]
    rule_ids: tuple[str, ...]


def compile_rules(rules: MessageRules) -> tuple[CompiledRules, tuple[Refusal, ...]]:
    """What can be held, and the rules that cannot."""
    vocabulary = Vocabulary(rules.attributes)
    clauses: list[tuple[str, Alternative]] = []
    refusals: list[Refusal] = []
    for rule in rules.rules:
        try:
            clauses += [(rule.rule_id, each) for each in alternatives(rule.condition, vocabulary)]
        except TooMuch as limit:
            refusals.append(Refusal(rule.rule_id, str(limit)))
        if len(clauses) > MAX_VERSION_CLAUSES:
            refusals.append(Refusal(rule.rule_id, f"the version has more than {MAX_VERSION_CLAUSES} alternatives"))
            break
    ordered = _ordered(clauses)
    shards = tuple(_shard(chunk, first) for first, chunk in _chunks([tests for _, tests in ordered]))
    rule_ids = tuple(rule_id for rule_id, _ in ordered)
    return CompiledRules(rules.version, vocabulary.probes(), vocabulary.size, shards, rule_ids), tuple(refusals)


def _ordered(clauses: Sequence[tuple[str, Alternative]]) -> list[tuple[str, Alternative]]:
    """Tests that many clauses have come first, lists last; clauses that begin alike stand together."""
    uses = Counter(test for _, tests in clauses for test in tests)

    def place(test: FieldTest) -> tuple[bool, int, FieldTest]:
        return test.operator == IS_ONE_OF, -uses[test], test

    sorted_tests = [(rule_id, tuple(sorted(tests, key=place))) for rule_id, tests in clauses]
    return sorted(sorted_tests, key=lambda clause: [place(test) for test in clause[1]])


def _chunks(clauses: Sequence[Alternative]) -> Iterator[tuple[int, list[Alternative]]]:
    """What goes into each shard, with the number of its first clause."""
    first, chunk, tests, fields = 0, list[Alternative](), 0, set[int]()
    for number, clause in enumerate(clauses):
        size = sum(len(test.values) for test in clause)
        read = {test.field for test in clause}
        is_full = len(chunk) == MAX_CLAUSES or tests + size > MAX_SHARD_TESTS or len(fields | read) > MAX_FIELDS
        if chunk and is_full:
            yield first, chunk
            first, chunk, tests, fields = number, [], 0, set()
        chunk.append(clause)
        tests += size
        fields |= read
    if chunk:
        yield first, chunk


def _shard(clauses: Sequence[Alternative], first: int) -> Shard:
    rules = [f'"{first + index}":{{"all":[{{"m":{_definition(clause)}}}]}}' for index, clause in enumerate(clauses)]
    return Shard(f"{{{','.join(rules)}}}", tuple(sorted({test.field for clause in clauses for test in clause})))


def _definition(clause: Alternative) -> str:
    return f'{{"$and":[{{{MARKER}}},{",".join(_test(test) for test in clause)}]}}' if clause else f"{{{MARKER}}}"


def _test(test: FieldTest) -> str:
    name = json.dumps(test.name)
    if test.operator == IS_ONE_OF:
        return f'{{"$or":[{",".join(f"{{{name}:{value}}}" for value in test.values)}]}}'
    equality = f"{{{name}:{test.values[0]}}}"
    return equality if test.operator == "$eq" else f'{{"{test.operator}":{equality}}}'
