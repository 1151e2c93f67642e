"""Whoever a decision asks may be down, slow, failing or lying: what it comes to then, cell by cell.

The adapters are the real ones, with the fault put before them; services that are really gone are in test_degraded.py,
and as processes in tests/e2e.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.local.contact_ledger import LocalContactLedger
from services.local.profile import LocalProfiles
from services.local.rules import LocalRules
from services.local.scoring import LocalScoring
from services.orchestrator.adapters.sqlite_decision_log import SqliteDecisionLog
from services.orchestrator.adapters.sqlite_policy_store import SqlitePolicyStore
from services.orchestrator.adapters.sqlite_resource_bank import SqliteResourceBank
from services.orchestrator.adapters.sqlite_sticky import SqliteStickyStore
from services.orchestrator.app.active_policies import REFRESH_MS
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.ports import Scores
from services.orchestrator.bootstrap import Stores
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.trouble import Cause, Party
from services.profile.domain.consents import ConsentStatus
from shared.clock import system_clock
from shared.errors import TandemError, Unavailable
from tests.support.limited_shop import channels, ledger_of, reason, reservations
from tests.support.outages import How, Nonsense, Outage, without
from tests.support.shop import Shop, actions, inbound, open_shop, outbound
from tests.support.source import ROOT
from tests.support.volume import NOW, beat, holding, resource, units

BUDGET_MS = 4_000
GUIDE = ROOT / "deploy" / "README.md"
HEADER, ARBITRATION = "policy: corner_shop\n", "arbitration: {reserve: 0.01, exploration: THOMPSON}"
EVERYTHING_BINDS: Mapping[str, str] = {
    HEADER: HEADER
    + "contact_policy:\n  limits:\n    - {id: mail_week, channel: email, max: 9, window: 7d}\n"
    + "budgets:\n  mail: {amount: 100, channel: email}\n",
    ARBITRATION: "arbitration: {reserve: 0.01, exploration: NONE, sticky: 30m}",
    "business_value: '8.0', attributes: {kind: tea}": "business_value: '80.0', attributes: {kind: tea}",
}
"""To a mail, that is, which is worth most: a text message is under no limit and no budget."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a decision on all channels, and one on mail alone, come to."""

    outage: Outage
    on_any_channel: str
    """The channel of what is proposed; empty: nothing."""
    without_mail: NoActionReason | None
    """Why nobody gets a mail; None: somebody does."""

    def __str__(self) -> str:
        return f"{self.outage.party}: {self.outage.how}"


def cells(
    party: Party, adapter: type, method: str, then: tuple[str, NoActionReason | None], nonsense: Nonsense | None = None
) -> list[Cell]:
    hows = [how for how in How if nonsense is not None or how is not How.NONSENSE]
    return [Cell(Outage(party, adapter, method, how, nonsense), *then) for how in hows]


CLOSED = ("", NoActionReason.DEGRADED)
TABLE = [
    *cells(Party.PROFILE, LocalProfiles, "get", CLOSED, lambda view: replace(view, held_identities=(7,))),
    *cells(Party.RULES, LocalRules, "evaluate", CLOSED, lambda said: replace(said, eligible=said.eligible + 99)),
    *cells(Party.SCORING, LocalScoring, "score", ("EMAIL", None), lambda said: replace(said, means=said.means + 1.5)),
    *cells(
        Party.LEDGER,
        LocalContactLedger,
        "reserve",
        ("SMS", NoActionReason.DEGRADED),
        lambda said: replace(said, granted=("p_1.r_1", "")),
    ),
    *cells(Party.VOLUME, SqliteResourceBank, "read", ("SMS", NoActionReason.VOLUME)),
    *cells(Party.VOLUME, SqliteResourceBank, "put", ("SMS", NoActionReason.VOLUME)),
    *cells(Party.STICKY, SqliteStickyStore, "get", ("EMAIL", None)),
]


SIMULATED = [each for each in TABLE if each.outage.how is How.DOWN and each.outage.method != "put"]


