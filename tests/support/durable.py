"""Workers of durable-rules for tests, and inputs that end one: given past the guards, straight to the engine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.rules.adapters.durable.matcher import DurableMatcher
from services.rules.adapters.durable.options import DurableOptions
from services.rules.durable_worker.wire import Load, Shard


@asynccontextmanager
async def durable_matcher(options: DurableOptions | None = None) -> AsyncIterator[DurableMatcher]:
    matcher = DurableMatcher(options or DurableOptions(patience_s=60))
    yield matcher
    await matcher.close()


def definition(*conditions: object) -> str:
    """A ruleset of the engine, whose rules are numbered."""
    return json.dumps({str(number): {"all": [{"m": condition}]} for number, condition in enumerate(conditions)})


@dataclass(frozen=True, slots=True)
class Poison:
    """What the engine does not survive. `dies`: while it loads the definition, or with the message of these fields."""

    definition: str
    fields: tuple[str, ...] = ('"a":1',)
    dies_at_load: bool = False
    cause: str = "crash"
    is_memory_corruption: bool = False
    """What it does to the worker then, a crash or another error, is a matter of chance."""

    def load(self, version: str) -> Load:
        return Load(version, (Shard(self.definition, tuple(range(len(self.fields)))),))


_MARKED = {"_": 1}
_DIVISION = definition({"$and": [_MARKED, {"$gt": {"a": {"$div": {"$l": {"$m": "b"}, "$r": {"$m": "c"}}}}}]})

POISONS: Mapping[str, Poison] = {
    "division by zero": Poison(_DIVISION, ('"a":1', '"b":1', '"c":0')),
    "division that overflows": Poison(_DIVISION, ('"a":1', '"b":-9223372036854775808', '"c":-1')),
    "an id of 9.5 MB": Poison(definition(_MARKED), (f'"id":"{"x" * 9_500_000}"',)),
    "a session id of 4.5 MB": Poison(definition(_MARKED), (f'"sid":"{"x" * 4_500_000}"',)),
    "a name of 9.5 MB": Poison(definition(_MARKED), (f'"{"x" * 9_500_000}":{{}}',)),
    "objects 200,000 deep": Poison(definition(_MARKED), ('"a":' + '{"a":' * 200_000 + "1" + "}" * 200_000,)),
    "260 properties": Poison(definition(_MARKED), tuple(f'"a{i}":1' for i in range(260)), cause="engine_error"),
    "65 conditions that match at once": Poison(
        definition(*({"$and": [_MARKED, {"$gt": {"a": i}}]} for i in range(65))), ('"a":100',), cause="engine_error"
    ),
    "an exponent without a point": Poison(definition(_MARKED), ('"a":1e-05',), cause="engine_error"),
    "infinity": Poison(definition(_MARKED), ('"a":Infinity',), cause="engine_error"),
    "512 values of one field": Poison(
        definition(*({"$and": [_MARKED, {"$gt": {"a": 0}}, {"b": i}]} for i in range(512))), cause="hang"
    ),
    "513 values of one field": Poison(
        definition(*({"$and": [_MARKED, {"a": i}]} for i in range(513))), dies_at_load=True, cause="hang"
    ),
    "4,097 rules": Poison(definition(*({"_": i} for i in range(4_097))), dies_at_load=True, cause="hang"),
    "an expression that repeats repetitions": Poison(
        definition({"$and": [_MARKED, {"$mt": {"a": "(((((a*)*)*)*)*)*"}}]}), dies_at_load=True, cause="hang"
    ),
    "257 rules of one condition": Poison(
        definition(*(_MARKED for _ in range(257))), dies_at_load=True, is_memory_corruption=True
    ),
    "an empty $and": Poison(definition({"$and": []}), dies_at_load=True, cause="engine_error"),
    "a rule on what is missing": Poison(definition({"$nex": {"z": 1}}), dies_at_load=True, cause="engine_error"),
    "130 $or of one condition": Poison(
        definition(*({"$and": [_MARKED, {"$or": [{"a": 1}, {"b": i}]}]} for i in range(130))),
        dies_at_load=True,
        cause="engine_error",
    ),
    "15 $or in one rule": Poison(
        definition({"$and": [_MARKED, *({"$or": [{f"a{i}": 1}, {f"b{i}": 1}]} for i in range(15))]}),
        dies_at_load=True,
        cause="engine_error",
    ),
}
"""Of the crashes, hangs and errors that durable-rules 2.0.28 is known for, those that one message or one ruleset makes.
The others need calls that the worker does not make: lists of messages, several sessions, timers, joins, states."""
