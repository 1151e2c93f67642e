"""Collections of event-driven rules in the rules service's MongoDB database.

rules_trigger_head         _id "head"      holder, lease_until_ms, fence, revision, version, activated_ms, last_firing,
                                           delivered, progress
rules_trigger_activations  _id request id  version
rules_trigger_states       _id profile id  body
rules_trigger_timers       _id timer id    due_ms, profile_id
rules_trigger_waiting      _id join key and profile id       join_key, profile_id
rules_trigger_firings      _id number      profile_id, committed_ms, body
rules_trigger_inbox        _id event id    profile_id, received_ms, index, body (while it is pending)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, IndexModel

HEAD, ACTIVATIONS = "rules_trigger_head", "rules_trigger_activations"
STATES, TIMERS, WAITING = "rules_trigger_states", "rules_trigger_timers", "rules_trigger_waiting"
FIRINGS, INBOX = "rules_trigger_firings", "rules_trigger_inbox"

ONLY = "head"
"""The id of the one head."""

_OF_PROFILE = IndexModel([("profile_id", ASCENDING)])

TRIGGER_INDEXES: Mapping[str, Sequence[IndexModel]] = {
    HEAD: [],
    ACTIVATIONS: [],
    STATES: [],
    TIMERS: [IndexModel([("due_ms", ASCENDING), ("_id", ASCENDING)]), _OF_PROFILE],
    WAITING: [IndexModel([("join_key", ASCENDING), ("profile_id", ASCENDING)]), _OF_PROFILE],
    FIRINGS: [IndexModel([("committed_ms", ASCENDING)]), _OF_PROFILE],
    INBOX: [
        IndexModel(
            [("received_ms", ASCENDING), ("index", ASCENDING)],
            name="pending",
            partialFilterExpression={"body": {"$exists": True}},
        ),
        IndexModel([("received_ms", ASCENDING)], name="received"),
        _OF_PROFILE,
    ],
}
