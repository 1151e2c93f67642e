"""Business metrics of decisions and their outcomes, in Prometheus."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from prometheus_client import Counter, Gauge, Histogram

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.decision import Answer, PlacementAnswer
from services.orchestrator.domain.drops import Stage
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.pressure.estimate import PressureEstimate
from services.orchestrator.domain.refusals import EVERY_LIMITED
from services.orchestrator.domain.trouble import DEGRADING, Cause, Party, Trouble
from services.orchestrator.domain.volume.account import Account
from services.orchestrator.domain.volume.resources import MILLIONTHS
from shared.clock import MS_PER_SECOND
from shared.metrics import CANDIDATES_DROPPED, CHOICE_PROBABILITY, DECISIONS, DEGRADED_ANSWERS, SCORE

_STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_NS_PER_S = 1e9
NO_CHANNEL = "none"

DECISION_STAGE_SECONDS = Histogram(
    "tandem_decision_stage_seconds", "Time a decision spent in a stage.", ("stage",), buckets=_STAGE_SECONDS
)
DECISIONS_DEGRADED = Counter(
    "tandem_decisions_degraded_total", "Executed decisions that did without somebody.", ("stage", "cause")
)
OUTCOMES = Counter("tandem_outcomes_total", "Outcomes captured, each once.", ("outcome",))
REWARDS_WITHHELD = Counter("tandem_rewards_withheld_total", "Rewards not learnt from, for want of a basis.")
CONTACT_RESERVATIONS = Counter(
    "tandem_contact_reservations_total", "Contacts that were drawn, by what the contact ledger said.", ("result",)
)
CONTACT_REPORTS_PENDING = Gauge("tandem_contact_reports_pending", "Outcomes that wait for the contact ledger.")
CONTACT_REPORTS_REFUSED = Counter(
    "tandem_contact_reports_refused_total", "Outcomes that the contact ledger would not have.", ("reason",)
)
REPLAYS = Counter("tandem_replays_total", "Decisions made again from their records, by how they came out.", ("result",))
DECISIONS_PRUNED = Counter(
    "tandem_decisions_pruned_total", "Decisions deleted because they were older than they are kept."
)
DECISIONS_ERASED = Counter("tandem_decisions_erased_total", "Decisions erased with the people they were for.")
SHADOW_PLACEMENTS = Counter(
    "tandem_shadow_placements_total",
    "Placements for which a model was tried beside the one in use, by which candidate it would have preferred.",
    ("winner",),
)
CONVERSIONS_UNMATCHED = Gauge(
    "tandem_conversions_unmatched", "Conversions that wait to be matched with what their persons were shown."
)
VOLUME_UNITS = Gauge(
    "tandem_volume_units",
    "Of a resource in its running period: amount, committed, realised, leased.",
    ("resource", "state"),
)
VOLUME_PRICE = Gauge("tandem_volume_price", "Money per unit of a resource: its dual price.", ("resource",))
PRESSURE_CONTACTS = Counter(
    "tandem_pressure_contacts_total", "Contacts whose windows are over, by whether pressure was learnt.", ("result",)
)
PRESSURE_WAITING = Gauge("tandem_pressure_waiting", "Decisions that wait until their contacts can teach pressure.")
PRESSURE_SLOPE = Gauge(
    "tandem_pressure_slope", "What a unit of pressure does to the chance of something, per contact.", ("effect",)
)
PRESSURE_CERTAINTY = Gauge("tandem_pressure_certainty", "From 0 to 1, how surely pressure does harm.")
PRESSURE_ESTIMATE_TIME = Gauge(
    "tandem_pressure_estimate_time_seconds", "When the estimate of pressure in use was read, in Unix time."
)
REWARDS_PENDING = Gauge("tandem_rewards_pending", "Rewards that wait for the scoring service.")


class PrometheusTelemetry:
    """Implements Telemetry. The series of every stage and outcome exist from the start, at zero."""

    def __init__(self) -> None:
        self._dropped = {int(stage): CANDIDATES_DROPPED.labels(stage.name) for stage in Stage}
        self._outcomes = {outcome: OUTCOMES.labels(outcome.name) for outcome in Outcome}
        self._replays = {same: REPLAYS.labels("identical" if same else "differing") for same in (True, False)}
        self._granted, self._refused = (CONTACT_RESERVATIONS.labels(result) for result in ("granted", "refused"))
        self._same_winner, self._other_winner = (SHADOW_PLACEMENTS.labels(winner) for winner in ("same", "other"))
        self._without = {
            Trouble(party, cause): DECISIONS_DEGRADED.labels(party.value, cause.value)
            for party in Party
            for cause in Cause
        }
        self._pressing, self._withheld = (PRESSURE_CONTACTS.labels(result) for result in ("learnt", "withheld"))
        for advisory in DEGRADING:
            DEGRADED_ANSWERS.labels(advisory)
        for reason in ("RESERVATION_ENDED", "RESERVATION_CONFIRMED", "RESERVATION_NOT_FOUND"):
            CONTACT_REPORTS_REFUSED.labels(reason)

    def decided(self, record: DecisionRecord, log_ns: int) -> None:
        answer = record.answer
        for placement in answer.placements:
            self._count_placement(placement)
        for stage, count in answer.dropped_by_stage.items():
            self._dropped[stage].inc(count)
        if answer.degraded:
            for advisory in answer.advisories:
                if advisory in DEGRADING:
                    DEGRADED_ANSWERS.labels(advisory).inc()
        for placement in answer.placements:
            self._granted.inc(sum(bool(each.reservation_id) for each in placement.propositions))
        self._refused.inc(sum(refusal.row != EVERY_LIMITED for refusal in record.refusals))
        if record.shadow is not None:
            places = int(np.count_nonzero(np.diff(record.candidates.starts)))
            self._other_winner.inc(record.shadow.other_winners)
            self._same_winner.inc(places - record.shadow.other_winners)
        for name, span_ns in _stages(answer, log_ns):
            DECISION_STAGE_SECONDS.labels(name).observe(span_ns / _NS_PER_S)

    def did_without(self, troubles: Collection[Trouble]) -> None:
        for trouble in set(troubles):
            self._without[trouble].inc()

    def captured(self, outcome: Outcome) -> None:
        self._outcomes[outcome].inc()

    def rewards_withheld(self, count: int) -> None:
        REWARDS_WITHHELD.inc(count)

    def decisions_erased(self, count: int) -> None:
        DECISIONS_ERASED.inc(count)

    def replayed(self, *, is_identical: bool) -> None:
        self._replays[is_identical].inc()

    def decisions_pruned(self, count: int) -> None:
        DECISIONS_PRUNED.inc(count)

    def rewards_pending(self, count: int) -> None:
        REWARDS_PENDING.set(count)

    def conversions_unmatched(self, count: int) -> None:
        CONVERSIONS_UNMATCHED.set(count)

    def volume(self, account: Account) -> None:
        resource, leased = account.key.resource_id, sum(lease.granted - lease.used for lease in account.leases)
        states = {"amount": account.amount, "committed": account.committed, "realised": account.realised}
        for state, millionths in {**states, "leased": leased}.items():
            VOLUME_UNITS.labels(resource, state).set(millionths / MILLIONTHS)
        VOLUME_PRICE.labels(resource).set(account.pace.price)

    def pressure_waiting(self, count: int) -> None:
        PRESSURE_WAITING.set(count)

    def pressure_learnt(self, learnt: int, withheld: int) -> None:
        self._pressing.inc(learnt)
        self._withheld.inc(withheld)

    def pressure(self, estimate: PressureEstimate, time_ms: int) -> None:
        PRESSURE_SLOPE.labels("response").set(estimate.response_slope)
        PRESSURE_SLOPE.labels("unsubscribe").set(estimate.unsubscribe_slope)
        PRESSURE_CERTAINTY.set(estimate.certainty)
        PRESSURE_ESTIMATE_TIME.set(time_ms / MS_PER_SECOND)

    def contact_reports_pending(self, count: int) -> None:
        CONTACT_REPORTS_PENDING.set(count)

    def contact_report_refused(self, reason: str) -> None:
        CONTACT_REPORTS_REFUSED.labels(reason).inc()

    def _count_placement(self, placement: PlacementAnswer) -> None:
        for proposition in placement.propositions:
            DECISIONS.labels(proposition.channel, "proposition").inc()
            CHOICE_PROBABILITY.observe(proposition.choice_probability)
            SCORE.observe(proposition.propensity)
        if placement.fallback is not None:
            DECISIONS.labels(placement.fallback.channel, "fallback").inc()
        elif not placement.propositions:
            DECISIONS.labels(NO_CHANNEL, "no_action").inc()


def _stages(answer: Answer, log_ns: int) -> Iterator[tuple[str, int]]:
    timing = answer.timing
    yield "profile", timing.profile_ns
    yield "rules", timing.rules_ns
    yield "scoring", timing.scoring_ns
    yield "arbitration", timing.arbitration_ns
    if timing.ledger_ns:
        yield "ledger", timing.ledger_ns
    yield "log", log_ns
