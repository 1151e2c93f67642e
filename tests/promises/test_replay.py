"""A decision on record is made again byte for byte, after other policies and after the model went on, and its scores
are those of the model as it was."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tandem.orchestrator.v1 import decision_list_pb2, decision_pb2, replay_pb2

from tests.support.limited_shop import MAIL_2, limits
from tests.support.policies_in_use import use_policy
from tests.support.promises import Promise
from tests.support.servers import Form, deployed
from tests.support.shop_policy import edited
from tests.support.storages import StorageOf
from tests.support.tandem_client import TIMEOUT_S, TandemClient, event, fresh, inbound, outbound, outcome, typed

AT_ONCE = 4
FEWEST_PEOPLE = 40
DECISIONS_PER_PERSON = 10
"""With more, limits would leave most of them without a proposition, and the model without anything to learn."""
PRICES = ("8.0", "3.0", "0.5")
"""Of three policies: each decides for a third of the decisions."""


def edition(price: str) -> dict[str, bytes]:
    changes = limits(MAIL_2, "{id: web_day, channel: web, max: 20, window: 1d}")
    return edited({**changes, "business_value: '8.0'": f"business_value: '{price}'"})


def random_request(rng: random.Random, people: list[str]) -> decision_pb2.DecideRequest:
    who = rng.choice([*people, None])
    if who is not None and rng.random() < 0.3:
        return outbound(who, *rng.choice([(), ("email",), ("email", "sms")]))
    places = rng.choice([("home_hero",), ("side_bar",), ("home_hero", "side_bar")])
    request = inbound(who, *places, locale=rng.choice(["", "fr"]))
    request.placements[0].count = rng.randrange(1, 4)
    if who is not None and rng.random() < 0.3:
        request.events.append(event(who))
    if rng.random() < 0.5:
        request.context["weather"].CopyFrom(typed(rng.choice(["rain", "sun"])))
    request.explain = rng.randrange(1, 4)  # type: ignore[assignment]
    return request


@pytest.mark.parametrize(("kind", "form"), [("sqlite", Form.ONE), ("mongo", Form.FOUR)])
def test_a_sample_of_decisions_is_made_again_byte_for_byte(
    promise: Promise, storage_of: StorageOf, tmp_path: Path, kind: str, form: Form
) -> None:
    count = promise.strength(reduced=45, full=3_000)
    sample = promise.strength(reduced=45, full=1_000)
    rescored = promise.strength(reduced=15, full=300)
    rng = random.Random(5)
    people = [f"crm:{fresh('p')}" for _ in range(max(FEWEST_PEOPLE, count // DECISIONS_PER_PERSON))]
    with storage_of(kind) as storage, deployed(form, storage, tmp_path) as running:
        shop = TandemClient(running.addresses)
        use_policy(shop, edition(PRICES[0]))
        for who in people:
            shop.upsert(who, age=rng.randrange(12, 80))
            shop.consent(who, "GRANTED")
        for price in PRICES:
            use_policy(shop, edition(price))
            decide(shop, [random_request(rng, people) for _ in range(count // len(PRICES))])
        request = decision_list_pb2.SampleDecisionsRequest(count=sample, seed=rng.randrange(1_000))
        drawn = shop.orchestrator.SampleDecisions(request, timeout=TIMEOUT_S).decisions
        started = time.monotonic()
        replays = replay(shop, [each.decision_id for each in drawn], AT_ONCE)
        seconds = time.monotonic() - started
        earliest_first = sorted(drawn[:rescored], key=lambda each: int(each.model_version.rpartition("@")[2] or 0))
        again = replay(shop, [each.decision_id for each in earliest_first], 1, rescore=True)
        shop.close()
    assert len(replays) == min(sample, count // len(PRICES) * len(PRICES))
    assert len({each.policy_version for each in drawn}) == len(PRICES)
    assert len({each.model_version for each in drawn}) > len(drawn) // 4
    assert [list(each.differing_fields) for each in replays if not each.identical] == []
    assert all(each.identical and each.rescored.within_tolerance for each in again)
    promise.figure(f"{kind}: replayed", len(replays))
    promise.figure(f"{kind}: differing", sum(not each.identical for each in replays))
    promise.figure(f"{kind}: replays per second", round(len(replays) / seconds, 1))
    promise.figure(f"{kind}: rescored candidates", sum(each.rescored.scores for each in again))
    promise.figure(f"{kind}: greatest difference of a score", max(each.rescored.difference for each in again))


def decide(shop: TandemClient, requests: list[decision_pb2.DecideRequest]) -> None:
    """And clicks on every third proposition."""

    def one(numbered: tuple[int, decision_pb2.DecideRequest]) -> None:
        index, request = numbered
        response = shop.decide(request)
        items = [item for result in response.placement_results for item in result.propositions.items]
        shown = [outcome(item.proposition_id, "CLICKED" if index % 3 == 0 else "IMPRESSION") for item in items]
        if shown:
            shop.capture(*shown)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, enumerate(requests)))


def replay(
    shop: TandemClient, decision_ids: list[str], at_once: int, *, rescore: bool = False
) -> list[replay_pb2.ReplayDecisionResponse]:
    def one(decision_id: str) -> replay_pb2.ReplayDecisionResponse:
        request = replay_pb2.ReplayDecisionRequest(decision_id=decision_id, rescore=rescore)
        response: replay_pb2.ReplayDecisionResponse = shop.orchestrator.ReplayDecision(request, timeout=120)
        return response

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, decision_ids))
