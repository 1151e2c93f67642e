"""What of a contact counts in a limit, and when.

A limit names the event it counts. A contact that has got there counts at the moment it did. One that has not, and still
can, counts as of now, whatever the window: what is under way never makes a limit be exceeded later. One that ended
without getting there does not count.

    counts        open (reserved | handed over)   delivered         seen             failed         released, expired
    RESERVED      when reserved                   when reserved     when reserved    -              -
    ATTEMPTED     now | when handed over          when handed over  when handed over when handed over -
    DELIVERED     now                             when delivered    when delivered   -              -
    IMPRESSION    now                             when delivered    when seen        -              -

Delivered and unseen counts as if seen on delivery: most of what is delivered is never acknowledged as seen, and counted
as of now it would hold its place for ever. When it is seen later, it counts from then on.

What is planned for later counts as reserved and handed over at that moment, which is after the beginning of every
window: so it counts until then as well, in the window of today and in that of the day it goes out.

A suppression rule counts responses instead (`responded_ms`).
"""

from __future__ import annotations

from collections.abc import Collection

from services.profile.domain.ledger.contacts import Contact, ContactResponse

NOW = 2**62
"""Stands for the time of a contact that counts as of now."""
NEVER = 2**62
"""Stands for the end of a contact that only an acknowledgement ends."""

Times = tuple[int | None, int | None, int | None, int | None]
"""When the contact counts, for limits on RESERVED, ATTEMPTED, DELIVERED and IMPRESSION; None: it does not."""


def counted_times(contact: Contact, now_ms: int) -> Times:
    attempted_ms = contact.attempted_ms
    if contact.ended_ms is not None:
        return (None, attempted_ms, None, None)
    reserved_ms, expire_ms, planned_ms = contact.reserved_ms, contact.expire_ms, contact.planned_ms
    if planned_ms is not None:
        reserved_ms = max(reserved_ms, planned_ms)
        attempted_ms = None if attempted_ms is None else max(attempted_ms, planned_ms)
    if expire_ms is not None:
        return (None, None, None, None) if expire_ms <= now_ms else (reserved_ms, NOW, NOW, NOW)
    delivered_ms, impression_ms = contact.delivered_ms, contact.impression_ms
    if delivered_ms is None:
        delivered_ms = NOW
    return (
        reserved_ms,
        NOW if attempted_ms is None else attempted_ms,
        delivered_ms,
        delivered_ms if impression_ms is None else impression_ms,
    )


def ends_ms(contact: Contact) -> int:
    """When it stops counting by itself, if nothing happens to it."""
    return NEVER if contact.expire_ms is None else contact.expire_ms


def responded_ms(contact: Contact, wanted: Collection[ContactResponse]) -> int | None:
    """When one of these came of the contact first; None: never. Whoever did anything else did not ignore it."""
    told = contact.responses
    is_ignored = len(told) == 1
    return min(
        (at_ms for each, at_ms in told if each in wanted and (is_ignored or each is not ContactResponse.IGNORED)),
        default=None,
    )
