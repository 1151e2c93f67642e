"""A mapping file that is wrong says where, in all its places at once."""

from __future__ import annotations

import pytest

from services.cli.importing.mapping_file import unknown_columns
from tests.support.importing import PURCHASES, findings_of, mapping_of

TRAITS = """
identities: {crm: id}
observed_time: 2026-01-01
traits:
  age: {column: age, type: int}
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["1:1 MISSING_KEY", "1:1 MISSING_KEY"]),
        ("identities: {crm: id}", ["1:1 MISSING_KEY"]),
        ("identities: {}\nevents: []", ["1:13 MISSING_KEY"]),
        ("identities: {crm: id}\nevents: [{type: view, time: {column: t}}]\nevnts: []", ["3:1 UNKNOWN_KEY"]),
        ("identities: {crm: id}\nevents: [{time: {column: t}}]", ["2:10 MISSING_KEY"]),
        ("identities: {crm: id}\nevents: [{type: view}]", ["2:10 MISSING_KEY"]),
        ("identities: {crm: id}\nevents: [{type: View, time: {column: t}}]", ["2:17 BAD_IDENTIFIER"]),
        ("identities: {crm: 5}\nevents: [{type: view, time: {column: t}}]", ["1:19 WRONG_TYPE"]),
        ("identities: {Crm: id}\nevents: [{type: view, time: {column: t}}]", ["1:14 BAD_IDENTIFIER"]),
        ("identities: {crm: id}\nevents: [{type: view, time: {column: t, unit: y}}]", ["2:47 OUT_OF_RANGE"]),
        ('identities: {crm: id}\nevents: [{type: view, time: {column: t, format: "%H"}}]', ["2:49 OUT_OF_RANGE"]),
        ("identities: {crm: id}\nevents: [{type: view, time: {column: t, zone: Mars/North}}]", ["2:47 OUT_OF_RANGE"]),
        ("identities: {crm: id}\nevents: [{type: view, time: {column: t, since: 2018-01-01}}]", ["2:48 OUT_OF_RANGE"]),
        (TRAITS.replace("int", "whole"), ["5:28 OUT_OF_RANGE"]),
        (TRAITS.replace("observed_time: 2026-01-01", ""), ["5:3 MISSING_KEY"]),
        (TRAITS.replace("type: int", "type: int, source: GUESSED"), ["5:41 OUT_OF_RANGE"]),
        (TRAITS + "encoding: klingon", ["6:11 OUT_OF_RANGE"]),
        (TRAITS + "encoding: rot13", ["6:11 OUT_OF_RANGE"]),
        (TRAITS + "delimiter: ab", ["6:12 OUT_OF_RANGE"]),
        (TRAITS + "format: xml", ["6:9 OUT_OF_RANGE"]),
        (TRAITS.replace("2026-01-01", "2026-13-01"), ["3:16 WRONG_TYPE"]),
        ("a: &x 1\nb: *x", ["1:4 YAML_ALIAS"]),
        ("a: [", ["1:5 YAML_SYNTAX"]),
    ],
)
def test_each_mistake_is_found_at_its_place(text: str, found: list[str]) -> None:
    assert findings_of(text) == found


def test_consent_about_an_identity_that_is_not_mapped_is_found() -> None:
    consents = "consents: [{purpose: marketing, status: GRANTED, time: 2026-01-01, identity: phone}]"
    assert findings_of(f"identities: {{email: mail}}\n{consents}") == ["2:11 UNKNOWN_IDENTITY"]


def test_column_that_the_file_does_not_have_is_named_with_its_place_and_the_nearest() -> None:
    mapping = mapping_of(PURCHASES)
    (finding,) = unknown_columns(mapping, ("who", "days", "amount"))
    assert (finding.place.line, finding.place.column) == (6, 20)
    assert finding.message == 'no column "day" (did you mean "days"?)'


def test_column_of_every_part_is_checked() -> None:
    mapping = mapping_of(PURCHASES + "    id: [bill, line]\n    when: {column: kind, in: [sale]}\n")
    assert {column.name for column in mapping.columns} == {"amount", "bill", "day", "kind", "line", "who"}


@pytest.mark.parametrize("written", ["day", "[day, month]", "{column: day}"])
def test_time_may_be_a_bare_column_as_an_identity_may(written: str) -> None:
    mapping = mapping_of(PURCHASES.replace("{column: day}", written))
    assert mapping.events[0].time.columns[0].name == "day"
    assert mapping.columns[1].place.line == 6
