"""Files of orders as conversions: what rows become, what is refused and where, and going on after an end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tandem.orchestrator.v1 import conversion_pb2 as pb

from services.cli.conversions.rows import Reading
from services.cli.conversions.run import ConversionImport
from services.cli.importing.progress_file import Progress, fresh_progress, resumed
from services.cli.importing.rejects import Reject, RejectsFile
from shared.errors import InvalidArgument, Unavailable
from shared.rpc.errors import to_status

HEADER = "conversion_id,occurred_time,subject,sku,quantity,net_price,currency,coupon_code,reverses_conversion_id\n"
READING = Reading({}, "EUR")


@dataclass
class Till:
    """What a server took, one answer per conversion."""

    taken: dict[str, pb.Conversion] = field(default_factory=dict)
    request_ids: list[str] = field(default_factory=list)
    fails_at: int = 10**9
    refuses: dict[str, str] = field(default_factory=dict)
    """The field that is wrong, by conversion."""

    async def send(self, request: pb.RecordConversionsRequest) -> pb.RecordConversionsResponse:
        if len(self.request_ids) >= self.fails_at:
            raise Unavailable("STORE_UNAVAILABLE", "down")
        self.request_ids.append(request.request_id)
        items = [self._item(index, each) for index, each in enumerate(request.conversions)]
        return pb.RecordConversionsResponse(items=items)

    def _item(self, index: int, told: pb.Conversion) -> pb.RecordConversionsResponse.Item:
        kind = pb.RecordConversionsResponse
        if told.conversion_id in self.refuses:
            fault = InvalidArgument.field(f"conversions[{index}].{self.refuses[told.conversion_id]}", "is wrong")
            return kind.Item(error=to_status(fault))
        is_known = told.conversion_id in self.taken
        self.taken[told.conversion_id] = told
        return kind.Item(result=kind.Result(conversion_id=told.conversion_id, duplicate=is_known))


@dataclass
class Run:
    path: Path
    till: Till = field(default_factory=Till)
    rejects: list[Reject] = field(default_factory=list)

    async def __call__(
        self, reading: Reading = READING, *, batch_size: int = 2, progress_path: Path | None = None
    ) -> dict[str, object]:
        progress: Progress = fresh_progress((self.path,), b"")
        if progress_path is not None:
            progress = resumed(progress_path, progress)
        nowhere = RejectsFile(None, {})
        whole = ConversionImport(
            self.path, reading, self.till.send, nowhere, self.rejects.append, progress, progress_path, batch_size
        )
        return (await whole.run()).document()

    @property
    def told(self) -> list[tuple[int, str, str]]:
        return [(each.line, each.column, each.reason) for each in self.rejects]


def csv(tmp_path: Path, *rows: str, header: str = HEADER) -> Run:
    path = tmp_path / "orders.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return Run(path)


async def test_rows_that_follow_each_other_are_one_order(tmp_path: Path) -> None:
    run = csv(
        tmp_path,
        "c_1,2026-11-01T10:00:00Z,crm:1 cookie:7,tea,2,5.25,,,",
        "c_1,2026-11-01T10:00:00Z,crm:1 cookie:7,cup,1,0.1,USD,,",
        "c_2,2026-11-02,crm:2,,,,,TEA15,",
        "x_1,2026-11-03,,tea,1,,,,c_1",
    )
    assert await run() == {"rows": 4, "recorded": 3, "duplicates": 0, "rejected": 0}
    order, bare, back = run.till.taken.values()
    assert [(each.namespace, each.value) for each in order.subject.identities] == [("crm", "1"), ("cookie", "7")]
    assert [(line.sku, line.quantity) for line in order.lines] == [("tea", 2.0), ("cup", 1.0)]
    prices = [line.net_price for line in order.lines]
    assert [(each.currency_code, each.units, each.nanos) for each in prices] == [
        ("EUR", 5, 250_000_000),
        ("USD", 0, 100_000_000),
    ]
    assert (len(bare.lines), bare.coupon_code, back.reverses_conversion_id) == (0, "TEA15", "c_1")
    assert not back.lines[0].HasField("net_price")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("c_1,yesterday,crm:1,tea,1,5,,,", "occurred_time"),
        ("c_1,,crm:1,tea,1,5,,,", "occurred_time"),
        (",2026-11-01,crm:1,tea,1,5,,,", "conversion_id"),
        ("c_1,2026-11-01,ada,tea,1,5,,,", "subject"),
        ("c_1,2026-11-01,crm:1,tea,many,5,,,", "quantity"),
        ("c_1,2026-11-01,crm:1,tea,nan,5,,,", "quantity"),
        ("c_1,2026-11-01,crm:1,tea,1e999,5,,,", "quantity"),
        ("c_1,2026-11-01,crm:1,tea,1,inf,,,", "net_price"),
        ("c_1,2026-11-01,crm:1,tea,1,1e200,,,", "net_price"),
        ("c_1,2026-11-01,crm:1,,1,5,,,", "sku"),
    ],
)
async def test_a_cell_that_is_none_refuses_its_order_and_no_other(tmp_path: Path, row: str, column: str) -> None:
    run = csv(tmp_path, "c_0,2026-11-01,crm:1,tea,1,5,,,", row, "c_9,2026-11-01,crm:1,tea,1,5,,,")
    assert await run() == {"rows": 3, "recorded": 2, "duplicates": 0, "rejected": 1}
    assert run.told == [(3, column, "BAD_CELL")]
    assert run.till.taken.keys() == {"c_0", "c_9"}


async def test_a_price_in_no_currency_is_refused(tmp_path: Path) -> None:
    run = csv(tmp_path, "c_1,2026-11-01,crm:1,tea,1,5,,,")
    await run(Reading({}))
    assert run.told == [(2, "net_price", "BAD_CELL")]


async def test_an_order_that_contradicts_itself_is_refused_whole(tmp_path: Path) -> None:
    run = csv(tmp_path, "c_1,2026-11-01,crm:1,tea,1,5,,,", "c_1,2026-11-02,crm:1,cup,1,5,,,")
    assert (await run())["recorded"] == 0
    assert run.told == [(3, "conversion_id", "BAD_CELL")]


async def test_what_the_server_refuses_is_traced_to_its_line(tmp_path: Path) -> None:
    run = csv(
        tmp_path,
        "c_1,2026-11-01,crm:1,tea,1,5,,,",
        "c_2,2026-11-01,crm:1,tea,1,5,,,",
        "c_2,2026-11-01,crm:1,cup,1,5,CHF,,",
    )
    run.till.refuses = {"c_2": "lines[1].net_price"}
    assert (await run())["rejected"] == 1
    (reject,) = run.rejects
    assert (reject.line, reject.column, reject.reason) == (4, "net_price", "INVALID_FIELD")
    assert str(reject).endswith('orders.csv:4: row 3: column "net_price": INVALID_FIELD lines[1].net_price: is wrong')


async def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    run = csv(tmp_path, *(f"c_{index},2026-11-01,crm:1,tea,1,5,,," for index in range(5)))
    await run()
    assert await run() == {"rows": 5, "recorded": 0, "duplicates": 5, "rejected": 0}
    assert len(set(run.till.request_ids)) == 6, "a second run asks anew: what was refused may be right by now"


@pytest.mark.parametrize("fails_at", range(4))
async def test_an_import_that_ended_goes_on_where_it_was(tmp_path: Path, fails_at: int) -> None:
    rows = [f"c_{index // 2},2026-11-01,crm:1,sku_{index},1,5,,," for index in range(14)]
    run, progress_path = csv(tmp_path, *rows), tmp_path / "progress"
    run.till.fails_at = fails_at
    with pytest.raises(Unavailable):
        await run(progress_path=progress_path)
    run.till.fails_at = 10**9
    again = await run(progress_path=progress_path)
    assert again["rows"] == 14 - 4 * fails_at
    assert {key: len(each.lines) for key, each in run.till.taken.items()} == {f"c_{index}": 2 for index in range(7)}
    assert (await run(progress_path=progress_path))["rows"] == 0


@pytest.mark.parametrize(
    ("rows", "whole"),
    [
        (["c_1,2026-11-01,crm:1,tea,1,5,,,", "c_1,2026-11-01", "c_1,2026-11-01,crm:1,cup,1,5,,,"], set()),
        (["c_1,2026-11-01,crm:1,tea,1,5,,,", "c_1,2026-11-01"], set()),
        (["c_1,2026-11-01", "c_1,2026-11-01,crm:1,tea,1,5,,,"], set()),
        (["c_1,2026-11-01,crm:1,tea,1,5,,,", "xyz", "c_1,2026-11-01,crm:1,cup,1,5,,,"], set()),
        (["c_1,2026-11-01,crm:1,tea,1,5,,,", "c_10,2026-11-01"], {"c_1"}),
        (["c_1,2026-11-01,crm:1,tea,1,5,,,", "c_2,2026-11-01", "c_2,2026-11-01,crm:1,cup,1,5,,,"], {"c_1"}),
    ],
)
@pytest.mark.parametrize("batch_size", [1, 2, 9])
async def test_an_order_with_a_row_that_cannot_be_read_is_refused_whole(
    tmp_path: Path, rows: list[str], whole: set[str], batch_size: int
) -> None:
    run = csv(tmp_path, *rows, "c_9,2026-11-01,crm:1,tea,1,5,,,")
    done = await run(batch_size=batch_size)
    assert done["rows"] == len(rows) + 1
    assert run.till.taken.keys() == whole | {"c_9"}
    broken = [index for index, row in enumerate(rows, 2) if row.count(",") < 2]
    assert [line for line, _, reason in run.told if reason == "BROKEN_ROW"] == broken


@pytest.mark.parametrize("fails_at", range(4))
async def test_an_import_that_goes_on_sends_no_half_of_an_order_either(tmp_path: Path, fails_at: int) -> None:
    half = ["c_2,2026-11-01", "c_2,2026-11-01,crm:1,tea,1,5,,,"]
    orders = [f"c_{index},2026-11-01,crm:1,tea,1,5,,," for index in (1, 3, 4)]
    run, progress_path = csv(tmp_path, orders[0], *half, *orders[1:]), tmp_path / "progress"
    run.till.fails_at = fails_at
    with suppress(Unavailable):
        await run(progress_path=progress_path, batch_size=1)
    run.till.fails_at = 10**9
    await run(progress_path=progress_path, batch_size=3)
    assert run.till.taken.keys() == {"c_1", "c_3", "c_4"}


async def test_an_import_goes_on_with_batches_of_another_size(tmp_path: Path) -> None:
    """Also where the answer to the last one was lost."""
    run = csv(tmp_path, *(f"c_{index},2026-11-01,crm:1,tea,1,5,,," for index in range(6)))
    progress_path, bodies = tmp_path / "progress", dict[str, bytes]()

    async def lossy(request: pb.RecordConversionsRequest) -> pb.RecordConversionsResponse:
        body = bodies.setdefault(request.request_id, request.SerializeToString())
        assert body == request.SerializeToString(), "the server would refuse it: REQUEST_ID_REUSED"
        answer = await Till.send(run.till, request)
        if len(bodies) == 2:
            raise Unavailable("STORE_UNAVAILABLE", "the answer is lost")
        return answer

    run.till.send = lossy  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await run(progress_path=progress_path, batch_size=2)
    assert await run(progress_path=progress_path, batch_size=3) == {
        "rows": 4,
        "recorded": 2,
        "duplicates": 2,
        "rejected": 0,
    }


async def test_a_quantity_of_nothing_is_not_one(tmp_path: Path) -> None:
    run = csv(tmp_path, "c_1,2026-11-01,crm:1,tea,0,5,,,", "c_2,2026-11-01,crm:1,tea,,5,,,")
    await run()
    assert [each.lines[0].quantity for each in run.till.taken.values()] == [0.0, 1.0], "the server refuses 0"


async def test_json_may_nest_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    head = '{"conversion_id": "%s", "occurred_time": "2026-11-01T10:00:00Z", "client": 7, "lines": %s}\n'
    path.write_text(
        head % ("c_1", '[{"sku": "tea", "quantity": 2, "net_price": 5.1}, {"sku": "cup", "net_price": "1"}]')
        + head % ("c_2", '[{"sku": "tea", "price": 3}]')
        + "{broken\n"
        + head % ("c_3", '[{"sku": "tea", "quantity": "two"}]')
    )
    run = Run(path)
    assert (await run(Reading({"client": "crm"}, "EUR")))["rejected"] == 3
    assert run.told == [(2, "lines[0].price", "BAD_CELL"), (3, "", "BROKEN_ROW"), (4, "lines[0].quantity", "BAD_CELL")]
    (told,) = run.till.taken.values()
    assert [(line.sku, line.quantity, line.net_price.nanos) for line in told.lines] == [
        ("tea", 2.0, 100_000_000),
        ("cup", 1.0, 0),
    ]
    assert told.subject.identities[0].value == "7"


async def test_parquet_is_read_flat_and_nested(tmp_path: Path) -> None:
    rows: Sequence[dict[str, object]] = [
        {
            "conversion_id": "c_1",
            "occurred_time": "2026-11-01",
            "subject": "crm:1",
            "lines": [{"sku": "tea", "quantity": 2.0, "net_price": 5.25}],
        }
    ]
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    run = Run(path)
    assert (await run())["recorded"] == 1, run.rejects
    assert run.till.taken["c_1"].lines[0].net_price.nanos == 250_000_000
