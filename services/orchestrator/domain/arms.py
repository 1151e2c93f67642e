"""Control arms: small shares of the customers who are decided for in another way, so that what the rest brings can be
compared with something.

The arm of a person is a matter of their profile id alone: a salted hash of it, whatever the channel and the policy
version. Every arm has a number of its own in [0, 1) out of one hash, and takes its share of those whom the arms before
it left:

    u_1 < s_1  ->  the first arm    else  u_2 < s_2 / (1 - s_1)  ->  the second    ...    else  DECISIONING

So a policy that declares another arm, or another share, moves those few whom the change is about. Cutting one number
into pieces would move everybody behind the cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import blake2b

_BYTES = 8
_RANGE = float(2 ** (8 * _BYTES))


class Arm(IntEnum):
    """Numbers are stored: a new arm comes last."""

    DECISIONING = 1
    """As the policy says; everybody whom no other arm takes."""
    HOLDOUT = 2
    """Nothing is proposed but service messages."""
    RANDOM_ELIGIBLE = 3
    """Any of those whom rules, consents and limits leave, each as likely as the others."""
    PROPENSITY_ONLY = 4
    """What is most likely to succeed, whatever it brings."""
    NO_LEVERS = 5
    """As if the policy had no levers."""
    RULES_ONLY = 6
    """By values and levers, as if all were as likely to succeed."""


CONTROLS = tuple(arm for arm in Arm if arm is not Arm.DECISIONING)
"""Those that a policy can declare, in the order in which they take their shares."""


class Membership(IntEnum):
    """How a person stands in the comparison of the arms."""

    COMPARED = 1
    NOBODY = 2
    """Nobody whom a profile names: decided for as everybody, and compared with nobody."""
    TWO_ARMS = 3
    """Profiles of two arms became one: the person has the arm of the one that stays, and is left out."""
    FORCED = 4
    """A simulation asked for the arm."""
    UNDECLARED = 5
    """The policy has no arms."""


@dataclass(frozen=True, slots=True)
class ArmStanding:
    """Of one decision."""

    arm: Arm = Arm.DECISIONING
    membership: Membership = Membership.UNDECLARED


NO_STANDING = ArmStanding()


@dataclass(frozen=True, slots=True)
class Arms:
    """What a policy declares: shares above 0, of all persons."""

    salt: str = ""
    shares: Mapping[Arm, float] = field(default_factory=dict)

    @property
    def are_declared(self) -> bool:
        return bool(self.shares)

    def share_of(self, arm: Arm) -> float:
        """Of DECISIONING what the others leave."""
        return 1.0 - sum(self.shares.values()) if arm is Arm.DECISIONING else self.shares.get(arm, 0.0)

    def arm_of(self, profile_id: str) -> Arm:
        digest = blake2b(f"{self.salt}\0{profile_id}".encode(), digest_size=_BYTES * len(CONTROLS)).digest()
        left = 1.0
        for place, arm in enumerate(CONTROLS):
            share = self.shares.get(arm, 0.0)
            if share:
                number = int.from_bytes(digest[place * _BYTES : (place + 1) * _BYTES]) / _RANGE
                if number * left < share:
                    return arm
                left -= share
        return Arm.DECISIONING

    def standing_of(self, profile_id: str, merged: Iterable[str] = ()) -> ArmStanding:
        """`merged`: the profiles that became part of this one. The one that stays is the known one (the profile service
        sees to that), so its arm stays."""
        if not self.are_declared:
            return NO_STANDING
        if not profile_id:
            return ArmStanding(Arm.DECISIONING, Membership.NOBODY)
        arm = self.arm_of(profile_id)
        is_one = all(self.arm_of(each) is arm for each in merged)
        return ArmStanding(arm, Membership.COMPARED if is_one else Membership.TWO_ARMS)


NO_ARMS = Arms()
