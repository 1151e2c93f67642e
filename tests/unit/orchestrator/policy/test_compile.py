"""A folder compiles to one part for each service, and always to the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.orchestrator.domain.catalogue import NO_ACTION, Direction
from services.orchestrator.domain.policy.compile import compile_policy, policy_version
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy.parts import UNRESOLVED
from services.orchestrator.domain.policy_parts import (
    AggregatePart,
    NamespacePart,
    NumberPart,
    OnUnknown,
    Place,
    RulePart,
    ScopePart,
    TraitPart,
)
from shared.clock import MS_PER_DAY, to_ms
from shared.values import INT64_MAX, INT64_MIN, AttributeType

Compiled = Callable[[str], CompiledPolicy]

RICH = """\
policy: rich
currency: CHF
default_locale: fr
prior_propensity: 0.1
profiling: {basis: legitimate_interest}
arbitration: {reserve: 0.5, exploration: NONE}
namespaces: {crm: {known: true}}
context: {weather: {type: string}}
traits:
  age: {type: int, immutable: true, ttl: 1d}
  name: {type: string, predictive: false}
  born: {type: timestamp}
aggregates:
  adds: {event: cart_add, measure: count, window: 1h}
  pace: {event: view, measure: decayed_rate, half_life: 3d}
  last: {event: buy, measure: last, property: at, type: timestamp}
segments: {old: {when: 'age > 90', on_unknown: PASS}}
channels:
  web: {direction: INBOUND}
  email: {direction: OUTBOUND, purpose: news}
  letter: {direction: OUTBOUND, consent: none}
placements: {hero: {channel: web, fallback: story}, side: {channel: web, fallback: a_web}, foot: {channel: web}}
fallbacks: {story: {channel: web, content: {fr: {title: Salut}}}}
suppression: [{id: never, when: 'age < 0'}]
issues: {retain: {lever: 2, business_value: 5, attributes: {price: 1, topic: t}}}
groups:
  care: {issue: retain, lever: 1.5, exploration: THOMPSON, attributes: {price: 2}}
  calm: {issue: retain}
actions:
  a:
    group: care
    lever: 0.5
    valid_from: 2026-11-01
    valid_until: 2026-11-30
    message_class: service
    attributes: {price: 2.5}
    business_value: 'action.price * 2.0'
    context_weight: 1
    eligibility: [{id: adult, when: 'age >= 18', on_unknown: DEFAULT 0}]
    treatments:
      a_web: {channel: web}
      a_mail: {channel: email, cost: 0.25}
  b: {group: calm, paused: true, treatments: {b_letter: {channel: letter, cost: 1}}}
