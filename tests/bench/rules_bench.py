"""`make bench NAME=rules`: one subject against all actions, beside the engines of others; results compared."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from services.rules.domain.evaluation import EngagementPolicy, Explain
from services.rules.domain.indexed.engine import IndexedEngine
from services.rules.domain.rule_set import Rule, RuleSet, ScopeLevel
from shared.values import Feature
from tests.bench.peer_process import peer, peer_versions
from tests.bench.peers.rules_peer import timed
from tests.bench.report import Row, show, versions, write
from tests.bench.rules_cases import Case, Content, content_of
from tests.bench.rules_grpc_cases import grpc_rows
from tests.support.rules import NOW_MS
from tests.support.servers import ROOT

ENGINES = ("zen-engine", "common-expression-language", "durable-rules", "rule-engine")
ACTIONS = (100, 1_000, 5_000, 10_000)
QUICK_SECONDS, FULL_SECONDS = 0.25, 2.0
QUICK_LIMITS = {"rule-engine": 1_000, "durable-rules": 5_000}
"""More actions take these too long, or too much memory, for a run of three minutes."""


def run(*, is_full: bool) -> None:
    peers = peer_versions(ENGINES)
    rows: list[Row] = []
    for case in cases(is_full=is_full):
        rows += case_rows(case, peers, is_full=is_full)
    rows += compile_rows(5_000 if is_full else 2_000)
    rows += grpc_rows(is_full=is_full)
    of_versions = versions() | peers
    show(rows, of_versions)
    write(ROOT / ".bench" / "rules.json", rows, of_versions)


def cases(*, is_full: bool) -> list[Case]:
    """Without --full: 100 attributes, and a third missing, only at some sizes."""
    found = []
    for actions in ACTIONS:
        for is_shared in (True, False):
            for is_complete in (True, False):
                for attributes in (30, 100):
                    is_typical = actions == 1_000 or (is_complete and (attributes == 30 or actions == 5_000))
                    if is_full or (is_typical and (actions < 10_000 or is_shared)):
                        found.append(Case(actions, attributes, is_shared, is_complete))
    return found


def case_rows(case: Case, peers: Mapping[str, str], *, is_full: bool) -> list[Row]:
    content, seconds = content_of(case), FULL_SECONDS if is_full else QUICK_SECONDS
    policy = compiled(IndexedEngine(), content.rule_set())
    facts = content.facts()
    ours, digests = timed(evaluator(policy, Explain.NONE), facts, seconds)
    measured = {
        engine: answer for engine in peers if (answer := asked(engine, case, content, digests, is_full=is_full))
    }
    rows = [Row(case.title, "us a subject", ours, measured)]
    if case.is_shared and case.is_complete and case.attributes == 30:
        rows += explain_rows(case, policy, facts, seconds, ours)
    return rows


def asked(engine: str, case: Case, content: Content, digests: Sequence[str], *, is_full: bool) -> float | None:
    """Microseconds a subject. Raises where the peer and the index disagree about anybody."""
    if not is_full and case.actions > QUICK_LIMITS.get(engine, case.actions):
        return None
    with peer(engine) as process:
        answer = process.ask({**content.message(), "seconds": FULL_SECONDS if is_full else QUICK_SECONDS})
    if "error" in answer:
        print(f"{engine}: {case.title}: {answer['error']}")
        return None
    compared = list(zip(answer["digests"], digests, strict=False))
    if any(theirs != ours for theirs, ours in compared):
        raise SystemExit(f"{engine} and the index disagree: {case.title}")
    return float(answer["microseconds"])


def explain_rows(
    case: Case, policy: EngagementPolicy, facts: Sequence[Mapping[str, Feature]], seconds: float, ours: float
) -> list[Row]:
    """What an answer with reasons costs beside the same one without."""
    if case.actions > 1_000:
        return []
    title = f"{case.actions:,} actions: with reasons"
    reasons, _ = timed(evaluator(policy, Explain.REASONS), facts[:20], seconds)
    one, _ = timed(one_explained(policy), facts, seconds)
    return [
        Row(f"{title} of every dropped action", "us a subject", reasons, {"without": ours}),
        Row(f"{title} of one action", "us a subject", one, {"without": ours}),
    ]


def evaluator(policy: EngagementPolicy, explain: Explain) -> Callable[[Mapping[str, Feature]], list[int]]:
    return lambda facts: policy.evaluate(facts, NOW_MS, explain).eligible.tolist()


def one_explained(policy: EngagementPolicy) -> Callable[[Mapping[str, Feature]], list[int]]:
    wanted = (policy.actions[0],)
    return lambda facts: policy.evaluate(facts, NOW_MS, Explain.REASONS, wanted).eligible.tolist()


def compile_rows(actions: int) -> list[Row]:
    rows = []
    for is_shared in (True, False):
        content = content_of(Case(actions, 30, is_shared, True)).rule_set()
        engine = IndexedEngine()
        full = cpu_s(lambda engine=engine, content=content: compiled(engine, content))  # type: ignore[misc]
        changed = with_one_rule_changed(content)
        again = cpu_s(lambda engine=engine, changed=changed: compiled(engine, changed))  # type: ignore[misc]
        title = f"{actions:,} actions x 4, {'shared' if is_shared else 'no'} predicates{'' if is_shared else ' shared'}"
        rows.append(Row(f"{title}: publish the first time", "s", full))
        rows.append(Row(f"{title}: publish with one rule changed", "s", again, {"the first time": full}))
        rows.append(Row(f"{title}: compiled", "bytes an action", compiled_bytes(engine, changed) / actions))
    return rows


def with_one_rule_changed(content: RuleSet) -> RuleSet:
    place = next(place for place, scope in enumerate(content.scopes) if scope.level is ScopeLevel.ACTION)
    scope = content.scopes[place]
    changed = replace(scope, rules=(Rule("changed", scope.rules[0].stage, "a0 > 41"), *scope.rules[1:]))
    return replace(content, scopes=(*content.scopes[:place], changed, *content.scopes[place + 1 :]))


def compiled_bytes(engine: IndexedEngine, content: RuleSet) -> int:
    """Of one more compiled rule set beside one that differs in a rule."""
    gc.collect()
    tracemalloc.start()
    policy = compiled(engine, content)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert policy.actions
    return size


def compiled(engine: IndexedEngine, content: RuleSet) -> EngagementPolicy:
    compilation = engine.compile(content)
    assert compilation.policy is not None, compilation.findings[:3]
    return compilation.policy


def cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
