"""Contacts that callers name, checked and in normal form."""

from __future__ import annotations

from dataclasses import replace

from services.profile.app.ledger_requests import ContactWrite
from services.profile.domain.ledger.contacts import DIRECTIONS, MARKETING, Topic
from services.profile.domain.limits import MAX_ID_LENGTH, check_code, check_text, missing
from shared.errors import InvalidArgument


def checked_contact(write: ContactWrite, path: str) -> ContactWrite:
    """Codes in upper case, the message class filled in. Raises InvalidArgument."""
    contact = replace(
        write,
        channel=write.channel.strip().upper(),
        direction=write.direction.strip().upper(),
        message_class=write.message_class.strip().upper() or MARKETING,
    )
    if not contact.channel:
        raise missing(f"{path}.channel")
    if not contact.direction:
        raise missing(f"{path}.direction")
    check_code(contact.channel, f"{path}.channel")
    if contact.direction not in DIRECTIONS:
        raise InvalidArgument.field(f"{path}.direction", f"must be {' or '.join(DIRECTIONS)}")
    check_code(contact.message_class, f"{path}.message_class")
    for field in ("issue", "group", "action", "treatment", "campaign", "reference"):
        check_text(getattr(contact, field), f"{path}.{field}", MAX_ID_LENGTH)
    return contact


def topic_of(contact: ContactWrite) -> Topic:
    return Topic(
        channel=contact.channel,
        direction=contact.direction,
        message_class=contact.message_class,
        issue=contact.issue,
        group=contact.group,
        action=contact.action,
        campaign=contact.campaign,
    )
