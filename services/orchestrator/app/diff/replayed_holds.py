"""What a decision that another policy makes again is given of contact limits and resources: what was there then, less
what the policy itself has used.

A decision goes by what it was told when it began. What others took meanwhile shows where the log was refused something,
and where all that the log and the policy used leaves no more.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.orchestrator.app.contact_ledger import ReservationRequest, Reserved
from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.past_ports import PastLedger, PastQuotas
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.refused_draws import Met
from services.orchestrator.app.volume.quotas import Shortage, Taken
from services.orchestrator.domain.volume.standing import ResourceUse


class ReplayedQuotas(PastQuotas):
    """Implements Quotas: gives as much as `rooms`, in millionths by resource. Of several that are short, it names the
    one that the log met. Who could not be asked any more then answers up to there: slots before had theirs."""

    def __init__(self, rooms: Mapping[str, int], met: Met) -> None:
        self._rooms = dict(rooms)
        self._met = met

    async def take(
        self,
        uses: tuple[ResourceUse, ...],
        place: int,
        slot: int,
        *,
        deadline_ms: int,  # noqa: ARG002 nobody is asked
    ) -> Taken | Shortage:
        for use in sorted(uses, key=lambda each: each.resource_id not in self._met.named):
            silent = self._met.unreachable.get(use.resource_id)
            if silent is not None and (place, slot) >= (silent.place, silent.slot):
                return Shortage(use.resource_id, 0, silent.unreachable)
            if use.used > self._rooms[use.resource_id]:
                return Shortage(use.resource_id, self._rooms[use.resource_id])
        for use in uses:
            self._rooms[use.resource_id] -= use.used
        return Taken(uses)

    def give_back(self, taken: Taken) -> None:
        for use in taken.uses:
            self._rooms[use.resource_id] += use.used


class ReplayedLedger(PastLedger):
    """Implements ContactLedger: refuses what a limit is about that refused the log, and grants the rest."""

    def __init__(self, record: DecisionRecord, brief: Brief) -> None:
        self._brief = brief
        self._profile_id = record.profile_id
        self._full = [count for refusal in record.refusals for count in refusal.counts]

    async def reserve(self, request: ReservationRequest, *, deadline_ms: int) -> Reserved:  # noqa: ARG002 nobody is
        granted: list[str] = []
        for contact in request.contacts:
            about = self._brief.limits.counts_of(self._brief.catalogue, [(contact.channel, contact.action)])
            full = tuple(each for each in self._full if (each.limit_id, each.counted) in about)
            if full:
                return Reserved(tuple(granted), full, self._profile_id)
            granted.append(contact.reference)
        return Reserved(tuple(granted), profile_id=self._profile_id)
