"""What a policy says once: its name, currency, locale, how it arbitrates, on which basis it uses profiles."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.orchestrator.domain.arbitration.exploration import Exploration
from services.orchestrator.domain.arbitration.worth import MONEY
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.policy.arbitration import (
    ARBITRATION_FIELDS,
    AT_MOST,
    FORMULA,
    RANDOMISED_SILENCE,
    STICKY,
    AtMostDeclaration,
)
from services.orchestrator.domain.policy.arms import ARMS_SALT
from services.orchestrator.domain.policy.compiled import PolicySettings
from services.orchestrator.domain.policy.currencies import CURRENCIES, read_currencies
from services.orchestrator.domain.policy.explorations import EXPLORATION, EXPLORATION_BUDGET
from services.orchestrator.domain.policy.fields import Field, Fields, leaf, read_fields
from services.orchestrator.domain.policy.findings import Findings, Refused, where
from services.orchestrator.domain.policy.nodes import Node
from services.orchestrator.domain.policy.objectives import MAX_MONEY, PRIOR_PROPENSITY, PROPENSITY
from services.orchestrator.domain.policy.purposes import BASES, PurposeDeclaration
from services.orchestrator.domain.policy.scalars import number, text
from services.orchestrator.domain.policy.sections import Sections
from services.orchestrator.domain.policy.shapes import NAME, either, one_of
from services.orchestrator.domain.policy.value_sources import VALUE_SOURCE, WrittenValue
from services.orchestrator.domain.policy.words import Reference, choice, identifier, locale, reference, within


@dataclass(frozen=True, slots=True)
class WrittenSettings:
    """The settings of the decision, and what else the compiler needs."""

    settings: PolicySettings
    exploration: Exploration
    """Of groups that say nothing of their own, and where silence is worth most."""
    exploration_budget: float
    """Of outbound channels that say nothing of their own; 1 for no bound."""
    prior_propensity: float
    engine: str
    """That evaluates the rules: INDEXED or DURABLE."""
    objective: Reference | None
    """By which everything that competes is measured; None where the policy does not say."""
    value: WrittenValue | None = None
    """Of groups that say nothing of their own; None where the policy does not say."""
    at_most: tuple[AtMostDeclaration, ...] = ()
    silence: Mapping[Direction, float] = field(default_factory=dict)
    """With which probability a place stays silent on purpose, on channels that say nothing of their own."""


def _currency(node: Node) -> str:
    code = text(node)
    if re.fullmatch("[A-Z]{3}", code):
        return code
    raise Refused(node.place, "must be an ISO 4217 code such as EUR", code="OUT_OF_RANGE")


def _objective(node: Node) -> Reference | None:
    """None for the word that means the one there is."""
    return None if text(node).lower() == PROPENSITY else reference(node)


POLICY = Field("policy", leaf(identifier), required=True)
CURRENCY = Field("currency", leaf(_currency, {"type": "string", "pattern": "^[A-Z]{3}$"}))
DEFAULT_LOCALE = Field("default_locale", leaf(locale))
ENGINE = Field("engine", leaf(choice({"INDEXED", "DURABLE"})))
SINGLES = (POLICY, CURRENCY, DEFAULT_LOCALE, PRIOR_PROPENSITY, ENGINE, ARMS_SALT)

BASIS = Field("basis", leaf(choice(BASES)), required=True)
OBJECTIVE = Field("objective", leaf(_objective, either(one_of({PROPENSITY.upper()}), NAME)))
RESERVE = Field("reserve", within(number, -MAX_MONEY, MAX_MONEY))
RECORDS: Mapping[str, tuple[Field[Any], ...]] = {
    "profiling": (BASIS,),
    "arbitration": (OBJECTIVE, RESERVE, EXPLORATION, EXPLORATION_BUDGET, VALUE_SOURCE, *ARBITRATION_FIELDS),
}


def read_settings(sections: Sections, purposes: Collection[PurposeDeclaration], findings: Findings) -> WrittenSettings:
    profiling, arbitration = (_record(name, sections, findings) for name in RECORDS)
    currency = sections.single(CURRENCY) or "EUR"
    settings = PolicySettings(
        name=sections.single(POLICY) or "",
        currency=currency,
        default_locale=sections.single(DEFAULT_LOCALE) or "en",
        reserve=arbitration.get(RESERVE, 0.0),
        profiling_basis=_profiling_basis(profiling, purposes, findings),
        exchange_rates=read_currencies(sections.record(CURRENCIES), currency, findings),
        formula=arbitration.get(FORMULA, MONEY),
        sticky_ms=arbitration.get(STICKY, 0),
    )
    prior, engine = sections.single(PRIOR_PROPENSITY), sections.single(ENGINE)
    return WrittenSettings(
        settings,
        exploration=arbitration.get(EXPLORATION, Exploration()),
        exploration_budget=arbitration.get(EXPLORATION_BUDGET, 1.0),
        prior_propensity=prior or 0.05,
        engine=engine or "INDEXED",
        objective=arbitration.get(OBJECTIVE, None),
        value=arbitration.get(VALUE_SOURCE, None),
        at_most=arbitration.get(AT_MOST, ()),
        silence=arbitration.get(RANDOMISED_SILENCE, {}),
    )


def _record(name: str, sections: Sections, findings: Findings) -> Fields:
    node = sections.record(name)
    return Fields({}, {}) if node is None else read_fields(node.place, node, RECORDS[name], findings)


def _profiling_basis(profiling: Fields, purposes: Collection[PurposeDeclaration], findings: Findings) -> str:
    """Written under `profiling` or, the same, under the purpose of that name; the strictest where neither is."""
    alone = profiling.get(BASIS, "")
    declared = next((purpose for purpose in purposes if purpose.name == "PROFILING"), None)
    if declared is None or not declared.basis:
        return alone or "CONSENT"
    if alone and alone != declared.basis:
        message = f"basis: not the one of profiling at {where(profiling.place(BASIS))}: write one of the two"
        findings.error(declared.basis_place, "CONTRADICTION", message)
    return declared.basis
