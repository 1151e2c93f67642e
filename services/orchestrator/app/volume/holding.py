"""What one replica has of one resource in one period: a lease, drawn from without asking anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.domain.volume.account import Account, AccountKey, Claim, adopted, claimed, closed
from services.orchestrator.domain.volume.pacing import Bids, Course, stepped, told
from services.orchestrator.domain.volume.resources import Period, Resource
from services.orchestrator.domain.volume.standing import ResourceStanding
from services.orchestrator.domain.volume.traffic import counted
from shared.errors import Aborted
from shared.ids import new_id

LEASE_MS = 10_000
"""How long a lease lives that nobody renews."""
AHEAD_S = 5.0
"""How much of what it uses a replica has leased, in seconds of use."""
SPENT_AHEAD = 8
"""The part of that which is spent ahead: what a crash may cost."""
MAX_ATTEMPTS = 200

Change = Callable[[Account], Account]


class Holding:
    """`used` <= `spent` <= the lease's, at any moment. One change of the account at a time."""

    def __init__(
        self, bank: ResourceBank, resource: Resource, largest_use: int, account: Account, lease_ms: int = LEASE_MS
    ) -> None:
        self._bank = bank
        self._resource = resource
        self._largest_use = largest_use
        self._lease_ms = lease_ms
        self._lease_id = new_id("lease")
        self._used = 0
        self._spent = 0
        self._is_stored = False
        self._changing = asyncio.Lock()
        self._bids = Bids()
        self._rate = 0.0
        self._beaten_ms = 0
        self._used_at_beat = 0
        self.account = account

    @property
    def key(self) -> AccountKey:
        return self.account.key

    @property
    def end_ms(self) -> int:
        return self.account.end_ms

    @property
    def room(self) -> int:
        """In millionths: what is left of the lease, and what nobody has, as far as this replica knows."""
        lease = self.account.lease(self._lease_id)
        own = max(0, (lease.granted if lease is not None else self._used) - self._used)
        return max(0, own + self.account.free)

    def standing(self) -> ResourceStanding:
        return ResourceStanding(self.key.resource_id, self.key.period_ms, self.room, self.account.pace.price)

    def declared(self, resource: Resource, largest_use: int, period: Period) -> None:
        """By the policy in force, from now on."""
        self._resource, self._largest_use = resource, largest_use
        self.account = replace(self.account, start_ms=self.account.start_ms or period.start_ms)

    def saw(self, bid: float | None) -> None:
        seen = self._bids
        self._bids = Bids(seen.arrivals + 1, seen.count + (bid is not None), seen.total + (bid or 0.0))

    async def take(self, used: int, now_ms: int) -> str:
        """The lease it was drawn from, where it is spent durably; empty where there was too little."""
        if self._used + used <= self._spent:
            return self._draw(used)
        async with self._changing:
            while self._used + used > self._spent:
                # Others may be faster to what was claimed: then there is more to claim, or too little left.
                if not await self._claim_more(used, now_ms):
                    return ""
            return self._draw(used)

    async def _claim_more(self, used: int, now_ms: int) -> bool:
        """Whether there was as much when it was asked for."""
        told = 0

        def change(account: Account) -> Account:
            nonlocal told
            after = self._claim(account, now_ms, need=used)
            told = self._used
            return after

        await self._change(change)
        return self._spent >= told + used

    def give_back(self, used: int, lease_id: str) -> None:
        """Of a lease that is lost nothing comes back: it was accounted for as spent."""
        if lease_id == self._lease_id:
            self._used -= used

    def _draw(self, used: int) -> str:
        self._used += used
        return self._lease_id

    async def beat(self, account: Account, now_ms: int) -> None:
        """Tells what was seen, makes the next price, renews the lease and gives back what is not used."""
        async with self._changing:
            if account.revision >= self.account.revision:
                self._see(account)
            self._measure(now_ms)
            if not self._has_news(now_ms):
                return
            bids, is_idle = self._bids, self._used == self._used_at_beat
            self._used_at_beat = self._used

            def change(before: Account) -> Account:
                of_policy = adopted(before, self._resource.amount, self._end_ms(before), now_ms)
                # Of what outcomes took back from others, what is spent ahead makes up first.
                trims = is_idle or of_policy.free < 0
                return self._paced(self._claim(of_policy, now_ms, trims=trims), bids, now_ms)

            await self._change(change)
            seen = self._bids
            self._bids = Bids(seen.arrivals - bids.arrivals, seen.count - bids.count, seen.total - bids.total)

    async def close(self) -> None:
        """Gives back what was not used."""

        def change(account: Account) -> Account:
            self._hold_to_use()
            return closed(account, self._lease_id, self._used)

        async with self._changing:
            if self._is_stored:
                await self._change(change)

    def _hold_to_use(self) -> None:
        """Before the account is told that no more was spent than is used: what is given back while it is told must not
        be used meanwhile. Told anew, it is less."""
        self._spent = min(self._spent, self._used)

    def _end_ms(self, account: Account) -> int:
        """A resource with one period ends as its policy says; the end of any other is in its name."""
        return account.end_ms if self._resource.span_ms or self._resource.calendar else self._resource.until_ms

    def _measure(self, now_ms: int) -> None:
        """How much is used per second."""
        passed_s = (now_ms - self._beaten_ms) / 1_000
        if self._beaten_ms and passed_s > 0:
            now = max(0, self._used - self._used_at_beat) / passed_s
            self._rate += min(1.0, passed_s / AHEAD_S) * (now - self._rate)
        self._beaten_ms = now_ms

    def _has_news(self, now_ms: int) -> bool:
        account = self.account
        lease = account.lease(self._lease_id)
        return (
            self._bids.arrivals > 0
            or self._used != self._used_at_beat
            or (lease is not None and (lease.granted > self._used or lease.expire_ms - now_ms < self._lease_ms // 2))
            or account.pace.price > 0
            or (
                account.revision > 0
                and (account.amount, account.end_ms) != (self._resource.amount, self._end_ms(account))
            )
        )

    def _claim(self, account: Account, now_ms: int, *, need: int = 0, trims: bool = False) -> Account:
        if self._is_stored and account.lease(self._lease_id) is None:
            # It was thought dead, and its lease taken back: all it had spent is accounted for.
            self._lease_id, self._used, self._spent, self._is_stored = new_id("lease"), 0, 0, False
            self._used_at_beat = 0
        if trims:
            self._hold_to_use()
        want = int(self._rate * AHEAD_S)
        ahead = want // SPENT_AHEAD
        claim = Claim(self._lease_id, self._used, now_ms, now_ms + self._lease_ms, need, ahead, want - ahead, trims)
        return claimed(account, claim)

    def _paced(self, account: Account, bids: Bids, now_ms: int) -> Account:
        traffic = counted(account.traffic, bids.arrivals, now_ms)
        course = Course(
            self._resource.pacing,
            account.amount,
            account.committed,
            account.start_ms,
            account.end_ms,
            self._largest_use,
        )
        pace = stepped(told(account.pace, bids), course, traffic, now_ms)
        return replace(account, pace=pace, traffic=traffic)

    async def _change(self, change: Change) -> None:
        account = self.account
        for _ in range(MAX_ATTEMPTS):
            changed = change(account)
            if await self._bank.put(changed):
                self._see(replace(changed, revision=changed.revision + 1))
                return
            found = await self._bank.read([self.key])
            account = found.get(self.key, replace(self.account, revision=0))
        raise Aborted(
            "CONCURRENT_CHANGE",
            "the account of a resource changes too fast: try again",
            metadata={"resource": self.key.resource_id},
        )

    def _see(self, account: Account) -> None:
        self.account = account
        lease = account.lease(self._lease_id)
        self._is_stored = self._is_stored or lease is not None
        if lease is not None:
            self._spent = lease.spent
        elif not self._used:
            self._spent, self._is_stored = 0, False
