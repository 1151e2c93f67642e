"""The sample policies against the real profile and rules services: no finding at publication, and each persona gets by
rules alone what its file says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.cli.personas import Persona, persona_of
from services.local.profile import LocalProfiles
from services.local.rules import LocalRules
from services.orchestrator.app.policy_parts_publisher import PartPublishers
from services.orchestrator.app.policy_store import PolicyVersions
from services.orchestrator.app.ports import Identity, PolicyQuestion, PolicyVerdict, SubjectEvent, SubjectQuery
from services.orchestrator.app.validate import ValidatePolicy
from services.orchestrator.domain.decision import Explain
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.profile.app.application import ProfileApplication
from services.profile.app.requests import TraitWrite, UpsertTraits
from services.profile.bootstrap import bootstrap as bootstrap_profile
from services.profile.domain.identities import Identity as ProfileIdentity
from services.profile.settings import ProfileSettings
from services.rules.bootstrap import bootstrap as bootstrap_rules
from services.rules.domain.rule_set import Stage
from services.rules.settings import RulesSettings
from shared.rpc.values import timestamp_ms, value_from_proto
from shared.values import Feature, present
from tests.support.policy_services import PolicyServices

SAMPLES = Path(__file__).parents[3] / "services/cli/samples"
PERSONAS = sorted((SAMPLES / "boutique/personas").glob("*.yaml"))
NOW_MS = 1_795_000_000_000
DEADLINE_MS = NOW_MS + 60_000


@dataclass
class Shop:
    """The boutique, published to a profile and a rules service of its own."""

    profile: ProfileApplication
    profiles: LocalProfiles
    rules: LocalRules
    policy: CompiledPolicy
    versions: PolicyVersions

    async def introduce(self, persona: Persona) -> None:
        subject = tuple(ProfileIdentity(each.namespace, each.value) for each in persona.subject.identities)
        traits = tuple(TraitWrite(each.name, value_from_proto(each.value, "value")) for each in persona.traits)
        if traits:
            await self.profile.upsert_traits(UpsertTraits("traits", subject, traits))
        if persona.events:
            await self.profiles.record_events("events", self._events(persona), deadline_ms=DEADLINE_MS)

    def _events(self, persona: Persona) -> list[SubjectEvent]:
        return [
            SubjectEvent(
                each.event_id,
                _identities(persona),
                each.type,
                timestamp_ms(each.event_time, "event_time"),
                {name: value_from_proto(value, name) for name, value in each.properties.items()},
            )
            for each in persona.events
        ]

    async def judge(self, persona: Persona, context: Mapping[str, Any]) -> PolicyVerdict:
        query = SubjectQuery(_identities(persona), self.versions.trait_schema, NOW_MS)
        view = await self.profiles.get(query, deadline_ms=DEADLINE_MS)
        moment: dict[str, Feature] = {f"context.{name}": present(value) for name, value in context.items()}
        question = PolicyQuestion(
            self.versions.rule_set,
            dict(view.features) | moment,
            NOW_MS,
            explain=Explain.REASONS,
            action_index=self.policy.catalogue.action_index,
        )
        return await self.rules.evaluate(question, deadline_ms=DEADLINE_MS)


def _identities(persona: Persona) -> tuple[Identity, ...]:
    return tuple(Identity(each.namespace, each.value) for each in persona.subject.identities)


def _files(name: str) -> dict[str, bytes]:
    folder = SAMPLES / name
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")}


def _document(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


@pytest.fixture
async def rules(tmp_path: Path) -> AsyncIterator[LocalRules]:
    async with AsyncExitStack() as stack:
        components = await bootstrap_rules(RulesSettings(data_dir=tmp_path), stack, clock=lambda: NOW_MS)
        yield LocalRules(components.app, lambda: NOW_MS)


@pytest.fixture
async def shop(tmp_path: Path, rules: LocalRules) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        profile = await bootstrap_profile(ProfileSettings(data_dir=tmp_path), stack, clock=lambda: NOW_MS)
        profiles = LocalProfiles(profile.app, lambda: NOW_MS)
        policy = compile_policy(_files("boutique")).policy
        assert policy is not None
        versions = await PartPublishers(profiles, rules, PolicyServices()).publish(policy, activate=True)
        yield Shop(profile.app, profiles, rules, policy, versions)


@pytest.mark.parametrize("name", ["boutique", "fashion_store"])
async def test_a_sample_policy_has_no_findings(name: str, rules: LocalRules) -> None:
    assert await ValidatePolicy(rules)(_files(name)) == ()


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
async def test_a_persona_gets_what_its_file_says(path: Path, shop: Shop) -> None:
    document = _document(path)
    persona = persona_of(document, NOW_MS)
    await shop.introduce(persona)
    verdict = await shop.judge(persona, document["decide"]["context"])
    actions = shop.policy.catalogue.actions
    eligible = {actions[index].action_id for index in verdict.eligible.tolist()}
    dropped = {actions[reason.action].action_id: Stage(reason.stage).name for reason in verdict.reasons}
    expected = document["expect"]
    assert set(expected["eligible"]) <= eligible
    assert {action: dropped.get(action) for action in expected["dropped"]} == expected["dropped"]


FAULTS = """\
policy: faulty
channels: {web: {direction: INBOUND}, sms: {direction: OUTBOUND, limits: {text: 160, charset: GSM-7}}}
traits: {age: {type: int}}
issues: {grow: {business_value: 1}}
groups: {offers: {issue: grow}}
actions:
  one:
    group: offers
    eligibility: [{id: adult, when: 'age >= "18"'}]
    treatments: {one_web: {channel: web}}
  two:
    group: offers
    eligibility:
      - id: tall
        when: >-
          age >= 18
          && heigth > 180
    treatments:
      two_sms: {channel: sms, content: {en: {text: 'LONG'}}}
  one:
    group: offers
    treatments: {another: {channel: web}}
"""


async def test_four_kinds_of_faults_are_found_where_they_are_written(rules: LocalRules) -> None:
    found = await ValidatePolicy(rules)({"p.yaml": FAULTS.replace("LONG", "x" * 161).encode()})
    places = [(finding.place.line, finding.place.column, finding.code) for finding in found]
    assert places[0][::2] == (9, "CEL_TYPE")
    assert places[1] == (17, 14, "UNKNOWN_ATTRIBUTE")
    assert places[2:] == [(19, 53, "CONTENT_TOO_LONG"), (20, 3, "DUPLICATE_ACTION")]
    assert all(finding.place.file == "p.yaml" for finding in found)
