"""Logs and specs for the commands that read them: what is wrong with a file is one line each, then the command ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from services.cli.failures import CommandFailed
from services.scoring.adapters.log_files.log_file import read_log
from services.scoring.adapters.log_files.refusal import FileRefused
from services.scoring.adapters.log_files.spec_file import read_spec
from services.scoring.domain.logs.log import Log
from services.scoring.domain.logs.spec import LogSpec

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@contextmanager
def refusing(reason: str, what: str) -> Iterator[None]:
    """Turns a refused file into lines on stderr and the end of the command."""
    try:
        yield
    except FileRefused as refused:
        if len(refused.problems) == 1:
            raise CommandFailed(reason, refused.problems[0]) from None
        for line in refused.problems:
            click.echo(line, err=True)
        raise CommandFailed(reason, f"{what} cannot be used: see above") from None


def log_of(path: Path, spec_path: Path) -> tuple[Log, LogSpec]:
    """Raises CommandFailed."""
    with refusing("SPEC_INVALID", str(spec_path)):
        spec = read_spec(spec_path)
    with refusing("LOG_INVALID", str(path)):
        return read_log(path, spec), spec.spec
