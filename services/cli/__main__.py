"""`tandem`: the command line. `python -m services.cli` is the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from services.cli.failures import CommandFailed, exit_code_of, line_of
from services.cli.lazy_commands import LazyCommands
from shared.errors import TandemError

COMMANDS = {
    "serve": "services.cli.commands.serve:serve",
    "decide": "services.cli.commands.decide:decide",
    "decide-all": "services.cli.commands.decide_all:decide_all",
    "explain": "services.cli.commands.explain:explain",
    "why-not": "services.cli.commands.why_not:why_not",
    "replay": "services.cli.commands.replay:replay",
    "decisions": "services.cli.commands.decisions:decisions",
    "volume": "services.cli.commands.volume:volume",
    "pressure": "services.cli.commands.pressure:pressure",
    "performance": "services.cli.commands.performance:performance",
    "lint": "services.cli.commands.lint:lint",
    "test": "services.cli.commands.test_policy:test",
    "schema": "services.cli.commands.schema:schema",
    "rules": "services.cli.commands.rules:rules",
    "publish": "services.cli.commands.publish:publish",
    "policies": "services.cli.commands.policies:policies",
    "diff": "services.cli.commands.diff:diff",
    "import": "services.cli.commands.import_files:import_files",
    "conversions": "services.cli.commands.conversions:conversions",
    "search": "services.cli.commands.search:search",
    "export": "services.cli.commands.export:export",
    "erase": "services.cli.commands.erase:erase",
    "demo": "services.cli.commands.demo:demo",
    "evaluate": "services.cli.commands.evaluate:evaluate",
    "train": "services.cli.commands.train:train",
    "score": "services.cli.commands.score:score",
    "models": "services.cli.commands.models:models",
}
"""By name, where each is; only the one that runs is imported."""
INTERRUPTED = 130


@click.group(cls=LazyCommands, commands_at=COMMANDS)
def tandem() -> None:
    """Decide what to say to each customer, on which channel, or to say nothing.

    \b
    A first round, in two terminals:
      tandem serve
      tandem publish services/cli/samples/boutique
      tandem decide --persona services/cli/samples/boutique/personas/lea.yaml
    """


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
