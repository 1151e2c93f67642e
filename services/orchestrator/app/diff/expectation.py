"""What a policy's own models expect of one decision: all its slots, each by the probabilities it was drawn from."""

from __future__ import annotations

from dataclasses import dataclass

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.diff.logged_slot import contact_costs
from services.orchestrator.domain.diff.money import money_of


@dataclass(frozen=True, slots=True)
class Expectation:
    """`reached`: the probability that a first slot of a placement reaches the person, each drawn as by itself."""

    reached: float
    successes: float
    money: float


def expectation(made: DecisionRecord, policy: ActivePolicy) -> Expectation:
    columns, costs = made.candidates, contact_costs(made, policy)
    silent, successes, money = 1.0, 0.0, 0.0
    for slot in made.slots:
        first = int(columns.starts[slot.place])
        chances = slot.probabilities[:-1]
        rows = slice(first, first + chances.size)
        propensity = columns.propensity[rows]
        brought = money_of(propensity, columns.business_value[rows], costs[rows])
        successes += float(chances @ propensity)
        money += float(chances @ brought)
        if slot.slot == 0:
            silent *= float(slot.probabilities[-1])
    return Expectation(1.0 - silent, successes, money)
