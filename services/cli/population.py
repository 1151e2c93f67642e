"""A sample of people against a policy: JSON Lines, one person each, as a persona or as facts.

{"identities": {"email": "lea@example.com"}, "traits": {"age": {"value": 34}}, "events": [...]}  as persona files say it
{"age": 34, "loyalty_tier": "gold", "last_purchase": {"ago": "40d"}, "city": null}               what is known, by name
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.cli.failures import CommandFailed
from services.cli.offline import OfflinePolicy
from services.cli.personas import persona_of
from services.cli.policy_tests.facts_file import read_facts
from services.cli.policy_tests.policy_under_test import PolicyUnderTest
from services.cli.policy_tests.subject import Subject
from services.cli.rule_cases.json_text import read_json
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.yaml_reader import read_yaml
from services.orchestrator.domain.policy_parts import Place
from services.rules.domain.indexed.compile_cache import CompileCache
from services.rules.domain.lint.population import PopulationReport, population_report
from shared.values import Feature

MAX_PEOPLE = 100_000


def population_of(offline: OfflinePolicy, folder: Path, file: Path, at_ms: int) -> PopulationReport:
    """Raises CommandFailed with file:line where a line is nobody."""
    people = _People(PolicyUnderTest(offline, folder), str(file), at_ms)
    subjects = [people.features(number, line) for number, line in _lines(file)]
    if not subjects:
        raise CommandFailed("POPULATION_INVALID", f"{file}: there is nobody in it")
    cache = CompileCache()
    findings, checked = cache.checked(offline.rule_set)
    assert checked is not None, findings
    known = cache.known(checked.environment.variables, [segment.segment_id for segment in checked.segments])
    return population_report(checked, known, offline.engagement, subjects, at_ms)


class _People:
    def __init__(self, policy: PolicyUnderTest, file: str, at_ms: int) -> None:
        self._policy = policy
        self._file = file
        self._at_ms = at_ms

    def features(self, number: int, line: str) -> Mapping[str, Feature]:
        try:
            return self._subject(number, line).features(self._at_ms)
        except Refused as refusal:
            raise _invalid(self._file, number, refusal.message) from None
        except (ValueError, ArithmeticError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise _invalid(self._file, number, f"it is no person: {error}") from None

    def _subject(self, number: int, line: str) -> Subject:
        document = read_json(line)
        subject, place = self._policy.subject(), Place(self._file, number, 1)
        if isinstance(document, Mapping) and "identities" in document:
            subject.is_like(persona_of(document, self._at_ms), place, self._at_ms)
        else:
            self._tell(subject, document)
        return subject

    def _tell(self, subject: Subject, document: Any) -> None:
        findings = Findings()
        root = read_yaml(self._file, json.dumps(document).encode())  # JSON is YAML
        facts = read_facts(root, findings) if root is not None else {}
        for refusal in subject.wrong_facts(facts, self._at_ms):
            findings.refused(refusal)
        if wrong := [finding.message for finding in findings.ordered()]:
            raise Refused(Place(self._file, 1, 1), "; ".join(wrong))
        subject.is_told(facts, self._at_ms)


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed("POPULATION_INVALID", f"{file}: {error}") from None
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > MAX_PEOPLE:
        raise CommandFailed("POPULATION_INVALID", f"{file}: {len(lines)} people; {MAX_PEOPLE} are allowed")
    return lines


def _invalid(file: str, number: int, message: str) -> CommandFailed:
    return CommandFailed("POPULATION_INVALID", f"{file}:{number}:1: {message}")
