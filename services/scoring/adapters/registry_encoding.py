"""Records of the registry as msgpack: the same bytes on SQLite and on MongoDB. Fields may be added, with a default."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import msgspec

from services.scoring.domain.models import Assignment, ModelRecord, Training, TrainingState

encode = msgspec.msgpack.Encoder().encode
decode_model = msgspec.msgpack.Decoder(ModelRecord).decode
decode_assignment = msgspec.msgpack.Decoder(Assignment).decode
decode_training = msgspec.msgpack.Decoder(Training).decode


def digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def checked(model_id: str, content: bytes, expected: bytes) -> bytes:
    """The content. Raises ValueError where it is not what was put."""
    if digest(content) != expected:
        raise ValueError(f"the content of {model_id} is not what was stored: its checksum does not match")
    return content


def given_up(training: Training) -> Training:
    """One that stopped saying that it runs."""
    return replace(training, state=TrainingState.FAILED, end_ms=training.beat_ms, message="it ended without saying so")
