"""The account of one resource in one period, and how quota is leased from it.

A replica takes a *lease*: quota that is its own for a while. Of that it writes a part down as spent ahead of using it;
only what is written down is used, without asking anybody. So, at every moment and whoever is killed:

    used by a replica  <=  spent of its lease  <=  granted of its lease,   Σ granted  <=  amount

A lease that is not renewed comes back but for what was spent ahead: its replica, should it still live, has nothing else
to use. What a crash costs is at most what was spent ahead, never a unit too many.

Outcomes give units back. One that turns out to be used after all is taken back, also where somebody else has it then:
only so is more used than there is, and nobody leases any until enough came back.

Every change is a function from an account to the next one; a store only swaps the one for the other (`revision`).
All amounts are in millionths.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from services.orchestrator.domain.volume.pacing import Pace
from services.orchestrator.domain.volume.traffic import Traffic

SHARES = 4
"""Of what nobody has, the part that one lease may take beyond what it needs: the last units go to who asks."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    resource_id: str
    period_ms: int


@dataclass(frozen=True, slots=True)
class Lease:
    lease_id: str
    granted: int
    spent: int
    used: int
    """As its replica told last."""
    expire_ms: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What the owner of a lease tells and asks. It has used `used` of it, and `need` more is to be spent at once."""

    lease_id: str
    used: int
    now_ms: int
    expire_ms: int
    need: int = 0
    ahead: int = 0
    """To be spent beyond that, for what comes next."""
    want: int = 0
    """To be granted beyond that."""
    trims: bool = False
    """What was spent ahead and not used comes back. Only where the owner uses nothing meanwhile."""


@dataclass(frozen=True, slots=True)
class Account:
    key: AccountKey
    amount: int
    start_ms: int
    end_ms: int
    spent: int = 0
    """Of leases that ended."""
    realised: int = 0
    """Confirmed by outcomes."""
    released: int = 0
    """Given back by outcomes."""
    leases: tuple[Lease, ...] = ()
    firm_until_ms: int = 0
    """Until then the amount may only fall: a policy with less of it is about to become active."""
    pace: Pace = field(default_factory=Pace)
    traffic: Traffic = field(default_factory=Traffic)
    revision: int = 0
    """0: not stored yet."""

    @property
    def free(self) -> int:
        """What nobody has; below 0 where the amount fell, or units were taken back that somebody has."""
        return self.amount - self.spent - sum(lease.granted for lease in self.leases) + self.released

    @property
    def committed(self) -> int:
        """By decisions, but for what outcomes gave back."""
        return self.spent + sum(lease.used for lease in self.leases) - self.released

    @property
    def bound(self) -> int:
        """What cannot be had any more, whatever happens: committed, and spent ahead."""
        return self.spent + sum(lease.spent for lease in self.leases) - self.released

    @property
    def remaining(self) -> int:
        return max(0, self.amount - self.committed)

    def forbids(self, amount: int) -> bool:
        """Less than before, and than what cannot be had any more."""
        return amount < min(self.amount, self.bound)

    def lease(self, lease_id: str) -> Lease | None:
        return next((lease for lease in self.leases if lease.lease_id == lease_id), None)


def claimed(account: Account, claim: Claim) -> Account:
    """The owner's word is taken, expired leases of others come back, and as much is granted and spent as there is.

    `need` is met whole or not at all: what the lease has spent then tells. Unless the claim `trims`, what was spent
    ahead stays, for the owner may use it at this very moment.
    """
    account = reclaimed(account, claim.now_ms, but=claim.lease_id)
    own = account.lease(claim.lease_id) or Lease(claim.lease_id, 0, 0, 0, 0)
    least = claim.used if claim.trims else max(own.spent, claim.used)
    limit = max(account.free + own.granted, least)
    asked = claim.used + claim.need
    floor = max(least, asked) if asked <= limit else least
    granted = floor + min(claim.want + claim.ahead, max(0, limit - floor) // SHARES)
    met = asked if asked <= limit else claim.used
    spent = max(least, min(granted, met + claim.ahead))
    return _with(account, Lease(claim.lease_id, granted, spent, claim.used, claim.expire_ms))


def closed(account: Account, lease_id: str, used: int) -> Account:
    """The owner needs the lease no longer."""
    if account.lease(lease_id) is None:
        return account
    return replace(account, leases=_without(account.leases, [lease_id]), spent=account.spent + used)


def reclaimed(account: Account, now_ms: int, *, but: str = "") -> Account:
    """Leases whose time is over end; all that they had spent stays spent."""
    over = [lease for lease in account.leases if lease.expire_ms <= now_ms and lease.lease_id != but]
    if not over:
        return account
    kept = _without(account.leases, [lease.lease_id for lease in over])
    return replace(account, leases=kept, spent=account.spent + sum(lease.spent for lease in over))


def lowered(account: Account, amount: int, firm_until_ms: int) -> Account:
    """For a policy that is about to become active. Leases shrink to what they spent. At least `bound` must be left."""
    leases = tuple(replace(lease, granted=lease.spent) for lease in account.leases)
    return replace(account, amount=amount, leases=leases, firm_until_ms=firm_until_ms)


def adopted(account: Account, amount: int, end_ms: int, now_ms: int) -> Account:
    """As the active policy says."""
    is_firm = now_ms < account.firm_until_ms and amount > account.amount
    return replace(account, amount=account.amount if is_firm else amount, end_ms=end_ms)


def settled(account: Account, realised: int, released: int) -> Account:
    """`released` is below 0 where more is taken back than given back."""
    return replace(account, realised=account.realised + realised, released=account.released + released)


def _with(account: Account, lease: Lease) -> Account:
    others = _without(account.leases, [lease.lease_id])
    if not (lease.granted or lease.used):
        return replace(account, leases=others)
    return replace(account, leases=(*others, lease))


def _without(leases: Iterable[Lease], lease_ids: list[str]) -> tuple[Lease, ...]:
    return tuple(lease for lease in leases if lease.lease_id not in lease_ids)
