"""What the log calls a choice probability is the true one, whoever explores.

Learning is frozen: the same people come again and again, and what is believed of every candidate stays. What they got
is counted against the vectors that were logged. Thompson's vector is compared with really drawing from the posterior.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind, Exploring
from services.orchestrator.domain.arbitration.marginals import marginals
from services.orchestrator.domain.arbitration.slate_vectors import SlateVectors
from services.orchestrator.domain.arbitration.slots import SILENCE, Field, SlotPlan, Terms, fill_slots
from services.orchestrator.domain.arbitration.thompson import choice_probabilities
from tests.support.arbitration import Shape, drawn_frequencies, random_field, total_variation
from tests.support.frequencies import Tally
from tests.support.promises import Promise
from tests.support.shop import fresh_id, inbound, open_shop

NONE, THOMPSON, WEIGHTED = ExplorationKind

SEED = 20_261_122
PEOPLE, CANDIDATES, SLOTS = 16, 8, 2
LEAST_P = 0.001
LEAST_P_OF_RANDOM_IDS = 1e-6
"""Where decisions have new ids in every run, a test that is right may not fail once in a thousand runs."""
RESERVE = 0.02
TWICE = np.tile(np.arange(CANDIDATES, dtype=np.intp), 2)

ALL_KINDS = (Exploration(THOMPSON), Exploration(WEIGHTED, 100.0, 0.005), Exploration(NONE))
EXPLORERS = {
    "Thompson": ((Exploration(THOMPSON),), 1.0),
    "Thompson with a floor and a budget": ((Exploration(THOMPSON, floor=0.02),), 0.1),
    "inverse gap weighting": ((Exploration(WEIGHTED, 30.0),), 1.0),
    "inverse gap weighting with a floor": ((Exploration(WEIGHTED, 500.0, 0.01),), 1.0),
    "none": ((Exploration(NONE),), 1.0),
    "groups that differ": (ALL_KINDS, 1.0),
    "groups that differ with a budget": (ALL_KINDS, 0.1),
}


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_candidates_come_as_often_as_the_logged_probabilities_say(explorer: str, promise: Promise) -> None:
    decisions = promise.strength(reduced=3_000, full=200_000)
    explorations, budget = EXPLORERS[explorer]
    people = [_person(number, explorations, budget) for number in range(PEOPLE)]
    tally = Tally()
    for number in range(decisions):
        _decide(number % PEOPLE, people[number % PEOPLE], f"{SEED}_{number}", tally)
    p_value = tally.p_value()
    promise.figure(f"{explorer}: draws", tally.draws)
    promise.figure(f"{explorer}: chi-square p", round(p_value, 4))
    assert p_value > LEAST_P
    assert tally.p_value(mixed_with_uniform=0.2) < LEAST_P, "draws from wrong vectors would not have been noticed"


def _person(number: int, explorations: Sequence[Exploration], budget: float) -> Field:
    """What competes for one person: one in five is regulated."""
    worth, beliefs = random_field(Shape(CANDIDATES, exploring=0.8, log_odds=-2.0), seed=SEED + number)
    rows = np.arange(CANDIDATES, dtype=np.int32)
    exploring = Exploring(
        explorations, rows % len(explorations), np.zeros(CANDIDATES, dtype=np.int32), np.array([budget])
    )
    return Field(np.array([0, CANDIDATES], dtype=np.intp), rows, worth, beliefs, exploring)


def _decide(person: int, field: Field, decision_id: str, tally: Tally) -> None:
    """A later slot is conditional on the earlier ones: they are part of its situation."""
    before: tuple[int, ...] = (person,)
    for draw in fill_slots(field, [SlotPlan("home", SLOTS)], Terms(decision_id, RESERVE, across_placements=True)):
        tally.count(before, draw.probabilities, draw.row)
        before = (*before, draw.row)


@pytest.mark.parametrize("explorer", ["Thompson", "inverse gap weighting", "groups that differ with a budget"])
def test_positions_are_filled_as_often_as_their_marginals_say(explorer: str, promise: Promise) -> None:
    """Two places without repetition, the first with two slots: whatever filled the slots before."""
    decisions, (explorations, budget) = promise.strength(reduced=400, full=15_000), EXPLORERS[explorer]
    person = _person(0, explorations, budget)
    field = replace(
        person,
        starts=np.array([0, CANDIDATES, 2 * CANDIDATES], dtype=np.intp),
        action=np.tile(person.action, 2),
        worth=person.worth.take(TWICE),
        beliefs=person.beliefs.take(TWICE),
        exploring=person.exploring.take(TWICE),
    )
    plans, terms = [SlotPlan("home", 2), SlotPlan("side", 1)], Terms("", 0.1, across_placements=True)
    told = {(each.place, each.slot): each for each in marginals(SlateVectors(field, plans, terms))}
    tally = Tally()
    for number in range(decisions):
        draws = fill_slots(field, plans, replace(terms, decision_id=f"{SEED}_{number}"))
        got = {(each.place, each.slot): each.row for each in draws}
        for at, marginal in told.items():
            row = got.get(at)
            index = -1 if row is None else CANDIDATES if row == SILENCE else row % CANDIDATES
            tally.count(at, np.append(marginal.probabilities, marginal.undrawn), index)
    promise.figure(f"{explorer}, positions of a slate: error", max(each.error for each in told.values()))
    promise.figure(f"{explorer}, positions of a slate: chi-square p", round(tally.p_value(), 4))
    assert len(told) == 3
    assert tally.p_value() > LEAST_P
    assert tally.p_value(mixed_with_uniform=0.2) < LEAST_P, "other marginals would not have been noticed"


def test_thompson_s_vector_is_that_of_really_drawing(promise: Promise) -> None:
    """Over many fields: few and many candidates, sure and unsure, equal and not, losses, constants, silence."""
    draws = promise.strength(reduced=200_000, full=1_000_000)
    count = promise.strength(reduced=10, full=120)
    distances = []
    for number, (shape, reserve) in enumerate(_configurations(count)):
        worth, beliefs = random_field(shape, seed=SEED + number)
        computed = choice_probabilities(worth, beliefs, reserve)
        drawn = drawn_frequencies(worth, beliefs, reserve, draws, seed=number)
        distances.append(total_variation(computed, drawn))
        assert distances[-1] < 0.01, (shape, reserve, distances[-1])
    promise.figure("Thompson: fields", len(distances))
    promise.figure("Thompson: posterior draws of each", draws)
    promise.figure("Thompson: total variation, greatest", round(max(distances), 5))
    promise.figure("Thompson: total variation, median", round(float(np.median(distances)), 5))


def _configurations(count: int) -> Iterator[tuple[Shape, float]]:
    """Small fields first: sampling itself errs by about 0.4 √(candidates / draws)."""
    source = np.random.default_rng(SEED)
    for number in range(count):
        largest = 12 if number < 10 else 200
        shape = Shape(
            int(np.exp(source.uniform(0.0, np.log(largest + 1)))),
            value_spread=float(source.choice([0.0, 0.3, 1.0, 3.0])),
            deviation=float(source.choice([0.01, 0.1, 0.5, 1.0, 4.0])),
            exploring=float(source.choice([0.5, 1.0, 1.0])),
            negative=float(source.choice([0.0, 0.0, 0.3])),
            log_odds=float(source.uniform(-7.0, 1.0)),
        )
        yield shape, float(source.choice([-1e9, 0.0, 0.05, 0.3]))


POLICY = {
    "coffee: {issue: grow, lever: 1.5,": "coffee: {issue: grow, lever: 1.5, exploration: {kind: %s},",
    "tea: {issue: grow,": "tea: {issue: grow, exploration: {kind: %s},",
}


@pytest.mark.parametrize("kind", ["THOMPSON", "INVERSE_GAP_WEIGHTING, gamma: 20, floor: 0.02"])
async def test_decisions_of_the_whole_system_are_drawn_from_what_their_log_says(
    kind: str, tmp_path: Path, promise: Promise
) -> None:
    decisions, word = promise.strength(reduced=150, full=5_000), kind.split(",")[0]
    tally, started = Tally(), time.monotonic()
    async with open_shop(tmp_path) as shop:
        await shop.publish({old: new % kind for old, new in POLICY.items()})
        await shop.knows(age=42, tier="gold", margin=1.0)
        for _ in range(decisions):
            answer = await shop.decide(inbound("home_hero"), request_id=fresh_id())
            logged = await shop.orchestrator.get_decision(answer.decision_id)
            vector = [each.choice_probability for each in logged.answer.candidates]
            chosen = [each.action for each in answer.placements[0].propositions]
            names = [each.action for each in logged.answer.candidates]
            vector.append(logged.explored_slots[0].silence_probability)
            tally.count(tuple(names), np.array(vector), names.index(chosen[0]) if chosen else SILENCE)
            assert logged.explored_slots[0].explored.exploration.kind.name == word
    promise.figure(f"whole system, {word}: decisions", tally.draws)
    promise.figure(f"whole system, {word}: chi-square p", round(tally.p_value(), 4))
    promise.figure(f"whole system, {word}: seconds", round(time.monotonic() - started, 1))
    assert tally.p_value() > LEAST_P_OF_RANDOM_IDS
