"""`tandem search`: everybody a condition is true for."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.table import Table
from tandem.profile.v1.profile_pb2 import Profile
from tandem.profile.v1.search_pb2 import SearchProfilesRequest, SearchProfilesResponse

from services.cli.arguments import typed_value
from services.cli.connection import Stubs, connection_from, connection_options, run
from services.cli.moments import in_utc
from services.cli.option_types import Parsed
from services.cli.output import document_of, json_option, show
from services.cli.rendering.texts import value_text
from shared.rpc.channel import call_stream

SEARCH_SECONDS = 3_600.0
SHOWN = 20


def _moment(text: str) -> datetime:
    return in_utc(datetime.fromisoformat(text))


@click.command()
@click.argument("condition")
@click.option("--limit", type=click.IntRange(0), help=f"At most so many; 0: all. Default {SHOWN}, with --json all.")
@click.option("--schema-version", default="", help="The trait schema it is typed by; default the active one.")
@click.option("--read-time", type=Parsed(_moment, "TIME"), help="As of this moment; default now.")
@click.option("--page-token", default="", help="Go on where a search with --limit ended.")
@json_option
@connection_options
def search(condition: str, *, as_json: bool, **options: Any) -> None:
    """Find the profiles for which CONDITION is true: CEL over the traits and aggregates of the schema.

    Where a value is missing or stale the condition is unknown, which is not true. With --json, one profile per line.

    \b
      tandem search 'tier == "gold" && days_since(last_visit) > 30'
      tandem search 'purchases_90d == 0' --json > lapsed.jsonl
    """
    limit = options["limit"] if options["limit"] is not None else 0 if as_json else SHOWN
    request = SearchProfilesRequest(
        condition=condition,
        schema_version=options["schema_version"],
        page_size=limit,
        page_token=options["page_token"],
    )
    if options["read_time"] is not None:
        request.read_time.CopyFrom(typed_value(options["read_time"]).timestamp_value)

    async def talk(stubs: Stubs) -> Sum:
        found = empty_table()
        answers = call_stream(stubs.profiles.SearchProfiles, request, timeout_s=SEARCH_SECONDS)
        total = await _gather(answers, None if as_json else found)
        if not as_json and found.row_count:
            show(found)
        return total

    total = run(connection_from(options), talk)
    go_on = f"; go on with --page-token {total.next_page_token}" if total.next_page_token else ""
    click.echo(f"{total.found:,} found, {total.examined:,} examined{go_on}", err=True)


def empty_table() -> Table:
    """Ids whole, to be copied; what has no room beside them goes on in the next line."""
    table = Table(box=None, pad_edge=False)
    table.add_column("profile", no_wrap=True)
    for name in ("identities", "traits", "aggregates"):
        table.add_column(name, overflow="fold")
    return table


@dataclass(slots=True)
class Sum:
    """Of all messages of a search."""

    found: int = 0
    examined: int = 0
    next_page_token: str = ""


async def _gather(answers: AsyncGenerator[SearchProfilesResponse], table: Table | None) -> Sum:
    """Profiles are printed as they come, or put into the table."""
    total = Sum()
    async with aclosing(answers):
        async for answer in answers:
            total.found += len(answer.profiles)
            total.examined += answer.examined_count
            total.next_page_token = answer.next_page_token
            for profile in answer.profiles:
                if table is None:
                    click.echo(json.dumps(document_of(profile), ensure_ascii=False))
                else:
                    table.add_row(*row_of(profile))
    return total


def row_of(profile: Profile) -> tuple[str, str, str, str]:
    identities = ", ".join(f"{each.namespace}={each.value}" for each in profile.identities)
    traits = ", ".join(f"{name}={value_text(trait.value)}" for name, trait in sorted(profile.traits.items()))
    aggregates = ", ".join(
        f"{name}={value_text(feature.value)}"
        for name, feature in sorted(profile.aggregates.items())
        if feature.HasField("value")
    )
    return profile.profile_id, identities, traits, aggregates
