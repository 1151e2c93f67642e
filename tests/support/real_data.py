"""Data of other people, beside the project and never in it. Where it is not, a test is skipped, loudly."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data"
DATA_SKIPPED = "THE REAL DATA IS NOT HERE"
MAPPINGS = Path(__file__).parent / "mappings"

CDNOW = "cdnow/cdnow_sample.csv.gz"
STARBUCKS = "starbucks_rewards/transcript_0_503h.json.gz"


def real_file(name: str) -> Path:
    """Skips the test where it is not there."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{DATA_SKIPPED}: {name}")
    return path


def first_lines(path: Path, count: int, target: Path) -> Path:
    """A file of the first lines of a compressed one."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        target.write_text("".join(islice(lines, count)), encoding="utf-8")
    return target
