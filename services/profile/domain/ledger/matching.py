"""Which limits are about a contact: worked out once for each kind of contact, then looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from services.profile.domain.ledger.contacts import MARKETING, SERVICE, Topic
from services.profile.domain.ledger.limits import EVERY_CLASS, ContactLimit, LimitScope

MAX_KEPT = 10_000
"""Kinds of contacts remembered; a shop has some hundreds."""

_SCOPES: Mapping[LimitScope, Callable[[Topic], str]] = {
    LimitScope.CHANNEL: lambda topic: topic.channel,
    LimitScope.ISSUE: lambda topic: topic.issue,
    LimitScope.GROUP: lambda topic: topic.group,
    LimitScope.ACTION: lambda topic: topic.action,
    LimitScope.CAMPAIGN: lambda topic: topic.campaign,
}


class Account(NamedTuple):
    """What a limit counts together: the place of the limit and, where it counts apart, the value this is for."""

    place: int
    counted: str = ""


class ContactLimits:
    """The limits of a trait schema, prepared for use."""

    def __init__(self, limits: Sequence[ContactLimit]) -> None:
        self.limits = tuple(limits)
        self.ids = frozenset(limit.limit_id for limit in limits)
        self.reach_ms = max((limit.reach_ms for limit in limits), default=0)
        """Nothing that is longer past counts."""
        self._classes = {SERVICE, *(limit.message_class for limit in limits)}
        self._accounts: dict[Topic, tuple[Account, ...]] = {}

    def accounts(self, topic: Topic) -> tuple[Account, ...]:
        """Where a contact counts, in the order of the limits."""
        accounts = self._accounts.get(topic)
        if accounts is None:
            if len(self._accounts) >= MAX_KEPT:
                self._accounts.clear()
            accounts = self._accounts[topic] = tuple(self._matching(topic))
        return accounts

    def _matching(self, topic: Topic) -> Iterator[Account]:
        if topic.message_class not in self._classes:
            # A class that no limit knows is no way round the marketing limits.
            topic = topic._replace(message_class=MARKETING)
        for place, limit in enumerate(self.limits):
            if limit.scope is LimitScope.ALL:
                if is_about(limit, topic):
                    yield Account(place)
            else:
                counted = _SCOPES[limit.scope](topic)
                if counted and is_about(limit, topic):
                    yield Account(place, counted)


def is_about(limit: ContactLimit, topic: Topic) -> bool:
    return (
        limit.message_class in (EVERY_CLASS, topic.message_class)
        and limit.direction in ("", topic.direction)
        and _narrows(limit.channels, topic.channel)
        and _narrows(limit.issues, topic.issue)
        and _narrows(limit.groups, topic.group)
        and _narrows(limit.actions, topic.action)
        and _narrows(limit.campaigns, topic.campaign)
    )


def _narrows(names: tuple[str, ...], name: str) -> bool:
    return not names or name in names
