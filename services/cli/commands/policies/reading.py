"""`tandem policies list` and `show`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from tandem.orchestrator.v1 import policy_lifecycle_pb2 as pb
from tandem.orchestrator.v1 import policy_pb2

from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.failures import CommandFailed
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.policies import policies_view, policy_view
from shared.rpc.channel import call

PAGE = 200


@click.command("list")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="So many, the newest.")
@json_option
@connection_options
def list_policies(*, most: int, as_json: bool, **options: Any) -> None:
    """List the published versions, the newest first."""
    connection = connection_from(options)
    found = run(connection, lambda stubs: _pages(stubs, most, connection.timeout_s))
    if as_json:
        show_json(document_of(pb.ListPoliciesResponse(policies=found)))
    else:
        show(policies_view(found))


async def _pages(stubs: Stubs, most: int, timeout_s: float) -> list[policy_pb2.Policy]:
    found: list[policy_pb2.Policy] = []
    token = ""
    while True:
        request = pb.ListPoliciesRequest(page_size=min(PAGE, most - len(found)), page_token=token)
        page = await call(stubs.orchestrator.ListPolicies, request, timeout_s=timeout_s)
        found += page.policies
        token = page.next_page_token
        if not token or len(found) >= most:
            return found


@click.command("show")
@click.argument("policy_version", required=False, default="")
@click.option("--files", "folder", type=click.Path(path_type=Path), help="Write its files into this new folder.")
@json_option
@connection_options
def show_policy(policy_version: str, *, folder: Path | None, as_json: bool, **options: Any) -> None:
    """Show a version: who wrote, approved and activated it. Without one, the active one.

    \b
      tandem policies show
      tandem policies show policy_5d2c1f0a --files /tmp/what-was-active
    """
    connection = connection_from(options)
    if folder is not None and folder.exists():
        raise CommandFailed("FOLDER_EXISTS", f"{folder} is there already: name a new folder")
    request = pb.GetPolicyRequest(policy_version=policy_version, with_files=folder is not None)
    answer = run(connection, lambda stubs: call(stubs.orchestrator.GetPolicy, request, timeout_s=connection.timeout_s))
    if folder is not None:
        _write(folder, answer)
    answer.ClearField("files")
    if as_json:
        show_json(document_of(answer))
    else:
        show(policy_view(answer))


def _write(folder: Path, answer: pb.GetPolicyResponse) -> None:
    for name, content in answer.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise CommandFailed("INVALID_FIELD", f"{name!r} would be written outside {folder}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
