"""One contact as pressure is learnt from it: what was known before, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PressureSample:
    """`level` and `deviation` are those before the contact. `propensity`: of a response, as the decision went by; it
    makes the estimate more precise, and must not itself go by how often the person was contacted: what it explains is
    not put down to pressure. `value`: money per response."""

    profile_id: str
    level: float
    deviation: float
    propensity: float
    value: float
    responded: bool
    unsubscribed: bool
