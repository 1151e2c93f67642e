"""Whether there is a basis for recording what arrives, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterable

from services.profile.app.drafts import Drafts, Occasion
from services.profile.app.requests import Subject
from services.profile.app.stating import held_by
from services.profile.domain.basis import COLLECTION, Arriving, has_basis
from services.profile.domain.consents import LegalBasis, all_in_force


class Bases:
    """Judges what arrives in one mutation, by the statements the profiles hold at its turn.

    Statements of the person count: of the profile that the subject names and of those that would join it. Of profiles
    that come together with it and stay apart, only refusals count.
    """

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._purposes = drafts.schema.purposes

    def permit(self, subject: Subject, occasion: Occasion, purposes: Iterable[str]) -> bool:
        """Whether something that needs a basis for these purposes, and for COLLECTION, may be recorded. Links nothing,
        creates nothing.
        """
        needed = {COLLECTION, *purposes}
        if not self._has_something_to_say(subject, needed):
            return True
        return self._judge(subject, occasion, needed)

    def _has_something_to_say(self, subject: Subject, needed: set[str]) -> bool:
        """The usual case is decided here, without looking at who it is."""
        for purpose in needed:
            declared = self._purposes.get(purpose)
            if declared is not None and declared.basis is LegalBasis.CONSENT:
                return True
        return any(consent.purpose in needed for consent in held_by(self._drafts.owners(subject)))

    def _judge(self, subject: Subject, occasion: Occasion, needed: set[str]) -> bool:
        persons, opponents = self._drafts.concerned(subject, occasion)
        refusals = [consent for consent in held_by(opponents) if consent.status.is_refusal]
        statements = all_in_force((*held_by(persons), *refusals))
        keys = {identity.key for identity in subject}
        return has_basis(needed, self._purposes, Arriving(keys, statements, self._drafts.now_ms))
