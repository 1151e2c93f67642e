"""`tandem --help`: quick, because it imports none of the commands it lists."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click

from services.cli.__main__ import tandem
from services.cli.lazy_commands import LazyCommands


def listed(group: LazyCommands, context: click.Context) -> Iterator[tuple[str, str, click.Command | None]]:
    """Names, lines and commands, those of groups in the group among them."""
    for name, at in group._at.items():
        command = group.get_command(context, name)
        yield name, at.line, command
        if isinstance(command, LazyCommands):
            yield from listed(command, context)


def test_every_command_can_be_imported_and_its_line_is_how_its_own_help_begins() -> None:
    with tandem.make_context("tandem", ["--help"], resilient_parsing=True) as context:
        found = list(listed(tandem, context))
    assert len(found) > 30
    for name, line, command in found:
        assert command is not None, name
        assert line.endswith("."), name
        assert " ".join((command.help or "").split()).startswith(line.removesuffix(".")), name


def test_help_imports_nothing_but_what_reads_command_lines() -> None:
    program = (
        "import sys; before = set(sys.modules); from services.cli.__main__ import main; main(['--help']);"
        "print(*{name.partition('.')[0] for name in sys.modules.keys() - before} - sys.stdlib_module_names)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    *text, imported = ran.stdout.splitlines()
    assert set(imported.split()) == {"click", "services", "shared"}
    assert any(line.startswith("  why-not  ") for line in text)
