"""One import: files to rows to batches, with an account of every row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from services.cli.importing.cells import RowRefused
from services.cli.importing.claims import Claims, RowPlace
from services.cli.importing.destinations import Destination
from services.cli.importing.files.opening import open_rows
from services.cli.importing.files.rows import BrokenRow, Row, RowFile
from services.cli.importing.items import ItemBuilder, Items
from services.cli.importing.lanes import Lanes
from services.cli.importing.mapping import ImportMapping
from services.cli.importing.progress_file import Progress, save
from services.cli.importing.rejects import Reject, RejectsFile
from services.cli.importing.reporting import Tally
from services.cli.importing.sending import Outcome, Sender

SAVE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be imported, checked as far as it can be beforehand."""

    paths: tuple[Path, ...]
    mapping: ImportMapping
    batch_size: int
    concurrency: int
    progress: Progress
    progress_path: Path | None = None


class Report(Protocol):
    """Who is told how it goes."""

    def advance(self, file: str, fraction: float, tally: Tally) -> None: ...

    def reject(self, reject: Reject) -> None: ...

    def warn(self, text: str) -> None: ...


@dataclass(slots=True)
class Import:
    plan: Plan
    destination: Destination
    rejects: RejectsFile
    report: Report
    tally: Tally = field(default_factory=Tally)
    claims: Claims = field(init=False)
    _saved_s: float = 0.0

    def __post_init__(self) -> None:
        self.claims = Claims(self.plan.progress_path, self.plan.progress.run_id)

    async def run(self) -> Tally:
        """Everything that is not done yet. Raises what ends the import; the progress is on disk then, too."""
        try:
            for index, path in enumerate(self.plan.paths):
                if not self.plan.progress.files[index].is_done:
                    await self._import_file(index, path)
        finally:
            self._save()
            self.claims.close(is_done=all(file.is_done for file in self.plan.progress.files))
        return self.tally

    async def _import_file(self, index: int, path: Path) -> None:
        file = open_rows(path, self.plan.mapping)
        sender = Sender(self.destination, self.plan.progress.run_id)
        read = FileReading(self, index, path, file)
        lanes = Lanes(self.plan.concurrency, self.plan.batch_size, sender.send, read.settle)
        read.lanes = lanes
        try:
            await read.through()
        finally:
            await lanes.close()
            file.close()
        self.plan.progress.files[index].is_done = True
        self._save()

    def name_of(self, place: RowPlace) -> str:
        path = self.plan.paths[place.file]
        return f"row {place.row} ({path}:{place.line})" if place.line else f"row {place.row} of {path}"

    def save_now_and_then(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._saved_s >= SAVE_EVERY_S:
            self._saved_s = now_s
            self._save()

    def _save(self) -> None:
        self.rejects.flush()  # before what says that these rows are done
        self.claims.flush()
        if self.plan.progress_path is not None:
            save(self.plan.progress_path, self.plan.progress)


class FileReading:
    """One file on its way."""

    lanes: Lanes

    def __init__(self, whole: Import, index: int, path: Path, file: RowFile) -> None:
        self._import = whole
        self._index = index
        self._progress = whole.plan.progress.files[index]
        self._name = str(path)
        self._file = file
        self._builder = ItemBuilder(whole.plan.mapping)
        self._last_row = self._progress.rows_done
        self._unseen = {column.name for column in whole.plan.mapping.columns} if file.columns is None else set()

    async def through(self) -> None:
        done = self._progress.rows_done
        for row in self._file.rows():
            if row.number > done:
                await self._take(row)
        await self.lanes.finish()
        self._progress.rows_done = self._last_row
        for name in sorted(self._unseen) if self._last_row > done else ():
            self._import.report.warn(f'{self._name}: no row has a column "{name}"')

    async def _take(self, row: Row | BrokenRow) -> None:
        tally = self._import.tally
        tally.rows += 1
        self._last_row = row.number
        if isinstance(row, BrokenRow):
            self._reject(Reject(self._name, row.number, row.line, row.column, "BROKEN_ROW", row.message, row.raw))
            return
        if self._unseen:
            self._unseen.difference_update(row.cells)
        try:
            items = self._builder.items_of(row)
        except RowRefused as refused:
            self._reject(
                Reject(self._name, row.number, row.line, refused.column, "BAD_CELL", refused.message, row.cells)
            )
            return
        if items.is_empty:
            tally.skipped += 1
        elif (taken := self._import.claims.take(items.claims, RowPlace(self._index, row.number, row.line))) is None:
            await self.lanes.add(items)
        else:
            claim, earlier = taken
            message = f"the event id is already that of {self._import.name_of(earlier)}, which says something else"
            self._reject(Reject(self._name, row.number, row.line, claim.column, "EVENT_ID_TAKEN", message, row.cells))

    def settle(self, sent: Sequence[Items], outcome: Outcome) -> None:
        """The rows of a batch are through."""
        tally = self._import.tally
        tally.imported += len(sent) - len(outcome.refused)
        tally.events += outcome.events
        tally.duplicates += outcome.duplicates
        tally.traits += outcome.traits
        tally.consents += outcome.consents
        for items, refusal in outcome.refused.values():
            row = items.row
            self._reject(
                Reject(self._name, row.number, row.line, refusal.field, refusal.reason, refusal.message, row.cells)
            )
        first_open = self.lanes.first_open_row()
        # The batch that is being settled is no longer open, and what follows it is still to come.
        self._progress.rows_done = self._last_row if first_open is None else first_open - 1
        self._import.save_now_and_then()
        self._import.report.advance(self._name, self._file.fraction(), tally)

    def _reject(self, reject: Reject) -> None:
        self._import.tally.rejected += 1
        self._import.rejects.write(reject)
        self._import.report.reject(reject)
