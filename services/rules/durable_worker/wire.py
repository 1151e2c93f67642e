"""What parent and worker say to one another: msgpack, each message behind its length (four bytes, big-endian).

The worker reads requests on stdin and answers each, in order, on stdout. Before each message of a Match (each shard of
a Load) it writes its index into the progress file, eight bytes, where the parent finds it when the worker is dead or
hangs. The end of stdin ends the worker.
"""

from __future__ import annotations

import msgspec

MARKER = '"_":1'
"""In every message. Every clause asks for it first, so that nothing else (a session has a state) satisfies any."""

LENGTH_BYTES = 4
PROGRESS_BYTES = 8
IDLE = 2**64 - 1
"""The progress of a worker that waits for a request."""


class Shard(msgspec.Struct, array_like=True, frozen=True):
    """At most MAX_CLAUSES clauses. `definition` is a ruleset of durable-rules whose rules are named by clause numbers;
    `fields` are the indexes of the message's fields that it reads."""

    definition: str
    fields: tuple[int, ...]


class Load(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Answered by Loaded or Failed."""

    version: str
    shards: tuple[Shard, ...]


class Unload(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Answered by Loaded, also for a version that is not there."""

    version: str


class Match(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Messages by fields, each `"name":value` as JSON, or None where the message does not have it.

    Answered by Matched or Failed.
    """

    version: str
    messages: tuple[tuple[str | None, ...], ...]


class Loaded(msgspec.Struct, array_like=True, tag=True, frozen=True):
    rss_bytes: int


class Matched(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """The numbers of the clauses that each message satisfies."""

    clauses: tuple[tuple[int, ...], ...]
    rss_bytes: int


class Failed(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """The engine reported an error, and cannot be trusted with another message: the worker ends after this answer.

    `index` is that of the message or shard.
    """

    error: str
    index: int


Request = Load | Unload | Match
Answer = Loaded | Matched | Failed

_ENCODER = msgspec.msgpack.Encoder()
REQUESTS: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
ANSWERS: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def framed(message: Request | Answer) -> bytes:
    content = _ENCODER.encode(message)
    return len(content).to_bytes(LENGTH_BYTES, "big") + content
