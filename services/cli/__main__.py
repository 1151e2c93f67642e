"""`tandem`: the command line. `python -m services.cli` is the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from services.cli.failures import CommandFailed, exit_code_of, line_of
from services.cli.lazy_commands import At, LazyCommands
from shared.errors import TandemError

COMMANDS = {
    "serve": At("services.cli.commands.serve:serve", "Serve decisions until Ctrl-C, and print what to try next."),
    "decide": At("services.cli.commands.decide:decide", "Ask for one decision and show what was chosen."),
    "decide-all": At("services.cli.commands.decide_all:decide_all", "Decide for everybody in a segment."),
    "explain": At("services.cli.commands.explain:explain", "Show why DECISION_ID came out as it did."),
    "why-not": At("services.cli.commands.why_not:why_not", "Say why a person did not get ACTION then."),
    "replay": At("services.cli.commands.replay:replay", "Make decisions again from their records."),
    "decisions": At("services.cli.commands.decisions:decisions", "Find decisions on record."),
    "volume": At("services.cli.commands.volume:volume", "Show what is committed, realised and left of RESOURCES."),
    "pressure": At(
        "services.cli.commands.pressure:pressure",
        "Show what contacts do to the responses and unsubscribes of those that follow.",
    ),
    "performance": At(
        "services.cli.commands.performance:performance",
        "Show contacts, responses, conversions and money by control arm.",
    ),
    "lint": At("services.cli.commands.lint:lint", "Check the policy in FOLDER."),
    "test": At("services.cli.commands.test_policy:test", "Run the tests of the policy in FOLDER."),
    "schema": At("services.cli.commands.schema:schema", "Print the JSON Schema of policy files."),
    "rules": At("services.cli.commands.rules:rules", "Ask the rules themselves, without a server."),
    "publish": At("services.cli.commands.publish:publish", "Publish the policy in FOLDER and print its version."),
    "policies": At(
        "services.cli.commands.policies:policies", "See which policies were published, approve one, decide by it."
    ),
    "diff": At("services.cli.commands.diff:diff", "Compare CANDIDATE with the active policy."),
    "simulate": At(
        "services.cli.commands.policies.simulating:simulate", "See what POLICY would do in place of those who decided."
    ),
    "import": At(
        "services.cli.commands.import_files:import_files", "Import FILES (CSV, JSON Lines, Parquet; also .gz)."
    ),
    "conversions": At(
        "services.cli.commands.conversions:conversions",
        "Tell a server what persons bought.",
    ),
    "search": At("services.cli.commands.search:search", "Find the profiles for which CONDITION is true."),
    "export": At("services.cli.commands.export:export", "Write everything Tandem keeps of a person as JSON Lines."),
    "erase": At("services.cli.commands.erase:erase", "Erase a person everywhere, and keep the identities out."),
    "demo": At("services.cli.commands.demo:demo", "Decide on 10,000 real visits of a fashion store."),
    "evaluate": At(
        "services.cli.commands.evaluate:evaluate", "Evaluate policies, and Tandem's own, on a log of decisions."
    ),
    "train": At("services.cli.commands.train:train", "Train a model on a log."),
    "score": At("services.cli.commands.score:score", "Score every row of a file with every action of a model."),
    "models": At("services.cli.commands.models:models", "See the models of each objective, how they fare."),
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
