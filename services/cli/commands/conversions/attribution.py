"""`tandem conversions attribution`: what conversions are put down to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.table import Table
from tandem.orchestrator.v1 import attribution_pb2 as pb

from services.cli.connection import connection_from, connection_options, run
from services.cli.moments import option_moment
from services.cli.output import document_of, json_option, show, show_json
from shared.clock import to_ms
from shared.rpc.channel import call
from shared.rpc.values import timestamp_proto

MODELS = ("last_touch", "first_touch", "linear", "time_decay", "position_based", "shapley")
KEYS = ("channel", "campaign", "action")


@click.command()
@click.option("--from", "from_text", help="Conversions from then on; default 30 days ago.")
@click.option("--to", "to_text", help="Until before then; default now.")
@click.option("--model", type=click.Choice(MODELS), default="last_touch", show_default=True)
@click.option("--by", type=click.Choice(KEYS), default="channel", show_default=True)
@click.option("--lookback-days", type=click.IntRange(1, 400), default=30, show_default=True, help="Before conversions.")
@json_option
@connection_options
def attribution(*, as_json: bool, **options: Any) -> None:
    """Show what conversions are put down to: revenue, margin and cost by channel, campaign or action.

    \b
      tandem conversions attribution --from 2026-11-01 --model position_based
      tandem conversions attribution --by action --json
    """
    connection = connection_from(options)
    end = option_moment("--to", options["to_text"]) if options["to_text"] else datetime.now(UTC)
    start = option_moment("--from", options["from_text"]) if options["from_text"] else end - timedelta(days=30)
    request = pb.GetAttributionRequest(
        from_time=timestamp_proto(to_ms(start)),
        to_time=timestamp_proto(to_ms(end)),
        model=f"ATTRIBUTION_MODEL_{options['model'].upper()}",
        by=f"ATTRIBUTION_KEY_{options['by'].upper()}",
    )
    request.lookback.FromTimedelta(timedelta(days=options["lookback_days"]))
    found = run(
        connection, lambda stubs: call(stubs.orchestrator.GetAttribution, request, timeout_s=connection.timeout_s)
    )
    if as_json:
        show_json(document_of(found))
    else:
        show(_view(found, options["by"]))


def _view(found: pb.GetAttributionResponse, by: str) -> Table:
    table = Table(title=f"Money in {found.currency}")
    table.add_column(by)
    for name in ("conversions", "revenue", "margin", "contacts", "cost", "ROAS"):
        table.add_column(name, justify="right")
    for row in found.rows:
        table.add_row(row.key or "(none)", *_cells(row))
    table.add_row("(no contact before)", *_cells(found.unattributed))
    table.add_section()
    table.add_row("total", *_cells(found.total))
    return table


def _cells(row: pb.AttributionRow) -> tuple[str, ...]:
    roas = f"{row.roas:.2f}" if row.HasField("roas") else "-"
    money = f"{row.revenue:,.2f}", f"{row.margin:,.2f}", f"{row.contacts:,}", f"{row.cost:,.2f}"
    return f"{row.conversions:,.1f}", *money, roas
