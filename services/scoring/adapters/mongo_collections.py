"""The collections of the scoring store.

    feature_sets   {_id: version, content, objective}
    publications   {_id: request_id, version}
    rewards        {_id: position, reward_key, content}
    reward_keys    {_id: reward_key, reward, value, position}    what the key is worth since that position
    log            {_id: "rewards", position}             the last position given
    receipts       {_id: request_id, body_hash, outcomes, time}
    snapshots      {_id: {model_id, position}, model_id, position, content}
    models         {_id: model_id, objective, train_time_ms, record, digest, chunks}
    model_chunks   {_id: {model_id, number}, content}     of a model's content, written before its record
    assignments    {_id: {objective, revision}, objective, revision, content}
    assignment_receipts  {_id: request_id, body_hash, assignment, time}
    trainings      {_id: training_id, request_id, objective, state, start_ms, content}

Contents are msgpack (`encoding`).
"""

from __future__ import annotations

from pymongo import DESCENDING, IndexModel

from services.scoring.domain.models import TrainingState
from shared.mongo import MongoSchema

FEATURE_SETS = "feature_sets"
PUBLICATIONS = "publications"
REWARDS = "rewards"
REWARD_KEYS = "reward_keys"
LOG = "log"
RECEIPTS = "receipts"
SNAPSHOTS = "snapshots"
MODELS = "models"
MODEL_CHUNKS = "model_chunks"
ASSIGNMENTS = "assignments"
ASSIGNMENT_RECEIPTS = "assignment_receipts"
TRAININGS = "trainings"

RECEIPT_SECONDS = 7 * 86_400
"""How long a request is remembered: far longer than anybody retries."""

SCHEMA = MongoSchema(
    "scoring",
    1,
    {
        REWARDS: [IndexModel("reward_key")],
        RECEIPTS: [IndexModel("time", expireAfterSeconds=RECEIPT_SECONDS)],
        SNAPSHOTS: [IndexModel([("model_id", 1), ("position", DESCENDING)])],
        FEATURE_SETS: [IndexModel("objective")],
        MODELS: [IndexModel([("objective", 1), ("train_time_ms", DESCENDING)])],
        ASSIGNMENTS: [IndexModel([("objective", 1), ("revision", DESCENDING)], unique=True)],
        ASSIGNMENT_RECEIPTS: [IndexModel("time", expireAfterSeconds=RECEIPT_SECONDS)],
        TRAININGS: [
            IndexModel("request_id", unique=True),
            IndexModel([("objective", 1), ("start_ms", DESCENDING)]),
            # One of an objective runs at a time.
            IndexModel(
                [("objective", 1), ("state", 1)],
                unique=True,
                partialFilterExpression={"state": int(TrainingState.RUNNING)},
            ),
        ],
        MODEL_CHUNKS: [],
        PUBLICATIONS: [],
        REWARD_KEYS: [],
        LOG: [],
    },
)
