"""Who somebody is by now: the profile that answers to some identities, and those that were merged into it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.domain.subject import Identity

PROFILE = "profile"
"""The namespace of profile ids; that of a merged profile names its survivor."""
MAX_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Person:
    profile_id: str
    merged: tuple[str, ...] = ()

    @property
    def profile_ids(self) -> tuple[str, ...]:
        return self.profile_id, *self.merged


class PersonFinder(Protocol):
    """May raise shared.errors.Unavailable or DeadlineExceeded."""

    async def persons(self, subjects: Sequence[tuple[Identity, ...]], *, deadline_ms: int) -> Sequence[Person | None]:
        """Who each of them is; None for somebody nobody knows. At most 1,000."""
        ...


async def people(finder: PersonFinder, profile_ids: Collection[str], *, deadline_ms: int) -> Mapping[str, Person]:
    """Who these profiles are by now, by profile id. Who is gone is what is left: the bare id."""
    wanted = sorted(set(profile_ids) - {""})
    found: dict[str, Person] = {}
    for start in range(0, len(wanted), MAX_AT_ONCE):
        page = wanted[start : start + MAX_AT_ONCE]
        subjects = [(Identity(PROFILE, each),) for each in page]
        answered = await finder.persons(subjects, deadline_ms=deadline_ms)
        found |= {each: person or Person(each) for each, person in zip(page, answered, strict=True)}
    return found
