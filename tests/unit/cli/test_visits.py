"""The log as visits, and what makes it unreadable."""

from __future__ import annotations

import pytest

from services.cli.demo.data_set import DataSetUnavailable
from services.cli.demo.visits import AFFINITIES, USER_FEATURES, parse

HEADER = ["", "timestamp", "item_id", "position", "click", "propensity_score", *USER_FEATURES, *AFFINITIES]


def row(time: str, *, item: int = 7, click: int = 0, affinities: dict[int, str] | None = None) -> list[str]:
    cells = [(affinities or {}).get(number, "0.0") for number in range(80)]
    return ["0", time, str(item), "2", str(click), "0.0125", "h0", "h1", "h2", "h3", *cells]


def log(*rows: list[str], header: list[str] = HEADER) -> str:
    return "\n".join(",".join(cells) for cells in (header, *rows))


def test_row_becomes_a_visit() -> None:
    (visit,) = parse(log(row("2019-11-24 00:00:34.762830+00:00", click=1, affinities={3: "2.0", 79: "1.0"})))
    assert (visit.index, visit.position, visit.item, visit.propensity, visit.has_click) == (0, 2, 7, 0.0125, True)
    assert visit.log_time_ms == 1_574_553_634_762
    assert visit.user_features == ("h0", "h1", "h2", "h3")
    assert visit.affinities == ((3, 2), (79, 1))


def test_visits_come_in_the_order_of_time_whatever_the_order_of_rows() -> None:
    later, earlier = row("2019-11-25 00:00:00+00:00", item=1), row("2019-11-24 00:00:00+00:00", item=2)
    visits = parse(log(later, earlier))
    assert [(visit.index, visit.item) for visit in visits] == [(0, 2), (1, 1)]


def test_missing_column_is_named() -> None:
    with pytest.raises(DataSetUnavailable, match="no column propensity_score"):
        parse(log(header=[name for name in HEADER if name != "propensity_score"]))


def test_row_that_cannot_be_read_is_named_by_its_line() -> None:
    with pytest.raises(DataSetUnavailable, match="row 3 of the log"):
        parse(log(row("2019-11-24 00:00:00+00:00"), row("yesterday")))
