"""`tandem export`: everything that is kept of a person, for the person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

import click
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.orchestrator.v1.orchestrator_service_pb2 import ExportSubjectDataRequest
from tandem.profile.v1.rights_pb2 import ExportSubjectRequest

from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.subject_option import subject_option
from shared.rpc.channel import call_stream


@click.command()
@subject_option(required=True)
@click.option("--out", "target_file", type=click.File("w", encoding="utf-8"), default="-", help="Default: stdout.")
@connection_options
def export(*, identities: Sequence[Identity], target_file: TextIO, **options: Any) -> None:
    """Write everything Tandem keeps of a person as JSON Lines: the profile, its traits, contacts, events, consents,
    merges and changes, and every decision with its outcomes.

    \b
      tandem export --subject crm=1042 --out 1042.jsonl
    """
    connection = connection_from(options)
    subject = Subject(identities=identities)
    lines = run(connection, lambda stubs: _export(stubs, subject, target_file, connection.timeout_s))
    click.echo(f"{lines} lines", err=True)


async def _export(stubs: Stubs, subject: Subject, target: TextIO, timeout_s: float) -> int:
    profile_ids: list[str] = []
    lines = 0
    request = ExportSubjectRequest(subject=subject)
    async for answer in call_stream(stubs.profiles.ExportSubject, request, timeout_s=timeout_s):
        for line in answer.lines:
            if not profile_ids:
                profile = json.loads(line)
                profile_ids = [profile["profile_id"], *profile["merged_profile_ids"]]
            lines += _write(line, target)
    decisions = ExportSubjectDataRequest(profile_ids=profile_ids)
    async for page in call_stream(stubs.orchestrator.ExportSubjectData, decisions, timeout_s=timeout_s):
        lines += sum(_write(line, target) for line in page.lines)
    return lines


def _write(line: str, target: TextIO) -> int:
    target.write(f"{line}\n")
    return 1
