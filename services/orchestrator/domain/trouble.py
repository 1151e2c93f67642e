"""What a decision had to do without, and why: the words in which answers, records and metrics say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.errors import DeadlineExceeded, ResourceExhausted, TandemError, Unavailable

SKIPPED = {"skipped": "true"}
"""Metadata of an error that stands for a question that was not asked."""


class Party(StrEnum):
    """Who is asked in a decision."""

    PROFILE = "profile"
    STICKY = "sticky"
    VOLUME = "volume"
    RULES = "rules"
    SCORING = "scoring"
    LEDGER = "ledger"
    LOG = "log"

    @property
    def advisory(self) -> str:
        return f"{self.name}_UNAVAILABLE"


class Cause(StrEnum):
    DOWN = "down"
    """Nobody there, or it said so itself."""
    SLOW = "slow"
    """No answer within its share of the time."""
    FAULTY = "faulty"
    """An error, or an answer that makes no sense."""
    SKIPPED = "skipped"
    """Not asked, because it did not answer the ones before."""


DEGRADING = frozenset(party.advisory for party in Party if party is not Party.LOG)
"""The advisories of an answer that did without somebody. Without the log there is no answer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    party: Party
    cause: Cause

    @classmethod
    def of(cls, party: Party, failure: TandemError) -> Trouble:
        return cls(party, cause_of(failure))


def cause_of(failure: TandemError) -> Cause:
    match failure:
        case DeadlineExceeded():
            return Cause.SLOW
        case Unavailable(metadata=metadata) if SKIPPED.items() <= metadata.items():
            return Cause.SKIPPED
        case Unavailable() | ResourceExhausted():
            return Cause.DOWN
        case _:
            return Cause.FAULTY
