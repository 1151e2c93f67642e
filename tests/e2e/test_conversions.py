"""Conversions as a caller meets them: what was acknowledged survives a kill, none counts twice, files come again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.orchestrator.v1 import attribution_pb2, conversion_pb2

from services.cli.__main__ import main
from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.tandem_client import TIMEOUT_S, TandemClient, fresh, subject

ENOUGH = 60
WRITERS = 6
OCCURRED = Timestamp(seconds=1_760_000_000)
PERIOD = attribution_pb2.GetAttributionRequest(
    from_time=Timestamp(seconds=1_759_999_000), to_time=Timestamp(seconds=1_760_001_000)
)


@pytest.fixture(params=["sqlite", "mongo"])
def mortal(
    request: pytest.FixtureRequest, storage_of: Callable[[str], AbstractContextManager[Storage]], tmp_path: Path
) -> Iterator[Deployment]:
    with storage_of(request.param) as storage, deployed(Form.ONE, storage, tmp_path) as running:
        yield running


@dataclass(slots=True)
class Sold:
    """What was sent, and what of it the server said it had."""

    sent: list[conversion_pb2.Conversion] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    enough: threading.Event = field(default_factory=threading.Event)


def sale(who: str) -> conversion_pb2.Conversion:
    line = conversion_pb2.OrderLine(sku="tea", quantity=1)
    line.net_price.currency_code, line.net_price.units = "EUR", 5
    return conversion_pb2.Conversion(
        conversion_id=fresh("c"), subject=subject(who), occurred_time=OCCURRED, lines=[line]
    )


def record(client: TandemClient, *conversions: conversion_pb2.Conversion) -> conversion_pb2.RecordConversionsResponse:
    request = conversion_pb2.RecordConversionsRequest(request_id=fresh("sell"), conversions=conversions)
    response: conversion_pb2.RecordConversionsResponse = client.orchestrator.RecordConversions(
        request, timeout=TIMEOUT_S
    )
    return response


def sell_until_killed(client: TandemClient, sold: Sold) -> None:
    try:
        while True:
            pair = [sale("crm:ada"), sale("crm:ada")]
            sold.sent += pair
            for item in record(client, *pair).items:
                sold.acknowledged.add(item.result.conversion_id)
            if len(sold.acknowledged) >= ENOUGH:
                sold.enough.set()
    except grpc.RpcError:
        assert sold.enough.is_set(), "a write failed before the kill"


def test_acknowledged_conversions_survive_a_kill_and_none_counts_twice(mortal: Deployment) -> None:
    client, sold = TandemClient(mortal.addresses), Sold()
    client.publish()
    client.upsert("crm:ada", age=42)
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(sell_until_killed, client, sold) for _ in range(WRITERS)]
        assert sold.enough.wait(TIMEOUT_S * 3), f"{len(sold.acknowledged)} conversions"
        mortal.processes["tandem"].kill()
        for writer in writers:
            writer.result()
    client.close()
    mortal.restart("tandem")
    survivor = TandemClient(mortal.addresses)
    again = {
        item.result.conversion_id: item.result.duplicate
        for start in range(0, len(sold.sent), 500)
        for item in record(survivor, *sold.sent[start : start + 500]).items
    }
    assert {key for key, is_known in again.items() if is_known} >= sold.acknowledged
    total = survivor.orchestrator.GetAttribution(PERIOD, timeout=TIMEOUT_S).total
    assert (total.conversions, total.revenue) == (len(again), 5.0 * len(again))
    survivor.close()


def test_a_file_is_imported_once_and_its_mistakes_are_named(
    client: TandemClient, deployment: Deployment, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    who = fresh("ada")
    client.upsert(f"crm:{who}", age=42)
    order, unknown = fresh("c"), fresh("c")
    path = tmp_path / "orders.csv"
    path.write_text(
        "conversion_id,occurred_time,customer,sku,quantity,net_price,currency,reverses_conversion_id\n"
        f"{order},2020-05-01T10:00:00Z,{who},tea,2,5.25,EUR,\n"
        f"{order},2020-05-01T10:00:00Z,{who},cup,1,3,EUR,\n"
        f"{unknown},2020-05-01T10:00:00Z,nobody,tea,1,5,EUR,\n"
        f"{fresh('c')},2020-05-01T10:00:00Z,{who},tea,1,5,CHF,\n"
        f"{fresh('x')},2020-05-02T10:00:00Z,{who},tea,1,,,{order}\n"
        f"{fresh('x')},2020-05-02T10:00:00Z,{who},tea,7,,,{order}\n"
    )
    arguments = ["conversions", "import", str(path), "--identity", "crm=customer", "--json"]
    target = ["--target", deployment.addresses["orchestrator"]]
    assert main([*arguments, *target]) == 3
    told = capfd.readouterr()
    assert json.loads(told.out) == {"rows": 6, "recorded": 2, "duplicates": 0, "rejected": 3}
    assert [line.split(" ")[1:4] for line in told.err.splitlines()] == [
        [f"{path}:4:", "row", "3:"],
        [f"{path}:5:", "row", "4:"],
        [f"{path}:7:", "row", "6:"],
    ]
    assert "PROFILE_NOT_FOUND" in told.err
    assert "NO_EXCHANGE_RATE" in told.err
    assert main([*arguments, *target]) == 3
    assert json.loads(capfd.readouterr().out)["duplicates"] == 2
    period = ["--from", "2020-04-30", "--to", "2020-05-03", "--json"]
    assert main(["conversions", "attribution", *period, *target]) == 0
    report = json.loads(capfd.readouterr().out)
    assert report["total"]["revenue"] == pytest.approx(8.25 * report["total"]["conversions"])
