"""Making a persona known to a server: what it stated, permitted and did."""

from __future__ import annotations

from tandem.profile.v1.profile_service_pb2 import RecordEventsRequest, SetConsentRequest, UpsertTraitsRequest

from services.cli.connection import Stubs
from services.cli.personas import Persona
from shared.ids import new_id
from shared.rpc.channel import call


async def introduce(stubs: Stubs, persona: Persona, timeout_s: float) -> None:
    """Writes traits, consents and events. Once more changes nothing but the times of the traits."""
    if persona.traits:
        traits = UpsertTraitsRequest(request_id=new_id("cli"), subject=persona.subject, traits=persona.traits)
        await call(stubs.profiles.UpsertTraits, traits, timeout_s=timeout_s)
    for consent in persona.consents:
        statement = SetConsentRequest(request_id=new_id("cli"), subject=persona.subject, consent=consent)
        await call(stubs.profiles.SetConsent, statement, timeout_s=timeout_s)
    if persona.events:
        events = RecordEventsRequest(request_id=new_id("cli"), events=persona.events)
        await call(stubs.profiles.RecordEvents, events, timeout_s=timeout_s)
