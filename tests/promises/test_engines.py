"""Two engines, one truth: the index, durable-rules and the CEL library answer the same, whatever is missing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

from services.rules.adapters.durable.matcher import DurableMatcher
from services.rules.adapters.durable.options import DurableOptions
from services.rules.app.matched_evaluation import MatchedEvaluation
from services.rules.domain.evaluation import Evaluation, Explain
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.matched.engine import MatchedEngine
from services.rules.domain.matched.policy import MatchedPolicy
from services.rules.domain.rule_set import EngineKind, RuleSet
from shared.clock import to_ms
from tests.support.durable import durable_matcher
from tests.support.durable_conditions import NOW, RandomRules, satisfied
from tests.support.promises import Promise
from tests.support.random_rule_sets import LibraryEngine, RandomRuleSets

NOW_MS = to_ms(NOW)
SUBJECTS = 20
OPTIONS = DurableOptions(workers=2, patience_s=120)


async def test_index_durable_rules_and_the_library_agree(promise: Promise) -> None:
    rule_sets = promise.strength(reduced=8, full=1_010)
    tally: Counter[str] = Counter()
    async with durable_matcher(OPTIONS) as matcher:
        evaluation = MatchedEvaluation(matcher, max_loaded=1)
        for seed in range(rule_sets):
            generator = RandomRuleSets(seed)
            content = generator.rule_set()
            policy = compiled(content, matcher)
            if policy is None:
                tally["refused"] += 1
                continue
            await evaluation.prepare(policy)
            await compare(generator, content, policy, matcher, tally)
    promise.figure("rule sets beyond the guards", tally["refused"])
    promise.figure("pairs of rule set and subject", tally["pairs"])
    promise.figure("actions decided", tally["actions"])
    promise.figure("eligible", tally["eligible"])
    assert tally["pairs"] >= (rule_sets - tally["refused"]) * SUBJECTS > 0
    assert 0 < tally["eligible"] < tally["actions"]


def compiled(content: RuleSet, matcher: DurableMatcher) -> MatchedPolicy | None:
    """None for a rule set that does not keep within the guards."""
    compilation = MatchedEngine(matcher.check).compile(content)
    if compilation.policy is None:
        assert {finding.code for finding in compilation.findings} <= {"ENGINE_GUARD"}, compilation.findings
        return None
    assert isinstance(compilation.policy, MatchedPolicy)
    return compilation.policy


async def compare(
    generator: RandomRuleSets,
    content: RuleSet,
    policy: MatchedPolicy,
    matcher: DurableMatcher,
    tally: Counter[str],
) -> None:
    indexed = IndexedEngine().compile(replace(content, engine=EngineKind.INDEXED)).policy
    assert indexed is not None
    library = LibraryEngine(content)
    subjects = [generator.subject() for _ in range(SUBJECTS)]
    messages = [policy.message(facts, NOW_MS) for facts in subjects]
    for facts, found in zip(subjects, await matcher.match(policy.rules.version, messages), strict=True):
        assert isinstance(found, frozenset), found
        # The smallest change, which FULL looks for, takes a thousand times as long as everything else.
        explain = Explain.REASONS if tally["pairs"] % 100 else Explain.FULL
        answer = policy.evaluate_matched(found, facts, NOW_MS, explain)
        expected = indexed.evaluate(facts, NOW_MS, explain)
        assert told(answer) == told(expected)
        assert answer.eligible_actions == library.eligible(facts)
        tally["pairs"] += 1
        tally["actions"] += len(answer.actions)
        tally["eligible"] += len(answer.eligible_actions)


def told(evaluation: Evaluation) -> object:
    """All that an evaluation says."""
    return (
        evaluation.eligible_actions,
        evaluation.dropped_by_stage,
        evaluation.dropped,
        evaluation.segments,
        evaluation.dropped_treatments,
    )


async def test_durable_rules_satisfies_exactly_what_is_true(promise: Promise) -> None:
    """Message rules over hard values: strings of 70,000 characters, doubles with exponents, the ends of int64."""
    versions = promise.strength(reduced=4, full=200)
    decided = true = 0
    async with durable_matcher(OPTIONS) as matcher:
        for seed in range(versions):
            generator = RandomRules(seed)
            rules = generator.rules(f"v{seed}", 120)
            refused = {refusal.rule_id for refusal in matcher.check(rules)}
            rules = replace(rules, rules=tuple(rule for rule in rules.rules if rule.rule_id not in refused))
            await matcher.load(rules)
            messages = [generator.message() for _ in range(60)]
            expected = [satisfied(rules, message) for message in messages]
            assert list(await matcher.match(rules.version, messages)) == expected
            await matcher.unload(rules.version)
            decided += len(rules.rules) * len(messages)
            true += sum(map(len, expected))
    promise.figure("message rules decided", decided)
    promise.figure("of them true", true)


async def test_killed_workers_change_no_answer(promise: Promise) -> None:
    kills = promise.strength(reduced=15, full=200)
    randomness = random.Random(1)
    generator = RandomRules(1_000)
    rules = generator.rules("v", 60)
    messages = [generator.message() for _ in range(40)]
    expected = [satisfied(rules, message) for message in messages]
    killed = answered = 0
    async with durable_matcher(OPTIONS) as matcher:
        await matcher.load(rules)
        while killed < kills:
            matching = asyncio.create_task(matcher.match("v", messages))
            await asyncio.sleep(randomness.random() * 0.05)
            killed += kill(randomness.choice(matcher.pool.pids or [0]))
            assert list(await matching) == expected
            answered += len(messages)
    promise.figure("workers killed", killed)
    promise.figure("messages answered as ever meanwhile", answered)


def kill(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


async def test_memory_stays_flat(promise: Promise) -> None:
    count = promise.strength(reduced=6_000, full=200_000)
    generator = RandomRules(2_000)
    rules = generator.rules("v", 40)
    messages = [generator.message() for _ in range(500)]
    expected = [satisfied(rules, message) for message in messages]
    async with durable_matcher(DurableOptions(workers=1, patience_s=120)) as matcher:
        await matcher.load(rules)
        curve: list[int] = []
        for number in range(count // len(messages)):
            assert list(await matcher.match("v", messages)) == expected
            if number % max(1, count // len(messages) // 10) == 0:
                curve.append(resident_kb(matcher.pool.pids[0]))
    promise.figure("messages", count)
    promise.figure("worker's memory after the first tenth, kB", curve[1])
    promise.figure("worker's memory after the last tenth, kB", curve[-1])
    promise.figure("memory curve, kB", " ".join(map(str, curve)))
    # Python's own heap fills up in the beginning.
    assert curve[-1] - curve[1] < 8_000, curve


def resident_kb(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
