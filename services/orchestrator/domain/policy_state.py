"""The life of a policy version: written, approved, used, replaced.

    DRAFT -> APPROVED -> ACTIVE -> RETIRED (-> ACTIVE again, when it is activated or rolled back to)

The state is nowhere stored: it follows from who approved the version, whether it ever decided, and what decides now.
So there is always exactly one ACTIVE version, whatever fails between two writes.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class PolicyState(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.PolicyState."""

    DRAFT = 1
    APPROVED = 2
    ACTIVE = 3
    RETIRED = 4


class Approving(StrEnum):
    """What an activation asks for."""

    NONE = "none"
    REQUIRED = "required"
    """Somebody approved the version."""
    FOUR_EYES = "four_eyes"
    """Somebody other than its author did."""


def state_of(*, is_active: bool, was_active: bool, is_approved: bool) -> PolicyState:
    if is_active:
        return PolicyState.ACTIVE
    if was_active:
        return PolicyState.RETIRED
    return PolicyState.APPROVED if is_approved else PolicyState.DRAFT


def is_same_person(one: str, other: str) -> bool:
    """Names as people write them: neither case nor spaces around them make two persons of one."""
    return one.strip().casefold() == other.strip().casefold()


def lacks(approving: Approving, author: str, approver: str) -> str:
    """What an activation lacks, as a clause; empty where it lacks nothing. An empty name: nobody is known."""
    if approving is Approving.NONE:
        return ""
    if not approver:
        return "it must be approved before it is activated"
    if approving is Approving.FOUR_EYES and is_same_person(author, approver):
        return f"{approver} wrote it and approved it: somebody else must approve it before it is activated"
    return ""
