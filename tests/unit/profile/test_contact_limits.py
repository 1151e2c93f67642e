"""Contact limits: what one may say, and which contacts it is about."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from tandem.profile.v1 import contact_pb2

from services.profile.api.mapping.contact_limits import contact_limit
from services.profile.domain.ledger.contacts import ContactEvent, Topic
from services.profile.domain.ledger.limits import (
    MAX_LIMITS,
    CalendarUnit,
    ContactLimit,
    LimitScope,
    check_contact_limit,
    check_contact_limits,
)
from services.profile.domain.ledger.matching import Account, ContactLimits, is_about
from services.profile.domain.schema import TraitSchema
from services.profile.domain.schema_check import check_schema
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument

MAIL = Topic("EMAIL", "OUTBOUND", "MARKETING", "retention", "offers", "comeback", "spring")


def limit(**fields: Any) -> ContactLimit:
    return ContactLimit(**{"limit_id": "cap", "max": 3, "window_ms": MS_PER_DAY, **fields})


def test_a_limit_that_makes_sense_has_no_faults() -> None:
    assert not list(check_contact_limit(limit(), "limit"))
    assert not list(check_contact_limit(limit(window_ms=0, calendar=CalendarUnit.WEEK, max=0), "limit"))
    assert not list(check_contact_limit(limit(window_ms=400 * MS_PER_DAY, message_class="*"), "limit"))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"limit_id": "Cap"}, "limit_id"),
        ({"limit_id": "ledger.size"}, "limit_id"),
        ({"max": -1}, "max"),
        ({"window_ms": 0}, "window"),
        ({"window_ms": -1}, "window"),
        ({"window_ms": 999}, "window"),
        ({"window_ms": 400 * MS_PER_DAY + 1}, "window"),
        ({"window_ms": 2**62}, "window"),
        ({"calendar": CalendarUnit.DAY}, "calendar"),
        ({"direction": "SIDEWAYS"}, "direction"),
        ({"message_class": "any thing"}, "message_class"),
        ({"channels": ("EMAIL", "e mail")}, "channels[1]"),
        ({"issues": ("",)}, "issues[0]"),
        ({"groups": ("a", "b\x00")}, "groups[1]"),
        ({"actions": ("a" * 129,)}, "actions[0]"),
        ({"campaigns": tuple(map(str, range(1_001)))}, "campaigns"),
    ],
)
def test_each_fault_of_a_limit_names_its_field(fields: dict[str, Any], path: str) -> None:
    faults = list(check_contact_limit(limit(**fields), "contact_limits[7]"))
    assert [place for place, _ in faults] == [f"contact_limits[7].{path}"]


def test_ids_are_unique_and_limits_are_not_endless() -> None:
    assert [place for place, _ in check_contact_limits([limit(), limit()], "limits")] == ["limits[1].limit_id"]
    many = [limit(limit_id=f"cap_{i}") for i in range(MAX_LIMITS + 1)]
    assert [place for place, _ in check_contact_limits(many, "limits")] == ["limits"]


def test_a_schema_names_the_limit_that_is_wrong() -> None:
    with pytest.raises(InvalidArgument) as refusal:
        check_schema(TraitSchema(contact_limits=(limit(), limit(limit_id="b", max=-1))), "schema")
    assert [each.field for each in refusal.value.violations] == ["schema.contact_limits[1].max"]


def test_the_order_in_which_limits_are_declared_makes_no_other_schema() -> None:
    one, other = limit(limit_id="a"), limit(limit_id="b")
    assert TraitSchema(contact_limits=(one, other)).version == TraitSchema(contact_limits=(other, one)).version
    assert TraitSchema(contact_limits=(one,)).version != TraitSchema().version


@pytest.mark.parametrize(
    ("fields", "is_met"),
    [
        ({}, True),
        ({"channels": ("EMAIL", "SMS")}, True),
        ({"channels": ("SMS",)}, False),
        ({"direction": "OUTBOUND"}, True),
        ({"direction": "INBOUND"}, False),
        ({"message_class": "SERVICE"}, False),
        ({"message_class": "*"}, True),
        ({"issues": ("retention",)}, True),
        ({"issues": ("sales",)}, False),
        ({"groups": ("offers",), "actions": ("comeback",), "campaigns": ("spring",)}, True),
        ({"groups": ("other",)}, False),
        ({"actions": ("other",)}, False),
        ({"campaigns": ("other",)}, False),
    ],
)
def test_each_list_narrows_the_contacts_a_limit_is_about(fields: dict[str, Any], is_met: bool) -> None:
    assert is_about(limit(**fields), MAIL) is is_met


@pytest.mark.parametrize("scope", [each for each in LimitScope if each is not LimitScope.ALL])
def test_a_limit_counts_apart_by_its_scope_and_passes_who_names_no_value(scope: LimitScope) -> None:
    limits = ContactLimits([limit(scope=scope)])
    value = getattr(MAIL, scope.name.lower())
    assert limits.accounts(MAIL) == (Account(0, value),)
    assert limits.accounts(MAIL._replace(**{scope.name.lower(): ""})) == ()


def test_a_limit_on_the_wire_gets_its_defaults_and_normal_forms() -> None:
    declared = contact_pb2.ContactLimit(
        limit_id="cap", max=2, window=Duration(seconds=60), channels=[" sms", "email", "SMS"], direction="outbound"
    )
    assert contact_limit(declared, "limit") == limit(
        max=2,
        window_ms=60_000,
        channels=("EMAIL", "SMS"),
        direction="OUTBOUND",
        counts=ContactEvent.RESERVED,
        message_class="MARKETING",
    )


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        (contact_pb2.ContactLimit(window=Duration(seconds=-5)), "limit.window"),
        (contact_pb2.ContactLimit(window=Duration(seconds=2**62)), "limit.window"),
        (contact_pb2.ContactLimit(calendar=17), "limit.calendar"),  # type: ignore[arg-type]
        (contact_pb2.ContactLimit(counts=17), "limit.counts"),  # type: ignore[arg-type]
        (contact_pb2.ContactLimit(scope=17), "limit.scope"),  # type: ignore[arg-type]
    ],
)
def test_what_a_limit_cannot_hold_is_refused_by_its_field(declared: contact_pb2.ContactLimit, path: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        contact_limit(declared, "limit")
    assert refusal.value.violations[0].field == path


def test_a_class_that_no_limit_knows_is_no_way_round_the_marketing_limits() -> None:
    limits = ContactLimits([limit(), limit(limit_id="alerts", message_class="ALERT")])
    unknown, alert, service = (MAIL._replace(message_class=name) for name in ("MARKETTING", "ALERT", "SERVICE"))
    assert limits.accounts(unknown) == limits.accounts(MAIL) == (Account(0),)
    assert limits.accounts(alert) == (Account(1),)
    assert limits.accounts(service) == ()
