"""Which contacts stay in the profile: all that a limit can still look at, and no more than a decision can read in time.

1. What is open stays. What got somewhere stays for the longest window there may be, also where no limit is about it: a
   limit that is declared tomorrow counts it. What never got anywhere counts in no limit and stays for a while, for who
   asks again.
2. Of a person with MAX_CONTACTS of them (a flood, a robot), what no limit in use looks at goes, the oldest first.
3. Where that makes no room, nothing more is granted (LEDGER_LIMIT). So a flood never makes room for a contact too many.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.domain.ledger.allowances import LimitStatus
from services.profile.domain.ledger.contacts import Contact, ContactState, as_of
from services.profile.domain.ledger.counting import counted_times, responded_ms
from services.profile.domain.ledger.limits import MAX_WINDOW_MS, ContactLimit
from services.profile.domain.ledger.matching import ContactLimits
from shared.clock import MS_PER_DAY

MAX_CONTACTS = 2_000
MAX_FRUITLESS = 100
"""Released and expired contacts that are kept."""
FRUITLESS_MS = 31 * MS_PER_DAY
"""For how long."""
LEDGER_LIMIT = "ledger.size"
"""The id of the limit that the ledger itself is; declared ones have no full stop."""


def kept(contacts: Sequence[Contact], now_ms: int) -> tuple[Contact, ...]:
    """Those that stay, in their order (1)."""
    fruitless = [contact for contact in contacts if _is_fruitless(contact, now_ms)]
    fruitless.sort(key=lambda contact: contact.end_ms(now_ms) or 0, reverse=True)
    dropped = {id(each) for each in fruitless[MAX_FRUITLESS:]}
    return tuple(contact for contact in contacts if not _is_past(contact, now_ms) and id(contact) not in dropped)


def room_for(contacts: Sequence[Contact], used: Sequence[ContactLimits], now_ms: int) -> list[Contact]:
    """Those that may go where there are too many, the first one first (2)."""
    if len(contacts) <= MAX_CONTACTS // 2:
        return []
    idle = [contact for contact in contacts if not _is_looked_at(contact, used, now_ms)]
    return sorted(idle, key=lambda contact: contact.last_ms)


def in_reach(
    contacts: Sequence[Contact], limits: ContactLimits, read_ms: int, asked_ms: int = 0
) -> tuple[Contact, ...]:
    """What a decision has to see: contacts that were open at the moment, or within the longest window of the limits, or
    within what is asked for."""
    if not contacts or not (limits.limits or asked_ms):
        return ()
    after_ms = read_ms - max(limits.reach_ms, asked_ms)
    known = (as_of(contact, read_ms) for contact in contacts)
    return tuple(each for each in known if each is not None and (each.last_ms > after_ms or each.is_open(read_ms)))


def full(count: int) -> LimitStatus:
    return LimitStatus(LEDGER_LIMIT, MAX_CONTACTS, count)


def _is_fruitless(contact: Contact, now_ms: int) -> bool:
    return contact.attempted_ms is None and contact.end_ms(now_ms) is not None


def _is_past(contact: Contact, now_ms: int) -> bool:
    if contact.is_open(now_ms):
        return False
    ended_ms = contact.end_ms(now_ms)
    if contact.attempted_ms is None and ended_ms is not None:
        return ended_ms <= now_ms - FRUITLESS_MS
    return contact.last_ms <= now_ms - MAX_WINDOW_MS


def _is_looked_at(contact: Contact, used: Sequence[ContactLimits], now_ms: int) -> bool:
    """Whether a limit counts it, or will when it gets further."""
    return contact.state(now_ms) is ContactState.RESERVED or any(
        _counts(contact, limits.limits[account.place], now_ms)
        for limits in used
        for account in limits.accounts(contact.topic)
    )


def _counts(contact: Contact, limit: ContactLimit, now_ms: int) -> bool:
    if limit.responses:
        told_ms = responded_ms(contact, limit.responses)
        # What nobody has answered yet may still be.
        return contact.last_ms + limit.window_ms > now_ms if told_ms is None else told_ms + limit.reach_ms > now_ms
    counted_ms = counted_times(contact, now_ms)[limit.counts - 1]
    if counted_ms is None:
        return False
    return counted_ms > now_ms - limit.reach_ms or not contact.has_reached(limit.counts)
