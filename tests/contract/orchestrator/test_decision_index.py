"""Decisions are found, sampled, pruned and forgotten alike on SQLite and on MongoDB."""

from __future__ import annotations

import random
from collections.abc import Set
from dataclasses import replace

import pytest

from services.orchestrator.adapters import decision_rows
from services.orchestrator.adapters.metrics import PrometheusTelemetry
from services.orchestrator.app.decision_index import Cursor, DecisionQuery, DecisionSummary
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.gone_decisions import GoneBecause, GoneDecision
from services.orchestrator.app.outcome_store import Capture
from services.orchestrator.app.prune_decisions import PruneDecisions
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.decision import NoAction, PlacementAnswer
from services.orchestrator.domain.decision_results import DecisionResult, PlacementResult
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.outcome import Effect
from shared.clock import MS_PER_DAY
from shared.ids import content_id
from tests.support.decisions import PRESENTATION, captured, proposition, record

NOW_MS = 1_760_000_000_000
MINUTE_MS = 60_000


def made(index: int, *, profile_id: str = "p_1", action: str = "welcome", channel: str = "WEB") -> DecisionRecord:
    """The index-th decision, a minute after the one before."""
    own, whole = content_id("d", index), record(profile_id=profile_id)
    shown = PlacementAnswer("home", (replace(proposition(action), channel=channel),) if action else ())
    if not action:
        shown = replace(shown, no_action=NoAction(NoActionReason.NO_CONSENT))
    moment = NOW_MS + index * MINUTE_MS
    answer = replace(whole.answer, decision_id=own, placements=(shown, *whole.answer.placements[1:]))
    return replace(
        whole,
        decision_id=own,
        request_id=f"r_{index}",
        decision_time_ms=moment,
        record_time_ms=moment + 5,
        answer=replace(answer, decision_time_ms=moment),
    )


async def every(stores: Stores, query: DecisionQuery, limit: int = 4) -> list[str]:
    """Page by page."""
    found: list[str] = []
    after: Cursor | None = None
    while True:
        page = await stores.index.find(query, limit, after)
        assert len(page.decisions) <= limit
        found += [each.decision_id for each in page.decisions]
        after = page.after
        if after is None:
            return found


async def test_a_summary_says_what_came_of_a_decision(stores: Stores) -> None:
    written = made(0)
    await stores.log.append(written)
    (found,) = (await stores.index.find(DecisionQuery(), 10)).decisions
    results = (
        PlacementResult("home", DecisionResult.PROPOSED, "welcome", "WEB"),
        PlacementResult("side", DecisionResult.FALLBACK, "", "WEB"),
        PlacementResult("foot", DecisionResult.SILENCE),
    )
    assert found == DecisionSummary(written.decision_id, "p_1", NOW_MS, "pol_1", "m@3", results)


@pytest.mark.parametrize(
    "query",
    [
        DecisionQuery(),
        DecisionQuery(("p_1",)),
        DecisionQuery(("p_1", "p_2")),
        DecisionQuery(()),
        DecisionQuery(action="welcome"),
        DecisionQuery(action="welcome", channel="EMAIL"),
        DecisionQuery(action="welcome", result=DecisionResult.SILENCE),
        DecisionQuery(channel="EMAIL"),
        DecisionQuery(result=DecisionResult.SILENCE),
        DecisionQuery(channel="WEB", result=DecisionResult.FALLBACK),
        DecisionQuery(("p_2",), action="bye", result=DecisionResult.PROPOSED),
        DecisionQuery(start_ms=NOW_MS + 7 * MINUTE_MS, end_ms=NOW_MS + 21 * MINUTE_MS),
        DecisionQuery(("p_1",), action="bye", start_ms=NOW_MS + 7 * MINUTE_MS),
    ],
    ids=str,
)
async def test_what_is_found_is_what_was_asked_for_newest_first(
    query: DecisionQuery, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_rows, "READ_AT_ONCE", 3)
    rng = random.Random(7)
    records = [
        made(
            index,
            profile_id=rng.choice(("p_1", "p_2", "p_3", "")),
            action=rng.choice(("welcome", "bye", "")),
            channel=rng.choice(("WEB", "EMAIL")),
        )
        for index in range(40)
    ]
    for each in rng.sample(records, len(records)):
        await stores.log.append(each)
    wanted = [
        each.decision_id
        for each in reversed(records)
        if (query.profile_ids is None or each.profile_id in query.profile_ids)
        and query.start_ms <= each.decision_time_ms
        and (query.end_ms is None or each.decision_time_ms < query.end_ms)
        and query.meets(decision_rows.summary_of(each).results)
    ]
    assert await every(stores, query) == wanted


