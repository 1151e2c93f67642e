"""What a contact brings, wherever policies are compared: the one place that says so."""

from __future__ import annotations

from typing import TypeVar

from services.orchestrator.domain.diff.off_policy import Column

M = TypeVar("M", float, Column)


def money_of(successes: M, value: M, cost: M) -> M:
    """Of successes, or how likely they are, what each is worth, and what the contact costs, in the currency of the
    policy. Prices of resources are no money that anybody pays, and levers none that anybody gets."""
    return successes * value - cost
