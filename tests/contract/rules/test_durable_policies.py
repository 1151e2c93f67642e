"""`engine: durable` through the whole service: the same answers, refusals by ENGINE_GUARD, and nobody left waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from services.rules.adapters.durable.matcher import DurableMatcher
from services.rules.adapters.durable.options import DurableOptions
from services.rules.app.application import RulesApplication
from services.rules.app.matched_evaluation import MatchedEvaluation
from services.rules.app.requests import BatchQuery, EvaluationQuery, PublishRuleSet
from services.rules.bootstrap import bootstrap
from services.rules.domain.evaluation import Evaluation, Explain
from services.rules.domain.matched.engine import MatchedEngine
from services.rules.domain.matched.policy import MatchedPolicy
from services.rules.domain.matching import Message, MessageRules, Refusal, Unmatched
from services.rules.domain.rule_set import EngineKind, Rule, RuleSet, Scope, ScopeLevel, Stage
from services.rules.domain.written import OnUnknown, SourcePosition
from shared.clock import to_ms
from shared.errors import InvalidArgument, TandemError, Unavailable
from shared.settings import ServiceSettings
from shared.values import present
from tests.support.durable_conditions import NOW
from tests.support.random_rule_sets import TYPES, RandomRuleSets
from tests.support.rules import evaluate, rule_set
from tests.support.source import ROOT

NOW_MS = to_ms(NOW)
GREEDY = Rule(
    "greedy",
    Stage.SUPPRESSION,
    " && ".join(f"(age == {number} || tier == 'a{number}')" for number in range(7)),
    OnUnknown.PASS,
)
"""128 ways to be true."""


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[RulesApplication]:
    async with AsyncExitStack() as stack:
        settings = ServiceSettings(data_dir=tmp_path)
        components = await bootstrap(settings, stack, durable=DurableOptions(workers=1), clock=lambda: NOW_MS)
        yield components.app


async def publish(app: RulesApplication, content: RuleSet, request_id: str = "p") -> str:
    return (await app.publish_rule_set(PublishRuleSet(request_id, content))).version


def told(evaluation: Evaluation | TandemError) -> object:
    assert isinstance(evaluation, Evaluation), evaluation
    numbers = {name: values.tolist() for name, values in evaluation.numbers.items()}
    return (
        evaluation.eligible_actions,
        numbers,
        evaluation.dropped_by_stage,
        evaluation.dropped,
        evaluation.segments,
        evaluation.dropped_treatments,
    )


async def test_both_engines_answer_the_same_one_by_one_and_together(app: RulesApplication) -> None:
    for seed in range(2):
        generator = RandomRuleSets(10_000 + seed)
        content = generator.rule_set()
        durable = await publish(app, content, f"durable{seed}")
        indexed = await publish(app, replace(content, engine=EngineKind.INDEXED), f"indexed{seed}")
        assert durable != indexed
        subjects = tuple(generator.subject() for _ in range(4))
        for explain in Explain:
            together = [
                (await app.evaluate_batch(BatchQuery(version, subjects, None, explain))).outcomes
                for version in (durable, indexed)
            ]
            assert list(map(told, together[0])) == list(map(told, together[1]))
            alone = [
                (await app.evaluate(EvaluationQuery(durable, each, None, explain))).evaluation for each in subjects
            ]
            assert list(map(told, alone)) == list(map(told, together[1]))


async def test_a_policy_beyond_the_guards_is_refused_at_its_rule(app: RulesApplication) -> None:
    position = SourcePosition("actions.yaml", 7, 11)
    content = replace(rule_set([replace(GREEDY, position=position)], TYPES), engine=EngineKind.DURABLE)
    findings = await app.validate_rule_set(content)
    assert [(finding.code, finding.position) for finding in findings] == [("ENGINE_GUARD", position)]
    assert "'greedy'" in findings[0].message
    assert "64 alternatives" in findings[0].message
    with pytest.raises(InvalidArgument) as refused:
        await publish(app, content)
    assert refused.value.reason == "POLICY_INVALID"
    assert refused.value.violations[0].field == "actions.yaml:7:11"


async def test_the_same_policy_runs_on_the_index(app: RulesApplication) -> None:
    await publish(app, rule_set([GREEDY], TYPES))


async def test_a_value_of_the_wrong_type_is_refused_as_ever(app: RulesApplication) -> None:
    content = replace(rule_set([Rule("r", Stage.ELIGIBILITY, "age > 3")], TYPES), engine=EngineKind.DURABLE)
    version = await publish(app, content)
    with pytest.raises(InvalidArgument):
        await app.evaluate(EvaluationQuery(version, {"age": present("3")}, None, Explain.NONE))
    outcomes = (
        await app.evaluate_batch(BatchQuery(version, ({"age": present("3")}, {"age": present(5)}), None, Explain.NONE))
    ).outcomes
    assert isinstance(outcomes[0], InvalidArgument)
    assert isinstance(outcomes[1], Evaluation)


class NoMatcher:
    """A matcher that matches nothing: every message is Unmatched, or there is no worker at all."""

    def __init__(self, *, is_available: bool) -> None:
        self._is_available = is_available
        self.loaded: list[str] = []

    def check(self, rules: MessageRules) -> Sequence[Refusal]:
        return ()

    async def load(self, rules: MessageRules) -> None:
        self.loaded.append(rules.version)

    async def unload(self, version: str) -> None:
        self.loaded.remove(version)

    async def match(self, version: str, messages: Sequence[Message]) -> Sequence[frozenset[str] | Unmatched]:
        if not self._is_available:
            raise Unavailable("DEPENDENCY_UNAVAILABLE", "no worker")
        return [Unmatched("poison") for _ in messages]


@pytest.mark.parametrize("is_available", [True, False])
async def test_where_the_matcher_cannot_the_index_answers(is_available: bool) -> None:
    matcher = NoMatcher(is_available=is_available)
    generator = RandomRuleSets(20_000)
    content, facts = generator.rule_set(), generator.subject()
    policy = MatchedEngine(matcher.check).compile(content).policy
    assert isinstance(policy, MatchedPolicy)
    evaluation = await MatchedEvaluation(matcher).evaluate(policy, facts, NOW_MS, Explain.FULL)
    assert told(evaluation) == told(evaluate(content, facts, now_ms=NOW_MS))


async def test_policies_not_used_for_long_are_unloaded() -> None:
    matcher = NoMatcher(is_available=True)
    evaluation = MatchedEvaluation(matcher, max_loaded=2)
    versions = []
    for number in range(3):
        content = RuleSet(scopes=(Scope(ScopeLevel.POLICY, rules=(Rule(f"r{number}", Stage.ELIGIBILITY, "true"),)),))
        policy = MatchedEngine(matcher.check).compile(content).policy
        assert isinstance(policy, MatchedPolicy)
        await evaluation.prepare(policy)
        versions.append(policy.rules.version)
    assert matcher.loaded == versions[1:]


async def test_killed_workers_leave_no_policy_without_an_answer() -> None:
    generator = RandomRuleSets(30_000)
    content = generator.rule_set()
    matcher = DurableMatcher(DurableOptions(workers=1, patience_s=30))
    policy = MatchedEngine(matcher.check).compile(content).policy
    assert isinstance(policy, MatchedPolicy)
    evaluation = MatchedEvaluation(matcher)
    for _ in range(5):
        facts = generator.subject()
        answer = await evaluation.evaluate(policy, facts, NOW_MS, Explain.NONE)
        assert answer.eligible_actions == evaluate(content, facts, now_ms=NOW_MS).eligible_actions
        for pid in matcher.pool.pids:
            os.kill(pid, signal.SIGKILL)
    await matcher.close()


def test_no_grpc_process_imports_the_engine() -> None:
    modules = ("services.rules.__main__", "services.local.wiring", "services.cli.__main__", "services.rules.bootstrap")
    code = f"import sys, {', '.join(modules)}; print([name for name in sys.modules if 'durable_rules' in name])"
    path = os.pathsep.join((str(ROOT), str(ROOT / "shared" / "gen")))
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "[]", run.stderr
