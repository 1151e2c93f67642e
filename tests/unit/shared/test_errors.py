"""Whatever was sent, what is said of it fits the headers of an answer."""

from __future__ import annotations

import pytest

from shared.errors import MAX_MESSAGE_BYTES, MAX_METADATA_BYTES, InvalidArgument, NotFound, Violation, shortened
from shared.rpc.errors import from_status, to_status


@pytest.mark.parametrize("letter", ["x", "é", "😀", "\ud800"])
def test_texts_of_errors_are_bounded_and_keep_both_ends(letter: str) -> None:
    echoed = f"begin {letter * 5_000} end"
    error = NotFound(
        "OBJECTIVE_NOT_FOUND",
        f"no objective {echoed!r}",
        metadata={"objective": echoed},
        violations=[Violation(echoed, echoed)],
    )
    assert len(str(error).encode("utf-8", "replace")) <= MAX_MESSAGE_BYTES
    assert str(error) == error.message
    assert len(error.metadata["objective"].encode("utf-8", "replace")) <= MAX_METADATA_BYTES
    assert error.message.startswith("no objective 'begin")
    assert error.message.endswith(" end'")
    status = to_status(error)
    assert status.ByteSize() < 4_000
    assert from_status(status) is not None


def test_what_is_short_enough_stays_as_it_is() -> None:
    text = "é" * (MAX_MESSAGE_BYTES // 2)
    assert shortened(text, MAX_MESSAGE_BYTES) == text
    assert InvalidArgument.field("a", text[:400]).message == f"a: {text[:400]}"
