"""What a policy's rules make of one person, action by action."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.cli.failures import CommandFailed
from services.cli.personas import read_persona
from services.cli.policy_tests.facts_file import read_facts
from services.cli.policy_tests.policy_under_test import PolicyUnderTest
from services.cli.policy_tests.subject import Subject
from services.orchestrator.domain.policy.findings import Findings, Refused, suggestion, where
from services.orchestrator.domain.policy.yaml_reader import read_yaml
from services.orchestrator.domain.policy_parts import Place
from services.rules.domain.evaluation import DroppedAction


@dataclass(frozen=True, slots=True)
class Asked:
    """About whom, when, and of which actions; of all where none is named."""

    persona: Path | None
    facts: Path | None
    actions: frozenset[str]
    at_ms: int


@dataclass(frozen=True, slots=True)
class Fallen:
    """An action or one of its treatments, and where the rule is written that it fell by; "" where that is unknown."""

    dropped: DroppedAction
    rule_place: str


@dataclass(frozen=True, slots=True)
class Explanation:
    at_ms: int
    segments: tuple[str, ...]
    passed: tuple[str, ...]
    fallen: tuple[Fallen, ...]


def explanation_of(policy: PolicyUnderTest, asked: Asked) -> Explanation:
    """Raises CommandFailed where the files cannot be read, or say what the policy does not declare."""
    for name in sorted(asked.actions - policy.actions):
        hint = suggestion(name, policy.actions)
        raise CommandFailed("ACTION_UNKNOWN", f'the policy has no action "{name}"{hint}')
    try:
        features = _subject(policy, asked).features(asked.at_ms)
    except Refused as refusal:
        raise CommandFailed("FACTS_INVALID", f"{where(refusal.place)}: {refusal.message}") from None
    passed = policy.evaluate(features, asked.at_ms).eligible_actions
    dropped = policy.reasons(features, asked.at_ms, asked.actions)
    return Explanation(
        asked.at_ms,
        tuple(sorted(policy.segments_of(features, asked.at_ms))),
        tuple(name for name in passed if not asked.actions or name in asked.actions),
        tuple(Fallen(each, policy.rule_places.text(each)) for each in dropped),
    )


def _subject(policy: PolicyUnderTest, asked: Asked) -> Subject:
    subject = policy.subject()
    if asked.persona is not None:
        persona = read_persona(asked.persona, asked.at_ms)
        subject.is_like(persona, Place(str(asked.persona), 1, 1), asked.at_ms)
    if asked.facts is not None:
        _tell(subject, asked.facts, asked.at_ms)
    return subject


def _tell(subject: Subject, file: Path, at_ms: int) -> None:
    findings = Findings()
    root = read_yaml(str(file), file.read_bytes())
    facts = read_facts(root, findings) if root is not None else {}
    for refusal in subject.wrong_facts(facts, at_ms):
        findings.refused(refusal)
    if wrong := [f"{where(each.place)}: {each.message}" for each in findings.ordered()]:
        raise CommandFailed("FACTS_INVALID", "; ".join(wrong))
    subject.is_told(facts, at_ms)
