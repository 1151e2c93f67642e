"""A group of commands each of which is imported when it runs: what a command does not need costs it nothing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class At(NamedTuple):
    """Where a command is, "module:name", and what the help of its group says of it: how its own help begins."""

    place: str
    line: str


class LazyCommands(click.Group):
    """`commands_at` has the commands in the order in which help lists them, without importing any."""

    def __init__(self, *arguments: Any, commands_at: Mapping[str, At], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._at, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._at:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._at[cmd_name].place.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, at.line) for name, at in self._at.items()])
