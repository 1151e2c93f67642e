"""What a refusal of the ledger closes, and how it is accounted for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from services.orchestrator.domain.contact_limits import ContactCount, LimitTable, limit_table
from services.orchestrator.domain.drops import Check
from services.orchestrator.domain.policy_parts import ContactLimitPart
from services.orchestrator.domain.refusals import EVERY_LIMITED, Refusal, closed_rows, refused_drops
from tests.support.catalogues import Offer, Shelf

CATALOGUE = Shelf({"a": Offer(("EMAIL", "SMS")), "b": Offer(("EMAIL",)), "c": Offer(("SMS",))}).catalogue()
"""Options: a on EMAIL, a on SMS, b on EMAIL, c on SMS."""
OPTIONS = np.arange(4, dtype=np.int32)
EMAIL, SMS = CATALOGUE.channel_names.index("EMAIL"), CATALOGUE.channel_names.index("SMS")
LIMITS = (
    ContactLimitPart("mail", 2, window_ms=1_000, channels=("EMAIL",)),
    ContactLimitPart("each", 1, window_ms=1_000, channels=("EMAIL",), scope="ACTION"),
)


@pytest.fixture
def table() -> LimitTable:
    return limit_table(CATALOGUE, LIMITS)


def drops(
    table: LimitTable, refusals: Sequence[Refusal], chosen: Sequence[int] = ()
) -> list[tuple[str, int, int, float]]:
    blocks = refused_drops(CATALOGUE, table, OPTIONS, refusals, np.array(chosen, dtype=np.intp))
    return [
        (block.rule_id, action, channel, observed)
        for block in blocks
        for action, channel, observed in zip(
            block.action.tolist(), block.channel.tolist(), block.observed.tolist(), strict=True
        )
    ]


def test_a_full_limit_closes_all_that_it_is_about(table: LimitTable) -> None:
    refusal = Refusal(0, 0, 0, (ContactCount("mail", "", 2),))
    assert closed_rows(CATALOGUE, table, OPTIONS, [refusal]).tolist() == [True, False, True, False]
    assert drops(table, [refusal]) == [("mail", 0, EMAIL, 2.0), ("mail", 1, EMAIL, 2.0)]


def test_what_is_counted_apart_closes_its_own(table: LimitTable) -> None:
    refusal = Refusal(0, 0, 0, (ContactCount("each", "a", 1),))
    assert closed_rows(CATALOGUE, table, OPTIONS, [refusal]).tolist() == [True, False, False, False]


def test_a_limit_that_nobody_knows_closes_what_it_refused(table: LimitTable) -> None:
    refusal = Refusal(0, 0, 3, (ContactCount("ledger.size", "", 2_000),))
    assert closed_rows(CATALOGUE, table, OPTIONS, [refusal]).tolist() == [False, False, False, True]
    assert drops(table, [refusal]) == [("ledger.size", 2, SMS, 2_000.0)]


def test_without_the_ledger_all_that_is_limited_is_closed(table: LimitTable) -> None:
    refusal = Refusal(0, 0, EVERY_LIMITED)
    assert closed_rows(CATALOGUE, table, OPTIONS, [refusal]).tolist() == [True, False, True, False]
    blocks = refused_drops(CATALOGUE, table, OPTIONS, [refusal], np.array([], dtype=np.intp))
    assert [(block.check, block.size) for block in blocks] == [(Check.CONTACT_LEDGER, 2)]


def test_each_falls_once_and_what_was_chosen_before_does_not(table: LimitTable) -> None:
    first = Refusal(0, 1, 0, (ContactCount("each", "a", 1), ContactCount("mail", "", 2)))
    assert drops(table, [first, Refusal(0, 1, EVERY_LIMITED)], chosen=[2]) == [("each", 0, EMAIL, 1.0)]


def test_without_refusals_nothing_is_closed(table: LimitTable) -> None:
    assert not closed_rows(CATALOGUE, table, OPTIONS, []).any()
    assert drops(table, []) == []
