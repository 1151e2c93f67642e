"""The control arm of the person, and what it changes: never rules, consents, limits or budgets."""

from __future__ import annotations

from dataclasses import replace

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.domain.arbitration.worth import Formula
from services.orchestrator.domain.arms import Arm, ArmStanding, Membership

EVERYTHING = float("-inf")
"""The reserve of an arm in which nothing is too little."""
_PROPENSITY = Formula(context_weight=False, business_value=False, lever=False, cost=False)


def assign_arm(brief: Brief, known: Known) -> Known:
    """By the profile, whatever may be read of it: holding somebody out takes nothing but the id."""
    forced = brief.command.forced_arm
    if forced:
        return replace(known, arm=ArmStanding(Arm[forced], Membership.FORCED))
    view = known.view
    return replace(known, arm=brief.policy.compiled.arms.standing_of(view.profile_id, view.merged_profile_ids))


def formula_of(arm: Arm, declared: Formula) -> Formula:
    """Of priorities in the arm."""
    match arm:
        case Arm.PROPENSITY_ONLY:
            return _PROPENSITY
        case Arm.NO_LEVERS:
            return replace(declared, lever=False)
        case Arm.RULES_ONLY:
            return replace(declared, context_weight=False)
        case _:
            return declared


def reserve_of(arm: Arm, declared: float) -> float:
    """What silence is worth in the arm: money where priorities are money."""
    match arm:
        case Arm.PROPENSITY_ONLY:
            return 0.0
        case Arm.RANDOM_ELIGIBLE:
            return EVERYTHING
        case _:
            return declared
