"""What the use cases need of a store."""

from __future__ import annotations

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
