"""The collections of the scoring store.

    feature_sets   {_id: version, content}
    publications   {_id: request_id, version}
    rewards        {_id: position, reward_key, content}
    reward_keys    {_id: reward_key, reward, position}    what the key is worth since that position
    log            {_id: "rewards", position}             the last position given
    receipts       {_id: request_id, body_hash, outcomes, time}
    snapshots      {_id: {model_id, position}, model_id, position, content}

Contents are msgpack (`encoding`).
"""

from __future__ import annotations

from pymongo import DESCENDING, IndexModel

from shared.mongo import MongoSchema

FEATURE_SETS = "feature_sets"
PUBLICATIONS = "publications"
REWARDS = "rewards"
REWARD_KEYS = "reward_keys"
LOG = "log"
RECEIPTS = "receipts"
SNAPSHOTS = "snapshots"

RECEIPT_SECONDS = 7 * 86_400
"""How long a request is remembered: far longer than anybody retries."""

SCHEMA = MongoSchema(
    "scoring",
    1,
    {
        REWARDS: [IndexModel("reward_key")],
        RECEIPTS: [IndexModel("time", expireAfterSeconds=RECEIPT_SECONDS)],
        SNAPSHOTS: [IndexModel([("model_id", 1), ("position", DESCENDING)])],
        FEATURE_SETS: [],
        PUBLICATIONS: [],
        REWARD_KEYS: [],
        LOG: [],
    },
)
