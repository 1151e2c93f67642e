"""`tandem why-not`: why somebody did not get something, at some time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.orchestrator.v1.why_not_pb2 import WhyNotRequest

from services.cli.connection import connection_from, connection_options, run
from services.cli.moments import in_utc, option_moment
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.absence import absence_view
from services.cli.subject_option import subject_option
from services.orchestrator.domain.policy.scalars import MAX_DURATION_MS, span_of
from shared.clock import to_ms
from shared.rpc.channel import call
from shared.rpc.values import timestamp_proto
from shared.time_zones import zone as time_zone

Span = tuple[datetime, datetime]


@click.command("why-not")
@subject_option(required=True)
@click.option("--action", required=True, help="What they did not get.")
@click.option("--at", required=True, help="A day, 2026-11-17, or a moment, 2026-11-17T10:00Z.")
@click.option("--within", default="1h", show_default=True, help="Of a moment: so long before and after it.")
@click.option("--zone", default="UTC", show_default=True, help="Of a day, and of a moment without an offset.")
@click.option("--most", default=10, show_default=True, type=click.IntRange(1, 50), help="Decisions, the newest first.")
@json_option
@connection_options
def why_not(
    identities: Sequence[Identity],
    *,
    action: str,
    at: str,
    within: str,
    zone: str,
    most: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Say why a person did not get ACTION then: the stage, the rule, what it read, and what would have had to be
    different; for each of their decisions of that time, also where the action never was a candidate.

    \b
      tandem why-not --subject crm=1042 --action winter_sale --at 2026-11-17 --zone Europe/Paris
      tandem why-not --subject email=ada@example.org --action loan --at 2026-11-17T10:00Z --within 15m
    """
    start, end = span_at(at, within, zone)
    request = WhyNotRequest(
        subject=Subject(identities=identities),
        action=action,
        start_time=timestamp_proto(to_ms(start)),
        end_time=timestamp_proto(to_ms(end)),
        max_decisions=most,
    )
    connection = connection_from(options)
    answer = run(connection, lambda stubs: call(stubs.orchestrator.WhyNot, request, timeout_s=connection.timeout_s))
    if as_json:
        show_json(document_of(answer))
    else:
        show(absence_view(request, answer))


def span_at(at: str, within: str, zone: str) -> Span:
    """The time that is asked about, in UTC. Raises UsageError."""
    try:
        local = time_zone(zone)
    except ValueError:
        raise click.UsageError(f"--zone {zone[:40]!r} is no time zone such as Europe/Paris") from None
    day = _day(at)
    if day is not None:
        midnight = datetime(day.year, day.month, day.day, tzinfo=local)
        option_moment("--at", midnight.isoformat())
        return in_utc(midnight), in_utc(datetime.combine(day + timedelta(days=1), midnight.timetz()))
    moment = option_moment("--at", _with_zone(at, local))
    span_ms = span_of(within)
    if span_ms is None or span_ms > MAX_DURATION_MS:
        raise click.UsageError(f"--within {within[:40]!r} is no span such as 90s, 15m or 1d12h")
    around = timedelta(milliseconds=span_ms)
    # A decision at the very end of it is within it.
    return moment - around, moment + around + timedelta(milliseconds=1)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _with_zone(text: str, zone: ZoneInfo) -> str:
    """Unchanged where it has an offset, or is no moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo else moment.replace(tzinfo=zone).isoformat()
