"""Evaluates policies whose rules a Matcher decides. Where the matcher cannot, the index does, with the same answers."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence

from services.rules.domain.evaluation import Evaluation, Explain
from services.rules.domain.matched.policy import MatchedPolicy
from services.rules.domain.matching import Matcher, Message, Unmatched
from shared.errors import TandemError, Unavailable
from shared.values import Feature

MAX_LOADED = 8

Facts = Mapping[str, Feature]


class MatchedEvaluation:
    """Keeps the most recently used policies loaded."""

    def __init__(self, matcher: Matcher, max_loaded: int = MAX_LOADED) -> None:
        self._matcher = matcher
        self._max_loaded = max_loaded
        self._loaded: OrderedDict[str, None] = OrderedDict()

    async def prepare(self, policy: MatchedPolicy) -> None:
        """Loads its rules. Raises InvalidArgument (POLICY_INVALID) for rules that end the engine, Unavailable."""
        version = policy.rules.version
        if version not in self._loaded:
            await self._matcher.load(policy.rules)
        self._loaded[version] = None
        self._loaded.move_to_end(version)
        while len(self._loaded) > self._max_loaded:
            oldest, _ = self._loaded.popitem(last=False)
            await self._matcher.unload(oldest)

    async def evaluate(
        self,
        policy: MatchedPolicy,
        facts: Facts,
        now_ms: int,
        explain: Explain,
        explain_actions: Collection[str] = (),
    ) -> Evaluation:
        """Raises as EngagementPolicy.evaluate does."""
        (satisfied,) = await self._satisfied(policy, [facts], now_ms)
        return await asyncio.to_thread(_evaluation, policy, satisfied, facts, now_ms, explain, explain_actions)

    async def evaluate_batch(
        self, policy: MatchedPolicy, subjects: Sequence[Facts], now_ms: int, explain: Explain
    ) -> Sequence[Evaluation | TandemError]:
        """As EngagementPolicy.evaluate_batch does."""
        satisfied = await self._satisfied(policy, subjects, now_ms)
        return await asyncio.to_thread(_evaluations, policy, satisfied, subjects, now_ms, explain)

    async def _satisfied(
        self, policy: MatchedPolicy, subjects: Sequence[Facts], now_ms: int
    ) -> Sequence[frozenset[str] | Unmatched]:
        """Of a subject whose facts are refused: Unmatched; the index refuses them in its own words."""
        try:
            await self.prepare(policy)
            messages = await asyncio.to_thread(_messages, policy, subjects, now_ms)
            answers = iter(
                await self._matcher.match(policy.rules.version, [each for each in messages if each is not None])
            )
        except Unavailable as failure:
            return [Unmatched(failure.message)] * len(subjects)
        return [Unmatched("the facts are refused") if each is None else next(answers) for each in messages]


def _messages(policy: MatchedPolicy, subjects: Sequence[Facts], now_ms: int) -> list[Message | None]:
    return [_message(policy, facts, now_ms) for facts in subjects]


def _message(policy: MatchedPolicy, facts: Facts, now_ms: int) -> Message | None:
    try:
        return policy.message(facts, now_ms)
    except TandemError:
        return None


def _evaluation(
    policy: MatchedPolicy,
    satisfied: frozenset[str] | Unmatched,
    facts: Facts,
    now_ms: int,
    explain: Explain,
    explain_actions: Collection[str] = (),
) -> Evaluation:
    if isinstance(satisfied, Unmatched):
        return policy.evaluate(facts, now_ms, explain, explain_actions)
    return policy.evaluate_matched(satisfied, facts, now_ms, explain, explain_actions)


def _evaluations(
    policy: MatchedPolicy,
    satisfied: Sequence[frozenset[str] | Unmatched],
    subjects: Sequence[Facts],
    now_ms: int,
    explain: Explain,
) -> list[Evaluation | TandemError]:
    found: list[Evaluation | TandemError] = []
    for of_subject, facts in zip(satisfied, subjects, strict=True):
        try:
            found.append(_evaluation(policy, of_subject, facts, now_ms, explain))
        except TandemError as refused:
            found.append(refused)
    return found
