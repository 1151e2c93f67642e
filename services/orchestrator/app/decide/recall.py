"""A recorded decision, to be made again: what was known, and what the other services said, as the record has it.

The rules are the exception: they are asked again, for what the recorded version makes of the recorded attributes never
changes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.contact_ledger import LedgerContact, ReservationRequest, Reserved
from services.orchestrator.app.decide.brief import Brief, brief_of
from services.orchestrator.app.decide.gather import PROFILE_UNAVAILABLE, Known, keeps_contacts
from services.orchestrator.app.decide.past_ports import PastLedger, PastQuotas
from services.orchestrator.app.decide.reserve import MAX_REFUSALS, SUBJECT_ERASED
from services.orchestrator.app.decision_record import CandidateColumns, DecisionRecord
from services.orchestrator.app.ports import (
    PolicyQuestion,
    PolicyVerdict,
    RuleEvaluator,
    ScoreQuestion,
    Scores,
    Severity,
    SubjectView,
)
from services.orchestrator.app.volume.quotas import Shortage, Taken
from services.orchestrator.domain.refusals import EVERY_LIMITED, Refusal
from services.orchestrator.domain.tracking import parse_proposition_id
from services.orchestrator.domain.volume.standing import ResourceUse, standing_of
from shared.errors import FailedPrecondition, TandemError, Unavailable


def recalled_brief(record: DecisionRecord, policy: ActivePolicy) -> Brief:
    """What was asked, under the policy that decided."""
    command = replace(record.command, decision_time_ms=record.decision_time_ms)
    brief = brief_of(command, policy, record.record_time_ms, record.decision_id)
    consent_ms = brief.consent_ms if record.consent_ms is None else record.consent_ms
    return replace(brief, is_for_somebody=record.is_for_somebody, consent_ms=consent_ms)


def recalled_knowledge(record: DecisionRecord, brief: Brief) -> Known:
    """What was known of the person."""
    view = SubjectView(record.profile_id, record.features, record.consents, is_known=record.is_known)
    is_complete = PROFILE_UNAVAILABLE not in record.known_advisories
    return Known(
        view,
        record.features,
        record.known_advisories,
        record.contact_counts,
        is_complete,
        record.sticky,
        quiet=record.quiet,
        volume=standing_of(brief.policy.compiled.volume, record.volume),
        arm=record.arm,
        past_contacts=record.past_contacts,
        keeps_contacts=is_complete and keeps_contacts(brief, view),
        pressure=record.pressure,
        pressure_basis=record.pressure_basis,
    )


class RecalledRules:
    """Implements RuleEvaluator: asks, unless nobody answered then. `failure` is why nobody answers now."""

    def __init__(self, record: DecisionRecord, rules: RuleEvaluator) -> None:
        self._were_down = record.fails_closed
        self._rules = rules
        self.failure: TandemError | None = None

    async def evaluate(self, question: PolicyQuestion, *, deadline_ms: int) -> PolicyVerdict:
        if self._were_down:
            raise _did_not_answer("rules")
        try:
            return await self._rules.evaluate(question, deadline_ms=deadline_ms)
        except TandemError as failure:
            self.failure = failure
            raise


class RecalledScorer:
    """Implements Scorer: answers what the record has."""

    def __init__(self, record: DecisionRecord) -> None:
        self._record = record

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:  # noqa: ARG002 nobody is asked
        record, scores = self._record, self._record.scores
        if scores is None or not scores.is_learnt:
            raise _did_not_answer("scoring")
        candidates = record.candidates
        return Scores(
            record.answer.versions.model,
            candidates.propensity,
            scores.uncertainty,
            scores.evidence,
            candidates.log_odds_mean,
            candidates.log_odds_deviation,
            is_apprentice=record.is_apprentice,
            severity=_severity(candidates),
        )


class RecalledRefusals:
    """What was refused, in the order in which it was, whoever refused it: a slot that the ledger refused is drawn
    again, and what comes up then may be what a resource has too little of."""

    def __init__(self, record: DecisionRecord) -> None:
        self._left = deque(record.refusals)
        self._of_ledger = 0

    def next(self, slot: tuple[int, int], *, of_resource: bool) -> Refusal | None:
        """The refusal that comes next, where it is that of this slot by this party; once."""
        if not self._left:
            return None
        refusal = self._left[0]
        is_other = refusal.row == EVERY_LIMITED or bool(refusal.resource) is not of_resource
        if is_other or (refusal.place, refusal.slot) != slot:
            return None
        self._left.popleft()
        if not of_resource:
            self._of_ledger += 1
            if self._of_ledger == MAX_REFUSALS:
                self.nobody_answered()
        return refusal

    def nobody_answered(self) -> None:
        """The ledger did not, or is not to be asked again: what that closed comes next, if it closed anything."""
        if self._left and self._left[0].row == EVERY_LIMITED:
            self._left.popleft()


class RecalledLedger(PastLedger):
    """Implements ContactLedger: grants what was reserved in the end, and refuses what was refused, in order."""

    def __init__(self, record: DecisionRecord, refusals: RecalledRefusals | None = None) -> None:
        self._record = record
        self._refusals = RecalledRefusals(record) if refusals is None else refusals
        proposed = [each for place in record.answer.placements for each in place.propositions]
        self._reservations = {each.proposition_id: each.reservation_id for each in proposed if each.reservation_id}

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:  # noqa: ARG002 likewise
        granted: list[str] = []
        for contact in request.contacts:
            refused = self._refusals.next(self._slot_of(contact), of_resource=False)
            if refused is not None:
                return Reserved(tuple(granted), refused.counts, self._record.profile_id)
            reservation_id = self._reservations.get(contact.reference)
            if reservation_id is None:
                self._refusals.nobody_answered()
                raise self._failure()
            granted.append(reservation_id)
        return Reserved(tuple(granted), profile_id=self._record.profile_id)

    def _slot_of(self, contact: LedgerContact) -> tuple[int, int]:
        named = parse_proposition_id(contact.reference)
        assert named is not None, "the flow names contacts by their propositions"
        return named.place, named.slot

    def _failure(self) -> TandemError:
        if self._record.ledger_failure == SUBJECT_ERASED:
            return FailedPrecondition("SUBJECT_ERASED", "the person was erased while the decision was made")
        return _did_not_answer("profile")


class RecalledQuotas(PastQuotas):
    """Implements Quotas: gives what was taken in the end, and refuses what was refused, in order."""

    def __init__(self, refusals: RecalledRefusals) -> None:
        self._refusals = refusals

    async def take(
        self,
        uses: tuple[ResourceUse, ...],
        place: int,
        slot: int,
        *,
        deadline_ms: int,  # noqa: ARG002 nobody is asked
    ) -> Taken | Shortage:
        refused = self._refusals.next((place, slot), of_resource=True)
        return Taken(uses) if refused is None else Shortage(refused.resource, refused.room, refused.unreachable)

    def give_back(self, taken: Taken) -> None:
        """Nothing was taken."""


def _severity(candidates: CandidateColumns) -> Severity | None:
    """How sure it was of amounts decides nothing, and is not kept."""
    amounts = candidates.expected_value
    return None if amounts is None else Severity(amounts, np.zeros_like(amounts))


def _did_not_answer(service: str) -> Unavailable:
    return Unavailable("DEPENDENCY_UNAVAILABLE", "it did not answer then", metadata={"service": service})
