"""The outcomes that a conversion comes to: CONVERTED for what it is matched with, RETURNED when it came back.

Their keys are made of the conversion and the objective: there is one of each, however often it is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

import msgspec

from services.orchestrator.app.active_policies import ActivePolicies, PolicyUnreadable
from services.orchestrator.app.lessons import delays_of, presentations_of, waits_of
from services.orchestrator.app.outcome_store import OWN_KEYS, Capture, CapturedOutcome, OutcomeItem, RewardLesson
from services.orchestrator.app.presentations import PresentationFinder, Presented
from services.orchestrator.app.sightings import response_windows, sighting_of
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.conversion import Conversion
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import Effect, Outcome
from shared.errors import InvalidArgument, NotFound
from shared.ids import content_id
from shared.values import Value

_RPC = "RecordConversions/matching"
_CREDITS = f"{OWN_KEYS}conversion/"


def credit_key(conversion_id: str, objective: str = "") -> str:
    """Of the outcome by which a conversion is an objective's success; without one, how all of them begin."""
    return f"{_CREDITS}{conversion_id}/{objective}"


def return_key(credit: str) -> str:
    """Of the outcome that takes a credit back."""
    return f"{OWN_KEYS}returned/{credit.removeprefix(_CREDITS)}"


def is_credit(key: str) -> bool:
    return key.startswith(_CREDITS)


def credited_conversion(credit: str) -> str:
    """The conversion behind a credit; names of objectives have no slash."""
    return credit.removeprefix(_CREDITS).rpartition("/")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Credit:
    """An outcome that a conversion comes to, and of what."""

    presented: Presented
    outcome: CapturedOutcome


def credited(
    key: str, shown: OutcomeItem, presented: Presented, objective: Objective, bought: Conversion, amount: int | None
) -> Credit:
    """`shown`: an outcome of the presentation, which says how it is called. `amount`: what the objective learns that it
    was worth; it stands in the lesson alone, for money stands with the conversion."""
    return _credit(key, Outcome.CONVERTED, Effect.SUCCEEDED, shown, presented, objective, bought, amount)


def returned(
    credit: CapturedOutcome, presented: Presented, objective: Objective, reversal: Conversion, *, teaches: bool
) -> Credit:
    """As outcomes RETURNED do: after the objective's window nothing is learnt from it."""
    key, direction = return_key(credit.item.idempotency_key), presented.direction
    told = replace(reversal, occurred_time_ms=max(reversal.occurred_time_ms, credit.outcome_time_ms))
    age_ms = told.occurred_time_ms - presented.record.decision_time_ms
    effect = objective.effect_of(Outcome.RETURNED, direction, is_machine=False, age_ms=age_ms)
    amount = next((lesson.amount for lesson in credit.lessons), None)
    # With an amount it leaves what other conversions of the same presentation came to.
    taught = effect if teaches or amount is not None else Effect.NOTHING
    return _credit(key, Outcome.RETURNED, taught, credit.item, presented, objective, told, amount)


def _credit(
    key: str,
    outcome: Outcome,
    effect: Effect,
    shown: OutcomeItem,
    presented: Presented,
    objective: Objective,
    told: Conversion,
    amount: int | None,
) -> Credit:
    time_ms = told.occurred_time_ms
    item = OutcomeItem(
        key, outcome, shown.proposition_id, shown.tracking_token, shown.off_policy, outcome_time_ms=time_ms
    )
    lesson = RewardLesson(objective.reward_key(presented.reward_key), effect, amount)
    lessons = () if effect is Effect.NOTHING else (lesson,)
    decision_id, reward_key = presented.record.decision_id, presented.reward_key
    captured = CapturedOutcome(item, decision_id, reward_key, effect, time_ms, told.record_time_ms, 0, lessons)
    return Credit(presented, captured)


async def keep(world: Surroundings, conversion: Conversion, earned: Sequence[Credit]) -> None:
    """Durable, and on its way to be learnt from, when it returns."""
    presented = [each.presented for each in earned]
    keys = [each.outcome.item.idempotency_key for each in earned]
    delays, now_ms = await delays_of(presented, world.outcomes), world.clock()
    windows = await response_windows(presented, world.policies)
    sightings = [sighting_of(each.presented, each.outcome, windows) for each in earned]
    capture = Capture(
        _RPC,
        content_id("match", (conversion.conversion_id, keys)),
        "",
        [each.outcome for each in earned],
        {key: value for each in presented for key, value in presentations_of(each).items()},
        _new_keys,
        waits={key: value for each in presented for key, value in waits_of(each, delays, now_ms).items()},
        sightings=[each for each in sightings if each is not None],
    )
    receipt = await world.outcomes.append(capture)
    fresh = msgspec.json.decode(receipt.response, type=frozenset[str])
    for each in earned:
        if each.outcome.item.idempotency_key in fresh:
            world.telemetry.captured(each.outcome.item.outcome)


def _new_keys(keys: Set[str]) -> bytes:
    return msgspec.json.encode(sorted(keys))


async def presented_of(finder: PresentationFinder, item: OutcomeItem) -> Presented | None:
    """None where the decision, or its policy, is gone."""
    try:
        return await finder.find(item, "item")
    except (NotFound, InvalidArgument, PolicyUnreadable):
        return None


async def attribute_of(presented: Presented, objective: Objective, policies: ActivePolicies) -> Value:
    """The attribute of the presented action that conversions are compared with; None where there is none to be read."""
    match = objective.conversions
    if match is None or not match.attribute:
        return None
    try:
        compiled = (await policies.get(presented.record.policy_version)).compiled
    except (NotFound, PolicyUnreadable):
        return None
    index = compiled.catalogue.action_index.get(presented.action)
    return None if index is None else compiled.feature_set.actions[index].attributes.get(match.attribute)
