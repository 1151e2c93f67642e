"""What options say, and what they refuse."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.arguments import parse_attribute, parse_event, parse_identity, parse_placement, typed_value
from shared.rpc.values import value_from_proto


def test_identity_is_split_at_the_first_equals_sign() -> None:
    identity = parse_identity("cookie=a=b")
    assert (identity.namespace, identity.value) == ("cookie", "a=b")


@pytest.mark.parametrize("text", ["crm", "crm=", "=1", ""])
def test_identity_needs_a_namespace_and_a_value(text: str) -> None:
    with pytest.raises(ValueError, match="namespace=value"):
        parse_identity(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("weather=rain", "string_value", "rain"),
        ("city=Aix en Provence", "string_value", "Aix en Provence"),
        ('code="31"', "string_value", "31"),
        ("temperature=31.5", "double_value", 31.5),
        ("visits=31", "int_value", 31),
        ("depth=-2", "int_value", -2),
        ("is_open=true", "bool_value", True),
    ],
)
def test_attribute_is_typed_by_its_json_form(text: str, kind: str, value: object) -> None:
    _, typed = parse_attribute(text)
    assert typed.WhichOneof("kind") == kind
    assert getattr(typed, kind) == value


def test_attribute_may_hold_a_list_null_or_a_moment() -> None:
    assert value_from_proto(parse_attribute('tags=["new", "sale"]')[1], "") == ("new", "sale")
    assert value_from_proto(parse_attribute("size=null")[1], "") is None
    moment = parse_attribute('seen={"timestamp": "2026-11-22T10:00:00+01:00"}')[1]
    assert value_from_proto(moment, "") == datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["weather", "=3", "x=", "x=NaN", "x=-Infinity", "x=9223372036854775808", 'x={"a": 1}', "x=[[1]]", "x=[1"]
)
def test_attribute_that_has_no_place_on_the_wire_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_attribute(text)


def test_event_without_properties_is_its_type() -> None:
    assert parse_event("cart_view") == ("cart_view", {})


def test_event_carries_typed_properties() -> None:
    kind, properties = parse_event('page_view:{"page": "terms", "seconds": 12}')
    assert kind == "page_view"
    assert properties["page"].string_value == "terms"
    assert properties["seconds"].int_value == 12


@pytest.mark.parametrize("text", [":{}", "page_view:[1]", "page_view:{", 'page_view:{"a": {"b": 1}}'])
def test_event_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_event(text)


def test_placement_has_one_slot_unless_it_says_more() -> None:
    assert parse_placement("home_hero").count == 1
    assert parse_placement("shelf:3").count == 3


@pytest.mark.parametrize("text", ["", ":3", "shelf:", "shelf:0", "shelf:-1", "shelf:many"])
def test_placement_with_a_bad_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="id:count"):
        parse_placement(text)


def test_yaml_dates_become_moments_in_utc() -> None:
    assert value_from_proto(typed_value(date(2026, 11, 22)), "") == datetime(2026, 11, 22, tzinfo=UTC)
    assert value_from_proto(typed_value(datetime(2026, 11, 22, 10)), "") == datetime(2026, 11, 22, 10, tzinfo=UTC)  # noqa: DTZ001


scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=50),
)


@given(scalars | st.none())
def test_every_json_scalar_arrives_as_it_was_written(value: object) -> None:
    _, typed = parse_attribute(f"x={json.dumps(value)}")
    assert value_from_proto(typed, "") == value


@given(st.text(max_size=30))
@pytest.mark.parametrize("parse", [parse_identity, parse_attribute, parse_event, parse_placement])
def test_any_text_is_read_or_refused_with_a_value_error(parse: Callable[[str], object], text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse(text) is not None
