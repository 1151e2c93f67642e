"""`tandem`: the command line. `python -m services.cli` is the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from services.cli.commands.decide import decide
from services.cli.commands.demo import demo
from services.cli.commands.erase import erase
from services.cli.commands.explain import explain
from services.cli.commands.export import export
from services.cli.commands.import_files import import_files
from services.cli.commands.lint import lint
from services.cli.commands.publish import publish
from services.cli.commands.search import search
from services.cli.commands.serve import serve
from services.cli.failures import CommandFailed, exit_code_of, line_of
from shared.errors import TandemError

INTERRUPTED = 130


@click.group()
def tandem() -> None:
    """Decide what to say to each customer, on which channel, or to say nothing.

    \b
    A first round, in two terminals:
      tandem serve
      tandem publish services/cli/samples/boutique
      tandem decide --persona services/cli/samples/boutique/personas/lea.yaml
    """


for command in (serve, decide, explain, lint, publish, import_files, search, export, erase, demo):
    tandem.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; answers its exit code. What went wrong is one line on stderr, never a traceback."""
    try:
        return int(tandem.main(arguments, prog_name="tandem", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except (TandemError, CommandFailed, click.ClickException) as error:
        click.echo(line_of(error), err=True)
        return exit_code_of(error)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
