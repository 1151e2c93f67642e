"""How the control arms of two policies differ: a share that changes moves people, however small it is."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.domain.arms import CONTROLS, Arm, Arms


@dataclass(frozen=True, slots=True)
class ArmShare:
    arm: Arm
    baseline: float
    candidate: float


@dataclass(frozen=True, slots=True)
class ArmChange:
    """`other_salt`: everybody's arm is drawn anew."""

    shares: tuple[ArmShare, ...]
    other_salt: bool

    @property
    def text(self) -> str:
        """`control arms differ: HOLDOUT 2% to 0.05%`."""
        named = [f"{each.arm.name} {100 * each.baseline:.3g}% to {100 * each.candidate:.3g}%" for each in self.shares]
        anew = ["arms_salt, so that everybody's arm is drawn anew"] if self.other_salt else []
        return f"control arms differ: {', '.join(named + anew)}"


def arm_change(baseline: Arms, candidate: Arms) -> ArmChange | None:
    """None where they are the same."""
    shares = [ArmShare(arm, baseline.share_of(arm), candidate.share_of(arm)) for arm in CONTROLS]
    differing = tuple(each for each in shares if each.baseline != each.candidate)
    other_salt = baseline.are_declared and candidate.are_declared and baseline.salt != candidate.salt
    return ArmChange(differing, other_salt) if differing or other_salt else None
