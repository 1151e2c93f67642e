"""Options whose text is parsed by a function that raises ValueError."""

from __future__ import annotations

from collections.abc import Callable
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