@asynccontextmanager
async def shop_in(folder: Path) -> AsyncIterator[Shop]:
    async with open_shop(folder, budget_ms=BUDGET_MS) as shop:
        await shop.publish(EVERYTHING_BINDS)
        await shop.knows(age=42)
        await shop.hears(ConsentStatus.GRANTED)
        yield shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop_in(tmp_path) as opened:
        yield opened


async def in_time(shop: Shop, command: DecideCommand) -> Answer:
    start = time.monotonic()
    answer = await shop.orchestrator.decide(command, deadline_ms=system_clock() + BUDGET_MS)
    assert time.monotonic() - start < BUDGET_MS / 1_000
    return answer


def any_channel() -> DecideCommand:
    """Tea by mail is worth most, and espresso goes by text message where that may not."""
    return replace(outbound(), sticky_key="page")


async def test_with_everybody_there_nothing_is_degraded(shop: Shop) -> None:
    answer = await in_time(shop, any_channel())
    assert (answer.degraded, answer.advisories) == (False, ())
    assert channels(await in_time(shop, outbound("EMAIL"))) == ["EMAIL"]


@pytest.mark.parametrize("cell", TABLE, ids=str)
async def test_a_decision_does_without(cell: Cell, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    party, before = cell.outage.party, without(cell.outage.party, cell.outage.cause)
    with monkeypatch.context() as patch:
        cell.outage.begin(patch)
        answer = await in_time(shop, any_channel())
        assert answer.degraded
        assert answer.advisories == (party.advisory,)
        mail = await in_time(shop, replace(outbound("EMAIL"), sticky_key="page"))
        assert mail.advisories == (party.advisory,)
    assert reason(mail) is cell.without_mail
    assert channels(answer) == ([cell.on_any_channel] if cell.on_any_channel else [])
    assert without(party, cell.outage.cause) == before + 2
    for each in (answer, mail):
        recorded = await shop.orchestrator.get_decision(each.decision_id)
        assert recorded.answer == each
        assert (await shop.orchestrator.explain_decision(each.decision_id)).answer.advisories == each.advisories
        replayed = await shop.orchestrator.replay_decision(each.decision_id)
        assert replayed.is_identical, replayed.differing
    async with asyncio.timeout(30):
        while (recovered := await in_time(shop, outbound("EMAIL"))).degraded:  # noqa: ASYNC110  asks a service
            await asyncio.sleep(0.1)
    assert channels(recovered) == ["EMAIL"]


@pytest.mark.parametrize("cell", SIMULATED, ids=str)
async def test_a_simulation_does_without_the_same_and_is_not_counted(
    cell: Cell, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = without(cell.outage.party, cell.outage.cause)
    with monkeypatch.context() as patch:
        cell.outage.begin(patch)
        answer = await in_time(shop, replace(any_channel(), mode=Mode.SIMULATE))
    asks_nobody = cell.outage.party is Party.LEDGER
    assert answer.advisories == (() if asks_nobody else (cell.outage.party.advisory,))
    assert without(cell.outage.party, cell.outage.cause) == before


async def test_without_accounts_the_drop_says_that_nobody_knows_what_is_left(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    Outage(Party.VOLUME, SqliteResourceBank, "read", How.DOWN).begin(monkeypatch)
    answer = await in_time(shop, outbound("EMAIL"))
    (fallen,) = [each for each in answer.dropped if each.stage == Stage.VOLUME]
    assert (fallen.rule_id, fallen.observed) == ("mail", None)


async def test_resources_that_nothing_would_use_degrade_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    Outage(Party.VOLUME, SqliteResourceBank, "read", How.DOWN).begin(monkeypatch)
    assert not (await in_time(shop, inbound())).degraded


async def test_what_a_replica_has_leased_goes_on_without_the_store(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms, replica = NOW, await holding(stores.bank, resource(1_000))
    for _ in range(3):  # so that it knows how much it uses
        for _ in range(10):
            assert await replica.take(units(1), now_ms)
        now_ms += 1_000
        await beat(stores.bank, replica, now_ms)
    Outage(Party.VOLUME, type(stores.bank), "put", How.DOWN).begin(monkeypatch)
    assert await replica.take(units(1), now_ms)
    with pytest.raises(Unavailable):
        await asyncio.gather(*(replica.take(units(1), now_ms) for _ in range(100)))


LOG_FAILS = [
    Outage(Party.LOG, SqliteDecisionLog, method, how)
    for method in ("get_by_request", "append")
    for how in (How.DOWN, How.SLOW)
]


@pytest.mark.parametrize("outage", LOG_FAILS, ids=lambda each: f"{each.method}: {each.how}")
async def test_what_cannot_be_recorded_is_not_answered_and_the_next_try_is_the_same_decision(
    outage: Outage, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, before = outbound("EMAIL"), without(Party.LOG, outage.cause)
    with monkeypatch.context() as patch:
        outage.begin(patch)
        start = time.monotonic()
        with pytest.raises(Unavailable) as failure:
            await shop.orchestrator.decide(command, deadline_ms=system_clock() + 1_500)
        assert time.monotonic() - start < 1.5
        simulated = await in_time(shop, replace(command, mode=Mode.SIMULATE))
        assert channels(simulated) == ["EMAIL"]
    assert failure.value.reason == "STORE_UNAVAILABLE" or outage.how is How.DOWN
    assert without(Party.LOG, outage.cause) == before + 1
    held = [contact.reservation_id for contact in (await ledger_of(shop)).contacts]
    assert len(held) == (outage.method == "append"), "nothing is reserved before the log is asked"
    answer = await in_time(shop, command)
    assert channels(answer) == ["EMAIL"]
    assert len((await ledger_of(shop)).contacts) == 1, "the next try takes no allowance of its own"
    assert not held or reservations(answer) == held
    assert await in_time(shop, command) == answer


async def test_while_nothing_can_be_recorded_no_decision_is_begun(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        Outage(Party.LOG, SqliteDecisionLog, "append", How.DOWN).begin(patch)
        for _ in range(8):
            with pytest.raises(Unavailable):
                await shop.decide(outbound("EMAIL"))
    assert len((await ledger_of(shop)).contacts) == 5
    assert without(Party.LOG, Cause.SKIPPED) >= 3
    async with asyncio.timeout(20):
        while not await decided(shop):  # noqa: ASYNC110  asks a service
            await asyncio.sleep(0.05)


async def decided(shop: Shop) -> bool:
    try:
        await shop.decide(outbound("SMS"))
    except Unavailable:
        return False
    return True


@pytest.mark.parametrize("how", [How.DOWN, How.SLOW])
async def test_what_was_served_cannot_be_kept_and_the_answer_comes_all_the_same(
    how: How, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    Outage(Party.STICKY, SqliteStickyStore, "put", how).begin(monkeypatch)
    assert channels(await in_time(shop, any_channel()))


@pytest.mark.parametrize("how", [How.DOWN, How.SLOW])
async def test_without_the_policy_store_the_last_known_policy_decides(
    how: How, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.sleep(REFRESH_MS / 1_000)
    Outage(Party.LOG, SqlitePolicyStore, "active", how).begin(monkeypatch)
    answer = await in_time(shop, inbound())
    assert (answer.degraded, bool(actions(answer.placements[0]))) == (False, True)


async def test_a_campaign_decides_with_all_that_it_takes_or_not_at_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = replace(outbound("EMAIL"), campaign_id="autumn")
    with monkeypatch.context() as patch:
        Outage(Party.VOLUME, SqliteResourceBank, "put", How.DOWN).begin(patch)
        with pytest.raises(Unavailable):
            await shop.decide(command)
    with monkeypatch.context() as patch:
        Outage(Party.SCORING, LocalScoring, "score", How.DOWN).begin(patch)
        answer = await shop.decide(command)
    assert (answer.advisories, channels(answer)) == (("SCORING_UNAVAILABLE",), ["EMAIL"])


def test_the_deployment_guide_says_what_becomes_of_a_decision_without_each() -> None:
    rows = re.findall(r"^\| (\w+) \| .* \| (?:`(\w+)`)? ?\|$", GUIDE.read_text(), re.MULTILINE)
    expected = {party.value: "" if party is Party.LOG else party.advisory for party in Party}
    assert {stage: advisory for stage, advisory in rows if stage in expected} == expected


BATCHED = [
    *cells(Party.PROFILE, LocalProfiles, "get_many", CLOSED, lambda views: views[1:]),
    *cells(Party.RULES, LocalRules, "evaluate_many", CLOSED, lambda said: said[1:]),
    *cells(Party.SCORING, LocalScoring, "score_many", ("EMAIL", None), lambda said: said[1:]),
]


@pytest.mark.parametrize("cell", BATCHED, ids=str)
async def test_each_decision_of_a_batch_does_without(cell: Cell, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    cell.outage.begin(monkeypatch)
    start = time.monotonic()
    commands = [outbound("EMAIL") for _ in range(3)]
    answers = await shop.orchestrator.decide_batch(commands, system_clock() + BUDGET_MS)
    assert time.monotonic() - start < BUDGET_MS / 1_000
    for answer in answers:
        assert isinstance(answer, Answer)
        assert answer.advisories == (cell.outage.party.advisory,)
        assert reason(answer) is cell.without_mail


async def test_a_fault_of_one_in_a_batch_is_not_the_others(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = LocalScoring.score_many

    async def first_fails(self: Any, questions: Sequence[Any], **named: Any) -> Sequence[Any]:
        said = list(await real(self, questions, **named))
        second = said[1]
        assert isinstance(second, Scores)
        return [Unavailable("OVERLOADED", "not that one"), replace(second, means=np.full(1, np.nan)), *said[2:]]

    monkeypatch.setattr(LocalScoring, "score_many", first_fails)
    answers = await shop.orchestrator.decide_batch([outbound("EMAIL") for _ in range(3)])
    degraded = [isinstance(answer, Answer) and answer.degraded for answer in answers]
    assert degraded == [True, True, False]


async def test_those_who_come_last_in_a_batch_have_as_much_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    Outage(Party.PROFILE, LocalProfiles, "get_many", How.SLOW).begin(monkeypatch)
    commands = [inbound(who="crm:nobody") for _ in range(65)]
    start = time.monotonic()
    answers = await shop.orchestrator.decide_batch(commands, system_clock() + 8_000)
    assert time.monotonic() - start < 8
    assert all(isinstance(answer, Answer) for answer in answers), {
        str(each) for each in answers if isinstance(each, TandemError)
    }


async def test_a_scorer_that_never_answers_costs_only_some_their_share(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        Outage(Party.SCORING, LocalScoring, "score", How.SLOW).begin(patch)
        # Half a second each is waited for in vain; then it is left out.
        await asyncio.gather(*(shop.orchestrator.decide(inbound(), system_clock() + 1_000) for _ in range(5)))
        skipped = without(Party.SCORING, Cause.SKIPPED)
        answer = await shop.orchestrator.decide(inbound(), system_clock() + 60_000)
        assert answer.advisories == ("SCORING_UNAVAILABLE",)
        assert answer.timing.scoring_ns < 400_000_000
        assert without(Party.SCORING, Cause.SKIPPED) == skipped + 1
    await asyncio.sleep(1.1)
    assert not (await shop.decide(inbound())).degraded


async def test_a_caller_in_a_hurry_gets_what_there_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    Outage(Party.SCORING, LocalScoring, "score", How.SLOW).begin(monkeypatch)
    start = time.monotonic()
    answer = await shop.orchestrator.decide(inbound(), system_clock() + 400)
    assert time.monotonic() - start < 0.4
    assert answer.degraded
    late = await shop.orchestrator.decide(replace(inbound(), mode=Mode.SIMULATE), system_clock() - 1)
    assert late.advisories == ("PROFILE_UNAVAILABLE",)
