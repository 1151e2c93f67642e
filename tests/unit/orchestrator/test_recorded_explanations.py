"""Explanations are kept with the decision; a decision from before they were is read all the same."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import zstandard

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.domain.decision import Answer
from tests.support.decisions import EXPLAINED, answer

ADDED = ("treatment", "failed", "smallest_change", "margin")


def test_an_explanation_is_read_as_it_was_written() -> None:
    codec, recorded = BlobCodec(), answer()
    assert EXPLAINED in recorded.dropped
    assert codec.decode(Answer, codec.encode(recorded)) == recorded


def test_a_record_from_before_there_were_explanations_has_none() -> None:
    recorded = answer()
    document = msgspec.msgpack.decode(zstandard.decompress(BlobCodec().encode(recorded)))
    for dropped in document["dropped"]:
        for name in ADDED:
            del dropped[name]
    old = zstandard.compress(msgspec.msgpack.encode(document))
    bare = (replace(each, treatment="", failed=(), smallest_change=None, margin=None) for each in recorded.dropped)
    assert BlobCodec().decode(Answer, old) == replace(recorded, dropped=tuple(bare))
