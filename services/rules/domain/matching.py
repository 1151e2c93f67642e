"""Single-message rules: the port of engines that say which rules a message satisfies.

A message is a flat record of typed attributes. Whatever spans time is worked out before and stands in the message as
an attribute (a count within a window, the step a sequence has reached, the timer that is due).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.rules.domain.condition import Condition
from shared.values import AttributeType, Value

Message = Mapping[str, Value]
"""By name; what is not there, or None, is unknown. A moment is an aware datetime."""

NOW_ATTRIBUTE = "now()"
"""The time at which a message is judged stands in it, too, as a moment: days_since() and the like are counted from it,
and are unknown without it."""


@dataclass(frozen=True, slots=True)
class MessageRule:
    """Satisfied by a message for which the condition is TRUE: not by one for which it is unknown.

    The condition has no Opaque and no Membership: what those say stands in the message as a bool.
    """

    rule_id: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class MessageRules:
    """What one version matches. `attributes` are the names that messages may hold, with their types, but for
    NOW_ATTRIBUTE, which every message may."""

    version: str
    attributes: Mapping[str, AttributeType]
    rules: tuple[MessageRule, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that the engine cannot hold, and why: names the limit."""

    rule_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A message that could not be matched: it ended two workers, or has what no guard lets through."""

    reason: str


class Matcher(Protocol):
    """Shared by tasks of one event loop."""

    def check(self, rules: MessageRules) -> Sequence[Refusal]:
        """What of it the engine's guards do not let through. Runs no engine."""
        ...

    async def load(self, rules: MessageRules) -> None:
        """Makes ready to match; idempotent. Raises InvalidArgument (POLICY_INVALID) with the refusals as violations,
        Unavailable."""
        ...

    async def unload(self, version: str) -> None: ...

    async def match(self, version: str, messages: Sequence[Message]) -> Sequence[frozenset[str] | Unmatched]:
        """The ids of the satisfied rules, per message in their order. A message that is refused does not touch the
        others. Raises Unavailable where no worker can be had within the deadline, NotFound for a version not loaded.
        """
        ...
