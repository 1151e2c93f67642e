"""An independent checker of decisions: reads what is on record of them and recounts it against the policy's files.

It shares no code with the services. What it reads: decisions and outcomes as GetDecision answers them, and what whoever
told them knows of consents and merges that were acknowledged. It keeps what it needs of each, so that a log of any
length fits.

    checker = DecisionChecker(Rules.of(files), acknowledged)
    for entry in log: checker.add(entry)
    violations = checker.finish()
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tandem.common.v1 import stage_pb2, value_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from tests.support.contact_recount import after_event, by_profile, over_limit, suppressed
from tests.support.decision_log import Contact, Logged, logged, name_of
from tests.support.decision_rules import Rules, wall
from tests.support.decision_statements import Acknowledged, Consents, People, by_person
from tests.support.volume_recount import Spent, spent, units_of


class Kind(StrEnum):
    """What may be wrong."""

    CONTACT_LIMIT = "a contact too many"
    SUPPRESSION = "a contact in spite of responses"
    COOL_DOWN = "a contact after an event"
    QUIET_HOURS = "a contact in quiet hours"
    VOLUME = "more than the amount"
    USES = "took something else than the policy says"
    CONSENT = "no consent in force"
    PROFILING = "used a profile without a basis"
    HOLDOUT = "marketing to who is held out"
    DROPPED_WON = "proposed and dropped"
    NO_CANDIDATE = "proposed and no candidate"
    DUPLICATE = "twice in one call"
    LOST = "answered and not on record"
    CHANGED = "on record as something else"
    TRACE = "simulated and on record"
    COUNTED_TWICE = "on record twice"


@dataclass(frozen=True, slots=True)
class Violation:
    kind: Kind
    decision_id: str
    what: str = ""


@dataclass(slots=True)
class DecisionChecker:
    rules: Rules
    said: Acknowledged
    violations: list[Violation] = field(default_factory=list)
    decisions: list[Logged] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    """How much there was to check, by kind."""
    people: People = field(init=False)
    consents: Consents = field(init=False)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.people = People(self.said.merges)
        self.consents = Consents(self.said, self.people)

    def add(self, entry: pb.GetDecisionResponse) -> None:
        """What a decision shows by itself."""
        decision = logged(entry)
        self._check_record(entry, decision)
        self._check_draws(entry)
        for contact in decision.contacts:
            self._check_consent(contact)
            self._check_quiet_hours(contact)
            self._check_uses(contact)
        self._check_profiling(entry.response, decision)
        self._check_arm(decision)
        self.decisions.append(decision)

    def finish(self) -> Sequence[Violation]:
        """What shows only over all of them."""
        for missing in self.said.answers.keys() - self._seen:
            self._report(Kind.LOST, missing)
        names = by_person({each.profile_id for each in self.decisions}, self.people)
        for decisions in by_profile(self.decisions, names).values():
            self._check_contacts(decisions)
        for each in self.spent():
            if each.is_over:
                what = f"{each.resource} of {each.period_ms}: {each.most:g} of {each.amount:g}"
                self._report(Kind.VOLUME, "", what)
        return self.violations

    def spent(self) -> Iterator[Spent]:
        contacts = [contact for decision in self.decisions for contact in decision.contacts]
        for amount in self.rules.amounts:
            yield from spent(amount, contacts, self.rules.costs)

    def zone(self, profile_id: str) -> str:
        return self.said.zones.get(profile_id, self.rules.zone)

    def _report(self, kind: Kind, decision_id: str, what: str = "") -> None:
        self.violations.append(Violation(kind, decision_id, what))

    def _check_record(self, entry: pb.GetDecisionResponse, decision: Logged) -> None:
        decision_id = decision.decision_id
        if decision_id in self._seen:
            self._report(Kind.COUNTED_TWICE, decision_id)
        self._seen.add(decision_id)
        self.found[f"mode {decision.mode}"] += 1
        if decision.mode == "SIMULATE" or decision_id in self.said.simulated:
            self._report(Kind.TRACE, decision_id)
        answered = self.said.answers.get(decision_id)
        if answered is not None and answered != digest(entry.response):
            self._report(Kind.CHANGED, decision_id)

    def _check_draws(self, entry: pb.GetDecisionResponse) -> None:
        response = entry.response
        candidates = {(each.action, each.treatment, each.channel, each.placement_id) for each in response.candidates}
        dropped = [(each.action, each.channel, each.treatment) for each in response.dropped if _is_final(each.stage)]
        lost = {each for each in dropped if any(each)}
        taken: list[tuple[str, str, str]] = []
        for place in response.placement_results:
            self._count_silence(place)
            for item in place.propositions.items:
                self.found["propositions"] += 1
                what = f"{item.treatment} in {place.placement_id}"
                if (item.action, item.treatment, item.channel, place.placement_id) not in candidates:
                    self._report(Kind.NO_CANDIDATE, response.decision_id, what)
                if not 0 < item.choice_probability <= 1:
                    self._report(Kind.NO_CANDIDATE, response.decision_id, f"{what}: drawn with no probability")
                if lost & _names_of(item):
                    self._report(Kind.DROPPED_WON, response.decision_id, what)
                taken.append((place.placement_id, item.channel, item.action))
        self._check_duplicates(entry.request, response.decision_id, taken)

    def _count_silence(self, place: decision_pb2.PlacementResult) -> None:
        if place.HasField("no_action"):
            self.found[f"silence {name_of(decision_pb2.NoActionReason, place.no_action.reason, '')}"] += 1

    def _check_duplicates(
        self, request: decision_pb2.DecideRequest, decision_id: str, taken: Sequence[tuple[str, str, str]]
    ) -> None:
        dedup = request.dedup
        in_placements = dedup.across_placements if dedup.HasField("across_placements") else True
        in_channels = dedup.across_channels if dedup.HasField("across_channels") else in_placements
        views = [[(place, action) for place, _, action in taken]]
        if in_placements:
            views.append([(channel, action) for _, channel, action in taken])
        if in_channels and in_placements:
            views.append([("", action) for _, _, action in taken])
        for view in views:
            for each, count in Counter(view).items():
                if count > 1:
                    self._report(Kind.DUPLICATE, decision_id, f"{each[1]} {count} times")
                    return

    def _check_consent(self, contact: Contact) -> None:
        purpose = self.rules.purposes.get(contact.channel)
        if purpose is None:
            return
        self.found["contacts that need a consent"] += 1
        reference = contact.consent_ref.partition("#")[0]
        span = contact.from_ms, contact.until_ms
        if not reference or not self.consents.permits(contact.profile_id, purpose, contact.channel, span, reference):
            self._report(Kind.CONSENT, contact.decision_id, f"{contact.channel}: {contact.consent_ref!r}")

    def _check_quiet_hours(self, contact: Contact) -> None:
        rules = [each for each in self.rules.quiet_hours if each.scope.holds(contact)]
        if not rules:
            return
        home = self.zone(contact.profile_id)
        holding = [each for each in rules if each.hold(wall(contact.from_ms, home))]
        self.found["contacts whose channel has quiet hours"] += 1
        self.found["contacts put off"] += bool(holding)
        goes_out = contact.earliest_ms or contact.from_ms
        is_wrong = (
            any(not each.defers for each in holding)
            or (bool(holding) and goes_out <= contact.from_ms)
            or (not holding and goes_out > contact.until_ms)
            or any(each.hold(wall(moment, home)) for each in rules for moment in (goes_out, contact.latest_ms - 1))
        )
        if is_wrong:
            what = f"{contact.channel} at {wall(goes_out, home)} in {home}, until {wall(contact.latest_ms, home)}"
            self._report(Kind.QUIET_HOURS, contact.decision_id, what)

    def _check_uses(self, contact: Contact) -> None:
        """What it says it cost and took is what the policy says."""
        costs = self.rules.costs
        takes = {each.resource: units_of(each, contact, costs) for each in self.rules.amounts}
        takes = {resource: units for resource, units in takes.items() if units}
        is_same = contact.cost == costs[contact.treatment] and contact.uses.keys() == takes.keys()
        if not is_same or any(abs(contact.uses[name] - units) > 1e-9 for name, units in takes.items()):
            self._report(Kind.USES, contact.decision_id, f"{contact.treatment}: {dict(contact.uses)}, not {takes}")

    def _check_profiling(self, response: decision_pb2.DecideResponse, decision: Logged) -> None:
        if not self.consents.refuses_profiling(decision.profile_id, (decision.from_ms, decision.until_ms)):
            return
        self.found["decisions without a profile"] += 1
        statuses = response.feature_statuses
        present = value_pb2.FEATURE_STATUS_PRESENT
        used = [name for name in self.rules.attributes if statuses[name] == present]
        if used:
            self._report(Kind.PROFILING, decision.decision_id, ", ".join(sorted(used)))

    def _check_arm(self, decision: Logged) -> None:
        if decision.arm != "HOLDOUT":
            return
        self.found["decisions held out"] += 1
        for each in decision.contacts:
            if each.message_class == "MARKETING":
                self._report(Kind.HOLDOUT, decision.decision_id, each.treatment)

    def _check_contacts(self, decisions: Sequence[Logged]) -> None:
        """Of one person."""
        contacts = [contact for decision in decisions for contact in decision.contacts]
        self.found["contacts"] += len(contacts)
        for limit in self.rules.limits:
            for contact, before in over_limit(limit, contacts, self.people, self.zone):
                what = f"{limit.limit_id}: {before} before it"
                self._report(Kind.CONTACT_LIMIT, contact.decision_id, what)
        for rule in self.rules.suppressions:
            for contact, last_ms in suppressed(rule, contacts, self.people) if rule.outcomes else ():
                self._report(Kind.SUPPRESSION, contact.decision_id, f"{rule.rule_id}: since {last_ms}")
            # Of who objects to profiling no event is kept.
            if rule.event and not self.consents.spoke_of_profiling(decisions[0].profile_id):
                for contact, last_ms in after_event(rule, decisions, self.people):
                    self._report(Kind.COOL_DOWN, contact.decision_id, f"{rule.rule_id}: since {last_ms}")


def digest(response: decision_pb2.DecideResponse) -> bytes:
    """Of what was answered, without reasons and timings."""
    told = decision_pb2.DecideResponse(
        decision_id=response.decision_id,
        profile_id=response.profile_id,
        placement_results=response.placement_results,
        arm=response.arm,
        decision_time=response.decision_time,
    )
    return hashlib.blake2b(told.SerializeToString(deterministic=True), digest_size=12).digest()


def whole_digest(response: decision_pb2.DecideResponse) -> bytes:
    """Of every byte that a replay must make again."""
    told = decision_pb2.DecideResponse()
    told.CopyFrom(response)
    told.ClearField("timing")
    told.ClearField("consistency_token")
    return hashlib.blake2b(told.SerializeToString(deterministic=True)).digest()


def _is_final(stage: int) -> bool:
    """What lost in one place may have won in another; at no other stage."""
    return stage != stage_pb2.DROP_STAGE_ARBITRATION


def _names_of(item: decision_pb2.Proposition) -> set[tuple[str, str, str]]:
    """All the ways in which a reason may be about it."""
    return {(item.action, channel, treatment) for channel in ("", item.channel) for treatment in ("", item.treatment)}
