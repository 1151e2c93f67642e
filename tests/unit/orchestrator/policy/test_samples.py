"""The policies that ship with Tandem publish without a single finding, and show what they promise to show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy_parts import AggregatePart
from shared.values import AttributeType, conform

SAMPLES = Path(__file__).parents[4] / "services/cli/samples"
PERSONAS = sorted((SAMPLES / "boutique/personas").glob("*.yaml"))


def _policy(name: str) -> CompiledPolicy:
    folder = SAMPLES / name
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    compilation = compile_policy(files)
    assert compilation.findings == ()
    assert compilation.policy is not None
    return compilation.policy


@pytest.fixture(scope="module")
def boutique() -> CompiledPolicy:
    return _policy("boutique")


@pytest.fixture(scope="module")
def store() -> CompiledPolicy:
    return _policy("fashion_store")


def test_the_boutique_has_about_forty_actions_over_five_channels(boutique: CompiledPolicy) -> None:
    catalogue = boutique.catalogue
    assert 38 <= len(catalogue.actions) <= 44
    assert set(catalogue.channel_names) == {"EMAIL", "SMS", "PUSH", "WEB", "CALL_CENTER"}
    assert {action.issue for action in catalogue.actions} == {"acquire", "grow", "retain", "win_back", "service"}
    assert {option.channel for option in catalogue.options} == set(catalogue.channel_names)


def test_every_text_of_the_boutique_is_in_french_and_english(boutique: CompiledPolicy) -> None:
    for option in boutique.catalogue.options:
        assert option.contents.keys() == {"fr", "en"}, option.treatment_id
        assert option.contents["fr"].keys() == option.contents["en"].keys()
        assert option.contents["fr"] != option.contents["en"]


def test_the_boutique_has_rules_of_every_stage_and_every_meaning_of_unknown(boutique: CompiledPolicy) -> None:
    rules = [rule for scope in boutique.rule_set.scopes for rule in scope.rules]
    assert {rule.stage for rule in rules} == {"SUPPRESSION", "ELIGIBILITY", "APPLICABILITY", "SUITABILITY"}
    assert {rule.on_unknown.kind for rule in rules} == {"FAIL", "PASS", "DEFAULT"}


def test_the_personas_show_the_four_types_of_personalisation() -> None:
    shown = {_document(path)["shows"] for path in PERSONAS}
    assert {
        f"{source} × {kind}" for source in ("explicit", "implicit") for kind in ("prescriptive", "adaptive")
    } <= shown


def _document(path: Path) -> Mapping[str, Any]:
    document: Mapping[str, Any] = YAML(typ="safe").load(path.read_text())
    return document


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
def test_a_persona_speaks_the_words_of_the_policy(path: Path, boutique: CompiledPolicy) -> None:
    persona, catalogue = _document(path), boutique.catalogue
    types = {attribute.name: attribute for attribute in boutique.rule_set.attributes}
    assert persona["persona"] == path.stem
    for name, trait in persona["traits"].items():
        _check_value(trait["value"], types[name].type, types[name].allowed)
    for name, value in persona["decide"]["context"].items():
        _check_value(value, types[f"context.{name}"].type, types[f"context.{name}"].allowed)
    expected = persona["expect"]
    assert {*expected["eligible"], *expected["dropped"]} <= catalogue.action_index.keys()
    assert set(persona["decide"]["channels"]) <= set(catalogue.channel_names)
    assert set(persona["decide"]["placements"]) <= catalogue.placements.keys()


def _check_value(value: Any, kind: AttributeType, allowed: tuple[Any, ...]) -> None:
    conformed = conform(tuple(value) if isinstance(value, list) else value, kind)
    elements = conformed if isinstance(conformed, tuple) else (conformed,)
    assert not allowed or set(elements) <= set(allowed)


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
def test_what_a_persona_did_is_counted_by_an_aggregate(path: Path, boutique: CompiledPolicy) -> None:
    aggregates: tuple[AggregatePart, ...] = boutique.trait_schema.aggregates
    counted = {aggregate.event for aggregate in aggregates} | {"page_view", "cart_add"}
    for event in _document(path)["events"]:
        assert event["type"] in counted


def test_the_fashion_store_has_the_items_and_places_of_its_log(store: CompiledPolicy) -> None:
    catalogue = store.catalogue
    assert {action.action_id for action in catalogue.actions} == {f"item_{item:02}" for item in range(80)}
    assert set(catalogue.placements) == {"left", "middle", "right"}
    assert catalogue.channels["WEB"].direction is Direction.INBOUND
    assert {channel.name for channel in catalogue.channels.values() if channel.needs_consent} == {"EMAIL", "PUSH"}
    assert sum(option.channel == "WEB" for option in catalogue.options) == 80
    assert 0 < sum(option.channel == "EMAIL" for option in catalogue.options) < 80


def test_the_fashion_store_learns_from_clicks_and_has_one_group_with_a_lever(store: CompiledPolicy) -> None:
    assert store.feature_set.prior_propensity == 0.005
    assert store.settings.profiling_basis == "LEGITIMATE_INTEREST"
    assert bool(store.catalogue.explores.all())
    lifted = {
        action.group for action, lever in zip(store.catalogue.actions, store.catalogue.lever, strict=True) if lever != 1
    }
    assert len(lifted) == 1