async def test_one_call_reads_only_so_much(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_rows, "READ_AT_ONCE", 2)
    monkeypatch.setattr(decision_rows, "MOST_READ", 6)
    for index in range(20):
        await stores.log.append(made(index, channel="EMAIL" if index == 0 else "WEB"))
    query = DecisionQuery(channel="EMAIL")
    page = await stores.index.find(query, 5)
    assert (page.decisions, page.after is None) == ((), False)
    assert await every(stores, query) == [content_id("d", 0)]


async def test_a_sample_is_the_same_for_the_same_start_and_never_has_one_twice(stores: Stores) -> None:
    for index in range(12):
        await stores.log.append(made(index))
    by_id = sorted(content_id("d", index) for index in range(12))
    start = by_id[9]
    sample = [each.decision_id for each in await stores.index.sample(start, 5)]
    assert sample == [*by_id[9:], *by_id[:2]]
    assert [each.decision_id for each in await stores.index.sample(start, 100)] == [*by_id[9:], *by_id[:9]]
    assert await stores.index.sample(start, 3) == await stores.index.sample(start, 3)


async def outcome_of(stores: Stores, decision_id: str) -> None:
    outcome = captured(f"o_{decision_id}", Effect.SUCCEEDED, decision_id=decision_id)

    def response_of(_: Set[str]) -> bytes:
        return b""

    learning = {outcome.reward_key: PRESENTATION}
    await stores.outcomes.append(Capture("CaptureOutcomes", decision_id, "b", (outcome,), learning, response_of))


async def test_pruning_takes_the_oldest_with_their_outcomes_and_says_what_is_left(stores: Stores) -> None:
    records = [made(index) for index in range(6)]
    for each in records:
        await stores.log.append(each)
        await outcome_of(stores, each.decision_id)
    before_ms = records[4].record_time_ms
    assert [await stores.index.prune(before_ms, 3) for _ in range(3)] == [3, 1, 0]
    for each in records[:4]:
        assert await stores.log.get(each.decision_id) is None
        assert await stores.log.get_by_request(each.request_id) is None
        assert await stores.outcomes.list_by_decision(each.decision_id) == ()
        gone = GoneDecision(each.decision_id, GoneBecause.PRUNED, each.decision_time_ms, "pol_1")
        assert await stores.log.gone(each.decision_id) == gone
    for each in records[4:]:
        assert await stores.log.get(each.decision_id) is not None
        assert await stores.log.gone(each.decision_id) is None
        assert len(await stores.outcomes.list_by_decision(each.decision_id)) == 1
    for query in (DecisionQuery(), DecisionQuery(("p_1",)), DecisionQuery(action="welcome")):
        assert await every(stores, query) == [each.decision_id for each in reversed(records[4:])]
    waiting = {each.reward_key.partition("/")[0] for each in await stores.outcomes.pending(100, NOW_MS)}
    assert waiting == {each.decision_id for each in records}, "what waits to be learnt is still learnt"


async def test_an_old_moment_that_was_decided_for_today_is_kept(stores: Stores) -> None:
    await stores.log.append(replace(made(0), record_time_ms=NOW_MS + MS_PER_DAY))
    assert await stores.index.prune(NOW_MS + 1_000, 10) == 0


async def test_an_erased_decision_is_told_from_a_pruned_one_and_nothing_of_the_person_is_left(stores: Stores) -> None:
    await stores.log.append(made(0))
    erased = made(0).decision_id
    await stores.erasures.erase([erased, "d_never"])
    assert await stores.log.gone(erased) == GoneDecision(erased, GoneBecause.ERASED, NOW_MS, "pol_1")
    assert await stores.log.gone("d_never") is None
    assert await every(stores, DecisionQuery()) == []
    assert await stores.erasures.decisions_of(["p_1"], 10) == []


async def test_the_same_decision_may_be_made_again_after_it_was_erased(stores: Stores) -> None:
    await stores.log.append(made(0))
    await stores.erasures.erase([made(0).decision_id])
    assert await stores.log.append(made(0))
    assert await stores.log.get(made(0).decision_id) is not None


async def test_the_pruner_keeps_what_is_young_and_forgets_what_was_left_after_as_long_again(stores: Stores) -> None:
    records = [made(index * 60 * 24) for index in range(10)]
    for each in records:
        await stores.log.append(each)
    now_ms = records[-1].record_time_ms
    pruner = PruneDecisions(stores.index, 4, PrometheusTelemetry(), lambda: now_ms)
    assert await pruner.prune() == 5
    assert await pruner.prune() == 0
    is_gone = [await stores.log.gone(each.decision_id) is not None for each in records]
    assert is_gone == [False, True, True, True, True, *[False] * 5]
    assert len(await every(stores, DecisionQuery())) == 5
