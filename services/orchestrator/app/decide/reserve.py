"""Reserving the contacts that were drawn, so that no two decisions can take the last allowance of a limit.

All contacts of a decision are asked for in one call, in the order of their slots, up to the first that is refused.
Limits were checked before the draw, so a refusal means that another decision was faster: what stands before it stays,
and the slots from it on are drawn again without what the ledger closed. After MAX_REFUSALS of them everything that a
limit is about is out; so it is when the ledger cannot be asked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.orchestrator.app.contact_ledger import ContactLedger, LedgerContact, ReservationRequest, Reserved
from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import LEDGER_SHARE, Budget
from services.orchestrator.app.decide.choose import Choice, choose_again
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.hold import Hold
from services.orchestrator.app.decide.quiet import send_span
from services.orchestrator.app.ports import Identity
from services.orchestrator.app.volume.quotas import Quotas, Taken
from services.orchestrator.domain.arbitration.slots import SILENCE, SlotDraw, Standing
from services.orchestrator.domain.contact_limits import Mask
from services.orchestrator.domain.contact_steps import reached_at_once
from services.orchestrator.domain.decision import Mode
from services.orchestrator.domain.refusals import EVERY_LIMITED, Refusal, closed_rows
from services.orchestrator.domain.tracking import PropositionRef
from services.orchestrator.domain.trouble import Cause, Party, Trouble
from services.orchestrator.domain.volume.standing import volume_closed
from shared.errors import Internal, TandemError
from shared.ids import content_id

LEDGER_UNAVAILABLE = Party.LEDGER.advisory
SUBJECT_ERASED = "SUBJECT_ERASED"
MAX_REFUSALS = 4
MAX_CONTACTS = 100
"""Of one call."""

_log = logging.getLogger("tandem.orchestrator.decide")

Slot = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Contacted:
    """The draws that stand, and their reservations."""

    choice: Choice
    reservations: Mapping[Slot, str] = field(default_factory=dict)
    """Ids by place and slot; a contact that is not recorded has none."""
    refusals: tuple[Refusal, ...] = ()
    closed: Mask | None = None
    """bool[C]: what the refusals put out; None for nothing."""
    advisory: str = ""
    unused: tuple[str, ...] = ()
    """Reservations of an earlier try of this decision that it has no use for now."""
    profile_id: str = ""
    consistency_token: str = ""
    taken: Mapping[Slot, Taken] = field(default_factory=dict)
    """Units of resources, by place and slot."""
    troubles: tuple[Trouble, ...] = ()


async def reserve(
    brief: Brief, known: Known, choice: Choice, ledger: ContactLedger, quotas: Quotas, budget: Budget
) -> Contacted:
    """Nothing is asked in a simulation, nor where nothing is limited and no model asks for past contacts. Quotas are
    asked first: what they gave comes back for nothing."""
    if brief.command.mode is Mode.SIMULATE or not (known.keeps_contacts or known.volume is not None):
        return Contacted(choice)
    hold = Hold(known.volume, quotas, choice, budget)
    try:
        return await _Negotiation(brief, known, choice, ledger, hold, budget).run()
    except BaseException:
        hold.keep(())
        raise


class _Negotiation:
    def __init__(
        self, brief: Brief, known: Known, choice: Choice, ledger: ContactLedger, hold: Hold, budget: Budget
    ) -> None:
        self._brief = brief
        self._choice = choice
        self._ledger = ledger
        self._hold = hold
        self._budget = budget
        self._identities = _identities(brief, known)
        self._quiet = known.quiet
        self._keeps_contacts = known.keeps_contacts
        self._held = {(each.reference, each.channel, each.action): each.reservation_id for each in known.view.held}
        self._reservations: dict[Slot, str] = {}
        self._refusals: list[Refusal] = []
        self._closed: Mask | None = None
        self._advisory = ""
        self._troubles: list[Trouble] = []
        self._last = Reserved(())

    async def run(self) -> Contacted:
        while (stop := await self._first_refused()) is not None:
            kept = self._choice.draws[:stop]
            self._reservations = {slot: self._reservations[slot] for slot in _slots(kept) & self._reservations.keys()}
            self._hold.keep(_slots(kept))
            self._closed = self._closed_rows()
            if self._is_hopeless():
                # What no limit is about was refused as well: there is nothing left to ask for.
                self._choice = replace(self._choice, draws=kept)
                break
            self._choice = await choose_again(self._choice, Standing(kept, self._closed, len(self._refusals)))
        return self._outcome()

    def _closed_rows(self) -> Mask:
        policy, option = self._brief.policy, self._choice.contest.option
        closed = closed_rows(self._brief.catalogue, self._brief.limits, option, self._refusals)
        by_volume: Mask = closed | volume_closed(policy.compiled.volume, option, self._refusals)
        return by_volume

    def _is_hopeless(self) -> bool:
        """The ledger refused what no limit is about as well."""
        last, of_ledger = self._refusals[-1], [each for each in self._refusals if not each.resource]
        return not last.resource and last.row != EVERY_LIMITED and len(of_ledger) > MAX_REFUSALS

    async def _first_refused(self) -> int | None:
        """Which of the draws cannot stand; None where all can."""
        short = await self._hold.first_refused(self._choice.draws)
        if short is None:
            return await self._first_without_contact()
        index, refusal = short
        self._refusals.append(refusal)
        if refusal.unreachable:
            self._troubles.append(Trouble(Party.VOLUME, Cause(refusal.unreachable)))
        return index

    async def _first_without_contact(self) -> int | None:
        wanted = self._wanted() if self._keeps_contacts and not self._advisory else []
        for start in range(0, len(wanted), MAX_CONTACTS):
            part = wanted[start : start + MAX_CONTACTS]
            try:
                answer = await self._ask([contact for _, contact in part])
            except TandemError as failure:
                return self._do_without([index for index, _ in wanted[start:]], failure)
            for (index, _), reservation_id in zip(part, answer.granted, strict=False):
                self._reservations[_slot(self._choice.draws[index])] = reservation_id
            if len(answer.granted) < len(part):
                index, _ = part[len(answer.granted)]
                self._refuse(self._choice.draws[index], answer)
                return index
        return None

    def _wanted(self) -> list[tuple[int, LedgerContact]]:
        """The draws whose contact has no reservation yet. One that an earlier try of this decision made will do."""
        wanted = []
        for index, draw in enumerate(self._choice.draws):
            if draw.row == SILENCE or _slot(draw) in self._reservations:
                continue
            contact = self._contact(draw)
            held = self._held.get((contact.reference, contact.channel, contact.action))
            if held is None:
                wanted.append((index, contact))
            else:
                self._reservations[_slot(draw)] = held
        return wanted

    def _contact(self, draw: SlotDraw) -> LedgerContact:
        catalogue = self._brief.catalogue
        option = int(self._choice.contest.option[draw.row])
        treatment = catalogue.options[option]
        action = catalogue.actions[treatment.action]
        span = send_span(self._brief, self._quiet, option)
        return LedgerContact(
            treatment.channel,
            self._brief.command.places.direction.name,
            action.message_class,
            action.issue,
            action.group,
            action.action_id,
            treatment.treatment_id,
            PropositionRef(self._brief.decision_id, draw.place, draw.slot).proposition_id,
            None if span is None or span.earliest_ms <= self._brief.acts_ms else span.earliest_ms,
            self._brief.command.campaign_id,
        )

    async def _ask(self, contacts: Sequence[LedgerContact]) -> Reserved:
        request = ReservationRequest(
            content_id("contact", (self._brief.decision_id, contacts)),
            self._identities,
            tuple(contacts),
            reached_at_once(self._brief.command.places.direction, is_prefetched=self._brief.is_prefetch),
            self._brief.policy.versions.trait_schema,
            self._brief.policy.contact.prefetch_ms if self._brief.is_prefetch else 0,
        )
        answer = await self._ledger.reserve(request, deadline_ms=self._budget.share(LEDGER_SHARE))
        _check_sound(answer, len(contacts))
        self._last = answer
        return answer

    def _refuse(self, draw: SlotDraw, answer: Reserved) -> None:
        self._refusals.append(Refusal(draw.place, draw.slot, draw.row, answer.refused_by))
        if sum(not each.resource for each in self._refusals) == MAX_REFUSALS:
            self._refusals.append(Refusal(draw.place, draw.slot, EVERY_LIMITED))

    def _do_without(self, unasked: Sequence[int], failure: TandemError) -> int | None:
        """What a limit is about must be asked for; the rest may go unrecorded."""
        if failure.reason == SUBJECT_ERASED:
            self._advisory = SUBJECT_ERASED
        else:
            self._advisory = LEDGER_UNAVAILABLE
            self._troubles.append(Trouble.of(Party.LEDGER, failure))
        _log.warning("no reservation", extra={"fields": {"cause": failure.message, "reason": failure.reason}})
        draws, limits = self._choice.draws, self._brief.limits
        limited = limits.limited(self._choice.contest.option[[draws[index].row for index in unasked]])
        if not limited.any():
            return None
        first = unasked[int(limited.argmax())]
        self._refusals.append(Refusal(draws[first].place, draws[first].slot, EVERY_LIMITED))
        return first

    def _outcome(self) -> Contacted:
        unused = set(self._held.values()) - set(self._reservations.values())
        return Contacted(
            self._choice,
            self._reservations,
            tuple(self._refusals),
            self._closed,
            self._advisory,
            tuple(sorted(unused)),
            self._last.profile_id,
            self._last.consistency_token,
            dict(self._hold.taken),
            tuple(self._troubles),
        )


def _check_sound(answer: Reserved, asked: int) -> None:
    """Raises Internal where it is not clear which contacts were granted."""
    granted = answer.granted
    if len(granted) > asked or not all(granted) or len(set(granted)) < len(granted):
        raise Internal("INTERNAL", f"the contact ledger granted {len(granted)} contacts of {asked}")


def _identities(brief: Brief, known: Known) -> tuple[Identity, ...]:
    """Of the person who is known: what somebody else holds, or was erased, has no part in it."""
    identities = brief.command.identities
    return tuple(identities[place] for place in known.view.held_identities) if known.view.profile_id else identities


def _slot(draw: SlotDraw) -> Slot:
    return draw.place, draw.slot


def _slots(draws: Sequence[SlotDraw]) -> set[Slot]:
    return {_slot(draw) for draw in draws}
