"""Rejects are one JSON object per line, and lose nothing of a row."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from services.cli.importing.rejects import Reject, RejectsFile


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("café", "café"),
        ("caf\x85\u2028é", "caf\x85\u2028é"),
        ("caf\udce9", "caf\udce9"),  # the byte e9, as it is read where it is no text
        ({"a": "\ud800", "b": [1, None]}, {"a": "\ud800", "b": [1, None]}),
        ({"a": float("nan"), "b": [float("-inf")], "c": 0.5}, {"a": "nan", "b": ["-inf"], "c": 0.5}),
        ({"a": date(2026, 1, 2)}, {"a": "2026-01-02"}),
    ],
)
def test_row_is_written_whole(tmp_path: Path, raw: object, kept: object) -> None:
    rejects = RejectsFile(tmp_path / "rejects.jsonl", {})
    rejects.write(Reject("a.csv", 1, 2, "a", "BROKEN_ROW", "is broken", raw))
    rejects.close()
    (line,) = (tmp_path / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line, parse_constant=pytest.fail)["raw"] == kept


def test_bytes_that_are_no_text_can_be_had_again(tmp_path: Path) -> None:
    rejects = RejectsFile(tmp_path / "rejects.jsonl", {})
    rejects.write(Reject("a.csv", 1, 2, "a", "BROKEN_ROW", "is broken", b"caf\xe9".decode("utf-8", "surrogateescape")))
    rejects.close()
    raw = json.loads((tmp_path / "rejects.jsonl").read_bytes())["raw"]
    assert raw.encode("utf-8", "surrogateescape") == b"caf\xe9"
