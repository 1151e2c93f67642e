"""Of which actions a policy says which number: worked out once per policy version."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from services.orchestrator.domain.lineup import Mask
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy_parts import RuleSetPart, ScopePart
from services.orchestrator.domain.pricing import BUSINESS_VALUE, CONTEXT_WEIGHT

_LEVEL_ABOVE = {"ACTION": "GROUP", "GROUP": "ISSUE", "ISSUE": "POLICY"}


@lru_cache(maxsize=8)
def declared_numbers(policy: CompiledPolicy) -> Mapping[str, Mask]:
    """bool[A] by name: whether the action or a level above it has an expression for the number."""
    names = _names_of_actions(policy.rule_set)
    return {
        number: np.array([number in own for own in names], dtype=np.bool_)
        for number in (BUSINESS_VALUE, CONTEXT_WEIGHT)
    }


def _names_of_actions(rule_set: RuleSetPart) -> list[set[str]]:
    scopes = {(scope.level, scope.scope_id): scope for scope in rule_set.scopes}

    def names(scope: ScopePart | None) -> set[str]:
        if scope is None:
            return set()
        above = scopes.get((_LEVEL_ABOVE.get(scope.level, ""), scope.parent_id))
        return {number.name for number in scope.numbers} | names(above)

    return [names(scope) for scope in rule_set.scopes if scope.level == "ACTION"]
