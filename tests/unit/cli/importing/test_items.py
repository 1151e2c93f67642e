"""What a row says, in the words of the contract; what it does not say properly is refused with its column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tandem.profile.v1.consent_pb2 import ConsentStatus

from services.cli.importing.cells import RowRefused
from services.cli.importing.claims import Claims, RowPlace
from shared.rpc.values import timestamp_ms, value_from_proto
from tests.support.importing import PURCHASES, items_of, mapping_of

VALUE = """
identities: {{crm: id}}
events:
  - type: view
    time: 2026-01-01
    properties:
      x: {{column: x, type: {}}}
null_values: ["", NA]
"""


def value_of(kind: str, cell: object) -> Any:
    (event,) = items_of(mapping_of(VALUE.format(kind)), id="7", x=cell).events
    return value_from_proto(event.properties["x"], "x") if "x" in event.properties else None


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("int", " 42 ", 42),
        ("int", 42, 42),
        ("int", 42.0, 42),
        ("int", "-7", -7),
        ("double", "1.5e3", 1500.0),
        ("double", 3, 3.0),
        ("string", " as it is ", " as it is "),
        ("string", 7, "7"),
        ("bool", "Yes", True),
        ("bool", 0, False),
        ("bool", False, False),
        ("timestamp", "2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("timestamp", date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)),
        ("list<string>, separator: '|'", "a| b", ("a", "b")),
        ("list<int>", [1, 2], (1, 2)),
        ("int, values: {M: 1, F: 2}", "F", 2),
        ("int", "NA", None),
        ("int", "", None),
        ("int", None, None),
    ],
)
def test_cell_is_read_as_its_type(kind: str, cell: object, value: object) -> None:
    found = value_of(kind, cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("int", "4.5"),
        ("int", "four"),
        ("int", True),
        ("int", str(2**63)),
        ("int", 2**63),
        ("double", "1,5"),
        ("double", "nan"),
        ("double", "inf"),
        ("double", "1_000"),
        ("double", [1]),
        ("string", 1.5),
        ("bool", "maybe"),
        ("bool", 2),
        ("timestamp", "yesterday"),
        ("list<int>", "1 2"),
        ("list<int>", [1, "two"]),
        ("int, values: {M: 1}", "X"),
    ],
)
def test_cell_of_another_type_refuses_its_row_and_names_the_column(kind: str, cell: object) -> None:
    with pytest.raises(RowRefused) as refused:
        value_of(kind, cell)
    assert refused.value.column == "x"


def moment(time: str, cell: object) -> int:
    mapping = mapping_of(f"identities: {{crm: id}}\nevents: [{{type: view, time: {{column: t, {time}}}}}]")
    (event,) = items_of(mapping, id="7", t=cell).events
    return timestamp_ms(event.event_time, "t")


DAY_MS = 1_767_312_000_000  # 2026-01-02T00:00:00Z


@pytest.mark.parametrize(
    ("time", "cell", "ms"),
    [
        ("", "2026-01-02", DAY_MS),
        ("", "2026-01-02T01:00:00+01:00", DAY_MS),
        ("", datetime(2026, 1, 2, tzinfo=UTC), DAY_MS),
        ("zone: Europe/Paris", "2026-01-02T01:00:00", DAY_MS),
        ("zone: Europe/Paris", datetime(2026, 1, 2, 1), DAY_MS),  # noqa: DTZ001
        ('format: "%d/%m/%Y %H:%M", zone: Asia/Kathmandu', "02/01/2026 05:45", DAY_MS),
        ('format: "%Y%m%d"', 20260102, DAY_MS),
        ("unit: s", "1767312000", DAY_MS),
        ("unit: ms", DAY_MS, DAY_MS),
        ("unit: us", DAY_MS * 1_000, DAY_MS),
        ("unit: h, since: 2026-01-01", 24, DAY_MS),
        ("zone: Europe/Paris", "2025-10-26T02:30:00", 1_761_438_600_000),  # the earlier of two
    ],
)
def test_time_is_read_as_the_mapping_says(time: str, cell: object, ms: int) -> None:
    assert moment(time, cell) == ms


@pytest.mark.parametrize(
    ("time", "cell"),
    [
        ("", "soon"),
        ("", ""),
        ("", None),
        ('format: "%Y%m%d"', "2026-01-02"),
        ("unit: s", "noon"),
        ("unit: d", 1e300),
        ("zone: Europe/Paris", "2026-03-29T02:30:00"),  # clocks skip it
        ("", True),
        ("", "0001-01-01T00:00:00+23:00x"),
        ("zone: Europe/Paris", "0001-01-01T00:00:00"),
        ("unit: d", "nan"),
    ],
)
def test_time_that_is_none_refuses_its_row(time: str, cell: object) -> None:
    with pytest.raises(RowRefused) as refused:
        moment(time, cell)
    assert refused.value.column == "t"


@pytest.mark.parametrize(
    ("time", "cell", "why"),
    [
        ("unit: d", 1e300, "1e+300 is not the time it should be: not within the years 1 to 9999"),
        ("unit: h, since: 2018-01-01", "99999999999", "not within the years 1 to 9999"),
        ("", "soon", "'soon' is not the time it should be: not ISO 8601, as 2026-11-22T10:00:00Z is"),
        ('format: "%Y%m%d"', "soon", "'soon' is not the time it should be: not of the format %Y%m%d"),
    ],
)
def test_time_that_is_none_is_told_in_words_of_the_mapping(time: str, cell: object, why: str) -> None:
    with pytest.raises(RowRefused) as refused:
        moment(time, cell)
    assert refused.value.message.endswith(why)


def test_timestamp_before_the_year_one_refuses_its_row() -> None:
    with pytest.raises(RowRefused) as refused:
        value_of("timestamp", "0001-01-01T00:00:00+23:00")
    assert refused.value.message == "'0001-01-01T00:00:00+23:00' is not within the years 1 to 9999"


def test_number_that_no_message_holds_is_no_matter_in_a_column_that_is_not_mapped() -> None:
    cells: dict[str, Any] = {"who": "ann", "day": "2026-01-01", "amount": "1", "more": 2**70}
    one, again, other = (
        items_of(mapping_of(), **cells | changes).events[0].event_id for changes in ({}, {}, {"more": 2**71})
    )
    assert one == again
    assert one != other


def test_row_that_says_more_than_a_request_holds_is_refused() -> None:
    properties = "".join(f"      p{i}: {{column: text, type: string}}\n" for i in range(20))
    with pytest.raises(RowRefused, match="more than fits into one request"):
        items_of(mapping_of(PURCHASES + properties), who="ann", day="2026-01-01", amount="1", text="x" * 2**20)


def test_two_events_of_a_row_may_not_have_one_id() -> None:
    mapping = mapping_of(f"{PURCHASES}    id: bill\n  - {{type: visit, time: day, id: bill}}")
    items = items_of(mapping, who="ann", day="2026-01-01", amount="1", bill="b7")
    taken = Claims(None, "run").take(items.claims, RowPlace(0, 1, 2))
    assert taken == (items.claims[1], RowPlace(0, 1, 2))


def test_event_id_is_the_same_when_the_row_is_read_again_and_another_for_another_row() -> None:
    mapping = mapping_of()
    cells: dict[str, Any] = {"who": "ann", "day": "2026-01-01", "amount": "1"}
    first, again, later, other = (
        items_of(mapping, number, **cells | changes).events[0].event_id
        for number, changes in ((3, {}), (3, {}), (4, {}), (3, {"amount": "2"}))
    )
    assert first == again
    assert len({first, later, other}) == 3


def test_event_id_of_columns_does_not_depend_on_the_row() -> None:
    one, several = (mapping_of(f"{PURCHASES}    id: {columns}\n") for columns in ("bill", "[bill, who]"))
    cells: dict[str, Any] = {"who": "ann", "day": "2026-01-01", "amount": "1", "bill": 17}
    assert items_of(one, **cells).events[0].event_id == "17"
    assert items_of(several, 1, **cells).events[0].event_id == items_of(several, 9, **cells).events[0].event_id


@pytest.mark.parametrize("bill", [None, "", "x" * 129, "a\nb", 1.5])
def test_event_id_that_is_none_refuses_its_row(bill: object) -> None:
    mapping = mapping_of(f"{PURCHASES}    id: bill\n")
    with pytest.raises(RowRefused) as refused:
        items_of(mapping, who="ann", day="2026-01-01", amount="1", bill=bill)
    assert refused.value.column == "bill"


def test_row_that_names_nobody_is_refused_and_missing_identities_are_left_out() -> None:
    mapping = mapping_of(PURCHASES.replace("customer: who", "customer: who\n  email: {column: mail, primary: true}"))
    with pytest.raises(RowRefused, match="names nobody"):
        items_of(mapping, who="", mail=None, day="2026-01-01", amount="1")
    (identity,) = items_of(mapping, who="", mail="a@b.c", day="2026-01-01", amount="1").subject.identities
    assert (identity.namespace, identity.value, identity.primary) == ("email", "a@b.c", True)


def test_row_that_no_part_is_about_holds_nothing() -> None:
    mapping = mapping_of(PURCHASES + "    when: {column: kind, in: [sale, return]}\n")
    cells: dict[str, Any] = {"who": "ann", "day": "2026-01-01", "amount": "1"}
    assert items_of(mapping, **cells, kind="quote").is_empty
    assert not items_of(mapping, **cells, kind="sale").is_empty


def test_traits_come_with_source_and_time_and_without_those_that_are_not_there() -> None:
    mapping = mapping_of(
        "identities: {crm: id}\nobserved_time: {column: at}\n"
        "traits: {age: {column: age, type: int, source: THIRD_PARTY}, sex: {column: sex, type: string}}"
    )
    (trait,) = items_of(mapping, id=1, at="2026-01-02", age="44", sex="").traits
    assert (trait.name, trait.value.int_value, trait.source) == ("age", 44, 5)
    assert timestamp_ms(trait.observed_time, "at") == DAY_MS
    assert items_of(mapping, id=1, at="", age="", sex="").is_empty


def test_consent_is_about_its_identity_and_silence_is_none() -> None:
    mapping = mapping_of(
        "identities: {crm: id, email: mail}\nconsents:\n"
        "  - {purpose: marketing, channel: email, identity: email, time: 2026-01-02, collection_point: import,\n"
        "     status: {column: news, values: {y: GRANTED, n: REVOKED}}, legal_basis: CONSENT}"
    )
    (consent,) = items_of(mapping, id=1, mail="a@b.c", news="y").consents
    assert (consent.purpose, consent.channel, consent.collection_point) == ("marketing", "email", "import")
    assert consent.status == ConsentStatus.CONSENT_STATUS_GRANTED
    assert consent.identity.namespace == "email"
    assert items_of(mapping, id=1, mail="a@b.c", news="").is_empty
    with pytest.raises(RowRefused, match="among the values"):
        items_of(mapping, id=1, mail="a@b.c", news="perhaps")
    with pytest.raises(RowRefused, match="email identity"):
        items_of(mapping, id=1, mail="", news="y")
