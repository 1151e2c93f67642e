"""What every place gets: propositions, a fallback or an explicit silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.choose import Choice
from services.orchestrator.app.decide.compete import Competition, texts_of
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.quiet import send_span
from services.orchestrator.app.decide.reserve import Contacted
from services.orchestrator.app.ports import PolicyVerdict
from services.orchestrator.domain.arbitration.slots import SILENCE, SlotDraw
from services.orchestrator.domain.decision import Fallback, NoAction, PlacementAnswer, Proposition
from services.orchestrator.domain.lineup import NoActionReason
from services.orchestrator.domain.places import Place
from services.orchestrator.domain.tracking import PropositionRef, TokenSigner
from shared.values import INT64_MAX


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Everything a decision came to, before it is put into words."""

    brief: Brief
    known: Known
    verdict: PolicyVerdict
    competition: Competition
    contacted: Contacted

    @property
    def choice(self) -> Choice:
        return self.contacted.choice


def placements_of(settled: Settled, signer: TokenSigner) -> tuple[PlacementAnswer, ...]:
    """In the order of the request."""
    by_place: list[list[SlotDraw]] = [[] for _ in settled.brief.places]
    for draw in settled.choice.draws:
        by_place[draw.place].append(draw)
    return tuple(_placement(settled, index, draws, signer) for index, draws in enumerate(by_place))


def closed_placements(brief: Brief, known: Known) -> tuple[PlacementAnswer, ...]:
    """The answer when what must be known could not be read."""
    silence = NoAction(NoActionReason.DEGRADED)
    return tuple(_without_proposition(brief, known, place, silence) for place in brief.places)


def _placement(settled: Settled, index: int, draws: Sequence[SlotDraw], signer: TokenSigner) -> PlacementAnswer:
    place = settled.brief.places[index]
    propositions = tuple(_proposition(settled, draw, signer) for draw in draws if draw.row != SILENCE)
    if propositions:
        return PlacementAnswer(place.placement_id, propositions)
    silence = _silence(settled, index, draws)
    return _without_proposition(settled.brief, settled.known, place, silence)


def _silence(settled: Settled, index: int, draws: Sequence[SlotDraw]) -> NoAction:
    if draws and draws[0].withheld is not None:
        worth = float(settled.choice.priority[draws[0].withheld.ghost])
        return NoAction(NoActionReason.RANDOMISED_SILENCE, worth, draws[0].silence_probability)
    if draws:
        return NoAction(NoActionReason.BELOW_RESERVE, draws[0].best_priority, draws[0].silence_probability)
    contest, closed = settled.choice.contest, settled.contacted.closed
    if closed is not None and closed[contest.starts[index] : contest.starts[index + 1]].any():
        if settled.contacted.refusals[-1].resource:
            return NoAction(NoActionReason.VOLUME)
        return NoAction(NoActionReason.DEGRADED if settled.contacted.advisory else NoActionReason.CONTACT_POLICY)
    return NoAction(contest.empty_reasons[index] or NoActionReason.EXHAUSTED)


def _without_proposition(brief: Brief, known: Known, place: Place, silence: NoAction) -> PlacementAnswer:
    treatment = place.fallback
    if treatment is None:
        return PlacementAnswer(place.placement_id, no_action=silence)
    locale, content = texts_of(brief.catalogue, treatment, known.features, brief.command.locale)
    fallback = Fallback(treatment.treatment_id, treatment.channel, content, locale, silence.reason)
    return PlacementAnswer(place.placement_id, fallback=fallback)


def _proposition(settled: Settled, draw: SlotDraw, signer: TokenSigner) -> Proposition:
    catalogue, contest, row = settled.brief.catalogue, settled.choice.contest, draw.row
    option = int(contest.option[row])
    treatment = catalogue.options[option]
    action = catalogue.actions[treatment.action]
    locale, content = texts_of(catalogue, treatment, settled.known.features, settled.brief.command.locale)
    proposition_id = PropositionRef(settled.brief.decision_id, draw.place, draw.slot).proposition_id
    permission = settled.competition.permissions[int(catalogue.option_channel[option])]
    scores = settled.choice.scored.scores
    ends_ms, volume = int(catalogue.valid_until_ms[treatment.action]), settled.known.volume
    return Proposition(
        proposition_id=proposition_id,
        channel=treatment.channel,
        issue=action.issue,
        group=action.group,
        action=action.action_id,
        treatment=treatment.treatment_id,
        locale=locale,
        content=content,
        content_version=treatment.content_version,
        message_class=action.message_class,
        rank=draw.slot + 1,
        priority=float(settled.choice.priority[row]),
        propensity=float(scores.means[row]),
        context_weight=float(contest.prices.context_weight[row]),
        business_value=float(contest.prices.business_value[row]),
        lever=float(contest.prices.lever[row]),
        cost=float(contest.prices.cost[row]),
        choice_probability=_choice_probability(draw, int(contest.starts[draw.place])),
        uncertainty=float(scores.uncertainties[row]),
        evidence=float(scores.evidences[row]),
        tracking_token=signer.sign(proposition_id),
        consent_ref=permission.reference_for(action.group),
        expire_time_ms=_expire_ms(settled.brief, ends_ms),
        reservation_id=settled.contacted.reservations.get((draw.place, draw.slot), ""),
        sticky_from_decision_id="" if draw.sticky is None else draw.sticky.decision_id,
        send_window=send_span(settled.brief, settled.known.quiet, option),
        resource_cost=0.0 if contest.prices.resource_cost is None else float(contest.prices.resource_cost[row]),
        uses=() if volume is None else volume.uses_of(option, is_again=draw.sticky is not None),
        pressure_cost=0.0 if contest.prices.pressure_cost is None else float(contest.prices.pressure_cost[row]),
    )


def _expire_ms(brief: Brief, ends_ms: int) -> int | None:
    """When the action ends, or, of what is fetched ahead, the reservation."""
    if brief.is_prefetch:
        return min(ends_ms, brief.now_ms + brief.policy.contact.prefetch_ms)
    return ends_ms if ends_ms < INT64_MAX else None


def _choice_probability(draw: SlotDraw, first: int) -> float:
    """Of what is served again, the one with which it was drawn."""
    return float(draw.probabilities[draw.row - first]) if draw.sticky is None else draw.sticky.choice_probability
