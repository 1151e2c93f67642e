"""The first slot of a logged decision as a draw to learn from, and what a policy would have made of it.

Only the first slot of the first placement: its probabilities depend on no other draw, so what is said of it is exact,
whatever else was asked for. An option is known by action, treatment and channel: of a treatment whose texts changed the
log still speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import DecisionRecord, SlotVector
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.domain.arbitration.slots import SILENCE
from services.orchestrator.domain.diff.money import money_of
from services.orchestrator.domain.diff.off_policy import Column
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import Effect, Lesson, reward_key, reward_of

Option = tuple[str, str, str]
"""Action, treatment, channel."""
IMPOSSIBLE = 1e-9
"""A probability below it counts as none."""


@dataclass(frozen=True, slots=True)
class Priced:
    """An option as it competed: its probability, what a success is worth and what a contact costs, also later by the
    pressure that it adds to."""

    probability: float
    propensity: float
    value: float
    cost: float

    @property
    def expected_money(self) -> float:
        return money_of(self.propensity, self.value, self.cost)


@dataclass(frozen=True, slots=True)
class FirstSlot:
    """`options` are those that competed; `drawn` None: silence. `anew`: what was drawn was refused, and this was drawn
    in its place."""

    options: Mapping[Option, Priced]
    silence: float
    drawn: Option | None
    anew: FirstSlot | None = None

    @property
    def settled(self) -> FirstSlot:
        """The draw that stood."""
        return self if self.anew is None else self.anew.settled

    def law(self) -> Mapping[Option, float]:
        """The probabilities of what stands in the end; the rest is silence."""
        anew = self.anew
        if anew is None:
            return {name: each.probability for name, each in self.options.items()}
        stood = {name: each.probability for name, each in self.options.items() if name in anew.options}
        refused = sum(each.probability for each in self.options.values()) - sum(stood.values())
        after = anew.law()
        return {name: stood.get(name, 0.0) + refused * after.get(name, 0.0) for name in stood.keys() | after.keys()}

    def reaches(self) -> float:
        return sum(self.law().values())


@dataclass(frozen=True, slots=True)
class Weighed:
    """A policy against what was drawn, as domain.diff.off_policy draws its columns."""

    weight: float
    silent: float
    untried: float
    successes: float
    """Expected of the policy, as `direct`."""
    money: float


def chained(draws: Sequence[FirstSlot | None]) -> FirstSlot | None:
    """Of draws each of which came in place of the one before; None where one of them is."""
    chain: FirstSlot | None = None
    for draw in reversed(draws):
        if draw is None:
            return None
        chain = replace(draw, anew=chain)
    return chain


def refused_option(record: DecisionRecord, policy: ActivePolicy, row: int) -> Option:
    name = _name(record, policy, row)
    assert name is not None, "silence is never refused"
    return name


def first_slot(record: DecisionRecord, policy: ActivePolicy) -> FirstSlot | None:
    """The draw that stood, alone. None where no draw was made that says anything: what was served again."""
    slot = next((each for each in record.slots if (each.place, each.slot) == (0, 0)), None)
    if slot is None:
        return FirstSlot({}, 1.0, None)
    if slot.sticky is not None or slot.probabilities.size == 0:
        return None
    return FirstSlot(_options(record, policy, slot), float(slot.probabilities[-1]), _name(record, policy, slot.row))


def contact_costs(record: DecisionRecord, policy: ActivePolicy) -> Column:
    """What a contact by each candidate costs now, and later by the pressure that it adds, float64[C]."""
    columns = record.candidates
    cost: Column = policy.catalogue.option_cost[columns.option]
    return cost if columns.pressure_cost is None else cost + columns.pressure_cost


def _options(record: DecisionRecord, policy: ActivePolicy, slot: SlotVector) -> dict[Option, Priced]:
    columns = record.candidates
    cost = contact_costs(record, policy)
    stop = int(columns.starts[1]) if columns.starts.size > 1 else 0
    found: dict[Option, Priced] = {}
    for row in range(stop):
        name = _name(record, policy, row)
        assert name is not None
        found[name] = Priced(
            float(slot.probabilities[row]),
            float(columns.propensity[row]),
            float(columns.business_value[row]),
            float(cost[row]),
        )
    return found


def _name(record: DecisionRecord, policy: ActivePolicy, row: int) -> Option | None:
    if row == SILENCE:
        return None
    treatment = policy.catalogue.options[int(record.candidates.option[row])]
    return policy.catalogue.actions[treatment.action].action_id, treatment.treatment_id, treatment.channel


def success_of(record: DecisionRecord, logged: FirstSlot, outcomes: Sequence[CapturedOutcome]) -> float:
    """1 where what was drawn succeeded, by the objective that decided; 0 where it did not, or has not yet."""
    drawn = logged.settled.drawn
    if drawn is None:
        return 0.0
    action, _, channel = drawn
    key = reward_key(record.decision_id, record.answer.placements[0].placement_id, action, channel)
    found = reward_of(_lessons(key, _objective(record), outcomes))
    return 0.0 if found is None else found.value


def _objective(record: DecisionRecord) -> Objective:
    wanted = record.feature_set_version
    return next((each for each in record.objectives if each.feature_set_version == wanted), Objective())


def _lessons(key: str, objective: Objective, outcomes: Iterable[CapturedOutcome]) -> Iterable[Lesson]:
    for outcome in outcomes:
        if outcome.reward_key != key:
            continue
        wanted = objective.reward_key(key)
        effects = [each.effect for each in outcome.lessons if each.reward_key == wanted]
        if not outcome.lessons and not objective.name:
            effects = [outcome.effect]  # of before objectives
        yield from (Lesson(Effect(effect), outcome.outcome_time_ms) for effect in effects)


def weighed(logged: FirstSlot, made: FirstSlot) -> Weighed:
    """Draw by draw, where some were refused (Jiang and Li 2016): a refused draw brought what came in its place. A
    policy that has room for what was refused would have shown it, which the log then never tried."""
    now = _weighed(logged, made)
    if logged.anew is None or made.anew is None or logged.drawn is None:
        return now
    then = _never_tried(logged.anew) if logged.drawn in made.anew.options else weighed(logged.anew, made.anew)
    return _in_place(now, logged.options[logged.drawn], then)


def _in_place(now: Weighed, refused: Priced, then: Weighed) -> Weighed:
    """What was drawn was refused; `then` came in its place."""
    return Weighed(
        now.weight * then.weight,
        now.silent + now.weight * then.silent,
        now.untried + now.weight * then.untried,
        now.successes + now.weight * (then.successes - refused.propensity),
        now.money + now.weight * (then.money - refused.expected_money),
    )


def _weighed(logged: FirstSlot, made: FirstSlot) -> Weighed:
    tried = {name for name, each in logged.options.items() if each.probability > IMPOSSIBLE}
    weight = 0.0
    if logged.drawn is not None:
        own = made.options.get(logged.drawn)
        weight = 0.0 if own is None else own.probability / max(logged.options[logged.drawn].probability, IMPOSSIBLE)
    # Prices are those of then: a policy that only says that its actions are worth more is worth no more. And what was
    # never tried is taken for worth what was done instead: a model's hopes of it, at a price of its own, prove nothing.
    tried_here = {name: each for name, each in made.options.items() if name in tried}
    untried = sum(each.probability for name, each in made.options.items() if name not in tried)
    done = _done(logged)
    return Weighed(
        weight,
        made.silence,
        untried,
        untried * done.successes
        + sum(each.probability * logged.options[name].propensity for name, each in tried_here.items()),
        untried * done.money
        + sum(each.probability * logged.options[name].expected_money for name, each in tried_here.items()),
    )


def _never_tried(logged: FirstSlot) -> Weighed:
    return replace(_done(logged), weight=0.0, silent=0.0, untried=1.0)


def _done(logged: FirstSlot) -> Weighed:
    """The logged choice itself: what the model expected of it, draw by draw."""
    options = logged.options.values()
    now = Weighed(
        0.0 if logged.drawn is None else 1.0,
        logged.silence,
        0.0,
        sum(each.probability * each.propensity for each in options),
        sum(each.probability * each.expected_money for each in options),
    )
    if logged.anew is None or logged.drawn is None:
        return now
    return _in_place(now, logged.options[logged.drawn], _done(logged.anew))
