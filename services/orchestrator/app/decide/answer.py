"""The whole answer of a decision, but for its timing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.judge import RULES_UNAVAILABLE
from services.orchestrator.app.decide.placements import Settled, closed_placements, placements_of
from services.orchestrator.app.decide.reasons import drop_counts, dropped
from services.orchestrator.app.decide.record import candidates_of, columns_of, late_drops
from services.orchestrator.app.decide.score import SCORING_UNAVAILABLE
from services.orchestrator.app.decision_record import CandidateColumns
from services.orchestrator.domain.arms import Membership
from services.orchestrator.domain.decision import Answer, Candidate, Explain, PlacementAnswer, Versions
from services.orchestrator.domain.tracking import TokenSigner
from services.orchestrator.domain.trouble import DEGRADING, Party

VOLUME_UNAVAILABLE = Party.VOLUME.advisory


def settled_answer(settled: Settled, signer: TokenSigner) -> Answer:
    """The answer of a decision that came to its end, as explained as was asked for."""
    brief, choice, contacted = settled.brief, settled.choice, settled.contacted
    columns = columns_of(choice)
    late = late_drops(brief, columns, choice.draws, contacted.refusals)
    blocks = (*choice.contest.drops, *late)
    answer = _answer(brief, settled.known, placements_of(settled, signer), _advisories(settled))
    reasons = dropped(brief, settled.verdict, settled.competition, blocks) if brief.wants_reasons else ()
    return replace(
        answer,
        assignment=choice.assignment,
        versions=replace(answer.versions, model=choice.scored.scores.model_version),
        dropped_by_stage=drop_counts(settled.verdict, blocks),
        candidates=_candidates(settled, columns) if brief.command.explain is Explain.FULL else (),
        dropped=reasons,
        profile_id=answer.profile_id or contacted.profile_id,
        consistency_token=contacted.consistency_token or answer.consistency_token,
    )


def closed_answer(brief: Brief, known: Known) -> Answer:
    """The answer when the person or the rules could not be read: fallbacks and silence."""
    advisories = (RULES_UNAVAILABLE,) if known.is_complete else ()
    return _answer(brief, known, closed_placements(brief, known), advisories)


def _advisories(settled: Settled) -> tuple[str, ...]:
    contacted = settled.contacted
    scoring = "" if settled.choice.scored.is_learnt else SCORING_UNAVAILABLE
    volume = VOLUME_UNAVAILABLE if _lacks_volume(settled) else ""
    return tuple(filter(None, (scoring, volume, contacted.advisory)))


def _lacks_volume(settled: Settled) -> bool:
    """Whether something fell because nobody could tell what is left of a resource."""
    volume, at_stake = settled.known.volume, settled.competition.at_stake
    is_unread = volume is not None and at_stake is not None and bool((volume.unreachable & at_stake).any())
    return is_unread or any(refusal.unreachable for refusal in settled.contacted.refusals)


def _answer(
    brief: Brief,
    known: Known,
    placements: tuple[PlacementAnswer, ...],
    advisories: Sequence[str],
) -> Answer:
    versions = brief.policy.versions
    every_advisory = (*known.advisories, *advisories)
    return Answer(
        decision_id=brief.decision_id,
        request_id=brief.command.request_id,
        profile_id=known.view.profile_id,
        placements=placements,
        versions=Versions(versions.policy, versions.rule_set, "", versions.catalogue),
        decision_time_ms=brief.now_ms,
        feature_statuses={name: feature.status for name, feature in known.features.items()},
        advisories=every_advisory,
        degraded=not DEGRADING.isdisjoint(every_advisory),
        consistency_token=known.view.consistency_token,
        arm=known.arm.arm.name,
        is_compared=known.arm.membership is not Membership.TWO_ARMS,
    )


def _candidates(settled: Settled, columns: CandidateColumns) -> tuple[Candidate, ...]:
    placement_ids = [place.placement_id for place in settled.brief.places]
    return candidates_of(settled.brief.catalogue, placement_ids, columns, settled.choice.draws)
