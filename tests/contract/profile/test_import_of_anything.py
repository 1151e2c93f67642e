"""Whatever bytes a file holds: every row of it is imported or rejected, and the rows behind it are read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.cli.importing.destinations import Embedded
from services.profile.api.servicer import ProfileServicer
from services.profile.bootstrap import bootstrap
from services.profile.settings import ProfileSettings
from shared.values import AttributeType
from tests.support.importing import Imported, import_into
from tests.support.profiles import publish, schema_of
from tests.support.promises import strength

COLUMNS = ("id", "mail", "kind", "at", "bill", "number", "flag", "list", "news")
GOOD = {
    "id": "good",
    "mail": "",
    "kind": "view",
    "at": "2025-01-01",
    "bill": "the good one",
    "number": "1",
    "flag": "y",
    "list": "x",
}
MAPPING = """
identities: {crm: id, email: {column: mail, primary: true}}
events:
  - type: {column: kind}
    time: at
    id: ID
    properties:
      number: {column: number, type: double}
      whole: {column: number, type: int}
      flag: {column: flag, type: bool}
      moment: {column: at, type: timestamp}
      texts: {column: list, type: list<string>, separator: ";"}
observed_time: {column: at, zone: Europe/Paris}
traits:
  age: {column: number, type: int}
  name: {column: mail, type: string}
consents:
  - purpose: {column: kind}
    channel: email
    status: {column: news}
    time: {column: number, unit: d, since: 2018-01-01}
    proof: {column: list}
"""
OF_COLUMNS = MAPPING.replace("ID", "[bill, list]")
OF_ROWS = MAPPING.replace("    id: ID\n", "")
SCHEMA = schema_of({"age": AttributeType.INT, "name": AttributeType.STRING})
EXAMPLES = settings(
    max_examples=strength(reduced=20, full=400),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

usual = st.sampled_from(
    ["view", "a@b.c", "2025-01-01", "1", "-1", "1e300", "99999999999", "GRANTED", "a;b", "", "\ud800"]
)
text = st.one_of(usual, usual, usual, st.text(st.characters(codec=None), max_size=8))  # with surrogates


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


def import_of(stores: Path, folder: Path, mapping: str, path: Path) -> Imported:
    async def run() -> Imported:
        async with AsyncExitStack() as stack:
            components = await bootstrap(ProfileSettings(data_dir=stores), stack)
            await publish(components.app, SCHEMA)
            destination = Embedded(ProfileServicer(components.app))
            return await import_into(destination, folder, mapping, path, batch_size=7)

    return asyncio.run(run())


def expect_an_account_of_every_row(result: Imported) -> None:
    tally = result.tally
    assert tally.rows == tally.imported + tally.rejected + tally.skipped
    assert len(result.rejects) == tally.rejected
    assert all(each["message"] and each["row"] for each in result.rejects)


def csv_line(cells: Iterable[str]) -> bytes:
    return ",".join(cells).encode("utf-8", "surrogatepass")


GOOD_CSV = csv_line(GOOD.get(name, "") for name in COLUMNS)
csv_lines = st.one_of(
    st.lists(text, min_size=len(COLUMNS), max_size=len(COLUMNS)).map(csv_line),
    st.builds(
        lambda cells, odd: csv_line(cells)[:-1] + odd, st.lists(text, min_size=9, max_size=9), st.binary(max_size=3)
    ),
    st.binary(max_size=40),
)


@EXAMPLES
@given(lines=st.lists(csv_lines, max_size=12), mapping=st.sampled_from([OF_COLUMNS, OF_ROWS]))
@example(lines=[b"caf\xe9,,view,2025-01-01,1,1,,,"], mapping=OF_COLUMNS)
@example(lines=[b"x,,view,0001-01-01T00:00:00+23:00,1,1,,,"], mapping=OF_ROWS)
def test_csv_of_any_bytes(stores: Path, tmp_path: Path, lines: list[bytes], mapping: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"\n".join([",".join(COLUMNS).encode(), *lines, GOOD_CSV]))
    result = import_of(stores, tmp_path, mapping, path)
    expect_an_account_of_every_row(result)
    assert result.tally.imported >= 1
    assert not any("good" in str(each["raw"]) for each in result.rejects)


@EXAMPLES
@given(lines=st.lists(csv_lines, max_size=6), encoding=st.sampled_from(["cp1252", "utf-16", "shift_jis", "iso2022_jp"]))
@example(lines=["a\ud800b,,,,,,,,".encode("utf-16-le", "surrogatepass")], encoding="utf-16")
def test_csv_of_any_bytes_in_other_encodings(stores: Path, tmp_path: Path, lines: list[bytes], encoding: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(f"{','.join(COLUMNS)}\n".encode(encoding) + b"\n".join(lines))
    result = import_of(stores, tmp_path, f"{OF_ROWS}encoding: {encoding}\n", path)
    expect_an_account_of_every_row(result)
    assert not any("cannot be read from here on" in each["message"] for each in result.rejects)


def nested(levels: int, inner: object) -> object:
    return inner if levels == 0 else nested(levels - 1, [inner])


json_cells = st.one_of(
    text,
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), text),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
        max_leaves=6,
    ),
)
json_lines = st.one_of(
    st.fixed_dictionaries({}, optional=dict.fromkeys((*COLUMNS, "more"), json_cells)).map(json.dumps).map(str.encode),
    st.binary(max_size=40),
)
GOOD_JSON = json.dumps(GOOD).encode()


@EXAMPLES
@given(lines=st.lists(json_lines, max_size=12), mapping=st.sampled_from([OF_COLUMNS, OF_ROWS]))
@example(lines=[rb'{"id": "\ud800", "kind": "view", "at": "2025-01-01"}'], mapping=OF_ROWS)
@example(lines=[rb'{"id": "a", "bill": "\ud800", "list": "b", "kind": "view", "at": "2025-01-01"}'], mapping=OF_COLUMNS)
@example(lines=[rb'{"id": "a", "mail": "\ud800", "kind": "view", "at": "2025-01-01"}'], mapping=OF_ROWS)
@example(lines=[rb'{"id": "a", "\udfff": 1, "kind": "view", "at": "2025-01-01"}'], mapping=OF_ROWS)
@example(lines=[b'{"id": "a", "kind": "view", "at": "2025-01-01", "more": %d}' % 2**70], mapping=OF_ROWS)
@example(lines=[b'{"id": "a", "more": %s}' % json.dumps(nested(900, 1)).encode()], mapping=OF_ROWS)
@example(lines=[b'{"id": %s}' % (b"1" * 5_000)], mapping=OF_ROWS)
@example(lines=[b'{"id": "a", "kind": "view", "at": "2025-01-01", "more": 1e999}', b'{"id": 1e999}'], mapping=OF_ROWS)
def test_json_lines_of_any_bytes(stores: Path, tmp_path: Path, lines: list[bytes], mapping: str) -> None:
    path = tmp_path / "any.jsonl"
    path.write_bytes(b"\n".join([b"", *lines, GOOD_JSON]))  # a file may begin like one of another encoding
    result = import_of(stores, tmp_path, mapping, path)
    expect_an_account_of_every_row(result)
    assert result.tally.imported >= 1
    assert not any("the good one" in str(each["raw"]) for each in result.rejects)
