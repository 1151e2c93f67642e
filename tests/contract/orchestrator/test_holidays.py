"""No decision waits for the package of public holidays: compiling a policy that keeps them loads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.orchestrator.domain.policy.compile import compile_policy
from shared import public_holidays
from tests.support.limited_shop import channels, ready
from tests.support.shop import outbound
from tests.support.shop_policy import edited

NIGHTLY = "quiet_hours: [{id: night, channel: sms, from: '21:00', to: '08:00'}]"
HOLIDAYS = "quiet_hours: [{id: holidays, holidays: true, channel: sms}], public_holidays: {country_trait: first_name}"


@pytest.fixture(autouse=True)
def _not_loaded() -> Iterator[None]:
    _forget()
    yield
    _forget()


def _forget() -> None:
    for kept in (public_holidays._package, public_holidays.countries):
        kept.cache_clear()


def is_loaded() -> bool:
    return public_holidays._package.cache_info().currsize > 0


def with_rules(rules: str) -> dict[str, str]:
    written = f"policy: corner_shop\ncontact_policy: {{time_zone: Europe/Berlin, {rules}}}\n"
    return {"policy: corner_shop\n": written}


def test_compiling_a_policy_that_keeps_holidays_loads_them() -> None:
    assert compile_policy(edited(with_rules(HOLIDAYS))).policy is not None
    assert is_loaded()


async def test_where_no_rule_keeps_holidays_nobody_loads_them(tmp_path: Path) -> None:
    async with ready(tmp_path, with_rules(NIGHTLY)) as shop:
        assert channels(await shop.decide(outbound("EMAIL"))) == ["EMAIL"]
    assert not is_loaded()
