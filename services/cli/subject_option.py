"""The option that names a person. Every command that needs one has it, under one name."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

import click

from services.cli.arguments import parse_identity
from services.cli.option_types import Parsed

F = TypeVar("F", bound=Callable[..., Any])

SUBJECT, IDENTITY = "--subject", "--identity"


class _Subject(click.Option):
    """Understands its second spelling, which older scripts have, and speaks of the first one."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        shown = copy(self)
        shown.opts = self.opts[:1]
        return super(_Subject, shown).get_help_record(ctx)

    def get_error_hint(self, ctx: click.Context | None) -> str:  # noqa: ARG002
        return f"'{SUBJECT}'"


def subject_option(text: str = "Whom.", *, required: bool = False) -> Callable[[F], F]:
    """`identities`: one or more, all of one person."""
    return click.option(
        SUBJECT,
        IDENTITY,
        "identities",
        cls=_Subject,
        multiple=True,
        required=required,
        type=Parsed(parse_identity, "NS=VALUE"),
        help=text,
    )
