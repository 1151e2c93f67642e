"""One ruleset of durable-rules and its one session, by the engine's C module: the only module that imports it.

Of durable-rules 2.0.28 only what survives hostile data is used: single facts, one at a time, on the one session "0",
asserted, drained and retracted. No joins, timers, state rules, batches, regular expressions, nor its Host, which
starts threads. The C code holds the GIL throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import durable_rules_engine as engine

from services.rules.durable_worker.wire import MARKER

_ID = '"id":"m"'
_WARM_RULE = '"w":{"all":[{"m":{"_":0}}]}'
_WARM_MESSAGE = f'{{{_ID},"_":0}}'
_RETRACTION = f"{{{_ID}}}"
_NOT_HANDLED = 1


class EngineError(Exception):
    """The engine cannot be trusted any more: a fact may still be stored, with actions that belong to it."""


class Session:
    """A ruleset, loaded. `fields` are the indexes of the message's fields that it reads."""

    __slots__ = ("_fields", "_handle", "_most")

    def __init__(self, name: str, definition: str, fields: Sequence[int]) -> None:
        """`definition` is a JSON object of rules whose names are numbers. Raises EngineError."""
        self._fields = tuple(fields)
        self._most = definition.count('"all"')
        rules = f"{definition[:-1]},{_WARM_RULE}}}" if len(definition) > 2 else f"{{{_WARM_RULE}}}"
        self._handle = _checked(engine.create_ruleset, name, rules)
        # An action must have run before a session can be deleted: the C code frees what only that fills in.
        if self._fired(_WARM_MESSAGE) != ["w"]:
            raise EngineError("the ruleset does not answer its first message")

    def match(self, message: Sequence[str | None]) -> list[int]:
        """The numbers of the satisfied rules. Raises EngineError, after which the process must end."""
        parts = [part for index in self._fields if (part := message[index]) is not None]
        try:
            return [int(name) for name in self._fired(f"{{{','.join((_ID, MARKER, *parts))}}}")]
        except ValueError as error:
            raise EngineError("a rule fires that is none of ours") from error

    def close(self) -> None:
        _checked(engine.delete_state, self._handle, "0")
        _checked(engine.delete_ruleset, self._handle)

    def _fired(self, fact: str) -> list[str]:
        code, state = _checked(engine.assert_fact, self._handle, fact)
        if code == _NOT_HANDLED:  # and not stored
            return []
        if code != 0:
            raise EngineError(f"the fact is refused with code {code}")
        fired = self._drained(state)
        code, _ = _checked(engine.retract_fact, self._handle, _RETRACTION)
        if code != 0:
            raise EngineError(f"the fact stays, with code {code}")
        return fired

    def _drained(self, state: int) -> list[str]:
        """The names of the rules that fire. The engine hands each out as `{"name":{...}}`."""
        fired: list[str] = []
        first = _checked(engine.start_action_for_state, self._handle, state)
        action = None if first is None else first[1]
        while action is not None:
            fired.append(action[2 : action.index('"', 2)])
            if len(fired) > self._most + 1:
                raise EngineError("more rules fire than there are")
            action = _checked(engine.complete_and_start_action, self._handle, state)
        return fired


def _checked(call: Callable[..., Any], *arguments: int | str) -> Any:
    try:
        return call(*arguments)
    except (engine.error, MemoryError) as error:
        raise EngineError(str(error) or type(error).__name__) from error
