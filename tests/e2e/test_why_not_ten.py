"""`tandem why-not` on ten persons who did not get something, each for a reason of their own: it names the right one.

One policy declares all of it, four server processes decide on SQLite, and all is brought about through public calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tandem.orchestrator.v1 import decision_pb2

from services.cli.__main__ import main
from tests.support.policies_in_use import use_policy
from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.shop_policy import policy_files
from tests.support.tandem_client import TandemClient, fresh, inbound, only, outbound, proposed

PATIENT = {"DECIDE_BUDGET_SECONDS": "20"}
"""Only what is gone degrades, however slow the machine is."""
FAR_AWAY = "Asia/Kathmandu"
"""Where it is quiet: the wall shows hours that it does not show to others."""
LIMITS = """
traits: {{home_zone: {{type: string}}}}
contact_policy:
  time_zone: UTC
  time_zone_trait: home_zone
  limits:
    - {{id: once, per: action, channel: web, max: 1, window: 1d}}
    - {{id: sms_week, channel: sms, max: 1, window: 7d}}
  quiet_hours:
    - {{id: night, channel: email, from: '{begin}', to: '{end}'}}
budgets: {{cards: {{amount: 0.003, group: cards}}}}
arms: {{holdout: 0.3}}
"""


def limits() -> bytes:
    """It is quiet from an hour ago on, for two hours more, far away."""
    shown = datetime.now(UTC).astimezone(ZoneInfo(FAR_AWAY))
    begin, end = (f"{shown + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
    return LIMITS.format(begin=begin, end=end).encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("why_not_ten")
    with deployed(Form.FOUR, Storage(folder / "stores"), folder, PATIENT) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def shop(running: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(running.addresses)
    use_policy(caller, {**policy_files(), "limits.yaml": limits()})
    yield caller
    caller.close()


@dataclass(frozen=True)
class Asking:
    """What a situation is brought about with."""

    shop: TandemClient
    running: Deployment

    def customer(self, arm: str = "DECISIONING", **traits: str | int) -> str:
        """Somebody new, of the arm."""
        while True:
            name = f"crm:{fresh('ada')}"
            self.shop.upsert(name, **{"age": 42, **traits})
            looked = inbound(name)
            looked.mode = decision_pb2.DECISION_MODE_SIMULATE
            if self.shop.decide(looked).arm == arm:
                return name

    def consents(self, name: str, channel: str) -> str:
        self.shop.consent(name, "GRANTED", channel)
        return name


def capped(asking: Asking) -> tuple[str, str]:
    name = asking.customer()
    for _ in range(2):
        asking.shop.decide(inbound(name, "side_bar", excluded_actions=["espresso"]))
    return name, "green_tea"


def no_consent(asking: Asking) -> tuple[str, str]:
    name = asking.customer()
    asking.shop.decide(outbound(name, "email"))
    return name, "green_tea"


def quiet_hours(asking: Asking) -> tuple[str, str]:
    name = asking.consents(asking.customer(home_zone=FAR_AWAY), "email")
    asking.shop.decide(outbound(name, "email"))
    return name, "green_tea"


def ineligible(asking: Asking) -> tuple[str, str]:
    name = asking.customer(age=17)
    asking.shop.decide(inbound(name, "side_bar"))
    return name, "espresso"


def outscored(asking: Asking) -> tuple[str, str]:
    name = asking.customer()
    (won,) = only(asking.shop.decide(inbound(name))).propositions.items
    return name, "green_tea" if won.action == "espresso" else "espresso"


def starved(asking: Asking) -> tuple[str, str]:
    """The budget is enough for one."""
    names = [asking.consents(asking.customer(tier="gold"), "email") for _ in range(2)]
    for name in names:
        asking.shop.upsert(name, margin=50.0)
    first, second = (asking.shop.decide(outbound(name, "email", excluded_actions=["green_tea"])) for name in names)
    assert (proposed(first), proposed(second)) == ([["gold_card"]], [[]])
    return names[1], "gold_card"


def control_arm(asking: Asking) -> tuple[str, str]:
    name = asking.customer("HOLDOUT")
    asking.shop.decide(inbound(name, "side_bar"))
    return name, "green_tea"


def degraded(asking: Asking) -> tuple[str, str]:
    name = asking.customer()
    asking.running.processes["rules"].kill()
    answer = asking.shop.decide(inbound(name))
    asking.running.restart("rules")
    assert answer.degraded
    return name, "green_tea"


def expired(asking: Asking) -> tuple[str, str]:
    name = asking.customer()
    asking.shop.decide(inbound(name))
    return name, "summer_2020"


def channel_limit(asking: Asking) -> tuple[str, str]:
    name = asking.consents(asking.customer(), "sms")
    for _ in range(2):
        asking.shop.decide(outbound(name, "sms"))
    return name, "espresso"


Situation = Callable[[Asking], tuple[str, str]]
"""Brings it about; answers who asks, and for which action."""
ANSWERS: list[tuple[Situation, tuple[str, ...]]] = [
    (capped, ("CONTACT_POLICY on WEB: once: needs contacts.once < 1; it held 1",)),
    (no_consent, ('CONSENT on EMAIL: consent: needs consent.MARKETING/EMAIL == "GRANTED"', "never observed")),
    (quiet_hours, ("CONTACT_POLICY on EMAIL: night: needs local_time not ", FAR_AWAY)),
    (ineligible, ("ELIGIBILITY: adult: needs age >= 18; it held 17",)),
    (outscored, ("ARBITRATION on WEB:", "it was worth", "than what was ranked first")),
    (starved, ("VOLUME on EMAIL: cards: needs volume.cards >= 0.002; it held 0.001",)),
    (control_arm, ("ARBITRATION on WEB: held out: the person is in the control arm that gets no marketing",)),
    (expired, ("ELIGIBILITY: valid_until: needs now() < 2020-09-02",)),
    (channel_limit, ("CONTACT_POLICY on SMS: sms_week: needs contacts.sms_week < 1; it held 1",)),
    # The last: who comes right after it may be decided for before all is well again.
    (degraded, ("DEGRADED: nothing was decided on, for RULES_UNAVAILABLE",)),
]


@pytest.mark.parametrize(("situation", "told"), ANSWERS, ids=[situation.__name__ for situation, _ in ANSWERS])
def test_the_answer_is_right(
    situation: Situation,
    told: tuple[str, ...],
    shop: TandemClient,
    running: Deployment,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, action = situation(Asking(shop, running))
    asked = ["--subject", name.replace(":", "="), "--action", action, "--at", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"]
    capsys.readouterr()
    assert (
        main(["why-not", *asked, "--most", "1", "--timeout", "30", "--target", running.addresses["orchestrator"]]) == 0
    )
    answer = " ".join(capsys.readouterr().out.split())
    assert [text for text in told if text not in answer] == [], answer
