"""A log comes out as columns that can be reckoned with, or is refused with the row and the column."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.scoring.adapters.log_files.log_file import Wanted, read_log, read_rows, read_table
from services.scoring.adapters.log_files.refusal import FileRefused
from services.scoring.domain.logs.log import Log
from services.scoring.domain.logs.spec import FeatureKind, FeatureSpec
from tests.support.logs import spec

GOOD = "item,click,p,age,city,t\na,0,0.5,30,lyon,0.1\nb,1,0.25,,paris,0.9\n"
NO_TARGET = "action: item\nreward: click\nchoice_probability: p\nfeatures: {age: numeric, city: categorical}\n"


def read(folder: Path, csv: str, text: str = NO_TARGET) -> Log:
    path = folder / "log.csv"
    path.write_text(csv)
    return read_log(path, spec(folder, text))


def refusal(folder: Path, csv: str, text: str = NO_TARGET) -> str:
    with pytest.raises(FileRefused) as refused:
        read(folder, csv, text)
    return "\n".join(refused.value.problems)


def test_columns_are_read(tmp_path: Path) -> None:
    log = read(tmp_path, GOOD, f"{NO_TARGET}targets: {{new: t}}\n")
    assert log.actions == ("a", "b")
    assert log.action.tolist() == [0, 1]
    assert log.probability is not None
    assert log.probability.tolist() == [0.5, 0.25]
    assert np.isnan(log.features[0].values).tolist() == [False, True]
    assert log.features[1].labels == ("lyon", "paris")
    assert log.targets is not None
    assert log.targets["new"].tolist() == [0.1, 0.9]


def test_rows_come_in_the_order_of_time(tmp_path: Path) -> None:
    csv = "item,click,at\nb,1,2026-01-02\na,0,2026-01-01T10:00:00+02:00\nc,0,2026-01-02\n"
    log = read(tmp_path, csv, "action: item\nreward: click\ntime: at\n")
    assert [log.actions[code] for code in log.action] == ["a", "b", "c"]
    assert log.time_ms is not None
    assert log.time_ms[0] == 1_767_254_400_000.0


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(tmp_path: Path, delimiter: str) -> None:
    assert len(read(tmp_path, GOOD.replace(",", delimiter))) == 2


def test_gzip_and_parquet_give_the_same_log(tmp_path: Path) -> None:
    plain = read(tmp_path, GOOD)
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(GOOD.encode()))
    columns = {"item": ["a", "b"], "click": [False, True], "p": [0.5, 0.25], "age": [30, None]}
    pq.write_table(pa.table({**columns, "city": ["lyon", "paris"]}), tmp_path / "log.parquet")
    for name in ("log.csv.gz", "log.parquet"):
        other = read_log(tmp_path / name, spec(tmp_path, NO_TARGET))
        assert other.reward.tolist() == plain.reward.tolist()
        assert other.features[0].values[0] == 30.0
        assert np.isnan(other.features[0].values[1])


def test_uniform_is_one_of_the_eligible(tmp_path: Path) -> None:
    csv = "item,click,can\na,0,a|b\nb,1,a|b|c|d\n"
    text = "action: item\nreward: click\nchoice_probability: uniform\neligible: can\n"
    log = read(tmp_path, csv, text)
    assert log.probability is not None
    assert log.probability.tolist() == [0.5, 0.25]
    assert log.actions == ("a", "b", "c", "d")
    assert log.is_uniform
    counted = read(tmp_path, "item,click,can\na,0,2\nb,1,4\n", text)
    assert counted.probability is not None
    assert counted.probability.tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("cell", "column", "said"),
    [
        ("", "p", "nothing is written"),
        ("nan", "p", "nothing is written"),
        ("NaN", "click", "nothing is written"),
        ("0", "p", "0 is no probability of something that happened"),
        ("-0.5", "p", "-0.5 is no probability"),
        ("1.5", "p", "1.5 is no probability"),
        ("inf", "p", "out of all measure"),
        ("1e300", "click", "out of all measure"),
        ("-inf", "click", "out of all measure"),
        ("maybe", "click", '"maybe" is no number'),
        ("old", "age", '"old" is no number'),
        ("1_000", "age", '"1_000" is no number'),
        ("inf", "age", "out of all measure"),
        ("", "item", "no action is written"),
    ],
)
def test_a_bad_cell_is_told_with_row_and_column(tmp_path: Path, cell: str, column: str, said: str) -> None:
    header, first, second = GOOD.splitlines()
    cells = second.split(",")
    cells[header.split(",").index(column)] = cell
    told = refusal(tmp_path, "\n".join([header, first, ",".join(cells)]) + "\n")
    assert f'row 2, column "{column}"' in told
    assert said in told


def test_the_first_bad_cell_of_each_column_is_told(tmp_path: Path) -> None:
    told = refusal(tmp_path, "item,click,p,age,city\na,x,2,y,c\na,z,3,w,c\n").splitlines()
    assert len(told) == 3
    assert all("row 1" in line for line in told)


@pytest.mark.parametrize(
    ("csv", "text", "said"),
    [
        ("", NO_TARGET, "the file is empty"),
        ("item,click,p,age,city\n", NO_TARGET, "a header and no rows"),
        ("item,click,p,age,city\na,1,0.5,3\n", NO_TARGET, "row 1: 4 cells where the header has 5"),
        ("item,item\na,b\n", "reward: item\n", 'names "item" twice'),
        ('item,click\n"a,1\n', "reward: click\n", "cannot be read"),
        (
            GOOD,
            "reward: clicks\naction: item\n",
            'yaml:1:9: the log has no column "clicks" (did you mean "click"?)',
        ),
        (GOOD, "action: item\nreward: click\neligible: [b, c]\n", "'a' was taken and is not eligible"),
        (GOOD, "action: item\nreward: click\neligible: 1\n", "has 2 actions where 1 are eligible"),
        (GOOD, "action: item\nreward: age\nreward_range: [0, 20]\n", "lies outside the reward_range"),
        (GOOD, "reward: click\ntargets: {t: age}\n", "30 is no probability"),
        (GOOD, "reward: click\nfeatures: {city: bool}\n", '"lyon" is neither true nor false'),
        (GOOD, "reward: click\nfeatures: {city: timestamp}\n", '"lyon" is no time such as'),
        (GOOD, "reward: click\ntime: age\n", "nothing is written"),
    ],
)
def test_what_cannot_be_a_log_is_refused(tmp_path: Path, csv: str, text: str, said: str) -> None:
    assert said in refusal(tmp_path, csv, text)


def test_a_damaged_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "log.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(GOOD.encode())[:-12])
    (tmp_path / "log.csv").write_bytes(b"item,click\n\xff,1\n")
    for name in ("log.parquet", "log.csv.gz", "log.csv"):
        with pytest.raises(FileRefused, match="cannot be read"):
            read_log(tmp_path / name, spec(tmp_path, "action: item\nreward: click\n"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_a_header_of_quoted_names(tmp_path: Path, delimiter: str) -> None:
    header, *rest = GOOD.splitlines()
    quoted = ",".join(f'"{name}"' for name in header.split(","))
    assert len(read(tmp_path, "\n".join([quoted, *rest, ""]).replace(",", delimiter))) == 2


def test_a_name_that_holds_another_delimiter_is_one_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('"age;of";"a,b"\n1;2\n')
    table = read_table(path, "", frozenset({"age;of", "a,b"}))
    assert table.names == ("age;of", "a,b")


def test_rows_to_score_are_read_with_the_delimiter_that_is_likely_and_with_another_that_they_have(
    tmp_path: Path,
) -> None:
    wanted = Wanted((FeatureSpec("age", FeatureKind.NUMERIC), FeatureSpec("x", FeatureKind.NUMERIC)), "", ("a",))
    path = tmp_path / "rows.csv"
    for written, delimiter, likely in (("^", "", "^"), (";", "", "^"), ("^", "^", ""), (";", "", "")):
        path.write_text(f'"age"{written}"x"\n30{written}1.5\n')
        assert read_rows(path, wanted, delimiter, likely).features[1].values.tolist() == [1.5]
