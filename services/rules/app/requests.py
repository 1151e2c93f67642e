"""What the use cases take and answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.rules.app.ports import RuleSetEntry
from services.rules.domain.evaluation import Evaluation, Explain
from services.rules.domain.rule_set import Finding, RuleSet
from shared.errors import TandemError
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
    explain_actions: Collection[str] = ()
    """Whose reasons are wanted; empty: those of every dropped action."""
    with_segments: bool = False
    """Whether to answer segments, however much is explained."""


@dataclass(frozen=True, slots=True)
class PolicyEvaluation:
    version: str
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class BatchQuery:
    """Many subjects at one moment; in the place of a subject that could not be read stands why."""

    version: str
    subjects: Sequence[Mapping[str, Feature] | TandemError]
    evaluation_time_ms: int | None = None
    explain: Explain = Explain.NONE
    with_segments: bool = False


@dataclass(frozen=True, slots=True)
class BatchEvaluation:
    """An answer or an error per subject, in their order."""

    version: str
    outcomes: Sequence[Evaluation | TandemError]


@dataclass(frozen=True, slots=True)
class PublishedRuleSet:
    rule_set: RuleSet
    published_ms: int


@dataclass(frozen=True, slots=True)
class RuleSetPage:
    """`next_token` is empty on the last page; `active_version` is the rule set whose triggers fire, "" for none."""

    entries: tuple[RuleSetEntry, ...]
    next_token: str
    active_version: str = ""
