"""Options whose text is parsed by a function that raises ValueError."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

T = TypeVar("T")


class Parsed(click.ParamType[T]):
    """An option value read by `parse`; its ValueError becomes the usage error."""

    def __init__(self, parse: Callable[[str], T], form: str) -> None:
        self._parse = parse
        self.name = form

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002
        return self.name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> T:
        try:
            return self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class OutputFile(click.Path):
    """A file to be written. An empty name is a variable that was not set, not the current folder."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if not os.fspath(value):
            self.fail("it is empty: name a file", param, ctx)
        return super().convert(value, param, ctx)


OUTPUT_FILE = OutputFile()
