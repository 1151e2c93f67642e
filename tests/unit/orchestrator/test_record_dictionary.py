"""Records that were compressed with a dictionary stay readable."""

from __future__ import annotations

import hashlib

from services.orchestrator.adapters.blob import BlobCodec
from services.orchestrator.adapters.record_dictionary import DICTIONARIES
from services.orchestrator.app.decision_record import DecisionRecord
from tests.support.decisions import record, same_record

RELEASED = {1: "f8f58f44ad813f0f8ac5262e92148cb273149c85f20c8e1aacdce54e61576ffd"}


def test_a_dictionary_never_changes() -> None:
    assert {number: hashlib.sha256(content).hexdigest() for number, content in DICTIONARIES.items()} == RELEASED


def test_a_record_is_read_whichever_dictionary_it_was_written_with() -> None:
    codec, written = BlobCodec({**DICTIONARIES, 7: b"something else that all records hold"}), record()
    for each in (codec, BlobCodec(DICTIONARIES), BlobCodec()):
        assert same_record(codec.decode(DecisionRecord, each.encode(written)), written)


def test_it_is_worth_its_while() -> None:
    written = record()
    assert len(BlobCodec(DICTIONARIES).encode(written)) < 0.6 * len(BlobCodec().encode(written))
