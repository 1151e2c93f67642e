"""Objectives as a caller meets them, through the public contracts alone: the same on every form and store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tandem.profile.v1 import contact_ledger_pb2, contact_pb2

from tests.support.servers import Deployment, Form, deployed
from tests.support.storages import StorageOf
from tests.support.tandem_client import TandemClient, fresh, inbound, only, outcome, subject

OBJECTIVES = b"""
objectives:
  click:
    outcomes: [clicked]
    window: 1d
    prior_propensity: 0.2
    features: {exclude: [margin], segments: true}
    crosses:
      likes_kind: {contains: [brands, action.kind]}
      rested: {days_since_shown: {}}
      often: {times_shown: {window: 7d}}
    monotone: {age: increasing}
    interactions: [[age, likes_kind], [tier, channel]]
  leave: {outcomes: [unsubscribed]}
"""
DECIDES = {"objectives.yaml": OBJECTIVES}

CONFIGURATIONS = [(form, store) for store in ("sqlite", "mongo") for form in Form]


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda each: f"{each[0]}-{each[1]}")
def aiming(
    request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A deployment of our own: its policy has objectives, of which `click` must be told to decide."""
    form, kind = request.param
    arbitration = {"decides.yaml": b"arbitration: {objective: click}\n"}
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("logs")) as running:
        caller = TandemClient(running.addresses)
        assert caller.publish(DECIDES | arbitration).active
        caller.close()
        yield running


@pytest.fixture
def client(aiming: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(aiming.addresses)
    yield caller
    caller.close()


def test_what_models_ask_for_is_in_the_ledger_though_there_are_no_limits(client: TandemClient) -> None:
    who = fresh("crm:person")
    (shown,) = only(client.decide(inbound(who, "side_bar"))).propositions.items
    request = contact_ledger_pb2.GetContactLedgerRequest(subject=subject(who))
    (entry,) = client.profile.GetContactLedger(request).entries
    assert (entry.contact.action, entry.reservation_id) == (shown.action, shown.reservation_id)
    assert entry.state == contact_pb2.CONTACT_STATE_SEEN
    assert not client.decide(inbound(who, "side_bar")).degraded


def test_one_objective_decides_and_only_its_own_outcomes_move_its_scores(client: TandemClient) -> None:
    who = fresh("crm:person")
    client.upsert(who, age=17, tier="gold")
    request = inbound(who, "side_bar")
    response = client.decide(request)
    (first,) = only(response).propositions.items
    assert first.propensity == pytest.approx(0.2, rel=0.2)
    assert "bayes-" in response.versions.model

    def score() -> float:
        answers = {each.action: each.propensity for each in client.decide(inbound(who, "side_bar")).candidates}
        return answers[first.action]

    # Somebody who leaves teaches the other objective, and is no click: a failure, which waits for its time.
    client.capture(outcome(first.proposition_id, "IMPRESSION"), outcome(first.proposition_id, "UNSUBSCRIBED"))
    assert score() == pytest.approx(first.propensity)
    client.capture(outcome(first.proposition_id, "CLICKED"))
    assert score() > first.propensity
