"""Brings what outcomes say of units to their accounts. Each settlement counts once, whoever brings it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.orchestrator.app.courier import Courier
from services.orchestrator.app.volume.bank import ResourceBank, Settlement
from services.orchestrator.domain.decision import Proposition
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.volume.account import AccountKey, settled
from services.orchestrator.domain.volume.standing import ResourceUse
from shared.clock import Clock

BATCH = 500

_BACK = frozenset({Outcome.NOT_PRESENTED, Outcome.BOUNCED, Outcome.FAILED})
_SILENT = frozenset({Outcome.PENDING, Outcome.SENT, Outcome.RETURNED})
"""They say nothing of whether it arrived."""


def settlements_of(
    proposition: Proposition | None, outcome: Outcome, first: Proposition | None = None
) -> list[Settlement]:
    """What the outcome says of the units its proposition took. A machine that opens it says
    as well that it arrived.

    A copy of `first` promised the piece of stock that `first` took: that the copy arrived says that the piece is used,
    that it did not says nothing of it."""
    if proposition is None or outcome in _SILENT:
        return []
    is_realised = outcome not in _BACK
    settlements = _settlements(proposition, proposition.uses, is_realised)
    if first is not None and is_realised:
        own = {use.resource_id for use in proposition.uses}
        promised = [use for use in first.uses if use.resource_id not in own]
        settlements += _settlements(first, promised, is_realised)
    return settlements


def _settlements(proposition: Proposition, uses: Iterable[ResourceUse], is_realised: bool) -> list[Settlement]:
    return [
        Settlement(proposition.proposition_id, use.resource_id, use.period_ms, use.used, is_realised) for use in uses
    ]


def volume_courier(bank: ResourceBank, clock: Clock) -> Courier:
    return Courier(_Settling(bank), clock)


class _Settling:
    """Implements Errand."""

    name = "settlements of volume"

    def __init__(self, bank: ResourceBank) -> None:
        self._bank = bank

    async def deliver_all(self, deadline_ms: int) -> None:  # noqa: ARG002 the store has bounds of its own
        while waiting := await self._bank.waiting(BATCH):
            by_account = defaultdict[AccountKey, list[Settlement]](list)
            for settlement in waiting:
                by_account[settlement.account].append(settlement)
            for key, settlements in by_account.items():
                await self._settle(key, settlements)

    async def count_waiting(self) -> int:
        return await self._bank.count_waiting()

    def tell(self, waiting: int) -> None:
        """Operators see it in what is realised."""

    async def _settle(self, key: AccountKey, settlements: Sequence[Settlement]) -> None:
        """Where somebody else changed the account meanwhile, the next round does it."""
        account = (await self._bank.read([key])).get(key)
        assert account is not None, "a decision took units of it"
        realised = sum(each.used for each in settlements if each.is_realised)
        released = sum(each.used for each in settlements if not each.is_realised)
        taken_back = sum(each.used for each in settlements if each.takes_back)
        await self._bank.put(settled(account, realised, released - taken_back), settlements)
