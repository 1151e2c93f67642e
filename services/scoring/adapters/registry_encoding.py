"""Records of the registry as msgpack: the same bytes on SQLite and on MongoDB. Fields may be added, with a default."""

from __future__ import annotations

import hashlib

import msgspec

from services.scoring.domain.models import Assignment, ModelRecord, Training

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
