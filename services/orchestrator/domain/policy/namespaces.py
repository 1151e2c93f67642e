"""Namespaces of identities: whom they name, and when two of their values are the same."""

from __future__ import annotations

import phonenumbers

from services.orchestrator.domain.policy.fields import Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.scalars import boolean, integer, text
from services.orchestrator.domain.policy.words import choice, identifier, within
from services.orchestrator.domain.policy_parts import NamespacePart

RESERVED = frozenset({"profile", "link_token", "erased"})
"""Namespaces in which the profile service writes."""
MAX_PER_PROFILE_LIMIT = 1_000
NORMALISATIONS = frozenset({"TRIMMED", "LOWER_CASE", "EMAIL", "E164", "SHA256"})


def _region(node: Node) -> str:
    code = text(node).upper()
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    raise Refused(node.place, f"{code[:80]!r} is no ISO 3166 region such as FR", code="OUT_OF_RANGE")


KNOWN = Field("known", leaf(boolean), required=True)
NORMALISATION = Field("normalisation", leaf(choice(NORMALISATIONS)))
SHARED = Field("shared", leaf(boolean))
MAX_PER_PROFILE = Field("max_per_profile", within(integer, 1, MAX_PER_PROFILE_LIMIT))
DEFAULT_REGION = Field("default_region", leaf(_region, {"type": "string", "pattern": "^[A-Za-z]{2}$"}))
NAMESPACE_FIELDS = (KNOWN, NORMALISATION, SHARED, MAX_PER_PROFILE, DEFAULT_REGION)


def read_namespace(key: ScalarNode, node: Node, findings: Findings) -> NamespacePart:
    name = identifier(key)
    if name in RESERVED:
        raise Refused(
            key.place, f'"{name}" is reserved: the profile service keeps its own there', code="BAD_IDENTIFIER"
        )
    fields = read_fields(key.place, node, NAMESPACE_FIELDS, findings)
    _check_together(fields, findings)
    return NamespacePart(
        name,
        known=fields.get(KNOWN, False),
        normalisation=fields.get(NORMALISATION, ""),
        shared=fields.get(SHARED, False),
        max_per_profile=fields.get(MAX_PER_PROFILE, 0),
        default_region=fields.get(DEFAULT_REGION, ""),
        place=key.place,
    )


def _check_together(fields: Fields, findings: Findings) -> None:
    if fields.get(KNOWN, False) and fields.get(SHARED, False):
        message = "shared: who is named by a known identity is one person: it cannot be known and shared"
        findings.error(fields.place(SHARED), "CONTRADICTION", message)
    if fields.is_written(DEFAULT_REGION) and fields.get(NORMALISATION, "E164") != "E164":
        message = 'only the normalisation e164 has a use for the key "default_region"'
        findings.error(fields.place(DEFAULT_REGION), "UNKNOWN_KEY", message)
    elif fields.is_written(DEFAULT_REGION) and not fields.is_written(NORMALISATION):
        message = 'default_region: needs the key "normalisation: e164"'
        findings.error(fields.place(DEFAULT_REGION), "MISSING_KEY", message)
