"""Conversions of a file to a server, batch by batch. What is refused is traced to its row; the rest goes on."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from tandem.orchestrator.v1.conversion_pb2 import RecordConversionsRequest, RecordConversionsResponse

from services.cli.conversions.rows import OrderRows, Reading, orders_of
from services.cli.importing.files.opening import open_rows
from services.cli.importing.files.rows import BrokenRow
from services.cli.importing.mapping import ImportMapping
from services.cli.importing.progress_file import Progress, save
from services.cli.importing.rejects import Reject, RejectsFile
from shared.rpc.errors import from_status

ANY_COLUMNS = ImportMapping((), (), (), None, (), ())
_ITEM = re.compile(r"conversions\[\d+\]\.?")
_LINE = re.compile(r"lines\[(\d+)\]\.?")

Send = Callable[[RecordConversionsRequest], Awaitable[RecordConversionsResponse]]


@dataclass(slots=True)
class ConversionTally:
    """Of this run: rows read, and conversions by what became of them."""

    rows: int = 0
    recorded: int = 0
    duplicates: int = 0
    rejected: int = 0

    def document(self) -> dict[str, object]:
        return asdict(self)

    def text(self) -> str:
        known = f" ({self.duplicates:,} more were known)" if self.duplicates else ""
        return f"{self.recorded:,} conversions recorded{known}, {self.rejected:,} rejected, of {self.rows:,} rows"


@dataclass(slots=True)
class ConversionImport:
    path: Path
    reading: Reading
    send: Send
    rejects: RejectsFile
    show: Callable[[Reject], None]
    progress: Progress
    progress_path: Path | None = None
    batch_size: int = 500
    tally: ConversionTally = field(default_factory=ConversionTally)
    _batch: list[OrderRows | BrokenRow] = field(default_factory=list)

    async def run(self) -> ConversionTally:
        """Everything that is not done yet. Raises what ends the import; the progress is on disk then, too."""
        own = self.progress.files[0]
        if own.is_done:
            return self.tally
        file = open_rows(self.path, ANY_COLUMNS)
        try:
            left = (row for row in file.rows() if row.number > own.rows_done)
            for order in orders_of(left, self.reading):
                await self._take(order)
            await self._settle()
            own.is_done = True
        finally:
            file.close()
            self._save()
        return self.tally

    async def _take(self, order: OrderRows | BrokenRow) -> None:
        self.tally.rows += 1 if isinstance(order, BrokenRow) else len(order.rows)
        self._batch.append(order)
        if len(self._batch) >= self.batch_size:
            await self._settle()

    async def _settle(self) -> None:
        """All that is held is acknowledged or refused. It is done up to the last order: whoever goes on there must see
        what cannot be read behind it, for it may be of the next one."""
        batch, self._batch = self._batch, []
        answers = iter(await self._sent([each for each in batch if isinstance(each, OrderRows)]))
        for each in batch:
            if isinstance(each, BrokenRow):
                self._reject_broken(each)
                continue
            self._settle_one(each, None if each.conversion is None else next(answers))
            self.progress.files[0].rows_done = each.rows[-1].number
        self._save()

    async def _sent(self, orders: Sequence[OrderRows]) -> Sequence[RecordConversionsResponse.Item]:
        """Under an id made of its rows: an import that goes on with other batches sends other requests."""
        conversions = [each.conversion for each in orders if each.conversion is not None]
        if not conversions:
            return []
        rows = f"{orders[0].rows[0].number}-{orders[-1].rows[-1].number}"
        request = RecordConversionsRequest(request_id=f"{self.progress.run_id}/{rows}", conversions=conversions)
        return (await self.send(request)).items

    def _reject_broken(self, row: BrokenRow) -> None:
        name = str(self.path)
        self._reject(Reject(name, row.number, row.line, row.column, "BROKEN_ROW", row.message, row.raw))

    def _settle_one(self, order: OrderRows, item: RecordConversionsResponse.Item | None) -> None:
        if order.refused is not None:
            row, refused = order.refused
            self._reject(
                Reject(str(self.path), row.number, row.line, refused.column, "BAD_CELL", refused.message, row.cells)
            )
        elif item is not None and item.HasField("error"):
            self._reject(self._refusal(order, item.error))
        elif item is not None and item.result.duplicate:
            self.tally.duplicates += 1
        else:
            self.tally.recorded += 1

    def _refusal(self, order: OrderRows, status: Status) -> Reject:
        """At the row of the line that is to blame, where one is."""
        error = from_status(status)
        reason, message = (error.reason, error.message) if error is not None else ("REFUSED", status.message)
        path = _ITEM.sub("", error.metadata.get("field", "") if error is not None else "")
        line = _LINE.match(path)
        row = order.line_rows[int(line[1])] if line is not None else order.rows[0]
        column = path if "lines" in row.cells else _LINE.sub("", path)
        text = _ITEM.sub("", message)
        return Reject(str(self.path), row.number, row.line, column, reason, text, row.cells)

    def _reject(self, reject: Reject) -> None:
        self.tally.rejected += 1
        self.rejects.write(reject)
        self.show(reject)

    def _save(self) -> None:
        self.rejects.flush()  # before what says that these rows are done
        if self.progress_path is not None:
            save(self.progress_path, self.progress)
