"""Where a person lives, as far as quiet hours go by it: whose holidays are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.orchestrator.domain.policy.fields import Field, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.scalars import text
from services.orchestrator.domain.policy.shapes import TEXT
from services.orchestrator.domain.policy.words import Reference, reference
from services.orchestrator.domain.quiet_hours import NOWHERE, Region
from shared.public_holidays import countries, is_country, is_subdivision


@dataclass(frozen=True, slots=True)
class RegionDeclaration:
    region: Region = NOWHERE
    country_trait: Reference | None = None
    subdivision_trait: Reference | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.region.country) or self.country_trait is not None


NO_REGION = RegionDeclaration()


def _country(node: Node) -> str:
    code = text(node).upper()
    if is_country(code):
        return code
    hint = suggestion(code, countries())
    raise Refused(
        node.place, f"no holidays are known of {code[:80]!r}: an ISO 3166 code such as DE{hint}", code="UNKNOWN_COUNTRY"
    )


def _code(node: Node) -> str:
    return text(node).upper()


COUNTRY = Field("country", leaf(_country, TEXT))
SUBDIVISION = Field("subdivision", leaf(_code, TEXT))
COUNTRY_TRAIT = Field("country_trait", leaf(reference))
SUBDIVISION_TRAIT = Field("subdivision_trait", leaf(reference))
REGION_FIELDS: tuple[Field[Any], ...] = (COUNTRY, SUBDIVISION, COUNTRY_TRAIT, SUBDIVISION_TRAIT)


def read_region(node: Node, findings: Findings) -> RegionDeclaration:
    countries()  # a fifth of a second, once: no decision is to wait for it
    fields = read_fields(node.place, node, REGION_FIELDS, findings)
    country, subdivision = fields.get(COUNTRY, ""), fields.get(SUBDIVISION, "")
    if not (fields.is_written(COUNTRY) or fields.is_written(COUNTRY_TRAIT)):
        findings.error(node.place, "MISSING_KEY", 'the key "country" or "country_trait" is missing')
    if subdivision and not fields.is_written(COUNTRY):
        findings.error(fields.place(SUBDIVISION), "CONFLICTING_KEYS", "subdivision: is a part of which country?")
    elif subdivision and country and not is_subdivision(country, subdivision):
        hint = suggestion(subdivision, countries()[country])
        message = f"subdivision: no holidays are known of {subdivision[:80]!r} in {country}{hint}"
        findings.error(fields.place(SUBDIVISION), "UNKNOWN_SUBDIVISION", message)
        subdivision = ""
    return RegionDeclaration(
        Region(country, subdivision), fields.get(COUNTRY_TRAIT, None), fields.get(SUBDIVISION_TRAIT, None)
    )
