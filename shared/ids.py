"""Identifiers: random ones for things that happen, content hashes for things that never change."""

from __future__ import annotations

import hashlib
import secrets

import msgspec

_encoder = msgspec.msgpack.Encoder(order="sorted")


def new_id(prefix: str) -> str:
    """A random id of 96 bits: `<prefix>_<24 hex digits>`."""
    return f"{prefix}_{secrets.token_hex(12)}"


def content_id(prefix: str, content: object) -> str:
    """The address of an immutable content: equal contents have equal ids, whatever the order of their keys.

    `content` is anything msgspec encodes: dataclasses, dicts, lists, scalars, bytes, datetimes.
    """
    return f"{prefix}_{content_hash(content)[:24]}"


def content_hash(content: object) -> str:
    """SHA-256 over the sorted msgpack form, 64 hex digits."""
    return hashlib.sha256(_encoder.encode(content)).hexdigest()
