"""Personas: named people in YAML files that a policy can be tried with.

persona: lea
identities: {email: lea.martin@example.com}            namespace: value
traits:     {city: {value: Lyon, source: EXPLICIT, ago: 3d}}
consents:   [{identity: email, purpose: MARKETING, channel: EMAIL, status: GRANTED, ago: 3d}]
events:     [{type: page_view, ago: 2h, properties: {category: women}}]
decide:     {direction: OUTBOUND, channels: [EMAIL], placements: [], locale: fr, context: {}}

`ago` counts back from now (30m, 2h, 1d12h). Everything but `identities` may be left out; other keys are for other
readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from tandem.common.v1.subject_pb2 import Identity, Subject
from tandem.common.v1.value_pb2 import TypedValue
from tandem.profile.v1.consent_pb2 import Consent
from tandem.profile.v1.event_pb2 import Event
from tandem.profile.v1.trait_pb2 import Trait

from services.cli.arguments import typed_value
from services.cli.failures import CommandFailed
from services.orchestrator.domain.policy.scalars import MAX_DURATION_MS, span_of
from shared.ids import content_id
from shared.rpc.values import timestamp_proto


@dataclass(frozen=True, slots=True)
class Persona:
    """A person and the decision to try on them."""

    name: str
    subject: Subject
    traits: tuple[Trait, ...]
    consents: tuple[Consent, ...]
    events: tuple[Event, ...]
    decide: Mapping[str, Any] = field(default_factory=dict)


def read_persona(file: Path, now_ms: int) -> Persona:
    """Raises CommandFailed, naming the file and what is wrong in it."""
    try:
        return persona_of(YAML(typ="safe").load(file.read_text(encoding="utf-8")), now_ms)
    except (OSError, YAMLError, ArithmeticError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandFailed("PERSONA_INVALID", f"{file}: {_in_words(error)}") from error


def persona_of(document: Any, now_ms: int) -> Persona:
    """Raises ValueError, KeyError, TypeError or AttributeError where the document is no persona."""
    if not isinstance(document, Mapping) or not document.get("identities"):
        raise ValueError("a persona is a mapping with `identities`")
    identities = {name: Identity(namespace=name, value=str(value)) for name, value in document["identities"].items()}
    subject = Subject(identities=list(identities.values()))
    return Persona(
        name=str(document.get("persona", "")),
        subject=subject,
        traits=tuple(_trait(name, fields, now_ms) for name, fields in (document.get("traits") or {}).items()),
        consents=tuple(_consent(fields, identities, now_ms) for fields in document.get("consents") or []),
        events=tuple(_event(fields, subject, now_ms) for fields in document.get("events") or []),
        decide=document.get("decide") or {},
    )


def _trait(name: str, fields: Mapping[str, Any], now_ms: int) -> Trait:
    return Trait(
        name=name,
        value=_value(fields["value"], now_ms),
        source=f"TRAIT_SOURCE_{fields.get('source', 'EXPLICIT')}",
        observed_time=_moment(fields, now_ms),
    )


def _consent(fields: Mapping[str, Any], identities: Mapping[str, Identity], now_ms: int) -> Consent:
    return Consent(
        identity=identities[fields["identity"]] if "identity" in fields else None,
        purpose=fields["purpose"],
        channel=fields.get("channel", ""),
        status=f"CONSENT_STATUS_{fields['status']}",
        legal_basis=f"LEGAL_BASIS_{fields['legal_basis']}" if "legal_basis" in fields else None,
        collection_point=fields.get("collection_point", ""),
        granted_time=_moment(fields, now_ms),
    )


def _event(fields: Mapping[str, Any], subject: Subject, now_ms: int) -> Event:
    properties = {name: _value(value, now_ms) for name, value in (fields.get("properties") or {}).items()}
    # Named by what the file says, so that a persona who is tried twice does everything once.
    event_id = content_id("persona", [subject.SerializeToString(deterministic=True), dict(fields)])
    return Event(
        event_id=event_id,
        subject=subject,
        type=fields["type"],
        event_time=_moment(fields, now_ms),
        properties=properties,
    )


def _value(document: object, now_ms: int) -> TypedValue:
    if isinstance(document, Mapping) and set(document) == {"ago"}:
        return TypedValue(timestamp_value=_moment(document, now_ms))
    return typed_value(document)


def _moment(fields: Mapping[str, Any], now_ms: int) -> Timestamp | None:
    if "ago" not in fields:
        return None
    span = span_of(str(fields["ago"]))
    if span is None:
        raise ValueError(f"ago: {fields['ago']!r} is not a time span such as 30m, 2h or 1d12h")
    if span > MAX_DURATION_MS:
        raise ValueError(f"ago: {fields['ago']} is more than a hundred years")
    return timestamp_proto(now_ms - span)


def _in_words(error: Exception) -> str:
    return f"{error.args[0]!r} is missing or unknown" if isinstance(error, KeyError) else str(error)
