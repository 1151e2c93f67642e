"""Suppression rules, quiet hours and channel priority as they are written, and what is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from services.orchestrator.domain.channel_priority import ChannelPriority
from services.orchestrator.domain.contact_rules import PREFETCH_MS, Residence
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy_parts import AggregatePart, ContactLimitPart
from services.orchestrator.domain.quiet_hours import MIDNIGHT, QuietHour, Region
from shared.clock import MS_PER_DAY

Compiled = Callable[[str], CompiledPolicy]

POLICY = """\
policy: limited
channels: {web: {direction: INBOUND}, email: {direction: OUTBOUND}, sms: {direction: OUTBOUND}}
traits: {zone: {type: string}, land: {type: string}, part: {type: string}, age: {type: int},
  likes: {type: list<string>}}
issues: {grow: {business_value: 1}, keep: {business_value: 1}}
groups: {tea: {issue: grow}, care: {issue: keep}}
actions:
  a: {group: tea, treatments: {a_web: {channel: web}, a_mail: {channel: email}}}
  b: {group: tea, treatments: {b_mail: {channel: email}, b_sms: {channel: sms}}}
  c: {group: care, message_class: service, treatments: {c_mail: {channel: email}, c_sms: {channel: sms}}}
"""
ZONE = "time_zone: Europe/Berlin"


def written(text: str) -> str:
    return f"{POLICY}contact_policy:\n  {text}\n"


def findings_of(text: str) -> list[str]:
    """By line and column below the one of `contact_policy`, from line 0."""
    found = compile_policy({"policy.yaml": written(text).encode()}).findings
    first = POLICY.count("\n") + 2
    return [f"{each.place.line - first}:{each.place.column} {each.code}" for each in found]


def test_a_suppression_rule_is_read_in_full(compiled: Compiled) -> None:
    policy = compiled(
        written(
            "suppression_rules: [{id: bored, outcomes: [ignored, dismissed], times: 2, within: 30d, pause: 60d,"
            " per: action, channel: email, message_class: '*'}, {id: no, outcome: rejected, pause: 90d, group: tea}]"
        )
    )
    assert policy.trait_schema.contact_limits == (
        ContactLimitPart(
            "bored",
            2,
            window_ms=30 * MS_PER_DAY,
            channels=("EMAIL",),
            message_class="*",
            scope="ACTION",
            outcomes=("IGNORED", "DISMISSED"),
            pause_ms=60 * MS_PER_DAY,
        ),
        ContactLimitPart("no", 1, window_ms=1_000, groups=("tea",), outcomes=("REJECTED",), pause_ms=90 * MS_PER_DAY),
    )
    assert policy.limits.limits == policy.trait_schema.contact_limits
    assert policy.limits.counts_answers


def test_a_cool_down_is_counted_by_an_aggregate_that_nothing_else_reads(compiled: Compiled) -> None:
    policy = compiled(written("suppression_rules: [{id: bought, event: purchase, pause: 14d, channels: [email, sms]}]"))
    assert policy.trait_schema.contact_limits == ()
    assert policy.trait_schema.aggregates == (
        AggregatePart("cooldown_bought", "purchase", "COUNT", window_ms=14 * MS_PER_DAY),
    )
    assert "cooldown_bought" not in {each.name for each in policy.rule_set.attributes}
    (limit,) = policy.limits.limits
    assert (limit.limit_id, limit.max, limit.aggregate, limit.channels) == (
        *("bought", 1, "cooldown_bought"),
        ("EMAIL", "SMS"),
    )
    assert not policy.limits.counts_answers


def test_quiet_hours_are_read_in_full(compiled: Compiled) -> None:
    policy = compiled(
        written(
            "quiet_hours: [{id: night, channels: [sms, email], from: '21:00', to: '08:00', days: [mon, sun],"
            " holidays: true, then: defer, message_class: '*'}, {channel: sms, from: '12:00', to: '00:00'}]\n"
            "  time_zone: Asia/Kathmandu\n  time_zone_trait: zone\n  prefetch_ttl: 2h\n"
            "  public_holidays: {country: de, subdivision: by, country_trait: land, subdivision_trait: part}"
        )
    )
    quiet = policy.contact.quiet
    assert quiet is not None
    assert quiet.rules == (
        QuietHour("night", ("SMS", "EMAIL"), 21 * 60, 8 * 60, frozenset({0, 6}), True, "*", defers=True),
        QuietHour("quiet_hours_2", ("SMS",), 12 * 60, MIDNIGHT),
    )
    assert policy.contact.residence == Residence("Asia/Kathmandu", "zone", Region("DE", "BY"), "land", "part")
    assert policy.contact.prefetch_ms == 2 * 3_600_000


@pytest.mark.parametrize(
    ("more", "loaded"), [("public_holidays: {country_trait: land}", "True"), ("prefetch_ttl: 2h", "False")]
)
def test_whoever_compiles_a_policy_about_holidays_has_them_before_the_first_decision(more: str, loaded: str) -> None:
    """They take longer to load than a decision takes."""
    policy = written(f"quiet_hours: [{{from: '21:00', to: '08:00'}}]\n  {ZONE}\n  {more}")
    program = (
        "import sys; from services.orchestrator.domain.policy.compile import compile_policy;"
        f"assert compile_policy({{'policy.yaml': {policy.encode()!r}}}).policy; print('holidays' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == loaded


def test_a_policy_that_says_nothing_has_no_quiet_hours_and_no_order_of_channels(compiled: Compiled) -> None:
    contact = compiled(POLICY).contact
    assert (contact.quiet, contact.priority, contact.prefetch_ms) == (None, None, PREFETCH_MS)


def test_quiet_hours_are_about_marketing_unless_they_say_otherwise(compiled: Compiled) -> None:
    def about(more: str) -> set[str]:
        policy = compiled(written(f"quiet_hours: [{{from: '21:00', to: '08:00'{more}}}]\n  {ZONE}"))
        quiet = policy.contact.quiet
        assert quiet is not None
        named = zip(policy.catalogue.options, quiet.option_group.tolist(), strict=True)
        return {option.treatment_id for option, group in named if group >= 0}

    assert about("") == {"a_mail", "b_mail", "b_sms"}, "the web is never quiet, and a service message is none of it"
    assert about(", channel: sms") == {"b_sms"}
    assert about(", message_class: '*'") == {"a_mail", "b_mail", "b_sms", "c_mail", "c_sms"}
    assert about(", message_class: service") == {"c_mail", "c_sms"}
    assert about(", channel: sms, message_class: other") == set()


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("[sms, email]", ChannelPriority(("SMS", "EMAIL"))),
        ("{order: [sms], trait: likes}", ChannelPriority(("SMS",), "likes")),
        ("{trait: zone}", ChannelPriority((), "zone")),
    ],
)
def test_the_order_of_channels_is_a_list_or_says_who_knows_better(
    text: str, priority: ChannelPriority, compiled: Compiled
) -> None:
    assert compiled(written(f"channel_priority: {text}")).contact.priority == priority


CASES: dict[str, tuple[str, list[str]]] = {
    "quiet for no time": (
        f"quiet_hours: [{{from: '21:00', to: '21:00'}}]\n  {ZONE}",
        ["0:37 OUT_OF_RANGE"],
    ),
    "a time that no clock shows": (
        f"quiet_hours: [{{from: '24:00', to: '08:60'}}]\n  {ZONE}",
        ["0:24 WRONG_TYPE", "0:37 WRONG_TYPE"],
    ),
    "a beginning without an end": (f"quiet_hours: [{{from: '21:00'}}]\n  {ZONE}", ["0:17 MISSING_KEY"]),
    "neither hours nor holidays": (f"quiet_hours: [{{channel: sms}}]\n  {ZONE}", ["0:17 MISSING_KEY"]),
    "days of holidays": (
        f"quiet_hours: [{{holidays: true, days: [mon]}}]\n  {ZONE}\n  public_holidays: {{country: FR}}",
        ["0:40 CONFLICTING_KEYS"],
    ),
    "on no day": (f"quiet_hours: [{{from: '21:00', to: '08:00', days: []}}]\n  {ZONE}", ["0:52 OUT_OF_RANGE"]),
    "on a day that is none": (
        f"quiet_hours: [{{from: '21:00', to: '08:00', days: [noday]}}]\n  {ZONE}",
        ["0:53 OUT_OF_RANGE"],
    ),
    "on a channel that people come to": (
        f"quiet_hours: [{{channel: web, from: '21:00', to: '08:00'}}]\n  {ZONE}",
        ["0:27 CONTRADICTION"],
    ),
    "on a channel that does not exist": (
        f"quiet_hours: [{{channel: fax, from: '21:00', to: '08:00'}}]\n  {ZONE}",
        ["0:27 UNKNOWN_CHANNEL"],
    ),
    "on one channel and several": (
        f"quiet_hours: [{{channel: sms, channels: [email], from: '21:00', to: '08:00'}}]\n  {ZONE}",
        ["0:42 CONFLICTING_KEYS"],
    ),
    "never open": (f"quiet_hours: [{{channel: sms, from: '00:00', to: '24:00'}}]\n  {ZONE}", ["0:16 NEVER_OPEN"]),
    "never open together": (
        f"quiet_hours: [{{from: '08:00', to: '21:00'}}, {{channel: sms, from: '20:00', to: '08:30'}}]\n  {ZONE}",
        ["0:16 NEVER_OPEN"],
    ),
    "two words on the same hours": (
        "quiet_hours: [{from: '20:00', to: '08:00'}, {channel: sms, from: '23:00', to: '05:00', then: defer}]"
        f"\n  {ZONE}",
        ["0:47 CONFLICTING_QUIET_HOURS"],
    ),
    "two words on the same holidays": (
        "quiet_hours: [{holidays: true}, {holidays: true, then: defer}]\n"
        f"  {ZONE}\n  public_holidays: {{country: FR}}",
        ["0:35 CONFLICTING_QUIET_HOURS"],
    ),
    "two words on hours that do not meet": (
        f"quiet_hours: [{{from: '20:00', to: '22:00'}}, {{from: '22:00', to: '23:00', then: defer}}]\n  {ZONE}",
        [],
    ),
    "a name that a limit has": (
        "limits: [{id: night, max: 1, window: 1d}]\n  quiet_hours: [{id: night, from: '21:00', to: '08:00'}]"
        f"\n  {ZONE}",
        ["1:22 DUPLICATE_QUIET_HOUR"],
    ),
    "nobody's zone": ("quiet_hours: [{from: '21:00', to: '08:00'}]", ["0:16 NO_TIME_ZONE"]),
    "a zone that is none": ("time_zone: Europe/Berlim", ["0:14 UNKNOWN_TIME_ZONE"]),
    "nobody's country": (f"quiet_hours: [{{holidays: true}}]\n  {ZONE}", ["0:28 NO_COUNTRY"]),
    "a country that is none": ("public_holidays: {country: XX}", ["0:30 UNKNOWN_COUNTRY"]),
    "a part that is none of it": (
        "public_holidays: {country: DE, subdivision: XX}",
        ["0:47 UNKNOWN_SUBDIVISION"],
    ),
    "a part of what": (
        "public_holidays: {country_trait: land, subdivision: BY}",
        ["0:55 CONFLICTING_KEYS"],
    ),
    "a country by nothing": ("public_holidays: {}", ["0:20 MISSING_KEY"]),
    "traits that do not exist": (
        "public_holidays: {country_trait: lant, subdivision_trait: age}",
        ["0:36 UNKNOWN_TRAIT", "0:61 WRONG_TYPE"],
    ),
    "an order of channels with one twice": ("channel_priority: [sms, email, sms]", ["0:34 CONTRADICTION"]),
    "an order of channels that are none": ("channel_priority: [fax]", ["0:22 UNKNOWN_CHANNEL"]),
    "an order by a number": ("channel_priority: {trait: age}", ["0:29 WRONG_TYPE"]),
    "an order of nothing": ("channel_priority: {}", ["0:21 MISSING_KEY"]),
    "fetched ahead for too long": ("prefetch_ttl: 32d", ["0:17 OUT_OF_RANGE"]),
    "suppressed for nothing": ("suppression_rules: [{id: no, pause: 1d}]", ["0:23 MISSING_KEY"]),
    "suppressed for no time": ("suppression_rules: [{id: no, outcome: REJECTED}]", ["0:23 MISSING_KEY"]),
    "suppressed for what nobody does": (
        "suppression_rules: [{id: no, outcome: REGRETTED, pause: 1d}]",
        ["0:41 OUT_OF_RANGE"],
    ),
    "suppressed for what a machine says": (
        "suppression_rules: [{id: no, outcome: DELIVERED, pause: 1d}]",
        ["0:41 OUT_OF_RANGE"],
    ),
    "an outcome and an event": (
        "suppression_rules: [{id: no, outcome: REJECTED, event: purchase, pause: 1d}]",
        ["0:41 CONFLICTING_KEYS"],
    ),
    "an event several times": (
        "suppression_rules: [{id: no, event: purchase, times: 2, within: 3d, pause: 1d}]",
        ["0:56 CONFLICTING_KEYS", "0:67 CONFLICTING_KEYS"],
    ),
    "several times within how long": (
        "suppression_rules: [{id: no, outcome: IGNORED, times: 2, pause: 1d}]",
        ["0:23 MISSING_KEY"],
    ),
    "longer than contacts are kept": (
        "suppression_rules: [{id: no, outcome: IGNORED, times: 2, within: 200d, pause: 201d}]",
        ["0:81 OUT_OF_RANGE"],
    ),
    "a rule of the name of a limit": (
        "limits: [{id: no, max: 1, window: 1d}]\n  suppression_rules: [{id: no, outcome: IGNORED, pause: 1d}]",
        ["1:28 DUPLICATE_CONTACT_LIMIT"],
    ),
    "a rule that no action can meet": (
        "suppression_rules: [{id: no, outcome: IGNORED, pause: 1d, channel: sms, action: a}]",
        ["0:28 LIMIT_WITHOUT_ACTION"],
    ),
    "a rule about an action that does not exist": (
        "suppression_rules: [{id: no, outcome: IGNORED, pause: 1d, action: z}]",
        ["0:69 UNKNOWN_ACTION"],
    ),
    "an event rule whose name is too long": (
        f"suppression_rules: [{{id: {'n' * 60}, event: purchase, pause: 1d}}]",
        ["0:28 OUT_OF_RANGE"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_each_fault_is_found_where_it_is_written(text: str, expected: list[str]) -> None:
    assert findings_of(text) == expected


def test_what_counts_the_events_of_a_cool_down_has_a_name_of_its_own() -> None:
    text = written("suppression_rules: [{id: no, event: purchase, pause: 1d}]") + (
        "aggregates: {cooldown_no: {event: purchase, measure: count}}\n"
    )
    found = compile_policy({"policy.yaml": text.encode()}).findings
    assert [each.code for each in found] == ["DUPLICATE_ATTRIBUTE"]
