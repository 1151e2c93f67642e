"""DiffPolicies and SimulatePolicy."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.orchestrator.v1 import policy_diff_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.request import MAX_ITEMS, context_from, placement_from
from services.orchestrator.app.diff.diff_policies import MAX_UNTRIED, DiffQuestion
from services.orchestrator.app.diff.profile_sample import ProfileSample
from services.orchestrator.app.diff.report import (
    AudienceReport,
    Change,
    DiffReport,
    GroupReport,
    PolicyValue,
    SideReport,
)
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.diff.arm_changes import ArmChange
from services.orchestrator.domain.diff.off_policy import Interval
from services.orchestrator.domain.places import PlaceRequest
from services.orchestrator.domain.volume.resources import in_units
from shared.errors import InvalidArgument

DEFAULT_COUNT, MAX_COUNT, MAX_GROUPS = 1_000, 10_000, 20
MAX_CONDITION = 10_000
"""Characters."""


def diff_question(request: pb.DiffPoliciesRequest) -> DiffQuestion:
    candidate = fields.identifier(request.candidate, "candidate")
    return _question(request, candidate, fields.short_text(request.baseline, "baseline"))


def simulate_question(request: pb.SimulatePolicyRequest) -> DiffQuestion:
    return _question(request, fields.identifier(request.policy_version, "policy_version"), "")


def _question(request: pb.DiffPoliciesRequest | pb.SimulatePolicyRequest, version: str, baseline: str) -> DiffQuestion:
    fields.at_most(request.group_by, MAX_GROUPS, "group_by")
    untried = request.max_untried if request.HasField("max_untried") else MAX_UNTRIED
    if not 0.0 <= untried <= 1.0:
        raise InvalidArgument.field("max_untried", "must be between 0 and 1")
    return DiffQuestion(
        version,
        baseline,
        fields.count(request.count, "count", MAX_COUNT) or DEFAULT_COUNT,
        request.seed,
        tuple(fields.identifier(name, f"group_by[{index}]") for index, name in enumerate(request.group_by)),
        untried,
        _profiles(request) if request.HasField("profiles") else None,
    )


def _profiles(request: pb.DiffPoliciesRequest | pb.SimulatePolicyRequest) -> ProfileSample:
    sample = request.profiles
    for name, is_set in (
        ("count", bool(request.count)),
        ("seed", bool(request.seed)),
        ("max_untried", request.HasField("max_untried")),
    ):
        if is_set:
            raise InvalidArgument.field(name, "is about decisions on record: leave it out beside profiles")
    if not sample.segment.strip():
        raise InvalidArgument.field("profiles.segment", "required and missing", reason="REQUIRED_FIELD_MISSING")
    if len(sample.segment) > MAX_CONDITION:
        raise InvalidArgument.field("profiles.segment", f"must have at most {MAX_CONDITION} characters")
    for name in ("channels", "placements", "context"):
        fields.at_most(getattr(sample, name), MAX_ITEMS, f"profiles.{name}")
    places = PlaceRequest(
        fields.enum(Direction, sample.direction, "profiles.direction", Direction.INBOUND),
        tuple(channel.upper() for channel in sample.channels),
        tuple(placement_from(each, f"profiles.placements[{index}]") for index, each in enumerate(sample.placements)),
    )
    return ProfileSample(
        sample.segment.strip(),
        places,
        fields.count(sample.limit, "profiles.limit", MAX_COUNT) or DEFAULT_COUNT,
        sample.seed,
        context_from(sample.context, "profiles.context"),
        fields.language_tag(sample.locale, "profiles.locale"),
        fields.time_ms(sample, "decision_time", "profiles."),
    )


def diff_response(report: DiffReport) -> pb.DiffPoliciesResponse:
    assert report.baseline is not None, "a diff is of two policies"
    return pb.DiffPoliciesResponse(
        currency=report.currency,
        sampled=report.sampled,
        decisions=report.decisions,
        persons=report.persons,
        left_out=report.left_out,
        valued=report.valued,
        baseline=_run(report.baseline),
        candidate=_run(report.candidate),
        winners_changed=report.winners_changed,
        changes=[_change(each) for each in report.changes],
        probability_moved=report.probability_moved,
        difference=_value(report.difference),
        verdict=None if report.verdict is None else f"DIFF_VERDICT_{report.verdict.finding.name}",
        verdict_text="" if report.verdict is None else report.verdict.text,
        groups=_groups(report.groups),
        starved_persons=report.starved_persons,
        audience=_audience(report.audience),
        expected_difference=_interval(report.expected_difference),
        not_comparable=report.not_comparable,
        arms=_arms(report.arms),
    )


def simulate_response(report: DiffReport) -> pb.SimulatePolicyResponse:
    return pb.SimulatePolicyResponse(
        currency=report.currency,
        sampled=report.sampled,
        decisions=report.decisions,
        persons=report.persons,
        left_out=report.left_out,
        valued=report.valued,
        run=_run(report.candidate),
        groups=_groups(report.groups),
        audience=_audience(report.audience),
    )


def _run(report: SideReport) -> pb.PolicyRun:
    side = report.side
    return pb.PolicyRun(
        policy_version=side.policy.versions.policy,
        expected_contacts=side.contacts,
        contacts_by_channel=side.by_channel,
        contacts_by_action=side.by_action,
        dropped_by_stage=side.dropped,
        dropped_by_cap=side.capped,
        resource_use={name: in_units(used) for name, used in side.used.items()},
        starving_persons=side.starving_persons,
        starving_actions=side.starving_actions(),
        untried_share=report.untried_share,
        effective_size=report.effective_size,
        value=_value(report.value),
        refusal="" if report.refusal is None else report.refusal.text,
        expected_money=None if report.expected is None else _interval(report.expected.money),
        expected_successes=None if report.expected is None else _interval(report.expected.successes),
    )


def _audience(audience: AudienceReport | None) -> pb.SampledAudience | None:
    if audience is None:
        return None
    return pb.SampledAudience(
        condition=audience.condition,
        audience=audience.audience,
        weight=audience.weight,
        decision_time=fields.time_proto(audience.decision_time_ms),
    )


def _arms(change: ArmChange | None) -> pb.ArmChange | None:
    if change is None:
        return None
    shares = [
        pb.ArmShare(arm=each.arm.name, baseline=each.baseline, candidate=each.candidate) for each in change.shares
    ]
    return pb.ArmChange(shares=shares, other_salt=change.other_salt)


def _value(value: PolicyValue | None) -> pb.PolicyValue | None:
    if value is None:
        return None
    return pb.PolicyValue(
        successes_snips=_interval(value.successes_snips),
        successes_dr=_interval(value.successes_dr),
        money_snips=_interval(value.money_snips),
        money_dr=_interval(value.money_dr),
    )


def _interval(interval: Interval | None) -> pb.Interval | None:
    return None if interval is None else pb.Interval(mean=interval.mean, low=interval.low, high=interval.high)


def _change(change: Change) -> pb.DiffPoliciesResponse.Change:
    return pb.DiffPoliciesResponse.Change(
        placement_id=change.placement_id, before=change.before, after=change.after, count=change.count
    )


def _groups(groups: Sequence[GroupReport]) -> list[pb.GroupDiff]:
    return [_group(each) for each in groups]


def _group(group: GroupReport) -> pb.GroupDiff:
    own, before = group.candidate, group.baseline
    return pb.GroupDiff(
        attribute=group.attribute,
        group=own.group,
        decisions=own.rows,
        persons=own.persons,
        baseline_rate=0.0 if before is None else before.rate,
        candidate_rate=own.rate,
        baseline_ratio=None if before is None else _interval(before.ratio),
        candidate_ratio=_interval(own.ratio),
        below_four_fifths=own.is_unfair,
        money_difference=_interval(group.money),
    )
