"""Namespaces, purposes, event types and what traits say of them reach the profile service, faults their place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy_parts import EventTypePart, NamespacePart, PurposePart, TraitPart
from shared.clock import MS_PER_DAY
from shared.values import AttributeType

Found = Callable[[str | dict[str, str]], list[str]]
Compiled = Callable[[str], CompiledPolicy]

CASES = {
    "namespace that is not said to be known or not": ("namespaces: {crm: {shared: false}}", ["1:14 MISSING_KEY"]),
    "unknown key of a namespace": ("namespaces: {crm: {known: true, normalization: email}}", ["1:33 UNKNOWN_KEY"]),
    "unknown normalisation": ("namespaces: {crm: {known: true, normalisation: mail}}", ["1:48 OUT_OF_RANGE"]),
    "reserved namespace": ("namespaces: {profile: {known: true}}", ["1:14 BAD_IDENTIFIER"]),
    "namespace of link tokens": ("namespaces: {link_token: {known: true}}", ["1:14 BAD_IDENTIFIER"]),
    "known and shared": ("namespaces: {tablet: {known: true, shared: true}}", ["1:44 CONTRADICTION"]),
    "none per profile": ("namespaces: {crm: {known: true, max_per_profile: 0}}", ["1:50 OUT_OF_RANGE"]),
    "too many per profile": ("namespaces: {crm: {known: true, max_per_profile: 1001}}", ["1:50 OUT_OF_RANGE"]),
    "region of other values": (
        "namespaces: {crm: {known: true, normalisation: email, default_region: FR}}",
        ["1:71 UNKNOWN_KEY"],
    ),
    "region of undeclared values": ("namespaces: {phone: {known: true, default_region: FR}}", ["1:51 MISSING_KEY"]),
    "region that is none": (
        "namespaces: {phone: {known: true, normalisation: e164, default_region: France}}",
        ["1:72 OUT_OF_RANGE"],
    ),
    "namespace twice": ("namespaces: {crm: {known: true}, crm: {known: false}}", ["1:34 DUPLICATE_NAMESPACE"]),
    "unknown key of a purpose": ("purposes: {training: {base: consent}}", ["1:23 UNKNOWN_KEY"]),
    "purpose on a basis that people state": ("purposes: {training: {basis: soft_opt_in}}", ["1:30 OUT_OF_RANGE"]),
    "double opt-in of a word": ("purposes: {training: {double_opt_in: yes}}", ["1:38 WRONG_TYPE"]),
    "purpose twice": ("purposes: {training: {}, training: {}}", ["1:26 DUPLICATE_PURPOSE"]),
    "two bases of profiling": (
        "profiling: {basis: consent}\npurposes: {profiling: {basis: contract}}",
        ["2:31 CONTRADICTION"],
    ),
    "unknown key of an event type": ("event_types: {view: {retain: 90d}}", ["1:22 UNKNOWN_KEY"]),
    "event type kept for nothing": ("event_types: {view: {retention: 0d}}", ["1:33 OUT_OF_RANGE"]),
    "event type kept for a number": ("event_types: {view: {retention: 90}}", ["1:33 WRONG_TYPE"]),
    "event type in capitals": ("event_types: {View: {retention: 90d}}", ["1:15 BAD_IDENTIFIER"]),
    "event type of an unknown purpose": ("event_types: {view: {purposes: [profilling]}}", ["1:33 UNKNOWN_PURPOSE"]),
    "event type of purposes in no list": ("event_types: {view: {purposes: profiling}}", ["1:32 WRONG_TYPE"]),
    "event type twice": ("event_types: {view: {}, view: {}}", ["1:25 DUPLICATE_EVENT_TYPE"]),
    "trait of an unknown purpose": ("traits: {age: {type: int, purposes: [trainning]}}", ["1:38 UNKNOWN_PURPOSE"]),
    "trait kept for a word": ("traits: {age: {type: int, retention: long}}", ["1:38 WRONG_TYPE"]),
    "index of a list": ("traits: {ages: {type: list<int>, indexed: true}}", ["1:43 OUT_OF_RANGE"]),
    "aggregate with an index": (
        "aggregates: {n: {event: e, measure: count, indexed: true}}",
        ["1:44 UNKNOWN_KEY"],
    ),
    "purpose of a channel": (
        "channels: {post: {direction: OUTBOUND, purpose: letters}}\nevent_types: {view: {purposes: [letters]}}",
        [],
    ),
    "declared purpose": ("purposes: {research: {}}\nevent_types: {view: {purposes: [research]}}", []),
    "same basis of profiling twice": (
        "profiling: {basis: consent}\npurposes: {profiling: {basis: CONSENT, double_opt_in: true}}",
        [],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_each_fault_is_found_where_it_is_written(text: str, expected: list[str], found: Found) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("namespaces: {crm: {known: true, normalization: email}}", "normalisation"),
        ("namespaces: {crm: {known: true, normalisation: mail}}", "EMAIL"),
        ("purposes: {training: {double_optin: true}}", "double_opt_in"),
        ("event_types: {view: {purposes: [profilling]}}", "profiling"),
        ("event_types: {view: {retentions: 90d}}", "retention"),
        ("traits: {age: {type: int, indexd: true}}", "indexed"),
        ("evnt_types: {}", "event_types"),
    ],
)
def test_a_misspelling_is_told_the_nearest_name(
    text: str, suggested: str, messages: Callable[[str], list[str]]
) -> None:
    (message,) = messages(text)
    assert message.endswith(f'(did you mean "{suggested}"?)')


def test_the_profile_service_is_told_everything(compiled: Compiled, small: str) -> None:
    declared = """\
