"""What the use cases need of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.rules.domain.rule_set import RuleSet


@dataclass(frozen=True, slots=True)
class Publication:
    """A rule set under its version, and the request that published it."""

    version: str
    rule_set: RuleSet
    request_id: str
    published_ms: int


@dataclass(frozen=True, slots=True)
class RuleSetEntry:
    """A rule set in the list of all: how many actions and triggers it has, and when it was first published."""

    version: str
    published_ms: int
    actions: int
    triggers: int


class RuleSetStore(Protocol):
    """Every method raises Unavailable where the store does not answer."""

    async def publish(self, publication: Publication) -> None:
        """Stores the rule set durably, unless it is there already, and remembers what the request published.

        Raises AlreadyExists, and stores nothing, where the request id published another version before.
        """
        ...

    async def get(self, version: str) -> RuleSet | None:
        """Sees every publication that was acknowledged before."""
        ...

    async def entry(self, version: str) -> RuleSetEntry | None: ...

    async def entries(self, after: tuple[int, str] | None, limit: int) -> Sequence[RuleSetEntry]:
        """Newest first, those of one moment by version; `after` is (published_ms, version) of the last one seen."""
        ...
