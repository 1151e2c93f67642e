"""A shop whose policy declares budgets, stock and capacity, and replicas of what keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.orchestrator.app.volume.bank import ResourceBank
from services.orchestrator.app.volume.desk import open_account
from services.orchestrator.app.volume.holding import LEASE_MS, Holding
from services.orchestrator.domain.volume.account import Account, AccountKey
from services.orchestrator.domain.volume.resources import MILLIONTHS, Pacing, Resource, ResourceKind

NOW = 1_800_000_000_000
HEADER = "policy: corner_shop\n"


def declared(*lines: str) -> Mapping[str, str]:
    """Changes of the corner shop: top-level lines of its own."""
    return {HEADER: HEADER + "".join(f"{line}\n" for line in lines)}


def units(amount: float) -> int:
    return round(amount * MILLIONTHS)


def resource(amount: float, pacing: Pacing = Pacing.ASAP, **others: Any) -> Resource:
    return Resource("offer", ResourceKind.STOCK, units(amount), pacing, **others)


def account(amount: float) -> Account:
    return Account(AccountKey("offer", 0), units(amount), NOW, 2**63 - 1)


@dataclass(slots=True)
class Ticking:
    """A clock that a test sets."""

    now_ms: int = NOW

    def __call__(self) -> int:
        return self.now_ms


async def holding(
    bank: ResourceBank,
    of: Resource,
    now_ms: int = NOW,
    largest_use: int = MILLIONTHS,
    lease_ms: int = LEASE_MS,
) -> Holding:
    """As a replica that just started has it."""
    period = of.period_at(now_ms)
    assert period is not None
    return Holding(bank, of, largest_use, await open_account(bank, of, period, now_ms), lease_ms)


async def beat(bank: ResourceBank, each: Holding, now_ms: int) -> None:
    found = await bank.read([each.key])
    await each.beat(found.get(each.key, each.account), now_ms)


def offline_optimum(value: np.ndarray, use: np.ndarray, amount: float) -> float:
    """Of the linear programme max v·x, u·x <= amount, 0 <= x <= 1: the best by value per use, the last one in part."""
    order = np.argsort(-value / use)
    used = np.cumsum(use[order])
    whole = int(np.searchsorted(used, amount, side="right"))
    best = float(value[order][:whole].sum())
    if whole < order.size:
        left = amount - (float(used[whole - 1]) if whole else 0.0)
        best += float(value[order][whole] * left / use[order][whole])
    return best


def first_come(value: np.ndarray, use: np.ndarray, amount: float) -> float:
    """What greed brings: everybody who comes takes, until nothing is left."""
    left, total = amount, 0.0
    for worth, used in zip(value.tolist(), use.tolist(), strict=True):
        if used <= left:
            left -= used
            total += worth
    return total
