"""`tandem performance`: what decisions brought, arm by arm."""

from __future__ import annotations

from typing import Any

import click
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.orchestrator.v1.performance_pb2 import GetPerformanceRequest, GetPerformanceResponse

from services.cli.connection import connection_from, connection_options, run
from services.cli.moments import option_moment
from services.cli.output import document_of, json_option, show, show_json
from services.cli.rendering.performance import performance_view
from services.orchestrator.domain.policy.scalars import MAX_DURATION_MS, span_of
from shared.clock import system_clock, to_ms
from shared.rpc.channel import call
from shared.rpc.values import timestamp_proto

KEYS = ("campaign", "segment", "channel", "treatment", "action", "group", "issue")
ATTRIBUTE, ACTION_ATTRIBUTE = "attribute", "action"


@click.command()
@click.option("--from", "since", default="", help="A day or a moment, in UTC; default 30 days before the end.")
@click.option("--until", default="", help="Likewise; default now.")
@click.option("--last", default="", help="In place of --from: 7d, 12h.")
@click.option("--by", default="", help=f"{', '.join(KEYS)}, attribute:NAME of persons or action:NAME of actions.")
@click.option("--baseline", default="", help="The arm to compare with; default holdout, else the first there is.")
@json_option
@connection_options
def performance(*, since: str, until: str, last: str, by: str, baseline: str, as_json: bool, **options: Any) -> None:
    """Show contacts, responses, conversions and money by control arm, and how much more each arm brought than the
    baseline: the interval is that of nineteen times of twenty.

    --by campaign, segment and attribute:NAME go by persons, and compare all that they bought. --by channel, treatment,
    action, group, issue and action:NAME go by contacts, and compare what is put down to them.

    \b
      tandem performance --last 30d
      tandem performance --from 2026-11-01 --until 2026-12-01 --by attribute:region
      tandem performance --by action:business_unit --baseline random_eligible --json
    """
    request = performance_request(since, until, last, by, baseline)
    connection = connection_from(options)
    answer: GetPerformanceResponse = run(
        connection, lambda stubs: call(stubs.orchestrator.GetPerformance, request, timeout_s=connection.timeout_s)
    )
    if as_json:
        show_json(document_of(answer))
    else:
        show(performance_view(answer))


def performance_request(since: str, until: str, last: str, by: str, baseline: str) -> GetPerformanceRequest:
    """Raises click.UsageError."""
    if since and last:
        raise click.UsageError("--from and --last are two ways to say the same: write one")
    end_ms = _moment_ms("--until", until) if until else system_clock()
    start_ms = _moment_ms("--from", since) if since else end_ms - _span_ms(last or "30d")
    key, attribute = _key(by)
    return GetPerformanceRequest(
        from_time=_timestamp(start_ms),
        to_time=_timestamp(end_ms),
        by=f"PERFORMANCE_KEY_{key}",
        attribute=attribute,
        baseline=baseline.upper(),
    )


def _key(by: str) -> tuple[str, str]:
    kind, colon, name = by.partition(":")
    if not by:
        return "UNSPECIFIED", ""
    if colon and name and kind in (ATTRIBUTE, ACTION_ATTRIBUTE):
        return "ATTRIBUTE" if kind == ATTRIBUTE else "ACTION_ATTRIBUTE", name
    if by in KEYS:
        return by.upper(), ""
    raise click.UsageError(f"--by {by[:40]!r} is none of {', '.join(KEYS)}, attribute:NAME, action:NAME")


def _span_ms(text: str) -> int:
    span_ms = span_of(text)
    if span_ms is None or not 0 < span_ms <= MAX_DURATION_MS:
        raise click.UsageError(f"--last {text[:40]!r} is no span such as 12h, 7d or 1d12h")
    return span_ms


def _moment_ms(option: str, text: str) -> int:
    return to_ms(option_moment(option, text))


def _timestamp(time_ms: int) -> Timestamp:
    return timestamp_proto(max(0, time_ms))
