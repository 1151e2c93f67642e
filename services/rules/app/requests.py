"""What the use cases take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.rules.domain.evaluation import Evaluation, Explain
from services.rules.domain.rule_set import Finding, RuleSet
from shared.values import Feature


@dataclass(frozen=True, slots=True)
class PublishRuleSet:
    request_id: str
    rule_set: RuleSet


@dataclass(frozen=True, slots=True)
class RuleSetPublished:
    """`findings` are warnings."""

    version: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class EvaluationQuery:
    """One subject. `evaluation_time_ms` None: now."""

    version: str
    attributes: Mapping[str, Feature]
    evaluation_time_ms: int | None = None
    explain: Explain = Explain.NONE


@dataclass(frozen=True, slots=True)
class PolicyEvaluation:
    version: str
    evaluation: Evaluation
