"""What limits still allow: all of them in one pass over the contacts of a person.

The pass only counts, because a decision asks no more. When a slot opens is worked out for the limits that refuse: from
the moments at which each contact that counts there will count no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from services.profile.domain.ledger.contacts import Contact, Topic
from services.profile.domain.ledger.counting import NEVER, NOW, counted_times, ends_ms, responded_ms
from services.profile.domain.ledger.limits import LimitScope
from services.profile.domain.ledger.matching import Account, ContactLimits
from services.profile.domain.ledger.suppression import Suppression, suppression
from services.profile.domain.ledger.windows import Windows


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """Where a person stands within one limit. `next_slot_ms` None: there is room now, or only an acknowledgement can
    make room, or nothing can.
    """

    limit_id: str
    max: int
    used: int
    next_slot_ms: int | None = None
    counted: str = ""

    @property
    def remaining(self) -> int:
        return max(self.max - self.used, 0)


_RESPONSE = -1
"""Instead of an event: a suppression rule counts responses."""


class Allowances:
    """At one moment."""

    def __init__(self, limits: ContactLimits, contacts: Iterable[Contact], now_ms: int, zone: tzinfo) -> None:
        windows = Windows(now_ms, zone)
        self._limits = limits
        self._now_ms = now_ms
        self._windows = [windows.of(limit) for limit in limits.limits]
        # By limit: the place of its event in `Times`, and after when it counts.
        self._rules = [
            (_RESPONSE if limit.responses else limit.counts - 1, window.after_ms)
            for limit, window in zip(limits.limits, self._windows, strict=True)
        ]
        self._contacts: list[Contact] = []
        self._used: dict[Account, int] = {}
        self._told: dict[Account, list[int]] = {}
        """Of rules that pause: when each of the responses came."""
        if limits.limits:
            for contact in contacts:
                self.add(contact)

    def add(self, contact: Contact) -> None:
        """Counts one more."""
        accounts = self._limits.accounts(contact.topic)
        if not accounts:
            return
        self._contacts.append(contact)
        times, rules, used = counted_times(contact, self._now_ms), self._rules, self._used
        for account in accounts:
            event, after_ms = rules[account[0]]
            if event == _RESPONSE:
                if contact.responses:
                    self._add_response(account, contact)
                continue
            counted_ms = times[event]
            if counted_ms is not None and counted_ms > after_ms:
                used[account] = used.get(account, 0) + 1

    def _add_response(self, account: Account, contact: Contact) -> None:
        limit = self._limits.limits[account.place]
        told_ms = responded_ms(contact, limit.responses)
        if told_ms is None or told_ms > self._now_ms:
            return
        if limit.pause_ms:
            self._told.setdefault(account, []).append(told_ms)
        elif told_ms > self._windows[account.place].after_ms:
            self._used[account] = self._used.get(account, 0) + 1

    def of(self, topic: Topic) -> list[LimitStatus]:
        """Every limit that is about such a contact."""
        return [self._status(account) for account in self._limits.accounts(topic)]

    def refusing(self, topic: Topic) -> list[LimitStatus]:
        """The limits that leave no room for such a contact."""
        return [self._status(account) for account in self._limits.accounts(topic) if self._is_full(account)]

    def used(self) -> list[LimitStatus]:
        """Those that anything is used of."""
        statuses = [self._status(account) for account in sorted({*self._used, *self._told})]
        return [status for status in statuses if status.used]

    def every(self) -> list[LimitStatus]:
        """Every limit; one that counts apart once for each value that is counted."""
        whole = {Account(i) for i, limit in enumerate(self._limits.limits) if limit.scope is LimitScope.ALL}
        return [self._status(account) for account in sorted(whole.union(self._used, self._told))]

    def _is_full(self, account: Account) -> bool:
        limit = self._limits.limits[account.place]
        if limit.pause_ms:
            return self._suppression(account).until_ms is not None
        return self._used.get(account, 0) >= limit.max

    def _suppression(self, account: Account) -> Suppression:
        return suppression(self._limits.limits[account.place], self._told.get(account, ()), self._now_ms)

    def _status(self, account: Account) -> LimitStatus:
        limit, used = self._limits.limits[account.place], self._used.get(account, 0)
        if limit.pause_ms:
            paused = self._suppression(account)
            return LimitStatus(limit.limit_id, limit.max, paused.used, paused.until_ms, account.counted)
        slot_ms = self._next_slot_ms(account, used - limit.max) if limit.max else None
        return LimitStatus(limit.limit_id, limit.max, used, slot_ms, account.counted)

    def _next_slot_ms(self, account: Account, surplus: int) -> int | None:
        if surplus < 0:
            return None
        slot_ms = sorted(self._leaves_ms(account))[surplus]
        return None if slot_ms == NEVER else slot_ms

    def _leaves_ms(self, account: Account) -> list[int]:
        """When each of the contacts that count there will count no more."""
        window = self._windows[account.place]
        leaves = []
        for contact in self._contacts:
            counted_ms = self._counted_ms(account, contact)
            if counted_ms is None or counted_ms <= window.after_ms or account not in self._accounts(contact):
                continue
            expires_ms = ends_ms(contact)
            leaves.append(expires_ms if counted_ms == NOW else min(expires_ms, window.leaves_ms(counted_ms)))
        return leaves

    def _counted_ms(self, account: Account, contact: Contact) -> int | None:
        event = self._rules[account.place][0]
        if event == _RESPONSE:
            return responded_ms(contact, self._limits.limits[account.place].responses)
        return counted_times(contact, self._now_ms)[event]

    def _accounts(self, contact: Contact) -> tuple[Account, ...]:
        return self._limits.accounts(contact.topic)


def next_slot_ms(refusing: Iterable[LimitStatus]) -> int | None:
    """When all of them leave room; None where that is not known."""
    slots = [status.next_slot_ms for status in refusing]
    known = [slot_ms for slot_ms in slots if slot_ms is not None]
    return max(known) if known and len(known) == len(slots) else None
