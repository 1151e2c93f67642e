"""Who is at the command line, as the records of a server name them."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def person_option(help_text: str, name: str = "--by") -> Callable[[Command], Command]:
    """Gives a command an option for a person's name; it takes it as `person`. Default: TANDEM_PERSON, else the user of
    this machine."""
    return click.option(
        name, "person", envvar="TANDEM_PERSON", default=_user, help=f"{help_text} Default: TANDEM_PERSON, or your user."
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a user without a name.
        return ""
