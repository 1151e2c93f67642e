"""`tandem serve`: the four services, in one process or in four."""

from __future__ import annotations

import asyncio
import json
import os

import click

from services.__main__ import run
from services.cli.failures import CommandFailed
from services.cli.output import json_option
from services.cli.processes.apart import run_children
from services.cli.processes.child import ChildEnded, ChildIsSlow
from services.cli.processes.plans import FRONT, METRICS_PORT, plans, variable
from services.cli.rendering.welcome import Welcome
from services.local.settings import LocalSettings
from shared.rpc.server import RunningServer
from shared.settings import SettingsError, load
from shared.settings import variable as setting


@click.command()
@click.option("--apart", is_flag=True, help="Four processes that talk gRPC on loopback instead of one.")
@json_option
def serve(*, apart: bool, as_json: bool) -> int:
    """Serve decisions until Ctrl-C, and print what to try next.

    Settings are environment variables: TANDEM_... for one process, TANDEM_PROFILE_..., TANDEM_RULES_...,
    TANDEM_SCORING_... and TANDEM_ORCHESTRATOR_... apart; `python -m services --print-config` lists them. State is kept
    in .tandem/ unless they say otherwise.

    \b
      tandem serve
      TANDEM_DATA_DIR=/tmp/try TANDEM_LISTEN_ADDRESS=127.0.0.1:50099 tandem serve
      tandem serve --apart
    """
    return _serve_apart(as_json=as_json) if apart else _serve_in_one(as_json=as_json)


def _serve_in_one(*, as_json: bool) -> int:
    try:
        settings = load(LocalSettings)
    except SettingsError as error:
        raise CommandFailed("SETTINGS_INVALID", "; ".join(str(error).splitlines()), exit_code=2) from error
    has_tls = settings.tls_certificate_file is not None

    def say_ready(server: RunningServer) -> None:
        _welcome(Welcome(server.address, server.metrics_address, has_tls=has_tls), as_json=as_json)

    return run(settings, say_ready)


def _serve_apart(*, as_json: bool) -> int:
    _refuse_settings_of_one_process()
    planned = plans(os.environ)
    metrics_address = os.environ.get(variable(FRONT, "METRICS_ADDRESS"), f"127.0.0.1:{METRICS_PORT}")
    address = {plan.name: plan.address for plan in planned}
    welcome = Welcome(address[FRONT], metrics_address.removeprefix("off"), profile_address=address["profile"])
    try:
        asyncio.run(run_children(planned, os.environ, on_ready=lambda: _welcome(welcome, as_json=as_json)))
    except (ChildEnded, ChildIsSlow) as error:
        raise CommandFailed("SERVICE_FAILED", f"{error}; the other services are stopped") from error
    return 0


def _refuse_settings_of_one_process() -> None:
    """None of the four would read them."""
    strangers = sorted({setting(LocalSettings, name) for name in LocalSettings.model_fields} & os.environ.keys())
    if strangers:
        mine = strangers[0].replace("TANDEM_", "TANDEM_PROFILE_")
        text = f"{', '.join(strangers)}: of the one-process server; apart, each service has its own, such as {mine}"
        raise CommandFailed("SETTINGS_INVALID", text, exit_code=2)


def _welcome(welcome: Welcome, *, as_json: bool) -> None:
    if as_json:
        # One line: programs read it from a pipe that stays open.
        click.echo(json.dumps(welcome.document()))
    else:
        click.echo(welcome.text())