namespaces:
  crm: {known: true}
  mail: {known: true, normalisation: email, max_per_profile: 3}
  phone: {known: true, normalisation: e164, default_region: fr}
  tablet: {known: false, shared: true}
purposes: {collection: {basis: consent}, marketing: {double_opt_in: true}, profiling: {basis: contract}}
event_types: {view: {retention: 90d, purposes: [training, profiling]}, buy: {}}
traits:
  size: {type: string, retention: 2w, purposes: [profiling], indexed: true}
"""
    policy = compiled(small.replace("traits:\n", declared))
    schema = policy.trait_schema
    assert schema.namespaces == (
        NamespacePart("crm", True),
        NamespacePart("mail", True, "EMAIL", max_per_profile=3),
        NamespacePart("phone", True, "E164", default_region="FR"),
        NamespacePart("tablet", False, shared=True),
    )
    assert schema.purposes == (
        PurposePart("COLLECTION", "CONSENT"),
        PurposePart("MARKETING", "LEGITIMATE_INTEREST", double_opt_in=True),
        PurposePart("PROFILING", "CONTRACT"),
    )
    assert schema.event_types == (
        EventTypePart("view", 90 * MS_PER_DAY, ("PROFILING", "TRAINING")),
        EventTypePart("buy"),
    )
    assert schema.traits[0] == TraitPart(
        "size", AttributeType.STRING, retention_ms=14 * MS_PER_DAY, purposes=("PROFILING",), indexed=True
    )
    assert policy.settings.profiling_basis == "CONTRACT"


@pytest.mark.parametrize(
    ("written", "basis"),
    [
        ("profiling: {basis: contract}", "CONTRACT"),
        ("purposes: {profiling: {basis: contract}}", "CONTRACT"),
        ("purposes: {profiling: {double_opt_in: true}}", "CONSENT"),
        ("", "CONSENT"),
    ],
)
def test_profiling_has_one_basis_for_decisions_and_for_data(
    written: str, basis: str, compiled: Compiled, small: str
) -> None:
    policy = compiled(f"{small}{written}\nevent_types: {{view: {{purposes: [profiling]}}}}\n")
    assert policy.settings.profiling_basis == basis
    assert [(each.name, each.basis) for each in policy.trait_schema.purposes] == [("PROFILING", basis)]


def test_a_basis_of_profiling_that_no_data_needs_stays_with_decisions(compiled: Compiled, small: str) -> None:
    assert compiled(small + "profiling: {basis: contract}\n").trait_schema.purposes == ()
