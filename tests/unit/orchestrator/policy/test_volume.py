"""Budgets, stock and capacity in a policy: what each treatment uses, and what is wrong with a declaration."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.volume.resources import Pacing, ResourceKind
from shared.values import INT64_MAX
from tests.support.volume import units

Found = Callable[[str | dict[str, str]], list[str]]
Compiled = Callable[[str], CompiledPolicy]

SHOP = """\
policy: shop
channels:
  mail: {direction: OUTBOUND}
  call_center: {direction: OUTBOUND}
issues: {retain: {}, grow: {}}
groups:
  win_back: {issue: retain, business_value: 2}
  cards: {issue: grow, business_value: 3, attributes: {minutes: 12}}
actions:
  comeback_15:
    group: win_back
    treatments:
      comeback_mail: {channel: mail, cost: 0.25, content: {en: {subject: Come back}}}
      comeback_call: {channel: call_center, cost: 4, content: {en: {script: Come back}}}
  gold_card:
    group: cards
    treatments:
      gold_call: {channel: call_center, cost: 4, content: {en: {script: Gold}}}
"""


def uses(policy: CompiledPolicy) -> dict[str, list[float]]:
    """Units by resource, of each treatment in order."""
    table = policy.volume
    return {name: (table.use[:, index] / 1e6).tolist() for name, index in table.index.items()}


def test_a_policy_without_volume_has_no_table(compiled: Compiled) -> None:
    assert compiled(SHOP).volume.is_empty


@pytest.mark.parametrize(
    ("declaration", "used"),
    [
        ("budgets: {all: {amount: 10}}", [0.25, 4, 4]),
        ("budgets: {mails: {amount: 10, channel: mail}}", [0.25, 0, 0]),
        ("budgets: {care: {amount: 10, groups: [win_back], uses: contact}}", [1, 1, 0]),
        ("budgets: {half: {amount: 10, issue: grow, uses: 0.5}}", [0, 0, 0.5]),
        ("stock: {comeback_15: {units: 500}}", [1, 1, 0]),
        ("stock: {gifts: {units: 500, action: gold_card}}", [0, 0, 1]),
        ("capacity: {calls: {units: 40, per: 1h, channel: call_center}}", [0, 1, 1]),
        ("capacity: {minutes: {units: 480, per: day, group: cards, uses: action.minutes}}", [0, 0, 12]),
    ],
)
def test_each_treatment_uses_what_the_resource_is_about(
    compiled: Compiled, declaration: str, used: list[float]
) -> None:
    (found,) = uses(compiled(SHOP + declaration)).values()
    assert found == used


def test_amounts_periods_and_pacing_are_read(compiled: Compiled) -> None:
    declaration = "budgets: {mail: {amount: 10000, from: 2026-11-01, until: 2026-11-30, pacing: even}}"
    (budget,) = compiled(SHOP + declaration).volume.resources
    assert (budget.kind, budget.amount, budget.pacing) == (ResourceKind.BUDGET, units(10_000), Pacing.EVEN)
    assert (budget.until_ms - (budget.from_ms or 0)) == 30 * 86_400_000


def test_what_ends_is_paced_by_traffic_and_what_does_not_goes_as_it_comes(compiled: Compiled) -> None:
    text = SHOP + "stock: {comeback_15: {units: 5}}\ncapacity: {calls: {units: 40, per: hour, channel: call_center}}"
    stock, calls = compiled(text).volume.resources
    assert (stock.pacing, stock.until_ms) == (Pacing.ASAP, INT64_MAX)
    assert (calls.pacing, calls.calendar) == (Pacing.TRAFFIC, "HOUR")


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("budgets: {a: {}}", ["1:11 MISSING_KEY"]),
        ("budgets: {a: {amount: -1}}", ["1:23 OUT_OF_RANGE"]),
        ("budgets: {a: {amount: lots}}", ["1:23 WRONG_TYPE"]),
        ("budgets: {a: {amount: 1, uses: 1, unit: x}}", ["1:35 UNKNOWN_KEY"]),
        ("budgets: {a: {amount: 1, channel: fax}}", ["1:35 UNKNOWN_CHANNEL"]),
        ("budgets: {a: {amount: 1, groups: [none]}}", ["1:35 UNKNOWN_GROUP"]),
        ("budgets: {a: {amount: 1, uses: 1, from: 2026-02-02, until: 2026-01-01}}", ["1:60 OUT_OF_RANGE"]),
        ("budgets: {a: {amount: 1, uses: 1, pacing: even}}", ["1:43 MISSING_KEY"]),
        ("budgets: {a: {amount: 1, uses: 1, pacing: slow, per: 1d}}", ["1:43 OUT_OF_RANGE"]),
        ("budgets: {a: {amount: 5, uses: 0}}", ["1:32 OUT_OF_RANGE"]),
        ("budgets: {a: {amount: 5, uses: 1 + 1}}", ["1:32 WRONG_TYPE"]),
        ("budgets: {a: {amount: 5, uses: action.weight}}", ["1:32 UNKNOWN_ATTRIBUTE"]),
        ("budgets: {a: {amount: 5}}", ["1:11 RESOURCE_WITHOUT_USE"]),
        ("budgets: {a: {amount: 0.5, uses: 1}}", ["1:11 RESOURCE_TOO_SMALL"]),
        ("budgets: {a: {amount: 5, uses: 1, channel: sms}}", ["1:11 RESOURCE_WITHOUT_ACTION"]),
        ("stock: {calls: {units: 5}}", ["1:9 MISSING_KEY"]),
        ("capacity: {calls: {units: 5}}", ["1:12 MISSING_KEY"]),
        ("capacity: {calls: {units: 5, per: 1s}}", ["1:35 OUT_OF_RANGE"]),
        ("budgets: {a: {amount: 5, uses: 1}}\nstock: {a: {units: 5, action: call}}", ["2:9 DUPLICATE_STOCK"]),
    ],
)
def test_what_is_wrong_is_found_where_it_is_written(found: Found, text: str, findings: list[str]) -> None:
    assert found(text) == findings
