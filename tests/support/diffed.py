"""A shop with decisions on record and a truth behind them that no policy is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.diff.diff_policies import DiffQuestion
from services.orchestrator.app.diff.logged_slot import FirstSlot, Option
from services.orchestrator.app.diff.replay import Replay, ReplayedDecision
from services.profile.domain.consents import ConsentStatus
from tests.support.shop import Shop, fresh_id, inbound
from tests.support.shop_policy import edited

LEVER = {"lever: 1.5": "lever: 0.6"}
"""Coffee is pushed less: the candidate shows more tea."""


async def logged(shop: Shop, persons: int) -> None:
    """Everybody is known by an age, and decided for once or twice."""
    await shop.publish({"lever: 1.5": "lever: 1.1"})
    for index in range(persons):
        who = f"crm:p{index}"
        await shop.knows(who, age=20 + index % 50, tier=("bronze", "silver")[index % 2])
        await shop.hears(ConsentStatus.GRANTED, who)
        for _ in range(1 + index % 2):
            await shop.decide(inbound("side_bar", who=who))


async def candidate(shop: Shop, changes: Mapping[str, str]) -> str:
    return (await shop.orchestrator.publish_policy(fresh_id(), edited(changes))).policy_version


async def replayed(shop: Shop, version: str) -> Replay:
    """The active policy and another one over all decisions, as DiffPolicies makes them again."""
    return await shop.orchestrator.diffing.replay(DiffQuestion(version, count=10_000))


def truth(decision: ReplayedDecision, option: Option) -> float:
    """How likely a success really is: tea for the old, and coffee, less, for the young."""
    age = decision.record.features["age"].value
    assert isinstance(age, int)
    years = (age - 20) / 50
    return 0.15 + 0.5 * years if option[0] == "green_tea" else 0.35 - 0.3 * years


def expected(decision: ReplayedDecision, slot: FirstSlot) -> float:
    """Money that a policy really makes with the decision, at the prices of then."""
    logged_slot = decision.logged
    assert logged_slot is not None
    return sum(
        each.probability * (truth(decision, name) * logged_slot.options[name].value - logged_slot.options[name].cost)
        for name, each in slot.options.items()
    )


def true_difference(decisions: Sequence[ReplayedDecision]) -> float:
    return float(
        np.mean([expected(each, _there(each.slots[1])) - expected(each, _there(each.slots[0])) for each in decisions])
    )


def _there(slot: FirstSlot | None) -> FirstSlot:
    assert slot is not None
    return slot


@dataclass(frozen=True, slots=True)
class Population:
    """Decisions by person, of whom samples are drawn."""

    persons: tuple[tuple[ReplayedDecision, ...], ...]

    @classmethod
    def of(cls, decisions: Sequence[ReplayedDecision]) -> Population:
        names = sorted({each.person for each in decisions})
        return cls(tuple(tuple(each for each in decisions if each.person == name) for name in names))

    def sample(self, size: int, random: np.random.Generator) -> list[ReplayedDecision]:
        """So many persons, with new draws by the logged probabilities, and what came of them in truth."""
        drawn = []
        for number, index in enumerate(random.integers(len(self.persons), size=size).tolist()):
            drawn += [_drawn(each, f"{number}", random) for each in self.persons[index]]
        return drawn


def _drawn(decision: ReplayedDecision, person: str, random: np.random.Generator) -> ReplayedDecision:
    slot = _there(decision.logged)
    names: list[Option | None] = [*slot.options, None]
    chances = np.array([*(each.probability for each in slot.options.values()), slot.silence])
    name = names[int(random.choice(chances.size, p=chances / chances.sum()))]
    success = 0.0 if name is None else float(random.random() < truth(decision, name))
    return replace(decision, person=person, logged=replace(slot, drawn=name), success=success)
