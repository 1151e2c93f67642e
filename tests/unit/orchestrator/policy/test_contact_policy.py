"""Contact limits as they are written, and what the profile service and decisions get of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from services.orchestrator.domain import campaign_limits
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import ContactCount, LimitTable, limit_table
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy_parts import ContactLimitPart
from shared.clock import MS_PER_DAY

Compiled = Callable[[str], CompiledPolicy]

POLICY = """\
policy: limited
channels: {web: {direction: INBOUND}, email: {direction: OUTBOUND}, sms: {direction: OUTBOUND}}
traits: {zone: {type: string}}
issues: {grow: {business_value: 1}, keep: {business_value: 1}}
groups: {tea: {issue: grow}, care: {issue: keep}}
actions:
  a: {group: tea, treatments: {a_web: {channel: web}, a_mail: {channel: email}, a_mail_2: {channel: email}}}
  b: {group: tea, treatments: {b_mail: {channel: email}, b_sms: {channel: sms}}}
  c: {group: care, message_class: service, treatments: {c_mail: {channel: email}}}
"""


def limited(*limits: str, more: str = "") -> str:
    lines = "".join(f"    - {limit}\n" for limit in limits)
    return f"{POLICY}contact_policy:\n{more}  limits:\n{lines}"


def test_a_limit_is_read_in_full(compiled: Compiled) -> None:
    schema = compiled(
        limited(
            "{id: mail_week, channel: email, max: 2, window: 7d, counts: DELIVERED, direction: outbound,"
            " message_class: promo, groups: [tea], per: action}",
            "{id: all_month, max: 5, calendar: month, message_class: '*', channels: [web, sms], issue: grow}",
            more="  time_zone: Asia/Kathmandu\n  time_zone_trait: zone\n",
        )
    ).trait_schema
    assert schema.contact_limits == (
        ContactLimitPart(
            "mail_week",
            2,
            window_ms=7 * MS_PER_DAY,
            counts="DELIVERED",
            channels=("EMAIL",),
            direction="OUTBOUND",
            message_class="PROMO",
            groups=("tea",),
            scope="ACTION",
        ),
        ContactLimitPart(
            "all_month", 5, calendar="MONTH", message_class="*", channels=("WEB", "SMS"), issues=("grow",)
        ),
    )
    assert (schema.time_zone_trait, schema.default_time_zone) == ("zone", "Asia/Kathmandu")


def test_what_a_limit_does_not_say_has_a_default(compiled: Compiled) -> None:
    (limit,) = compiled(limited("{id: few, max: 3, window: 90s}")).trait_schema.contact_limits
    assert limit == ContactLimitPart("few", 3, window_ms=90_000, counts="RESERVED", message_class="MARKETING")


@pytest.mark.parametrize("written", ["per: group", "scope: group", "scope: GROUP"])
def test_what_is_counted_apart_has_two_names(written: str, compiled: Compiled) -> None:
    (limit,) = compiled(limited(f"{{id: few, max: 3, window: 1d, {written}}}")).trait_schema.contact_limits
    assert limit.scope == "GROUP"


def test_a_limit_of_the_whole_policy_counts_nothing_apart(compiled: Compiled) -> None:
    (limit,) = compiled(limited("{id: few, max: 3, window: 1d, scope: policy}")).trait_schema.contact_limits
    assert limit.scope == ""


def open_options(policy: CompiledPolicy, *counts: ContactCount) -> set[str]:
    roomy = policy.limits.allowance(counts).roomy()
    return {policy.catalogue.options[index].treatment_id for index in np.flatnonzero(roomy).tolist()}


EVERYTHING = {"a_web", "a_mail", "a_mail_2", "b_mail", "b_sms", "c_mail"}


@pytest.mark.parametrize(
    ("limit", "counted", "closed"),
    [
        ("max: 2", "", {"a_web", "a_mail", "a_mail_2", "b_mail", "b_sms"}),
        ("max: 2, message_class: '*'", "", EVERYTHING),
        ("max: 2, message_class: service", "", {"c_mail"}),
        ("max: 2, channel: email", "", {"a_mail", "a_mail_2", "b_mail"}),
        ("max: 2, channels: [email, sms]", "", {"a_mail", "a_mail_2", "b_mail", "b_sms"}),
        ("max: 2, direction: outbound", "", {"a_mail", "a_mail_2", "b_mail", "b_sms"}),
        ("max: 2, direction: inbound", "", {"a_web"}),
        ("max: 2, action: b", "", {"b_mail", "b_sms"}),
        ("max: 2, per: action", "a", {"a_web", "a_mail", "a_mail_2"}),
        ("max: 2, per: channel", "SMS", {"b_sms"}),
        ("max: 2, per: group, message_class: '*'", "care", {"c_mail"}),
        ("max: 2, per: issue, message_class: '*'", "grow", EVERYTHING - {"c_mail"}),
    ],
)
def test_a_full_limit_closes_exactly_what_it_is_about(
    limit: str, counted: str, closed: set[str], compiled: Compiled
) -> None:
    policy = compiled(limited(f"{{id: few, window: 7d, {limit}}}"))
    assert open_options(policy) == EVERYTHING
    assert open_options(policy, ContactCount("few", counted, 1)) == EVERYTHING
    assert open_options(policy, ContactCount("few", counted, 2)) == EVERYTHING - closed
    assert open_options(policy, ContactCount("few", "elsewhere", 2)) == EVERYTHING


def test_an_option_needs_room_in_every_limit_and_the_first_full_one_is_named(compiled: Compiled) -> None:
    policy = compiled(
        limited("{id: mail, channel: email, max: 3, window: 7d}", "{id: once, per: action, max: 1, window: 30d}")
    )
    allowance = policy.limits.allowance([ContactCount("once", "a", 1), ContactCount("mail", "", 3)])
    options = np.flatnonzero(~allowance.roomy()).astype(np.int32)
    named = {
        policy.catalogue.options[option].treatment_id: policy.limits.limits[
            policy.limits.counter_limit[counter]
        ].limit_id
        for option, counter in zip(options.tolist(), allowance.first_full(options).tolist(), strict=True)
    }
    assert named == {"a_web": "once", "a_mail": "mail", "a_mail_2": "mail", "b_mail": "mail"}


def test_a_limit_of_nothing_is_always_full(compiled: Compiled) -> None:
    assert open_options(compiled(limited("{id: never, channel: sms, max: 0, window: 1d}"))) == EVERYTHING - {"b_sms"}


def test_limits_of_campaigns_are_about_nothing_that_a_policy_proposes(compiled: Compiled) -> None:
    policy = compiled(
        limited("{id: camp, campaign: spring, max: 0, window: 1d}", "{id: each, per: campaign, max: 0, window: 1d}")
    )
    assert open_options(policy) == EVERYTHING


def test_a_campaign_meets_the_limits_that_name_it_and_those_that_count_campaigns_apart(compiled: Compiled) -> None:
    policy = compiled(
        limited(
            "{id: camp, campaign: spring, channel: sms, max: 0, window: 1d}",
            "{id: each, per: campaign, max: 2, window: 1d}",
        )
    )
    spring, other = policy.campaign_limits.of("spring"), policy.campaign_limits.of("other")
    assert set(spring.counters) == {("camp", ""), ("each", "spring")}
    assert set(other.counters) == {("each", "other")}
    assert policy.campaign_limits.of("") is policy.limits
    for campaign in map(str, range(100)):
        policy.campaign_limits.of(campaign)
    assert set(policy.campaign_limits.of("spring").counters) == set(spring.counters)


def test_a_campaign_that_no_limit_is_about_meets_those_that_everybody_meets(compiled: Compiled) -> None:
    policy = compiled(limited("{id: camp, campaign: spring, max: 0, window: 1d}"))
    assert policy.campaign_limits.of("autumn") is policy.limits
    assert policy.campaign_limits.of("spring") is policy.campaign_limits.of("spring")


def test_the_tables_of_many_campaigns_that_take_turns_are_made_once(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = ("{id: camp, campaign: spring, max: 1, window: 1d}", "{id: each, per: campaign, max: 2, window: 1d}")
    limits, made = compiled(limited(*written)).campaign_limits, []

    def counted(catalogue: Catalogue, parts: tuple[ContactLimitPart, ...], campaign: str = "") -> LimitTable:
        made.append(campaign)
        return limit_table(catalogue, parts, campaign)

    monkeypatch.setattr(campaign_limits, "limit_table", counted)
    campaigns = ["spring", *map(str, range(400))]
    for campaign in campaigns * 3:
        table = limits.of(campaign)
        assert ("each", campaign) in table.counters
        assert (("camp", "") in table.counters) is (campaign == "spring")
        used = ContactCount("each", campaign, 2)
        assert not table.allowance([used]).roomy()[0]
        assert table.allowance([ContactCount("each", "another", 2)]).roomy().all()
    assert made == ["spring", "0"]
