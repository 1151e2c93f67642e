"""Which presentation an outcome speaks of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.decision_log import DecisionLog
from services.orchestrator.app.decision_record import DecisionRecord, SlotVector
from services.orchestrator.app.outcome_store import OffPolicy, OutcomeItem, Presentation
from services.orchestrator.app.ports import Prediction
from services.orchestrator.domain.catalogue import Catalogue, Direction
from services.orchestrator.domain.contact_steps import Reach, reached_at_once
from services.orchestrator.domain.decision import Mode, Proposition
from services.orchestrator.domain.objectives import Objective, model_features
from services.orchestrator.domain.outcome import reward_key
from services.orchestrator.domain.past_contacts import of_action
from services.orchestrator.domain.tracking import PropositionRef, TokenSigner, parse_proposition_id
from services.orchestrator.domain.undeclared import undeclared
from shared.errors import InvalidArgument, NotFound


@dataclass(frozen=True, slots=True, eq=False)
class Presented:
    """Something that was, or may have been, shown under a decision."""

    record: DecisionRecord
    placement_id: str
    action: str
    channel: str
    direction: Direction
    reservation_id: str = ""
    """In the contact ledger; empty where the contact is not recorded there."""
    prediction: Prediction | None = None
    """None where no model chose it."""
    treatment: str = ""
    """Empty where Tandem did not choose it."""
    cost: float = 0.0
    """Of the contact, in the policy's currency."""
    counts_answers: bool = False
    """A suppression rule of the active policy goes by what people make of contacts."""

    @property
    def reached_at_once(self) -> Reach:
        """How far the contact was with the answer."""
        return reached_at_once(self.direction, is_prefetched=self.record.command.mode is Mode.PREFETCH)

    proposition: Proposition | None = None
    """None where Tandem did not choose it."""
    first: Proposition | None = None
    """The one that it is a copy of, where it is served again, used resources, and its record is still there."""

    @property
    def reward_key(self) -> str:
        return reward_key(self.record.decision_id, self.placement_id, self.action, self.channel)

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What is learnt from it."""
        usual = Objective(feature_set_version=self.record.feature_set_version)
        return self.record.objectives or (usual,)

    @property
    def arbitrated(self) -> Objective:
        """The objective by which was decided."""
        wanted = self.record.feature_set_version
        return next((each for each in self.objectives if each.feature_set_version == wanted), self.objectives[0])

    def presentation(self, objective: Objective) -> Presentation:
        """With the features as they were when the decision was made; of past contacts with those of the action. Only
        the objective by which was decided has a prediction."""
        record = self.record
        contacts = None if record.past_contacts is None else of_action(record.past_contacts, self.action)
        is_arbitrated = objective.feature_set_version == record.feature_set_version
        return Presentation(
            objective.feature_set_version,
            self.action,
            self.channel,
            self.placement_id,
            model_features(record.features, record.segments, contacts),
            record.command.identities,
            record.profile_id,
            self.prediction if is_arbitrated else None,
        )


class PresentationFinder:
    """For one call: every decision is read once."""

    def __init__(self, log: DecisionLog, signer: TokenSigner, policies: ActivePolicies) -> None:
        self._log = log
        self._signer = signer
        self._policies = policies
        self._read: dict[str, DecisionRecord | None] = {}

    async def find(self, item: OutcomeItem, path: str) -> Presented:
        """Raises NotFound (DECISION_NOT_FOUND, PROPOSITION_NOT_FOUND) and InvalidArgument of fields below `path`."""
        if item.off_policy is not None:
            return await self._off_policy(item.off_policy, f"{path}.off_policy")
        if item.tracking_token:
            reference = self._signer.read(item.tracking_token)
            if reference is None:
                raise InvalidArgument.field(f"{path}.tracking_token", "is not a token of this system")
            return await self._proposition(reference)
        reference = parse_proposition_id(item.proposition_id)
        if reference is None:
            raise _no_proposition(item.proposition_id)
        return await self._proposition(reference)

    async def _proposition(self, reference: PropositionRef) -> Presented:
        record = await self._decision(reference.decision_id)
        for place in record.answer.placements[reference.place : reference.place + 1]:
            for proposition in place.propositions[reference.slot : reference.slot + 1]:
                direction = record.command.places.direction
                return Presented(
                    record,
                    place.placement_id,
                    proposition.action,
                    proposition.channel,
                    direction,
                    proposition.reservation_id,
                    _prediction(record, reference, proposition),
                    proposition.treatment,
                    proposition.cost,
                    counts_answers=await self._counts_answers(),
                    proposition=proposition,
                    first=await self._first(record, place.placement_id, proposition),
                )
        raise _no_proposition(reference.proposition_id)

    async def _first(self, record: DecisionRecord, placement_id: str, copy: Proposition) -> Proposition | None:
        if not (copy.sticky_from_decision_id and record.volume):
            return None
        try:
            drew = await self._decision(copy.sticky_from_decision_id)
        except NotFound:
            return None
        there = (place.propositions for place in drew.answer.placements if place.placement_id == placement_id)
        return next((each for each in chain.from_iterable(there) if each.treatment == copy.treatment), None)

    async def _counts_answers(self) -> bool:
        active = await self._policies.current()
        return active is not None and active.limits.counts_answers

    async def _off_policy(self, shown: OffPolicy, path: str) -> Presented:
        if not 0.0 < shown.choice_probability <= 1.0:
            raise InvalidArgument.field(f"{path}.choice_probability", "must be greater than 0 and at most 1")
        record = await self._decision(shown.decision_id)
        catalogue = (await self._policies.get(record.policy_version)).catalogue
        if shown.action not in catalogue.action_index:
            raise undeclared("action", shown.action, f"{path}.action")
        if shown.placement_id and shown.placement_id not in catalogue.placements:
            raise undeclared("placement", shown.placement_id, f"{path}.placement_id")
        channel = catalogue.channels[_channel(shown, catalogue, path)]
        return Presented(record, shown.placement_id, shown.action, channel.name, channel.direction)

    async def _decision(self, decision_id: str) -> DecisionRecord:
        if decision_id not in self._read:
            self._read[decision_id] = await self._log.get(decision_id)
        record = self._read[decision_id]
        if record is None:
            raise decision_not_found(decision_id)
        return record


def _prediction(record: DecisionRecord, reference: PropositionRef, proposition: Proposition) -> Prediction | None:
    """As it was recorded; None where the scoring service did not answer, and of what is served again: it was chosen by
    another decision, and evaluations leave it out."""
    model_version, shadow = record.answer.versions.model, record.shadow
    if not model_version:
        return None
    slot = next((each for each in record.slots if (each.place, each.slot) == (reference.place, reference.slot)), None)
    if slot is not None and slot.sticky is not None:
        return None
    # A decision about the past is known since it was recorded, and what came of it, too.
    begin_ms = max(record.decision_time_ms, record.record_time_ms)
    said = Prediction(model_version, proposition.propensity, proposition.choice_probability, decision_time_ms=begin_ms)
    if slot is None:
        return said
    said = replace(said, candidates=_candidates(record, slot))
    if shadow is None:
        return said
    return replace(
        said, shadow_model_version=shadow.model_version, shadow_propensity=float(shadow.propensity[slot.row])
    )


def _candidates(record: DecisionRecord, slot: SlotVector) -> int:
    """Of one slot: all of its place but those of the slots before."""
    starts = record.candidates.starts
    return max(1, int(starts[slot.place + 1] - starts[slot.place]) - slot.slot)


def decision_not_found(decision_id: str) -> NotFound:
    return NotFound(
        "DECISION_NOT_FOUND", f"there is no decision {decision_id!r}", metadata={"decision_id": decision_id}
    )


def _no_proposition(proposition_id: str) -> NotFound:
    return NotFound(
        "PROPOSITION_NOT_FOUND",
        f"there is no proposition {proposition_id!r}",
        metadata={"proposition_id": proposition_id},
    )


def _channel(shown: OffPolicy, catalogue: Catalogue, path: str) -> str:
    """Where it is not said: that of the placement, or the only one the action has."""
    if shown.channel:
        if shown.channel not in catalogue.channels:
            raise undeclared("channel", shown.channel, f"{path}.channel")
        return shown.channel
    if shown.placement_id:
        return catalogue.placements[shown.placement_id].channel
    own = {each.channel for each in catalogue.options if each.action == catalogue.action_index[shown.action]}
    if len(own) != 1:
        raise InvalidArgument.field(f"{path}.channel", "required: the action has no treatment, or several")
    return own.pop()
