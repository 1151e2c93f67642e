"""A progress bar on a terminal, plain lines everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[], None]
LINES = 10


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Advance]:
    """Yields a function to call after each of `total` steps."""
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)
    else:
        yield _plain(console, what, total)


def _plain(console: Console, what: str, total: int) -> Advance:
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if done * LINES // total > (done - 1) * LINES // total:
            console.print(f"{what}: {done} of {total}")

    return advance
