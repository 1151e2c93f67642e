"""A shop whose actions are bought equally often, for amounts that differ tenfold, through public contracts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from google.type import money_pb2  # type: ignore[import-untyped]
from tandem.orchestrator.v1 import decision_pb2, outcome_pb2

from tests.support.servers import Deployment, Form, deployed
from tests.support.storages import StorageOf
from tests.support.tandem_client import Refusal, TandemClient, fresh, inbound, only, outcome

BUYING = b"""
objectives: {buy: {outcomes: [converted], prior_value: 20, prior_propensity: 0.5}}
arbitration: {objective: buy, value: learnt}
"""
BASKETS = {"green_tea": 50, "espresso": 5}
"""Espresso has a lever of 1.5, and both declare the same value."""
CONFIGURATIONS = [(form, store) for store in ("sqlite", "mongo") for form in Form]


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda each: f"{each[0]}-{each[1]}")
def selling(
    request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    form, kind = request.param
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("logs")) as running:
        caller = TandemClient(running.addresses)
        assert caller.publish({"buying.yaml": BUYING}).active
        caller.close()
        yield running


@pytest.fixture
def client(selling: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(selling.addresses)
    yield caller
    caller.close()


def paid(proposition_id: str, units: int, currency: str = "EUR", kind: str = "CONVERTED") -> outcome_pb2.OutcomeItem:
    item = outcome(proposition_id, kind)
    item.revenue.CopyFrom(money_pb2.Money(currency_code=currency, units=units))
    return item


def shown(client: TandemClient, who: str) -> tuple[decision_pb2.DecideResponse, decision_pb2.Proposition]:
    response = client.decide(inbound(who, "side_bar"))
    (proposition,) = only(response).propositions.items
    return response, proposition


def test_the_larger_basket_is_learnt_and_preferred(client: TandemClient) -> None:
    who = fresh("crm:buyer")
    client.upsert(who, age=40)
    first, proposition = shown(client, who)
    assert proposition.business_value == 20.0, "the prior value"
    priorities = {each.action: each.priority for each in first.candidates}
    assert priorities["espresso"] > priorities["green_tea"]
    seen: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for round_ in range(60):
        _, proposition = shown(client, who)
        seen[proposition.action] += 1
        late[proposition.action] += round_ >= 40
        is_sale = seen[proposition.action] % 2  # every second one, whichever it is
        told = paid(proposition.proposition_id, BASKETS[proposition.action]) if is_sale else None
        client.capture(told or outcome(proposition.proposition_id, "IMPRESSION"))
    last, proposition = shown(client, who)
    priorities = {each.action: each.priority for each in last.candidates}
    assert priorities["green_tea"] > 1.3 * priorities["espresso"]
    assert late["green_tea"] > 15
    if proposition.action == "green_tea":
        assert proposition.business_value == pytest.approx(50.0, rel=0.25)


def test_a_return_takes_its_part_back_and_another_currency_is_refused(client: TandemClient) -> None:
    who = fresh("crm:returner")
    client.upsert(who, age=40)
    _, proposition = shown(client, who)
    answer = client.capture(paid(proposition.proposition_id, 9_000, "USD"))
    refusal = Refusal.in_status(answer.items[0].error)
    assert refusal.fields == ("items[0].revenue.currency_code",)

    def worth() -> dict[str, float]:
        found: dict[str, float] = {}
        while proposition.action not in found:
            _, again = shown(client, who)
            found[again.action] = again.business_value
        return found

    before = worth()[proposition.action]
    client.capture(paid(proposition.proposition_id, 1_000))
    with_it = worth()[proposition.action]
    client.capture(paid(proposition.proposition_id, 999, kind="RETURNED"))
    without = worth()[proposition.action]
    client.capture(outcome(proposition.proposition_id, "RETURNED"))
    assert with_it > before > without
    assert worth()[proposition.action] == pytest.approx(before)
