"""Records that were compressed with a dictionary stay readable."""

from __future__ import annotations

import hashlib

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.app.decision_record import DecisionRecord
from tests.support.decisions import record, same_record

RELEASED = {1: "197ac7430a6ebc17ddc4735ee899c2f3b2957e7529488d27e62d38f4d96c9323"}


def test_a_dictionary_never_changes() -> None:
    assert {number: hashlib.sha256(content).hexdigest() for number, content in DICTIONARIES.items()} == RELEASED


def test_a_record_is_read_whichever_dictionary_it_was_written_with() -> None:
    codec, written = BlobCodec({**DICTIONARIES, 7: b"something else that all records hold"}), record()
    for each in (codec, BlobCodec(DICTIONARIES), BlobCodec()):
        assert same_record(codec.decode(DecisionRecord, each.encode(written)), written)


def test_it_is_worth_its_while() -> None:
    written = record()
    assert len(BlobCodec(DICTIONARIES).encode(written)) < 0.6 * len(BlobCodec().encode(written))
