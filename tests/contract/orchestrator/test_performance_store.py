"""What reports of performance read is the same on SQLite and on MongoDB, page by page, and gone with the decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.outcome_store import Capture
from services.orchestrator.app.performance_store import Contacted, Cursor, PerformanceRow
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.arms import NO_STANDING, Arm, ArmStanding, Membership
from services.orchestrator.domain.outcome import Effect
from shared.ids import content_id
from shared.values import present
from tests.support.decisions import PRESENTATION, captured, record

NOW_MS = 1_760_000_000_000
MINUTE_MS = 60_000
STANDING = ArmStanding(Arm.HOLDOUT, Membership.COMPARED)


def made(index: int, *, profile_id: str = "p_1", minutes: int | None = None) -> DecisionRecord:
    whole, own = record(profile_id=profile_id), content_id("d", index)
    moment = NOW_MS + (index if minutes is None else minutes) * MINUTE_MS
    return replace(
        whole,
        decision_id=own,
        request_id=f"r_{index}",
        decision_time_ms=moment,
        record_time_ms=moment,
        answer=replace(whole.answer, decision_id=own, decision_time_ms=moment),
        arm=STANDING,
        reported_segments=("gold", "new"),
        command=replace(whole.command, campaign_id="spring"),
    )


async def every(stores: Stores, from_ms: int, to_ms: int, limit: int) -> list[PerformanceRow]:
    found: list[PerformanceRow] = []
    after: Cursor | None = None
    while page := await stores.feedback.performance.rows(from_ms, to_ms, after, limit):
        assert len(page) <= limit
        found += page
        after = page[-1].cursor
    return found


async def test_a_row_says_the_arm_and_what_was_proposed(stores: Stores) -> None:
    await stores.log.append(made(0))
    (row,) = await every(stores, NOW_MS, NOW_MS + 1, 10)
    contacts = (Contacted("home", "welcome", "WEB", "welcome_web"),)
    assert row == PerformanceRow(
        content_id("d", 0), "p_1", NOW_MS, "pol_1", STANDING, "spring", ("gold", "new"), contacts
    )


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
async def test_pages_have_every_decision_of_the_period_once_in_its_order(limit: int, stores: Stores) -> None:
    records = [made(index, minutes=index // 3) for index in range(20)]
    for each in reversed(records):
        await stores.log.append(each)
    from_ms, to_ms = NOW_MS + MINUTE_MS, NOW_MS + 5 * MINUTE_MS
    wanted = sorted(
        (each.decision_time_ms, each.decision_id) for each in records if from_ms <= each.decision_time_ms < to_ms
    )
    assert len(wanted) == 12
    assert [each.cursor for each in await every(stores, from_ms, to_ms, limit)] == wanted


async def test_decisions_of_policies_without_arms_say_so(stores: Stores) -> None:
    await stores.log.append(replace(made(0), arm=NO_STANDING, reported_segments=()))
    (row,) = await every(stores, NOW_MS, NOW_MS + 1, 10)
    assert (row.standing, row.segments) == (NO_STANDING, ())


async def test_outcomes_are_those_of_the_decisions_that_are_named(stores: Stores) -> None:
    outcomes = [captured(f"o_{index}", Effect.SUCCEEDED, decision_id=f"d_{index}") for index in range(3)]
    taken = Capture(
        "CaptureOutcomes", "r_1", "h", outcomes, {each.reward_key: PRESENTATION for each in outcomes}, lambda _: b""
    )
    await stores.outcomes.append(taken)
    found = await stores.feedback.performance.outcomes(["d_0", "d_2", "d_9"])
    assert sorted(each.decision_id for each in found) == ["d_0", "d_2"]
    assert sorted(found, key=lambda each: each.decision_id) == [outcomes[0], outcomes[2]]


async def test_an_attribute_is_what_each_decision_read(stores: Stores) -> None:
    for index, age in enumerate((17, 42)):
        whole = made(index)
        await stores.log.append(replace(whole, features={**whole.features, "age": present(age)}))
    ids = [content_id("d", index) for index in (0, 1, 7)]
    assert await stores.feedback.performance.features(ids, "age") == {ids[0]: present(17), ids[1]: present(42)}
    assert await stores.feedback.performance.features(ids, "unheard_of") == {}


async def test_what_is_erased_or_pruned_is_in_no_report(stores: Stores) -> None:
    records = [made(index, profile_id=f"p_{index}") for index in range(3)]
    for each in records:
        await stores.log.append(each)
    await stores.erasures.erase([records[0].decision_id])
    await stores.index.prune(records[2].record_time_ms, 10)
    assert [each.decision_id for each in await every(stores, NOW_MS, NOW_MS + 10 * MINUTE_MS, 10)] == [
        records[2].decision_id
    ]
