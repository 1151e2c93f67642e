"""`tandem why-not` has the right answer to every reason somebody may have had for not getting something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tandem.orchestrator.v1 import decision_pb2

from services.cli.__main__ import main
from tests.support.limited_shop import limits
from tests.support.policies_in_use import use_policy
from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.shop_policy import edited
from tests.support.tandem_client import TandemClient, event, fresh, inbound, only, outbound

LIMITS = limits(
    "{id: once, per: action, channel: web, max: 1, window: 1d}", "{id: sms_week, channel: sms, max: 1, window: 7d}"
)
NEW_ACTION = b"""
actions:
  oolong:
    group: tea
    treatments:
      oolong_web: {channel: web, content: {en: {title: Oolong}}}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("why_not")
    with deployed(Form.FOUR, Storage(folder / "stores"), folder) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def shop(running: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(running.addresses)
    use_policy(caller, edited(LIMITS))
    yield caller
    caller.close()


@dataclass(frozen=True)
class Customer:
    """Somebody of whom is asked."""

    shop: TandemClient
    running: Deployment
    capsys: pytest.CaptureFixture[str]
    name: str

    def why_not(self, action: str, *options: str, at: str = "") -> str:
        """What people read, in one line."""
        at = at or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        asked = ["--subject", self.name.replace(":", "="), "--action", action, "--at", at, "--timeout", "30"]
        self.capsys.readouterr()
        assert main(["why-not", *asked, *options, "--target", self.running.addresses["orchestrator"]]) == 0
        return " ".join(self.capsys.readouterr().out.split())

    def decides(self, request: decision_pb2.DecideRequest) -> decision_pb2.DecideResponse:
        return self.shop.decide(request)


@pytest.fixture
def customer(shop: TandemClient, running: Deployment, capsys: pytest.CaptureFixture[str]) -> Customer:
    who = Customer(shop, running, capsys, f"crm:{fresh('ada')}")
    shop.upsert(who.name, age=42)
    return who


def ineligible(customer: Customer) -> str:
    customer.shop.upsert(customer.name, age=17)
    customer.decides(inbound(customer.name, "side_bar"))
    return customer.why_not("espresso")


def never_told(customer: Customer) -> str:
    customer.decides(inbound(customer.name, "side_bar"))
    return customer.why_not("free_delivery")


def without_consent(customer: Customer) -> str:
    customer.decides(outbound(customer.name, "email"))
    return customer.why_not("green_tea")


def capped(customer: Customer) -> str:
    for _ in range(2):
        customer.decides(inbound(customer.name, "side_bar", excluded_actions=["espresso"]))
    return customer.why_not("green_tea", "--most", "1")


def channel_limit(customer: Customer) -> str:
    customer.shop.consent(customer.name, "GRANTED", "sms")
    for _ in range(2):
        customer.decides(outbound(customer.name, "sms"))
    return customer.why_not("espresso", "--most", "1")


def too_long(customer: Customer) -> str:
    request = inbound(customer.name, "home_hero")
    request.placements[0].accepts.max_length = 30
    customer.decides(request)
    return customer.why_not("espresso")


def expired(customer: Customer) -> str:
    customer.decides(inbound(customer.name))
    return customer.why_not("summer_2020")


def paused(customer: Customer) -> str:
    customer.decides(inbound(customer.name))
    return customer.why_not("asleep")


def excluded(customer: Customer) -> str:
    customer.decides(inbound(customer.name, excluded_actions=["green_tea"]))
    return customer.why_not("green_tea")


def outscored(customer: Customer) -> str:
    answer = customer.decides(inbound(customer.name, "home_hero"))
    won = only(answer).propositions.items[0].action
    return customer.why_not("green_tea" if won == "espresso" else "espresso")


def other_channel(customer: Customer) -> str:
    customer.shop.consent(customer.name, "GRANTED", "email")
    customer.decides(inbound(customer.name, "side_bar", events=[event(customer.name)]))
    customer.decides(outbound(customer.name, "email"))
    return customer.why_not("free_delivery", "--most", "1")


def proposed_after_all(customer: Customer) -> str:
    customer.decides(inbound(customer.name, "side_bar", excluded_actions=["espresso"]))
    return customer.why_not("green_tea")


def unheard_of(customer: Customer) -> str:
    customer.decides(inbound(customer.name))
    return customer.why_not("latte")


def not_yet_declared(customer: Customer) -> str:
    customer.decides(inbound(customer.name))
    use_policy(customer.shop, {**edited(LIMITS), "later.yaml": NEW_ACTION})
    return customer.why_not("oolong")


def no_decision_then(customer: Customer) -> str:
    customer.decides(inbound(customer.name))
    return customer.why_not("green_tea", at="2026-01-05")


def nobody(customer: Customer) -> str:
    stranger = Customer(customer.shop, customer.running, customer.capsys, f"crm:{fresh('nobody')}")
    return stranger.why_not("green_tea")


def degraded(customer: Customer) -> str:
    customer.running.processes["rules"].kill()
    answer = customer.decides(inbound(customer.name))
    customer.running.restart("rules")
    assert answer.degraded
    return customer.why_not("green_tea")


Situation = Callable[[Customer], str]
ANSWERS: list[tuple[Situation, tuple[str, ...]]] = [
    (ineligible, ("ELIGIBILITY: adult: needs age >= 18; it held 17",)),
    (never_told, ("APPLICABILITY: has_basket: needs cart_adds_1h >= 1", "would pass if cart_adds_1h were 1")),
    (without_consent, ('CONSENT on EMAIL: consent: needs consent.MARKETING/EMAIL == "GRANTED"', "never observed")),
    (capped, ("CONTACT_POLICY on WEB: once: needs contacts.once < 1; it held 1",)),
    (channel_limit, ("CONTACT_POLICY on SMS: sms_week: needs contacts.sms_week < 1; it held 1",)),
    (too_long, ("CHANNEL on WEB: accepts",)),
    (expired, ("ELIGIBILITY: valid_until: needs now() < 2020-09-02",)),
    (paused, ("ELIGIBILITY: paused",)),
    (excluded, ("excluded_actions",)),
    (outscored, ("ARBITRATION on WEB:", "it was worth", "than what was ranked first")),
    (other_channel, ("CHANNEL", "the decision was about EMAIL; the action has treatments for WEB")),
    (proposed_after_all, ("it was proposed: side_bar",)),
    (unheard_of, ("declares no action 'latte'; nor does the active one",)),
    (not_yet_declared, ("declares no action 'oolong'; the active one does",)),
    (no_decision_then, ("no decision was made for this person from 2026-01-05", "the newest one after was at")),
    (nobody, ("nobody holds this identity",)),
    (degraded, ("DEGRADED: nothing was decided on, for RULES_UNAVAILABLE",)),
]


@pytest.mark.parametrize(("situation", "told"), ANSWERS, ids=[situation.__name__ for situation, _ in ANSWERS])
def test_the_answer_is_right(situation: Situation, told: tuple[str, ...], customer: Customer) -> None:
    answer = situation(customer)
    assert [text for text in told if text not in answer] == [], answer
