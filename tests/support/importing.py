"""What tests of the import say often."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.importing.destinations import Destination
from services.cli.importing.files.opening import open_rows
from services.cli.importing.files.rows import BrokenRow, Row
from services.cli.importing.items import ItemBuilder, Items
from services.cli.importing.mapping import ImportMapping
from services.cli.importing.mapping_file import read_mapping
from services.cli.importing.progress_file import fresh_progress, resumed
from services.cli.importing.rejects import Reject, RejectsFile
from services.cli.importing.reporting import Tally
from services.cli.importing.run import Import, Plan

PURCHASES = """
identities:
  customer: who
events:
  - type: purchase
    time: {column: day}
    properties:
      amount: {column: amount, type: double}
"""


def mapping_of(text: str = PURCHASES) -> ImportMapping:
    mapping, findings = read_mapping("mapping.yaml", text.encode())
    assert mapping is not None, [f"{each.place.line}: {each.message}" for each in findings]
    return mapping


def findings_of(text: str) -> list[str]:
    """As `line:column CODE`."""
    _, findings = read_mapping("mapping.yaml", text.encode())
    return [f"{each.place.line}:{each.place.column} {each.code}" for each in findings]


def rows_of(path: Path, content: bytes | str, mapping: ImportMapping | None = None) -> list[Row | BrokenRow]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = open_rows(path, mapping or mapping_of())
    try:
        return list(file.rows())
    finally:
        file.close()


def items_of(mapping: ImportMapping, number: int = 1, **cells: object) -> Items:
    return ItemBuilder(mapping).items_of(Row(number, number + 1, cells))  # type: ignore[arg-type]


class Quiet:
    """Hears what an import reports."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def advance(self, file: str, fraction: float, tally: Tally) -> None:
        assert 0.0 <= fraction <= 1.0

    def reject(self, reject: Reject) -> None:
        assert reject.message

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@dataclass(slots=True)
class Imported:
    tally: Tally
    rejects: list[dict[str, Any]]
    warnings: list[str]


async def import_into(
    destination: Destination,
    folder: Path,
    mapping: str,
    *paths: Path,
    batch_size: int = 500,
    resume: bool = False,
) -> Imported:
    """As `tandem import` does, with its rejects file in `folder`."""
    progress = fresh_progress(paths, mapping.encode())
    progress_path = folder / "progress.json" if resume else None
    if progress_path is not None:
        progress = resumed(progress_path, progress)
    report = Quiet()
    kept = {file.name: file.rows_done for file in progress.files} if progress.is_begun else {}
    rejects = RejectsFile(folder / "rejects.jsonl", kept)
    plan = Plan(paths, mapping_of(mapping), batch_size, 2, progress, progress_path)
    try:
        tally = await Import(plan, destination, rejects, report).run()
    finally:
        rejects.close()
    lines = (folder / "rejects.jsonl").read_text().splitlines()
    return Imported(tally, [json.loads(line) for line in lines], report.warnings)
