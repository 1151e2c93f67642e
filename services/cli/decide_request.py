"""The options of `tandem decide` as one request; a persona fills in what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from tandem.common.v1.subject_pb2 import Subject
from tandem.common.v1.value_pb2 import Feature
from tandem.orchestrator.v1.decision_pb2 import DecideRequest
from tandem.profile.v1.event_pb2 import Event

from services.cli.arguments import parse_placement, typed_value
from services.cli.personas import Persona
from shared.ids import new_id


def decide_request(options: Mapping[str, Any], persona: Persona | None) -> DecideRequest:
    """Raises click.UsageError where the options do not go together."""
    wishes: Mapping[str, Any] = persona.decide if persona else {}
    subject = _subject(options, persona)
    direction = options["direction"] or wishes.get("direction", "inbound")
    context = {name: typed_value(value) for name, value in (wishes.get("context") or {}).items()}
    return DecideRequest(
        request_id=options["request_id"] or new_id("cli"),
        subject=subject,
        events=_events(options, subject),
        direction=f"DIRECTION_{direction.upper()}",
        channels=list(options["channels"]) or wishes.get("channels"),
        placements=list(options["placements"]) or [parse_placement(text) for text in wishes.get("placements") or []],
        context=context | dict(options["context"]),
        locale=options["locale"] or wishes.get("locale", ""),
        profile_override={name: Feature(value=value) for name, value in options["overrides"]},
        forced_arm=options["arm"].upper(),
        mode=f"DECISION_MODE_{options['mode'].upper()}",
        explain=f"EXPLAIN_{options['explain'].upper()}",
    )


def _subject(options: Mapping[str, Any], persona: Persona | None) -> Subject:
    named = Subject(identities=list(options["identities"]))
    if persona is None:
        return named
    if named.identities:
        raise click.UsageError("--persona names the person: leave --subject out")
    return persona.subject


def _events(options: Mapping[str, Any], subject: Subject) -> list[Event]:
    if options["events"] and not subject.identities:
        raise click.UsageError("--event needs to know who did it: add --subject")
    return [
        Event(event_id=new_id("cli"), subject=subject, type=kind, properties=properties)
        for kind, properties in options["events"]
    ]
