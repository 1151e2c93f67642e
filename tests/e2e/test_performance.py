"""Control arms and their comparison as a caller meets them, on both stores, in one process and in four."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import grpc
import pytest
from google.type.money_pb2 import Money  # type: ignore[import-untyped]
from tandem.orchestrator.v1 import conversion_pb2, decision_pb2

from services.cli.__main__ import main
from tests.support.policies_in_use import use_policy
from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.shop_policy import edited
from tests.support.storages import StorageOf
from tests.support.tandem_client import TIMEOUT_S, Refusal, TandemClient, fresh, inbound, only, outcome, subject
from tests.support.volume import declared

POLICY = declared("arms: {holdout: 0.4, random_eligible: 0.2}", "targets: {sales: {metric: revenue, amount: 1000}}")
CUSTOMERS = 40
CONFIGURATIONS = [("sqlite", Form.FOUR), ("mongo", Form.ONE)]


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda each: f"{each[1]}-{each[0]}")
def running(
    request: pytest.FixtureRequest, storage_of: StorageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    kind, form = request.param
    storage: Storage
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("arms")) as deployment:
        yield deployment


@dataclass
class Season:
    """What was done, by arm."""

    client: TandemClient
    names: dict[str, list[str]] = field(default_factory=dict)
    clicks: dict[str, int] = field(default_factory=dict)
    sales: dict[str, int] = field(default_factory=dict)

    def serve(self, index: int) -> None:
        who = f"crm:{fresh('customer')}"
        self.client.upsert(who, age=42, tier=("gold", "silver")[index % 2])
        answer = self.client.decide(inbound(who, "side_bar"))
        self.names.setdefault(answer.arm, []).append(who)
        if only(answer).WhichOneof("result") == "propositions":
            (shown,) = only(answer).propositions.items
            self.client.capture(outcome(shown.proposition_id))
            self.clicks[answer.arm] = self.clicks.get(answer.arm, 0) + 1
        if index % 3 == 0:
            self.sell(who)
            self.sales[answer.arm] = self.sales.get(answer.arm, 0) + 1

    def sell(self, who: str) -> None:
        line = conversion_pb2.OrderLine(sku="tea", quantity=1, net_price=Money(currency_code="EUR", units=5))
        sold = conversion_pb2.Conversion(conversion_id=fresh("c"), subject=subject(who), lines=[line])
        request = conversion_pb2.RecordConversionsRequest(request_id=fresh("sell"), conversions=[sold])
        response = self.client.orchestrator.RecordConversions(request, timeout=TIMEOUT_S)
        assert response.items[0].HasField("result"), response


@pytest.fixture(scope="module")
def season(running: Deployment) -> Iterator[Season]:
    caller = TandemClient(running.addresses)
    use_policy(caller, edited(POLICY))
    served = Season(caller)
    for index in range(CUSTOMERS):
        served.serve(index)
    yield served
    caller.close()


@dataclass(frozen=True)
class Terminal:
    address: str
    capsys: pytest.CaptureFixture[str]

    def says(self, *arguments: str, code: int = 0) -> str:
        self.capsys.readouterr()
        assert main([*arguments, "--target", self.address, "--timeout", "30"]) == code
        return self.capsys.readouterr().out


@pytest.fixture
def terminal(running: Deployment, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(running.addresses["orchestrator"], capsys)


def test_the_report_is_what_was_done(season: Season, terminal: Terminal) -> None:
    report = json.loads(terminal.says("performance", "--last", "1h", "--json"))
    rows = {row["arm"]: row for row in report["rows"]}
    assert set(rows) == set(season.names) == {"DECISIONING", "HOLDOUT", "RANDOM_ELIGIBLE"}
    for arm, row in rows.items():
        counted = [int(row.get(name, 0)) for name in ("persons", "responses", "conversions")]
        assert counted == [len(season.names[arm]), season.clicks.get(arm, 0), season.sales.get(arm, 0)]
        assert row.get("revenue", 0) == 5 * season.sales.get(arm, 0)
    assert report["baseline"] == "HOLDOUT"
    assert "lift" in rows["DECISIONING"]["revenue_amount"]
    assert "response_rate" not in rows["HOLDOUT"]
    assert not report["sample_ratio"].get("alarm")
    (target,) = report["targets"]
    assert (target["target"], target["amount"], target["actual"]) == ("sales", 1000, 5 * sum(season.sales.values()))


def test_people_read_tables_of_it(season: Season, terminal: Terminal) -> None:
    told = terminal.says("performance", "--last", "1h", "--by", "attribute:tier")
    for text in ("Reached", "Lift over HOLDOUT", "Targets", "gold", "silver", "DECISIONING"):
        assert text in told
    assert "DECISIONING" in terminal.says("performance", "--by", "action:kind", "--baseline", "random_eligible")
    nothing = terminal.says("performance", "--from", "2020-01-01", "--until", "2020-02-01")
    assert "nobody was decided for in this time" in nothing
    assert season.names


def test_why_not_says_that_somebody_is_held_out(season: Season, terminal: Terminal) -> None:
    who = season.names["HOLDOUT"][0].replace(":", "=")
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    told = " ".join(terminal.says("why-not", "--subject", who, "--action", "green_tea", "--at", at).split())
    assert "ARBITRATION on WEB: held out: the person is in the control arm that gets no marketing" in told


def test_a_simulation_may_be_made_in_any_arm_and_nothing_else(season: Season, terminal: Terminal) -> None:
    who = season.names["DECISIONING"][0]
    simulated = season.client.decide(
        inbound(who, "side_bar", mode=decision_pb2.DECISION_MODE_SIMULATE, forced_arm="HOLDOUT")
    )
    assert (simulated.arm, only(simulated).no_action.reason) == ("HOLDOUT", decision_pb2.NO_ACTION_REASON_HOLDOUT)
    with pytest.raises(grpc.RpcError) as refused:
        season.client.decide(inbound(who, "side_bar", forced_arm="HOLDOUT"))
    assert Refusal.of(refused.value).fields == ("forced_arm",)
    named = who.replace(":", "=")
    asked = ("--identity", named, "--placement", "side_bar", "--mode", "simulate", "--arm", "holdout", "--json")
    assert json.loads(terminal.says("decide", *asked))["arm"] == "HOLDOUT"


def test_decisions_of_all_arms_are_made_again(season: Season, terminal: Terminal) -> None:
    assert season.names
    assert f"{CUSTOMERS} identical, 0 differing" in terminal.says("replay", "--sample", str(CUSTOMERS))


@pytest.mark.parametrize(
    "options",
    [("--by", "weather"), ("--last", "soon"), ("--last", "1d", "--from", "2026-01-01"), ("--until", "tuesday")],
)
def test_what_cannot_be_asked_is_a_usage_error(options: tuple[str, ...], terminal: Terminal) -> None:
    terminal.says("performance", *options, code=2)
