"""The triggers of the active rule set, ready to run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.rules.app.ports import RuleSetStore
from services.rules.app.triggers.program import Program
from services.rules.domain.matching import Matcher
from services.rules.domain.rule_set import RuleSet
from shared.errors import NotFound

Compile = Callable[[RuleSet, str], Program]


class Programs:
    """One at a time."""

    def __init__(self, rule_sets: RuleSetStore, compile_program: Compile, matcher: Matcher) -> None:
        self._rule_sets = rule_sets
        self._compile = compile_program
        self._matcher = matcher
        self._current: tuple[str, Program] | None = None

    async def get(self, version: str) -> Program:
        """Raises NotFound (RULE_SET_NOT_FOUND), InvalidArgument (ENGINE_GUARD), Unavailable."""
        if self._current is not None and self._current[0] == version:
            return self._current[1]
        program = await self.compiled(version)
        if program.needs.rules.rules:
            await self._matcher.load(program.needs.rules)
        former, self._current = self._current, (version, program)
        if former is not None and former[1].needs.rules.rules:
            await self._matcher.unload(former[1].needs.rules.version)
        return program

    async def compiled(self, version: str) -> Program:
        rule_set = await self._rule_sets.get(version)
        if rule_set is None:
            message = f"there is no rule set {version!r}"
            raise NotFound("RULE_SET_NOT_FOUND", message, metadata={"rule_set_version": version})
        return await asyncio.to_thread(self._compile, rule_set, version)
