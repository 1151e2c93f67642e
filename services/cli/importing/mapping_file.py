"""Reads a mapping file; every deviation is a finding with file, line and column, as in policies."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from functools import partial
from typing import Any

from services.cli.importing.mapping import Column, FileFormat, ImportMapping
from services.cli.importing.mapping_sections import (
    Reading,
    read_consent,
    read_event,
    read_identity,
    read_time,
    read_trait,
)
from services.orchestrator.domain.policy.fields import Field, distinct, leaf, list_of, mapping, optional, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, TooManyFindings, suggestion
from services.orchestrator.domain.policy.nodes import MapNode, Node
from services.orchestrator.domain.policy.scalars import scalar, text
from services.orchestrator.domain.policy.words import choice
from services.orchestrator.domain.policy.yaml_reader import read_yaml
from services.orchestrator.domain.policy_parts import Finding, Place


def read_mapping(file: str, content: bytes) -> tuple[ImportMapping | None, tuple[Finding, ...]]:
    """The mapping; None, and why, where it cannot be used."""
    findings = Findings()
    read = None
    try:
        node = read_yaml(file, content)
        start = Place(file, 1, 1)
        read = _mapping(start, node if node is not None else MapNode((), start), findings)
    except Refused as refusal:
        findings.refused(refusal)
    except TooManyFindings:
        pass
    found = findings.ordered()
    return (None if any(finding.is_error for finding in found) else read), found


def unknown_columns(mapping: ImportMapping, header: tuple[str, ...]) -> list[Finding]:
    """A finding for each place that names a column the file does not have."""
    return [
        Finding(column.place, "UNKNOWN_COLUMN", f'no column "{column.name[:80]}"{suggestion(column.name, header)}')
        for column in mapping.columns
        if column.name not in header
    ]


def _mapping(start: Place, node: Node, findings: Findings) -> ImportMapping | None:
    named: list[Column] = []
    reading = Reading(named.append)
    table = _table(reading)
    fields = read_fields(start, node, table.values(), findings)
    identities = fields.get(table["identities"], ())
    events, traits, consents = (fields.get(table[key], ()) for key in ("events", "traits", "consents"))
    if fields.is_written(table["identities"]) and not identities and not findings.ordered():
        findings.error(fields.place(table["identities"]), "MISSING_KEY", "nobody is named: add a namespace")
    if not any(fields.is_written(table[key]) for key in ("events", "traits", "consents")):
        findings.error(start, "MISSING_KEY", "nothing is imported: add events, traits or consents")
    if traits and not fields.is_written(table["observed_time"]):
        text = 'the key "observed_time" is missing: traits need to know when they were observed'
        findings.error(fields.place(table["traits"]), "MISSING_KEY", text)
    namespaces = {identity.namespace for identity in identities}
    for consent in consents:
        if consent.namespace and consent.namespace not in namespaces:
            message = f'consents name the identity "{consent.namespace}", which the mapping does not have'
            findings.error(fields.place(table["consents"]), "UNKNOWN_IDENTITY", message)
    return ImportMapping(
        identities=identities,
        events=events,
        traits=traits,
        observed_time=fields.get(table["observed_time"], None),
        consents=consents,
        columns=tuple(named),
        format=fields.get(table["format"], None),
        encoding=fields.get(table["encoding"], "utf-8"),
        delimiter=fields.get(table["delimiter"], ""),
        header=fields.get(table["columns"], ()),
        null_texts=fields.get(table["null_values"], frozenset({""})),
    )


def _table(reading: Reading) -> Mapping[str, Field[Any]]:
    """The top-level keys."""
    fields: tuple[Field[Any], ...] = (
        Field("format", lambda node, _: FileFormat(choice([each.upper() for each in FileFormat])(node).lower())),
        Field("encoding", leaf(_encoding)),
        Field("delimiter", leaf(_delimiter)),
        Field("columns", list_of(leaf(text))),
        Field("null_values", lambda node, findings: frozenset(list_of(leaf(_cell_text))(node, findings))),
        Field("identities", _entries(reading, read_identity), required=True),
        Field("events", lambda node, findings: list_of(reading.parser(read_event))(node, findings)),
        Field("traits", _entries(reading, read_trait)),
        Field("observed_time", reading.parser(read_time)),
        Field("consents", lambda node, findings: list_of(reading.parser(read_consent))(node, findings)),
    )
    return {field.name: field for field in fields}


def _entries(reading: Reading, read: Any) -> Any:
    """A mapping of named things, as a tuple."""

    def parse(node: Node, findings: Findings) -> tuple[Any, ...]:
        entries = distinct(mapping(node), findings)
        read_all = [optional(partial(read, reading, key), child, findings) for key, child in entries]
        return tuple(thing for thing in read_all if thing is not None)

    return parse


def _encoding(node: Node) -> str:
    name = text(node)
    try:
        if "a,b\n".encode(name).decode(name) != "a,b\n":  # some codecs are ciphers, or of bytes to bytes
            raise LookupError(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise Refused(
            node.place, f"{name[:80]!r} is no encoding such as utf-8 or cp1252", code="OUT_OF_RANGE"
        ) from None


def _delimiter(node: Node) -> str:
    written = scalar(node).text
    found = {"tab": "\t", "\\t": "\t"}.get(written, written)
    if len(found) != 1 or found in '"\r\n':
        raise Refused(node.place, 'must be one character, such as ";" or "|", or tab', code="OUT_OF_RANGE")
    return found


def _cell_text(node: Node) -> str:
    return scalar(node).text
