"""A policy under which so many candidates compete for one place on a web page, and half as many fall to a rule."""

from __future__ import annotations

import json

from tandem.common.v1 import stage_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.profile.v1 import profile_service_pb2, trait_pb2

from tests.support.tandem_client import subject, typed

PEOPLE = 500
PER_GROUP = 25
PER_CATEGORY = 5
TIERS = ("bronze", "silver", "gold")
_TOP = """
policy: bench
currency: EUR
default_locale: en
prior_propensity: 0.02
profiling: {basis: LEGITIMATE_INTEREST}
arbitration: {reserve: 0.01, exploration: THOMPSON}
channels: {web: {direction: INBOUND}}
placements: {home: {channel: web}}
namespaces: {crm: {known: true}}
traits:
  age: {type: int}
  city: {type: string}
  loyalty_tier: {type: string, allowed: [bronze, silver, gold]}
  margin: {type: double}
context: {weather: {type: string, allowed: [sun, rain]}}
segments: {adult: {when: 'age >= 18'}, gold: {when: 'loyalty_tier == "gold"'}}
contact_policy:
  time_zone: Europe/Paris
  limits: [{id: seen_an_hour, channel: web, max: 100000, window: 1h}]
issues: {sell: {business_value: 'margin * 0.1 + 5.0', eligibility: [{id: adult, when: 'in_segment("adult")'}]}}
"""


def policy_files(candidates: int) -> dict[str, bytes]:
    """Actions by groups of 25; two of three pass the rules of everybody in `people_requests`."""
    actions = {f"action_{number:04}": _action(number) for number in range(candidates * 3 // 2)}
    groups = {_group(number): {"issue": "sell"} for number in range(0, len(actions), PER_GROUP)}
    # JSON is YAML, too.
    return {
        "policy.yaml": _TOP.encode(),
        "actions.yaml": json.dumps({"groups": groups, "actions": actions}).encode(),
    }


def _group(number: int) -> str:
    return f"group_{number // PER_GROUP:03}"


def _action(number: int) -> dict[str, object]:
    name = f"action_{number:04}"
    # Nobody is 90 or older; the others differ from one another as rules of a shop do.
    rule = "age >= 90" if number % 3 == 2 else f"age < {90 + number % 7}"
    return {
        "group": _group(number),
        "lever": 1 + number % 5 / 10,
        "attributes": {"category": f"c{number // PER_CATEGORY % 40}"},
        "applicability": [{"id": "of_that_age", "when": rule}],
        "treatments": {
            f"{name}_web": {
                "channel": "web",
                "content": {"en": {"title": f"Offer {number}", "text": "Hello {{city|you}}, have a look at this one."}},
            }
        },
    }


def people_requests() -> list[profile_service_pb2.BatchUpsertTraitsRequest]:
    items = [
        profile_service_pb2.BatchUpsertTraitsRequest.Item(
            subject=subject(f"crm:{number}"),
            traits=[
                trait_pb2.Trait(name="age", value=typed(20 + number % 50)),
                trait_pb2.Trait(name="city", value=typed("Paris")),
                trait_pb2.Trait(name="loyalty_tier", value=typed(TIERS[number % 3])),
                trait_pb2.Trait(name="margin", value=typed(number % 90 / 2)),
            ],
        )
        for number in range(PEOPLE)
    ]
    return [
        profile_service_pb2.BatchUpsertTraitsRequest(request_id=f"traits-{start}", items=items[start : start + 100])
        for start in range(0, PEOPLE, 100)
    ]


def decide_request(number: int, request_id: str, explain: stage_pb2.Explain) -> decision_pb2.DecideRequest:
    return decision_pb2.DecideRequest(
        request_id=request_id,
        subject=subject(f"crm:{number % PEOPLE}"),
        direction="DIRECTION_INBOUND",
        placements=[decision_pb2.Placement(placement_id="home")],
        context={"weather": typed("rain")},
        explain=explain,
    )
