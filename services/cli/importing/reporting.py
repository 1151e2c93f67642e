"""What people see of an import: a bar on a terminal, a line now and then elsewhere, and the sum at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from services.cli.importing.rejects import Reject

LINE_EVERY_S = 5.0
SHOWN_REJECTS = 5


@dataclass(slots=True)
class Tally:
    """Rows of this run by what became of them, and what they held."""

    rows: int = 0
    imported: int = 0
    rejected: int = 0
    skipped: int = 0
    """Rows that no part of the mapping is about."""
    events: int = 0
    duplicates: int = 0
    """Events that had been recorded before."""
    traits: int = 0
    consents: int = 0

    def document(self, seconds: float) -> dict[str, object]:
        rate = round(self.rows / seconds, 1) if seconds else 0.0
        return {**asdict(self), "seconds": round(seconds, 3), "rows_per_s": rate}

    def text(self, seconds: float) -> str:
        held = f"{self.events:,} events, {self.traits:,} traits, {self.consents:,} consents"
        known = f" ({self.duplicates:,} events were known)" if self.duplicates else ""
        rows = f"{self.imported:,} of {self.rows:,} rows imported, {self.rejected:,} rejected, {self.skipped:,} skipped"
        return f"{rows}: {held}{known}, in {seconds:.1f} s ({self.rows / max(seconds, 1e-9):,.0f} rows/s)"


class ConsoleReport:
    def __init__(self, console: Console, bar: Progress | None, rejects_path: Path | None) -> None:
        self._console = console
        self._bar = bar
        self._has_file = rejects_path is not None
        self._task = None if bar is None else bar.add_task("", total=1.0, rate="")
        self._began_s = self._line_s = time.monotonic()
        self._rejects = 0

    def advance(self, file: str, fraction: float, tally: Tally) -> None:
        now_s = time.monotonic()
        rate = f"{tally.rows / max(now_s - self._began_s, 1e-9):,.0f} rows/s, {tally.rejected:,} rejected"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=fraction, description=Path(file).name, rate=rate)
        elif now_s - self._line_s >= LINE_EVERY_S:
            self._line_s = now_s
            self._say(f"{file}: {fraction:.0%}, {tally.rows:,} rows, {rate}")

    def reject(self, reject: Reject) -> None:
        """The first ones are shown, so that a mistake in the mapping is seen at once."""
        self._rejects += 1
        if self._rejects <= SHOWN_REJECTS:
            self._say(f"rejected: {reject}")
        elif self._rejects == SHOWN_REJECTS + 1:
            where = "all are in the rejects file" if self._has_file else "--rejects FILE keeps them all"
            self._say(f"rejected: more rows; {where}")

    def warn(self, text: str) -> None:
        self._say(f"warning: {text}")

    def _say(self, line: str) -> None:
        self._console.print(line, soft_wrap=True)


@contextmanager
def reporting(console: Console, rejects_path: Path | None) -> Iterator[ConsoleReport]:
    if not console.is_terminal:
        yield ConsoleReport(console, None, rejects_path)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        yield ConsoleReport(console, bar, rejects_path)
