"""A decision in a list, as stores keep it beside the record; and pages of such rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from services.orchestrator.app.decision_index import Cursor, DecisionPage, DecisionQuery, DecisionSummary
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.decision_results import DecisionResult, PlacementResult, results_of

READ_AT_ONCE = 200
MOST_READ = 4_000
"""By one call, whatever it finds."""

RowReader = Callable[[Cursor | None, int], Awaitable[Sequence[DecisionSummary]]]
"""The next rows behind a cursor, the newest first, at most so many: all that any index can tell apart."""

_Row = tuple[str, int, str, str]


def summary_of(record: DecisionRecord) -> DecisionSummary:
    return DecisionSummary(
        record.decision_id,
        record.profile_id,
        record.decision_time_ms,
        record.policy_version,
        record.answer.versions.model,
        results_of(record.answer.placements),
    )


def proposed_actions(results: Sequence[PlacementResult]) -> list[str]:
    """Each once."""
    return sorted({each.action for each in results if each.action})


def encode_results(results: Sequence[PlacementResult]) -> str:
    rows = [(each.placement_id, int(each.result), each.action, each.channel) for each in results]
    return msgspec.json.encode(rows).decode()


def decode_results(stored: str) -> tuple[PlacementResult, ...]:
    rows = msgspec.json.decode(stored, type=list[_Row])
    return tuple(
        PlacementResult(name, DecisionResult(result), action, channel) for name, result, action, channel in rows
    )


async def page_of(read: RowReader, query: DecisionQuery, limit: int, after: Cursor | None) -> DecisionPage:
    """The rows that are as asked for, of as many as one call may read."""
    found: list[DecisionSummary] = []
    for _ in range(MOST_READ // READ_AT_ONCE):
        rows = await read(after, READ_AT_ONCE)
        for row in rows:
            after = row.cursor
            if query.meets(row.results):
                found.append(row)
            if len(found) == limit:
                return DecisionPage(tuple(found), after)
        if len(rows) < READ_AT_ONCE:
            return DecisionPage(tuple(found))
        await asyncio.sleep(0)  # others have their turn
    return DecisionPage(tuple(found), after)