"""


@pytest.fixture
def rich(compiled: Compiled) -> CompiledPolicy:
    return compiled(RICH)


def test_settings(rich: CompiledPolicy) -> None:
    settings = rich.settings
    assert (settings.name, settings.currency, settings.default_locale, settings.reserve) == ("rich", "CHF", "fr", 0.5)
    assert settings.profiling_basis == "LEGITIMATE_INTEREST"


def test_what_is_not_said_has_a_default(compiled: Compiled, small: str) -> None:
    settings = compiled(small).settings
    assert (settings.currency, settings.default_locale, settings.reserve) == ("EUR", "en", 0.0)
    assert settings.profiling_basis == "CONSENT"


def test_the_profile_service_gets_traits_aggregates_and_namespaces(rich: CompiledPolicy) -> None:
    schema = rich.trait_schema
    assert schema.traits[0] == TraitPart("age", AttributeType.INT, ttl_ms=MS_PER_DAY, immutable=True)
    assert schema.aggregates == (
        AggregatePart("adds", "cart_add", "COUNT", window_ms=3_600_000),
        AggregatePart("pace", "view", "DECAYED_RATE", half_life_ms=3 * MS_PER_DAY),
        AggregatePart("last", "buy", "LAST", property="at", type=AttributeType.TIMESTAMP),
    )
    assert schema.namespaces == (NamespacePart("crm", True),)


def test_the_rules_service_gets_every_attribute_with_its_type(rich: CompiledPolicy) -> None:
    assert [(each.name, each.type.text) for each in rich.rule_set.attributes] == [
        ("age", "int"),
        ("name", "string"),
        ("born", "timestamp"),
        ("adds", "int"),
        ("pace", "double"),
        ("last", "timestamp"),
        ("context.weather", "string"),
    ]


def test_the_rules_service_gets_the_tree_of_scopes(rich: CompiledPolicy) -> None:
    tree = [(scope.level, scope.scope_id, scope.parent_id) for scope in rich.rule_set.scopes]
    assert tree == [
        ("POLICY", "", ""),
        ("ISSUE", "retain", ""),
        ("GROUP", "care", "retain"),
        ("GROUP", "calm", "retain"),
        ("ACTION", "a", "care"),
        ("ACTION", "b", "calm"),
    ]


def test_conditions_and_numbers_keep_their_place(rich: CompiledPolicy) -> None:
    scope = _scope(rich, "a")
    default = OnUnknown("DEFAULT", 0)
    assert scope.rules == (RulePart("adult", "ELIGIBILITY", "age >= 18", default, Place("policy.yaml", 39, 38)),)
    assert scope.numbers == (
        NumberPart("business_value", "action.price * 2.0", Place("policy.yaml", 37, 22)),
        NumberPart("context_weight", "1", Place("policy.yaml", 38, 21)),
    )


def test_constants_are_inherited_and_are_floats_for_all_when_one_is(rich: CompiledPolicy) -> None:
    assert _scope(rich, "a").attributes == {"price": 2.5, "topic": "t"}
    assert _scope(rich, "b").attributes == {"price": 1.0, "topic": "t"}
    assert [type(_scope(rich, action).attributes["price"]) for action in "ab"] == [float, float]


def _scope(policy: CompiledPolicy, action: str) -> ScopePart:
    return next(scope for scope in policy.rule_set.scopes if scope.scope_id == action)


def test_the_scoring_service_gets_what_a_model_can_use(rich: CompiledPolicy) -> None:
    features = rich.feature_set
    assert [each.name for each in features.features] == ["age", "adds", "pace", "context.weather"]
    assert [(each.action, each.group, each.issue) for each in features.actions] == [
        ("a", "care", "retain"),
        ("b", "calm", "retain"),
    ]
    assert features.actions[1].attributes == {"price": 1.0, "topic": "t"}
    assert features.prior_propensity == 0.1


def test_actions_are_columns(rich: CompiledPolicy) -> None:
    catalogue = rich.catalogue
    assert [action.message_class for action in catalogue.actions] == ["SERVICE", "MARKETING"]
    assert catalogue.action_index == {"a": 0, "b": 1}
    assert catalogue.lever.tolist() == [1.5, 2.0]
    assert catalogue.explores.tolist() == [True, False]
    assert catalogue.paused.tolist() == [False, True]
    assert catalogue.valid_from_ms.tolist() == [to_ms(datetime(2026, 11, 1, tzinfo=UTC)), INT64_MIN]
    assert catalogue.valid_until_ms.tolist() == [to_ms(datetime(2026, 12, 1, tzinfo=UTC)), INT64_MAX]


def test_options_are_columns(rich: CompiledPolicy) -> None:
    catalogue = rich.catalogue
    assert [option.treatment_id for option in catalogue.options] == ["a_web", "a_mail", "b_letter"]
    assert catalogue.channel_names == ("WEB", "EMAIL", "LETTER")
    assert catalogue.option_action.tolist() == [0, 0, 1]
    assert catalogue.option_channel.tolist() == [0, 1, 2]
    assert catalogue.option_cost.tolist() == [0.0, 0.25, 1.0]


def test_channels_need_a_consent_outbound_unless_they_say_otherwise(rich: CompiledPolicy) -> None:
    channels = rich.catalogue.channels
    assert {name: channel.needs_consent for name, channel in channels.items()} == {
        "WEB": False,
        "EMAIL": True,
        "LETTER": False,
    }
    assert (channels["EMAIL"].purpose, channels["LETTER"].purpose) == ("NEWS", "MARKETING")
    assert channels["WEB"].direction is Direction.INBOUND


def test_a_fallback_is_a_treatment_with_or_without_an_action(rich: CompiledPolicy) -> None:
    placements = rich.catalogue.placements
    story, option = placements["hero"].fallback, placements["side"].fallback
    assert story is not None
    assert (story.treatment_id, story.action, story.contents) == ("story", NO_ACTION, {"fr": {"title": "Salut"}})
    assert option is rich.catalogue.options[0]
    assert placements["foot"].fallback is None


def test_the_order_of_files_changes_nothing(small: str) -> None:
    more = b"traits: {age: {type: int}}"
    one = compile_policy({"a.yaml": small.encode(), "b.yaml": more}).policy
    other = compile_policy({"b.yaml": more, "a.yaml": small.encode()}).policy
    assert one is not None
    assert other is not None
    assert one.version == other.version
    assert one.rule_set == other.rule_set
    assert one.catalogue.version == other.catalogue.version


def test_what_is_no_policy_does_not_change_the_version(small: str) -> None:
    files = {"a.yaml": small.encode()}
    assert policy_version(files | {"README.md": b"x", "personas/p.yaml": b"y"}) == policy_version(files)
    assert policy_version({"b.yaml": small.encode()}) != policy_version(files)


def test_every_change_of_words_money_or_dates_changes_the_catalogue(compiled: Compiled) -> None:
    changes = [
        ("Salut", "Bonjour"),
        ("cost: 0.25", "cost: 0.26"),
        ("lever: 0.5", "lever: 0.6"),
        ("2026-11-30", "2026-12-30"),
        ("paused: true", "paused: false"),
        ("purpose: news", "purpose: other"),
        ("default_locale: fr", "default_locale: en"),
        ("fallback: story", "fallback: a_web"),
        ("exploration: THOMPSON", "exploration: NONE"),
        ("exploration: THOMPSON", "exploration: {kind: THOMPSON, floor: 0.01}"),
        ("exploration: NONE", "exploration: INVERSE_GAP_WEIGHTING"),
        ("lever: 1.5", "lever: 1.5, regulated: true"),
        ("purpose: news", "purpose: news, exploration_budget: 0.1"),
    ]
    versions = {compiled(RICH.replace(*change)).catalogue.version for change in changes}
    assert len(versions | {compiled(RICH).catalogue.version}) == len(changes) + 1


def test_conditions_can_be_checked_while_a_group_is_unknown(small: str) -> None:
    text = small.replace("group: care", "group: nobody\n    eligibility: [{id: r, when: 'oops >'}]")
    compilation = compile_policy({"policy.yaml": text.encode()})
    assert compilation.policy is None
    assert compilation.rule_set is not None
    orphan = next(scope for scope in compilation.rule_set.scopes if scope.scope_id == "call")
    assert (orphan.parent_id, orphan.rules[0].when) == (UNRESOLVED, "oops >")
    parents = {(scope.level, scope.scope_id) for scope in compilation.rule_set.scopes}
    assert {("ISSUE", UNRESOLVED), ("GROUP", UNRESOLVED)} <= parents


def test_conditions_are_not_checked_against_half_a_folder(small: str) -> None:
    assert compile_policy({"a.yaml": small.encode(), "b.yaml": b"["}).rule_set is None
