"""Runs what happens to many subjects in lockstep: the messages of all of them that can go together are matched in one
call. What happens to one subject happens in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from services.rules.app.triggers.cast import Ledger, Member
from services.rules.app.triggers.program import Answer, Facts, Steps
from services.rules.domain.matching import Matcher, Message
from services.rules.domain.triggers.state import SubjectState

TURN = 16
"""Subjects after which others of the event loop have their turn: about a millisecond."""

Begin = Callable[[SubjectState, Facts], Steps]
Scene = tuple[Member, Begin]
"""Something that happens to a subject."""


class _Walk:
    """One subject on its way through what happens to it."""

    def __init__(self, member: Member, ledger: Ledger) -> None:
        self._member = member
        self._ledger = ledger
        self._scenes: deque[Begin] = deque()
        self._steps: Steps | None = None

    def expect(self, begin: Begin) -> None:
        self._scenes.append(begin)

    def go_on(self, answer: Answer | None) -> Message | None:
        """To the next message that has to be matched; None at the end."""
        while self._steps is not None or self._scenes:
            if self._steps is None:
                self._steps, answer = self._scenes.popleft()(self._member.state, self._member.facts), None
            try:
                return next(self._steps) if answer is None else self._steps.send(answer)
            except StopIteration as end:
                self._steps = None
                self._note(end)
        return None

    def _note(self, end: StopIteration) -> None:
        outcome = end.value
        self._ledger.note(outcome)
        if outcome.state is not self._member.state:
            self._member.state = outcome.state
            self._member.is_changed = True


async def play(scenes: Sequence[Scene], ledger: Ledger, matcher: Matcher, version: str) -> None:
    """Raises Unavailable where nothing can be matched; what was played is of no use then."""
    walks: dict[str, _Walk] = {}
    for member, begin in scenes:
        walks.setdefault(member.profile_id, _Walk(member, ledger)).expect(begin)
    waiting: list[tuple[_Walk, Answer | None]] = [(walk, None) for walk in walks.values()]
    while waiting:
        asking = []
        for number, (walk, answer) in enumerate(waiting, 1):
            message = walk.go_on(answer)
            if message is not None:
                asking.append((walk, message))
            if number % TURN == 0:
                await asyncio.sleep(0)
        if not asking:
            return
        answers = await matcher.match(version, [message for _, message in asking])
        waiting = [(walk, answer) for (walk, _), answer in zip(asking, answers, strict=True)]
