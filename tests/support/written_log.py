"""A log of a policy with everything in it, to be written by hand: right as it stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from tandem.orchestrator.v1 import decision_pb2, outcome_pb2, volume_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from tests.support.decision_checker import DecisionChecker, Kind
from tests.support.decision_rules import Rules
from tests.support.decision_statements import Acknowledged, Statement

NOON = 1_790_856_000_000
"""2026-10-01, 14:00 in Paris."""
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
ADA, EVE = "p_ada", "p_eve"
POLICY = b"""
traits: {age: {type: int}}
channels:
  web: {direction: INBOUND}
  email: {direction: OUTBOUND, purpose: marketing}
contact_policy:
  time_zone: Europe/Paris
  limits:
    - {id: mails, channel: email, max: 2, window: 1h}
    - {id: day, channel: email, max: 3, calendar: day, counts: ATTEMPTED}
    - {id: item, channel: web, per: action, max: 2, window: 1m}
    - {id: seen, channel: web, max: 3, calendar: day, counts: IMPRESSION}
  suppression_rules:
    - {id: rejected, outcome: REJECTED, pause: 30d, per: action}
    - {id: dismissed, outcome: DISMISSED, times: 2, within: 1h, pause: 1d}
    - {id: bought, event: purchase, pause: 2h, direction: OUTBOUND}
  quiet_hours:
    - {id: evening, channel: email, from: '18:00', to: '07:30', then: defer}
    - {id: lunch, channel: email, from: '12:00', to: '13:00', then: drop}
budgets: {money: {amount: 0.02, channel: email, per: 1d}}
stock: {tea: {units: 4}}
actions:
  tea:
    treatments: {tea_web: {channel: web}, tea_mail: {channel: email, cost: 0.005}}
  coffee:
    treatments: {coffee_web: {channel: web}, coffee_mail: {channel: email, cost: 0.005}}
"""


@dataclass
class Log:
    """A log that is written by hand. Everybody consents, lives in Paris, and is held out from nothing."""

    said: Acknowledged = field(default_factory=Acknowledged)
    entries: list[pb.GetDecisionResponse] = field(default_factory=list)

    def __post_init__(self) -> None:
        for profile_id, identity in ((ADA, "crm:ada"), (EVE, "crm:eve")):
            self.said.profile_of[identity] = profile_id
            self.states(identity, "GRANTED", 0)

    def states(
        self, identity: str, status: str, time_ms: int, channel: str = "EMAIL", purpose: str = "MARKETING"
    ) -> None:
        self.said.statements.append(Statement(identity, purpose, channel, status, time_ms, time_ms + 5))

    def decides(
        self, time_ms: int, *actions: str, who: str = ADA, channel: str = "WEB", mode: str = "EXECUTE"
    ) -> pb.GetDecisionResponse:
        """As what is right is on record."""
        number, is_mail = len(self.entries), channel == "EMAIL"
        entry = pb.GetDecisionResponse()
        entry.request.mode = f"DECISION_MODE_{mode}"  # type: ignore[assignment]
        entry.request.direction = decision_pb2.DIRECTION_OUTBOUND if is_mail else decision_pb2.DIRECTION_INBOUND
        response = entry.response
        response.decision_id, response.profile_id, response.arm = f"d{number}", who, "DECISIONING"
        response.decision_time.FromMilliseconds(time_ms)
        response.timing.total.FromMilliseconds(10)
        for place, action in enumerate(actions):
            result = response.placement_results.add(placement_id=f"place{place}")
            item = result.propositions.items.add(action=action, channel=channel, message_class="MARKETING")
            item.treatment = f"{action}_{'mail' if is_mail else 'web'}"
            item.proposition_id = f"d{number}.{place}"
            item.choice_probability = 0.5
            item.expire_time.FromMilliseconds(time_ms + (SECOND if mode == "PREFETCH" else DAY))
            if is_mail:
                item.consent_ref = f"crm:{who.removeprefix('p_')}#MARKETING/EMAIL"
                item.cost = 0.005
                item.send_window.earliest.FromMilliseconds(time_ms)
                item.send_window.latest.FromMilliseconds(time_ms + MINUTE)
                item.uses.append(volume_pb2.ResourceUse(resource="money", units=0.005))
            if action == "tea":
                item.uses.append(volume_pb2.ResourceUse(resource="tea", units=1))
            response.candidates.add(
                action=action, treatment=item.treatment, channel=channel, placement_id=f"place{place}"
            )
        self.entries.append(entry)
        return entry

    def mails(self, time_ms: int, action: str = "coffee", who: str = ADA) -> pb.GetDecisionResponse:
        return self.decides(time_ms, action, who=who, channel="EMAIL")

    def found(self) -> list[Kind]:
        checker = DecisionChecker(Rules.of({"policy.yaml": POLICY}), self.said)
        for entry in self.entries:
            checker.add(entry)
        return [each.kind for each in checker.finish()]


def item_of(entry: pb.GetDecisionResponse) -> decision_pb2.Proposition:
    return entry.response.placement_results[0].propositions.items[0]


def tell(entry: pb.GetDecisionResponse, outcome: str, time_ms: int) -> None:
    captured = entry.outcomes.add()
    captured.item.CopyFrom(
        outcome_pb2.OutcomeItem(proposition_id=item_of(entry).proposition_id, outcome=f"OUTCOME_{outcome}")
    )
    captured.capture_time.FromMilliseconds(time_ms)


def send_at(entry: pb.GetDecisionResponse, time_ms: int, until_ms: int) -> None:
    window = item_of(entry).send_window
    window.earliest.FromMilliseconds(time_ms)
    window.latest.FromMilliseconds(until_ms)
