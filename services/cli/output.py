"""Where commands write: results on stdout, for people or as JSON; everything else on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console, RenderableType

Command = TypeVar("Command", bound=Callable[..., Any])

NARROWEST = 100
"""Columns when the output is no terminal: a pipe has no width of its own."""


def json_option(command: Command) -> Command:
    """Gives a command --json; it takes it as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")(command)


def show(view: RenderableType) -> None:
    """Prints for people."""
    stdout_console().print(view)


def show_json(document: Mapping[str, object]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def document_of(message: Message) -> dict[str, Any]:
    """The protobuf JSON form under the names of the proto files."""
    return MessageToDict(message, preserving_proto_field_name=True)


def stdout_console() -> Console:
    console = Console(highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, NARROWEST)
    return console


def stderr_console() -> Console:
    return Console(stderr=True, highlight=False, emoji=False, markup=False)
