"""The Matcher on durable-rules: guards here, matching in worker processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from services.rules.adapters.durable import metrics
from services.rules.adapters.durable.backlog import Satisfied
from services.rules.adapters.durable.circuit_breaker import REFUSED
from services.rules.adapters.durable.compilation import CompiledRules, compile_rules
from services.rules.adapters.durable.encoding import Encoder, Fields
from services.rules.adapters.durable.options import DurableOptions
from services.rules.adapters.durable.worker_pool import WorkerPool, no_worker
from services.rules.adapters.durable.worker_process import WorkerDied
from services.rules.adapters.durable.worker_slot import not_loaded
from services.rules.domain.matching import Message, MessageRules, Refusal, Unmatched
from services.rules.durable_worker.wire import Load
from shared.errors import InvalidArgument, Violation

_MAX_SHOWN = 20
_FEW = 32
"""Messages that are encoded on the event loop: about a millisecond's worth."""
_MATCHED = metrics.MESSAGES.labels("matched")
_REFUSED_BY_GUARD = metrics.MESSAGES.labels("refused_by_guard")
_REFUSED_BY_BREAKER = metrics.MESSAGES.labels("refused_by_breaker")


@dataclass(frozen=True, slots=True)
class _Version:
    """`key` is the pool's name of it: a version that is loaded a second time is another one to the workers."""

    key: str
    encoder: Encoder
    rule_ids: tuple[str, ...]


class DurableMatcher:
    """See Matcher."""

    def __init__(self, options: DurableOptions) -> None:
        self._pool = WorkerPool(options)
        self._versions: dict[str, _Version] = {}
        self._loading = asyncio.Lock()
        self._loads = 0

    @property
    def pool(self) -> WorkerPool:
        return self._pool

    def check(self, rules: MessageRules) -> Sequence[Refusal]:
        return compile_rules(rules)[1]

    async def load(self, rules: MessageRules) -> None:
        async with self._loading:
            if rules.version in self._versions:
                return
            compiled, refusals = await asyncio.to_thread(compile_rules, rules)
            if refusals:
                raise refused(refusals)
            await self._prove(compiled)
            self._loads += 1
            loaded = _Version(f"{rules.version}#{self._loads}", Encoder(compiled), compiled.rule_ids)
            self._pool.load(Load(loaded.key, compiled.shards))
            self._versions[rules.version] = loaded

    async def unload(self, version: str) -> None:
        loaded = self._versions.pop(version, None)
        if loaded is not None:
            self._pool.unload(loaded.key)

    async def match(self, version: str, messages: Sequence[Message]) -> Sequence[frozenset[str] | Unmatched]:
        loaded = self._versions.get(version)
        if loaded is None:
            raise not_loaded(version)
        if len(messages) > _FEW:
            encoded = await asyncio.to_thread(_encoded, loaded.encoder, messages)
        else:
            encoded = _encoded(loaded.encoder, messages)
        satisfied = iter(
            await self._pool.match(loaded.key, [each for each in encoded if not isinstance(each, Unmatched)])
        )
        answers = [each if isinstance(each, Unmatched) else next(satisfied) for each in encoded]
        return [_counted(answer, loaded.rule_ids) for answer in answers]

    async def close(self) -> None:
        await self._pool.close()

    async def _prove(self, compiled: CompiledRules) -> None:
        try:
            await self._pool.prove(Load(compiled.version, compiled.shards), compiled.field_count)
        except WorkerDied as death:
            if not death.is_blamed:
                raise no_worker() from death
            reason = f"durable-rules does not survive the rules: {death.cause}"
            raise refused([Refusal(rules_at(compiled, death.index), reason)]) from death


def _encoded(encoder: Encoder, messages: Sequence[Message]) -> list[Fields | Unmatched]:
    return [encoder.fields(message) for message in messages]


def refused(refusals: Sequence[Refusal]) -> InvalidArgument:
    first = refusals[0]
    return InvalidArgument(
        "POLICY_INVALID",
        f"the rule engine cannot hold {len(refusals)} of the rules; rule {first.rule_id!r}: {first.reason}",
        metadata={"errors": str(len(refusals))},
        violations=[Violation(each.rule_id, f"ENGINE_GUARD: {each.reason}") for each in refusals[:_MAX_SHOWN]],
    )


def rules_at(compiled: CompiledRules, shard: int | None) -> str:
    """The rules of a shard, for a message to people."""
    if shard is None:
        return ""
    numbers = json.loads(compiled.shards[shard].definition)
    return ", ".join(dict.fromkeys(compiled.rule_ids[int(number)] for number in numbers))


def _counted(answer: Satisfied | Unmatched, rule_ids: Sequence[str]) -> frozenset[str] | Unmatched:
    if isinstance(answer, Unmatched):
        (_REFUSED_BY_BREAKER if answer is REFUSED else _REFUSED_BY_GUARD).inc()
        return answer
    _MATCHED.inc()
    return frozenset(rule_ids[clause] for clause in answer)
