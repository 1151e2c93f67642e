"""The life of a policy version: written, approved, used, replaced.

    DRAFT -> APPROVED -> ACTIVE -> RETIRED (-> ACTIVE again, when it is activated or rolled back to)

The state is nowhere stored: it follows from who approved the version, whether it ever decided, and what decides now.
So there is always exactly one ACTIVE version, whatever fails between two writes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
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
    """Names as people write them: neither case, nor spaces, nor how a letter is encoded make two persons of one."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    shown = (each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) != "Cf")
    return unicodedata.normalize("NFKC", " ".join("".join(shown).casefold().split()))


def lacks(approving: Approving, authors: Collection[str], approver: str) -> str:
    """What an activation lacks, as a clause; empty where it lacks nothing. No author, or an empty name: nobody is
    known. Whoever published the same content is an author of it."""
    if approving is Approving.NONE:
        return ""
    if not approver:
        return "it must be approved before it is activated"
    if approving is Approving.FOUR_EYES and not authors:
        return "nobody is recorded as its author: publish it again with an author, and approve it then"
    if approving is Approving.FOUR_EYES and any(is_same_person(each, approver) for each in authors):
        return f"{approver} wrote it and approved it: somebody else must approve it before it is activated"
    return ""
