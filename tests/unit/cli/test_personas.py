"""Persona files: what they say, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli import personas
from services.cli.failures import CommandFailed
from services.cli.personas import persona_of, read_persona
from shared.clock import MS_PER_DAY

NOW_MS = 1_800_000_000_000
SAMPLES = sorted((Path(personas.__file__).parent / "samples" / "boutique" / "personas").glob("*.yaml"))

LEA = {
    "persona": "lea",
    "identities": {"email": "lea@example.com", "cookie": 7},
    "traits": {"city": {"value": "Lyon", "ago": "3d"}, "topics": {"value": ["women", "home"], "source": "IMPLICIT"}},
    "consents": [{"identity": "email", "purpose": "MARKETING", "channel": "EMAIL", "status": "GRANTED", "ago": "2h"}],
    "events": [{"type": "purchase", "ago": "90d", "properties": {"value": 12.5, "purchase_time": {"ago": "90d"}}}],
    "decide": {"direction": "OUTBOUND", "channels": ["EMAIL"]},
}


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_every_sample_persona_can_be_read(file: Path) -> None:
    persona = read_persona(file, NOW_MS)
    assert persona.name == file.stem
    assert persona.subject.identities


def test_there_are_sample_personas() -> None:
    assert len(SAMPLES) >= 4


def test_ago_counts_back_from_now() -> None:
    persona = persona_of(LEA, NOW_MS)
    assert persona.traits[0].observed_time.ToMilliseconds() == NOW_MS - 3 * MS_PER_DAY
    assert persona.consents[0].granted_time.ToMilliseconds() == NOW_MS - 2 * 3_600_000
    moment = persona.events[0].properties["purchase_time"].timestamp_value
    assert moment.ToMilliseconds() == persona.events[0].event_time.ToMilliseconds() == NOW_MS - 90 * MS_PER_DAY


def test_time_that_is_left_out_is_the_servers_to_fill_in() -> None:
    assert not persona_of(LEA, NOW_MS).traits[1].HasField("observed_time")


def test_consent_is_of_the_identity_it_names() -> None:
    identity = persona_of(LEA, NOW_MS).consents[0].identity
    assert (identity.namespace, identity.value) == ("email", "lea@example.com")


def test_events_keep_their_ids_whenever_the_file_is_read() -> None:
    today, tomorrow = persona_of(LEA, NOW_MS), persona_of(LEA, NOW_MS + MS_PER_DAY)
    assert [event.event_id for event in today.events] == [event.event_id for event in tomorrow.events]


def test_events_that_differ_have_different_ids() -> None:
    views = [{"type": "page_view", "ago": ago} for ago in ("1h", "2h")]
    first, second = persona_of(LEA | {"events": views}, NOW_MS).events
    assert first.event_id != second.event_id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just a text", "a persona is a mapping with `identities`"),
        ("identities: {}", "a persona is a mapping with `identities`"),
        ("identities: {crm: 1}\ntraits: {age: {ago: 3d}}", "'value' is missing"),
        ("identities: {crm: 1}\ntraits: {age: {value: 3, ago: soon}}", "'soon' is not a time span"),
        ("identities: {crm: 1}\ntraits: {age: {value: 3, source: HEARSAY}}", "HEARSAY"),
        ("identities: {crm: 1}\nevents: [{ago: 3d}]", "'type' is missing"),
        ("identities: {crm: [", "while parsing"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "persona.yaml"
    file.write_text(text)
    with pytest.raises(CommandFailed) as failure:
        read_persona(file, NOW_MS)
    assert failure.value.message.startswith(f"{file}: ")
    assert message in failure.value.message
