"""What a person was shown before, as models look at it: how long ago, and which action.

A contact counts from its hand-over on: an answer to somebody who showed up is seen at once, a message is handed over by
the answer. Its moment is when it was seen, else delivered, else handed over, as far as that is known when the person is
read. It counts on every channel, in both directions, of every message class; it does not count while it is reserved,
nor once it failed, was released or expired. Contacts are a person's: those of all identities and of merged profiles
count together, and nothing is left of somebody who was erased.

The feature PAST_CONTACTS lists them, the newest first: "<milliseconds before the decision> <action>". It is unknown
for somebody nobody has recorded, and for whom there is no basis to profile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.values import Feature, present

PAST_CONTACTS = "contacts.past"
"""The scoring service calls it so, too. No attribute of a policy can: only "context." has a full stop."""
MAX_LISTED = 400
"""The newest: with the longest names they are half of the 64 KiB that a list may hold."""


@dataclass(frozen=True, slots=True)
class PastContact:
    """`reference`: the proposition's id. `sent_ms`: when it was handed over, however late it was seen."""

    action: str
    shown_ms: int
    reference: str
    channel: str = ""
    is_outbound: bool = False
    sent_ms: int = 0


def past_contacts(contacts: Iterable[PastContact], now_ms: int, reach_ms: int, decision_id: str) -> Feature:
    """As a decision about `now_ms` looks at them. What an earlier try of this very decision handed over is none of
    them: the same request makes the same draws."""
    own = f"{decision_id}."
    ages = (
        # The ledger's clock may be ahead of the moment that is decided for.
        (max(now_ms - each.shown_ms, 0), each.action)
        for each in contacts
        if not each.reference.startswith(own)
    )
    listed = sorted(each for each in ages if each[0] < reach_ms)[:MAX_LISTED]
    return present(tuple(f"{age_ms} {action}" for age_ms, action in listed))


def of_action(feature: Feature, action: str) -> Feature:
    """What is left of the feature where only one action is looked at."""
    if not isinstance(feature.value, tuple):
        return feature
    kept = tuple(each for each in feature.value if str(each).partition(" ")[2] == action)
    return Feature(kept, feature.status)
