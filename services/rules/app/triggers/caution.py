"""What to do about a step that fails every time: the consumer must not stand still for one event.

A step that fell is tried again with one event, timer or subject at a time. What falls alone, twice, is skipped.
"""

from __future__ import annotations

ALONE = 2
CAUTIOUS_STEPS = 1_000
"""More than the step that fell had in it."""


class Caution:
    def __init__(self, usual_limit: int) -> None:
        self._usual_limit = usual_limit
        self._cautious_steps = 0
        self._falls_alone = 0

    @property
    def limit(self) -> int:
        """How many go into one step."""
        return 1 if self._cautious_steps else self._usual_limit

    @property
    def skips(self) -> bool:
        """The next step only moves on."""
        return self._falls_alone >= ALONE

    def fell(self) -> None:
        self._falls_alone = self._falls_alone + 1 if self._cautious_steps else 0
        self._cautious_steps = CAUTIOUS_STEPS

    def stood(self) -> None:
        self._cautious_steps = max(0, self._cautious_steps - 1)
        self._falls_alone = 0
