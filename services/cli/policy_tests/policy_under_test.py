"""The policy that tests and explanations are about, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from services.cli.failures import CommandFailed
from services.cli.offline import OfflinePolicy
from services.cli.personas import Persona, read_persona
from services.cli.policy_tests.rule_places import RulePlaces
from services.cli.policy_tests.subject import Subject
from services.cli.policy_tests.timeline import RuleJudge, Timeline
from services.local.person import PersonReader
from services.orchestrator.domain.policy.findings import Refused
from services.orchestrator.domain.policy_parts import Place
from services.rules.domain.evaluation import DroppedAction, Evaluation, Explain
from services.rules.domain.triggers.compile import compile_triggers
from services.rules.domain.triggers.program import TriggerProgram
from shared.values import AttributeType, Feature

PERSONAS = "personas"


class PolicyUnderTest:
    """`folder` is where its personas are."""

    def __init__(self, offline: OfflinePolicy, folder: Path) -> None:
        self._offline = offline
        self._folder = folder
        self.rule_places = RulePlaces(offline.policy.rule_set)
        self.types: Mapping[str, AttributeType] = {each.name: each.type for each in offline.rule_set.attributes}

    @cached_property
    def actions(self) -> frozenset[str]:
        return frozenset(self._offline.engagement.actions)

    @cached_property
    def treatments(self) -> Mapping[str, str]:
        """The action of each."""
        catalogue = self._offline.policy.catalogue
        return {option.treatment_id: catalogue.actions[option.action].action_id for option in catalogue.options}

    @cached_property
    def segments(self) -> frozenset[str]:
        return frozenset(each.segment_id for each in self._offline.rule_set.segments)

    @cached_property
    def triggers(self) -> frozenset[str]:
        return frozenset(each.trigger_id for each in self._offline.rule_set.triggers)

    def subject(self) -> Subject:
        return Subject(self._persons, self.types)

    def timeline(self, subject: Subject) -> Timeline:
        return Timeline(self._program, self._judge, subject)

    def evaluate(self, features: Mapping[str, Feature], at_ms: int) -> Evaluation:
        return self._offline.engagement.evaluate(features, at_ms, Explain.NONE)

    def reasons(
        self, features: Mapping[str, Feature], at_ms: int, actions: frozenset[str]
    ) -> tuple[DroppedAction, ...]:
        """Of these actions; of all that fell where none is named."""
        return self._offline.engagement.evaluate(features, at_ms, Explain.FULL, actions).dropped

    def segments_of(self, features: Mapping[str, Feature], at_ms: int) -> frozenset[str]:
        return frozenset(self._offline.engagement.segments_of(features, at_ms))

    def persona(self, name: str, place: Place, at_ms: int) -> Persona:
        """Raises Refused."""
        file = self._folder / PERSONAS / f"{name}.yaml"
        if not file.is_file():
            raise Refused(place, f"there is no {PERSONAS}/{name}.yaml", code="UNKNOWN_PERSONA")
        try:
            return read_persona(file, at_ms)
        except CommandFailed as failure:
            raise Refused(place, failure.message, code="PERSONA_INVALID") from None

    @cached_property
    def _persons(self) -> PersonReader:
        return PersonReader(self._offline.policy.trait_schema)

    @cached_property
    def _program(self) -> TriggerProgram:
        return compile_triggers(self._offline.rule_set, self._offline.policy.version)

    @cached_property
    def _judge(self) -> RuleJudge:
        return RuleJudge(self._program)
