"""What is wrong with a policy is found, all of it, where it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Found = Callable[[str | dict[str, str]], list[str]]

TREATMENT = "treatments: {t: {channel: web}}"


def limits(written: str) -> str:
    return f"contact_policy: {{limits: [{written}]}}"


CASES = {
    "unknown top-level key": ("action: {}", ["1:1 UNKNOWN_KEY"]),
    "unknown key of an action": (
        f"actions: {{a: {{group: care, levr: 2, {TREATMENT}}}}}",
        ["1:28 UNKNOWN_KEY"],
    ),
    "key not built yet": ("campaigns: {}\njourneys: {}", ["1:1 NOT_SUPPORTED", "2:1 NOT_SUPPORTED"]),
    "unknown objective": ("arbitration: {objective: uplift}", ["1:26 UNKNOWN_OBJECTIVE"]),
    "text where a number belongs": ("prior_propensity: high", ["1:19 WRONG_TYPE"]),
    "number where text belongs": ("currency: 5", ["1:11 WRONG_TYPE"]),
    "list where a mapping belongs": ("traits: [age]", ["1:9 WRONG_TYPE"]),
    "mapping where a list belongs": ("eligibility: {id: x}", ["1:14 WRONG_TYPE"]),
    "scalar where a mapping belongs": ("traits: {age: int}", ["1:15 WRONG_TYPE"]),
    "text for a lever": (f"actions: {{a: {{group: care, lever: big, {TREATMENT}}}}}", ["1:35 WRONG_TYPE"]),
    "negative lever": (f"actions: {{a: {{group: care, lever: -1, {TREATMENT}}}}}", ["1:35 OUT_OF_RANGE"]),
    "infinite lever": (f"actions: {{a: {{group: care, lever: .inf, {TREATMENT}}}}}", ["1:35 OUT_OF_RANGE"]),
    "negative context weight": (
        f"actions: {{a: {{group: care, context_weight: -1, {TREATMENT}}}}}",
        ["1:44 OUT_OF_RANGE"],
    ),
    "negative cost": ("fallbacks: {f: {channel: web, cost: -0.1}}", ["1:37 OUT_OF_RANGE"]),
    "prior of one": ("prior_propensity: 1", ["1:19 OUT_OF_RANGE"]),
    "unknown type": ("traits: {age: {type: integer}}", ["1:22 WRONG_TYPE"]),
    "allowed value of another type": ("traits: {age: {type: int, allowed: [1, two]}}", ["1:40 WRONG_TYPE"]),
    "type missing": ("traits: {age: {ttl: 1d}}", ["1:10 MISSING_KEY"]),
    "duration without unit": ("traits: {age: {type: int, ttl: 365}}", ["1:32 WRONG_TYPE"]),
    "duration of nothing": ("traits: {age: {type: int, ttl: 0d}}", ["1:32 OUT_OF_RANGE"]),
    "name in capitals": ("traits: {Age: {type: int}}", ["1:10 BAD_IDENTIFIER"]),
    "name that conditions use": ("traits: {now: {type: int}}", ["1:10 BAD_IDENTIFIER"]),
    "number as a name": ("traits: {7: {type: int}}", ["1:10 WRONG_TYPE"]),
    "constant with a built-in name": (
        f"actions: {{a: {{group: care, attributes: {{issue: x}}, {TREATMENT}}}}}",
        ["1:41 BAD_IDENTIFIER"],
    ),
    "constants of two types": (
        f"actions: {{a: {{group: care, attributes: {{sizes: [S, 4]}}, {TREATMENT}}}}}",
        ["1:48 WRONG_TYPE"],
    ),
    "constants of two types over actions": (
        f"actions:\n  a: {{group: care, attributes: {{size: S}}, {TREATMENT}}}\n"
        f"  b: {{group: care, attributes: {{size: 4}}, {TREATMENT.replace('{t:', '{u:')}}}",
        ["3:3 CONSTANT_TYPE"],
    ),
    "unknown measure": ("aggregates: {n: {event: e, measure: cout}}", ["1:37 OUT_OF_RANGE"]),
    "sum of nothing": ("aggregates: {n: {event: e, measure: sum}}", ["1:14 MISSING_KEY"]),
    "last of no type": ("aggregates: {n: {event: e, measure: last, property: p}}", ["1:14 MISSING_KEY"]),
    "count of a property": (
        "aggregates: {n: {event: e, measure: count, property: p}}",
        ["1:54 UNKNOWN_KEY"],
    ),
    "unknown group": (f"actions: {{a: {{group: cares, {TREATMENT}}}}}", ["1:22 UNKNOWN_GROUP"]),
    "unknown issue": ("groups: {g: {issue: retane}}", ["1:21 UNKNOWN_ISSUE"]),
    "unknown channel of a treatment": (
        "fallbacks: {f: {channel: fax}}",
        ["1:26 UNKNOWN_CHANNEL"],
    ),
    "unknown channel of a placement": ("placements: {p: {channel: fax}}", ["1:27 UNKNOWN_CHANNEL"]),
    "unknown fallback": ("placements: {p: {channel: web, fallback: nope}}", ["1:42 UNKNOWN_TREATMENT"]),
    "fallback of another channel": (
        "fallbacks: {f: {channel: sms}}\nplacements: {p: {channel: web, fallback: f}}",
        ["2:42 WRONG_CHANNEL"],
    ),
    "fallback where a consent is needed": (
        "fallbacks: {f: {channel: sms}}\nplacements: {p: {channel: sms, fallback: f}}",
        ["2:42 FALLBACK_NEEDS_CONSENT"],
    ),
    "action without a group": (f"actions: {{a: {{{TREATMENT}}}}}", ["1:11 MISSING_KEY"]),
    "action without treatments": ("actions: {a: {group: care}}", ["1:11 MISSING_KEY"]),
    "action with no treatment": ("actions: {a: {group: care, treatments: {}}}", ["1:11 MISSING_TREATMENT"]),
    "action worth nothing": (
        f"groups: {{g: {{issue: retain}}}}\nactions: {{a: {{group: g, {TREATMENT}}}}}",
        ["2:11 MISSING_VALUE"],
    ),
    "valid until before valid from": (
        f"actions: {{a: {{group: care, valid_from: 2026-12-01, valid_until: 2026-11-30, {TREATMENT}}}}}",
        ["1:65 OUT_OF_RANGE"],
    ),
    "day that does not exist": (
        f"actions: {{a: {{group: care, valid_from: 2026-02-30, {TREATMENT}}}}}",
        ["1:40 WRONG_TYPE"],
    ),
    "paused by a word": (f"actions: {{a: {{group: care, paused: yes, {TREATMENT}}}}}", ["1:36 WRONG_TYPE"]),
    "rule without a condition": ("eligibility: [{id: adult}]", ["1:15 MISSING_KEY"]),
    "empty condition": ("eligibility: [{id: adult, when: ''}]", ["1:33 WRONG_TYPE"]),
    "on_unknown of no kind": (
        "eligibility: [{id: a, when: 'true', on_unknown: MAYBE}]",
        ["1:49 OUT_OF_RANGE"],
    ),
    "on_unknown DEFAULT of nothing": (
        "eligibility: [{id: a, when: 'true', on_unknown: DEFAULT}]",
        ["1:49 OUT_OF_RANGE"],
    ),
    "same rule twice": (
        "eligibility:\n  - {id: a, when: 'true'}\n  - {id: a, when: 'false'}",
        ["3:10 DUPLICATE_RULE"],
    ),
    "same key twice": ("fallbacks: {f: {channel: web, cost: 1, cost: 2}}", ["1:40 DUPLICATE_KEY"]),
    "same top-level key twice": ("currency: EUR\ncurrency: USD", ["2:1 DUPLICATE_KEY"]),
    "trait and aggregate of one name": (
        "aggregates: {tier: {event: e, measure: count}}",
        ["1:14 DUPLICATE_AGGREGATE"],
    ),
    "treatment and fallback of one name": (
        "fallbacks: {call_web: {channel: web}}",
        ["1:13 DUPLICATE_TREATMENT"],
    ),
    "contact limit of nothing": (limits("{id: a, channel: web, max: 0, window: 7d}"), ["1:54 LIMIT_OF_NOTHING"]),
    "contact limit below nothing": (limits("{id: a, max: -1, window: 7d}"), ["1:40 OUT_OF_RANGE"]),
    "contact limit beyond all numbers": (
        limits("{id: a, max: 9223372036854775808, window: 7d}"),
        ["1:40 OUT_OF_RANGE"],
    ),
    "contact limit without a name": (limits("{max: 1, window: 7d}"), ["1:27 MISSING_KEY"]),
    "contact limits of one name": (
        limits("{id: a, max: 1, window: 7d}, {id: a, max: 2, window: 1d}"),
        ["1:61 DUPLICATE_CONTACT_LIMIT"],
    ),
    "contact limit on an unknown channel": (
        limits("{id: a, channel: fax, max: 1, window: 7d}"),
        ["1:44 UNKNOWN_CHANNEL"],
    ),
    "contact limit on unknown things": (
        limits("{id: a, channels: [web, fax], issue: retane, groups: [cares], action: cal, max: 1, window: 7d}"),
        ["1:51 UNKNOWN_CHANNEL", "1:64 UNKNOWN_ISSUE", "1:81 UNKNOWN_GROUP", "1:97 UNKNOWN_ACTION"],
    ),
    "contact limit on no channel": (limits("{id: a, channels: [], max: 1, window: 7d}"), ["1:45 OUT_OF_RANGE"]),
    "contact limit on one channel and several": (
        limits("{id: a, channel: web, channels: [web], max: 1, window: 7d}"),
        ["1:59 CONFLICTING_KEYS"],
    ),
    "contact limit without a window": (limits("{id: a, max: 1}"), ["1:27 MISSING_KEY"]),
    "contact limit with two windows": (
        limits("{id: a, max: 1, window: 7d, calendar: week}"),
        ["1:65 CONFLICTING_KEYS"],
    ),
    "contact limit of no time": (limits("{id: a, max: 1, window: 0d}"), ["1:51 OUT_OF_RANGE"]),
    "contact limit of less than no time": (limits("{id: a, max: 1, window: -7d}"), ["1:51 WRONG_TYPE"]),
    "contact limit of a moment": (limits("{id: a, max: 1, window: 999ms}"), ["1:51 OUT_OF_RANGE"]),
    "contact limit of more than a year": (limits("{id: a, max: 1, window: 401d}"), ["1:51 OUT_OF_RANGE"]),
    "contact limit of all time": (limits("{id: a, max: 1, window: 999999999w}"), ["1:51 OUT_OF_RANGE"]),
    "contact limit of an odd unit": (limits("{id: a, max: 1, calendar: fortnight}"), ["1:53 OUT_OF_RANGE"]),
    "contact limit that counts wishes": (
        limits("{id: a, max: 1, window: 7d, counts: WISHED}"),
        ["1:63 OUT_OF_RANGE"],
    ),
    "contact limit per two things": (
        limits("{id: a, max: 1, window: 7d, per: action, scope: policy}"),
        ["1:75 CONFLICTING_KEYS"],
    ),
    "contact limit that nothing meets": (
        limits("{id: a, channel: sms, max: 1, window: 7d}, {id: b, campaign: c, max: 1, window: 7d}"),
        ["1:32 LIMIT_WITHOUT_ACTION", "1:75 LIMIT_WITHOUT_ACTION"],
    ),
    "time zone that does not exist": (
        "contact_policy: {time_zone: Europe/Pariss}",
        ["1:29 UNKNOWN_TIME_ZONE"],
    ),
    "time zone trait that does not exist": (
        "contact_policy: {time_zone_trait: zone}",
        ["1:35 UNKNOWN_TRAIT"],
    ),
    "time zone trait that is no text": (
        "traits: {zone: {type: int}}\ncontact_policy: {time_zone_trait: zone}",
        ["2:35 WRONG_TYPE"],
    ),
    "quiet hours of no time": (
        "contact_policy: {quiet_hours: [{channel: sms, from: '21:00', to: '25:00', days: [mon, son]}]}",
        ["1:31 NO_TIME_ZONE", "1:66 WRONG_TYPE", "1:87 OUT_OF_RANGE"],
    ),
    "arms that leave nobody": (
        "arms: {holdout: 0.5, random_eligible: 0.5}",
        ["1:1 OUT_OF_RANGE"],
    ),
    "unknown exploration": ("arbitration: {exploration: THOMSON}", ["1:28 OUT_OF_RANGE"]),
    "exploration of no kind": ("arbitration: {exploration: {gamma: 5}}", ["1:28 MISSING_KEY"]),
    "exploration of several kinds": ("arbitration: {exploration: [THOMPSON, NONE]}", ["1:28 WRONG_TYPE"]),
    "unknown key of an exploration": (
        "arbitration: {exploration: {kind: THOMPSON, flor: 0.1}}",
        ["1:45 UNKNOWN_KEY"],
    ),
    "gamma of Thompson sampling": (
        "groups: {g: {issue: retain, exploration: {kind: THOMPSON, gamma: 5}}}",
        ["1:66 CONTRADICTION"],
    ),
    "floor under what is not explored": (
        "groups: {g: {issue: retain, exploration: {kind: NONE, floor: 0.1}}}",
        ["1:62 CONTRADICTION"],
    ),
    "negative gamma": (
        "arbitration: {exploration: {kind: INVERSE_GAP_WEIGHTING, gamma: -1}}",
        ["1:65 OUT_OF_RANGE"],
    ),
    "gamma that is no number": (
        "arbitration: {exploration: {kind: INVERSE_GAP_WEIGHTING, gamma: .nan}}",
        ["1:65 OUT_OF_RANGE"],
    ),
    "floor above the whole": ("arbitration: {exploration: {kind: THOMPSON, floor: 1.5}}", ["1:52 OUT_OF_RANGE"]),
    "budget above the whole": ("arbitration: {exploration_budget: 2}", ["1:35 OUT_OF_RANGE"]),
    "budget of an inbound channel": (
        "channels: {app: {direction: INBOUND, exploration_budget: 0.1}}",
        ["1:58 CONTRADICTION"],
    ),
    "regulated by a word": ("issues: {insure: {regulated: strictly}}", ["1:30 WRONG_TYPE"]),
    "unknown slot": (
        "fallbacks: {f: {channel: web, content: {en: {title: 'Hi {{frist_name|you}}'}}}}",
        ["1:54 UNKNOWN_SLOT"],
    ),
    "slot without a default": (
        "fallbacks: {f: {channel: web, content: {en: {title: 'Hi {{first_name}}'}}}}",
        ["1:54 SLOT_WITHOUT_DEFAULT"],
    ),
    "slot that does not close": (
        "fallbacks: {f: {channel: web, content: {en: {title: 'Hi {{first_name|you}'}}}}",
        ["1:54 BAD_SLOT"],
    ),
    "locale of no language": (
        "fallbacks: {f: {channel: web, content: {french!: {title: Salut}}}}",
        ["1:41 BAD_IDENTIFIER"],
    ),
    "part that one locale lacks": (
        "fallbacks: {f: {channel: web, content: {fr: {title: Salut, text: Oui}, en: {title: Hi}}}}",
        ["1:13 MISSING_PART"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_each_fault_is_found_where_it_is_written(text: str, expected: list[str], found: Found) -> None:
    assert found(text) == expected


def test_the_small_policy_has_no_findings(small: str, found: Found) -> None:
    assert found({"policy.yaml": small}) == []


def test_a_folder_without_a_name_is_incomplete(small: str, found: Found) -> None:
    assert found({"policy.yaml": small.replace("policy: small\n", "")}) == ["1:1 MISSING_KEY"]


def test_no_files_make_no_policy(found: Found) -> None:
    assert found({}) == ["1:1 MISSING_KEY"]


def test_all_faults_are_found_in_order_of_place(found: Found) -> None:
    text = f"""\
        currency: euro
        traits: {{age: {{type: integer}}}}
        actions:
          a: {{group: nobody, lever: -1, {TREATMENT}}}
        """
    assert found(text) == [
        "1:11 OUT_OF_RANGE",
        "2:22 WRONG_TYPE",
        "4:14 UNKNOWN_GROUP",
        "4:29 OUT_OF_RANGE",
    ]


def test_an_unknown_key_suggests_the_nearest_one(messages: Callable[[str], list[str]]) -> None:
    assert messages("tratis: {}") == ['unknown key "tratis" (did you mean "traits"?)']


def test_a_second_declaration_in_another_file_names_the_first(messages: Callable[[str], list[str]]) -> None:
    assert messages("groups: {care: {issue: retain}}") == [
        'the group "care" is declared twice: first at a_small.yaml:9:10'
    ]


def test_the_same_mapping_in_several_files_is_one(small: str, found: Found) -> None:
    more = "traits: {age: {type: int}}\neligibility: [{id: adult, when: 'age >= 18'}]"
    assert found({"a.yaml": small, "b.yaml": more, "c/d.yml": "traits: {size: {type: string}}"}) == []


def test_personas_tests_and_other_files_are_no_policy(small: str, found: Found) -> None:
    aside = {"personas/p.yaml": "persona: x", "tests/t.yaml": "[", "README.md": "# Hello", "deep/tests/t.yml": "{"}
    assert found({"policy.yaml": small, **aside}) == []


def test_a_broken_file_does_not_hide_the_faults_of_another(small: str, found: Found) -> None:
    assert found({"a.yaml": "x: [", "b.yaml": small + "currency: euro\n"}) == ["1:5 YAML_SYNTAX", "15:11 OUT_OF_RANGE"]


def test_names_are_not_missed_that_a_broken_file_may_declare(small: str, found: Found) -> None:
    without_channels = small.replace("channels:\n", "context:\n  weather: {type: string}\nchannels:\n").splitlines()
    kept = [line for line in without_channels if not line.startswith(("  web:", "  sms:"))]
    assert found({"a.yaml": "channels: [", "b.yaml": "\n".join(kept)}) == ["1:12 YAML_SYNTAX"]


@pytest.mark.parametrize("path", ["../p.yaml", "/p.yaml", "a\\p.yaml", "a\np.yaml"])
def test_a_path_out_of_the_folder_is_refused(path: str, small: str, found: Found) -> None:
    assert "1:1 BAD_PATH" in found({path: small})


def test_too_many_files_are_refused(found: Found) -> None:
    assert found({f"{index:04}.yaml": "" for index in range(1_001)}) == ["1:1 TOO_LARGE"]


def test_too_many_bytes_are_refused(found: Found) -> None:
    assert found({"a.yaml": "#" * (16 * 1024 * 1024 + 1)}) == ["1:1 TOO_LARGE"]


def test_a_model_takes_256_features(found: Found) -> None:
    traits = "".join(f"  t{index}: {{type: int}}\n" for index in range(256))
    assert found("traits:\n" + traits.replace("int", "timestamp")) == []
    # The small policy has two of its own.
    assert found("traits:\n" + traits) == ["256:3 TOO_LARGE"]


def test_an_action_has_32_constants(found: Found) -> None:
    constants = ", ".join(f"c{index}: 1" for index in range(33))
    assert found(f"actions:\n  a: {{group: care, attributes: {{{constants}}}, {TREATMENT}}}") == ["2:3 TOO_LARGE"]


def test_reading_ends_after_a_thousand_errors(found: Found) -> None:
    assert len(found("\n".join(f"wrong_{index}: 1" for index in range(5_000)))) == 1_000


def test_warnings_do_not_end_the_reading(small: str, found: Found) -> None:
    slots = "".join(
        f"  f{index}: {{channel: web, content: {{en: {{title: '{{{{tier}}}}'}}}}}}\n" for index in range(1_500)
    )
    codes = [each.split()[1] for each in found({"a.yaml": small, "b.yaml": "fallbacks:\n" + slots, "c.yaml": "x: 1"})]
    assert codes == ["SLOT_WITHOUT_DEFAULT"] * 1_000 + ["UNKNOWN_KEY"]
