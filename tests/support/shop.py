"""The corner shop in one process: real services on SQLite, and short ways to ask them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services.local.contact_ledger import LocalContactLedger
from services.local.erasures import LocalErasureFeed
from services.local.profile import LocalProfiles
from services.local.rules import LocalRules
from services.local.scoring import LocalScoring
from services.orchestrator import bootstrap as deciding
from services.orchestrator.app.application import OrchestratorApplication
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.outcome_store import OutcomeItem
from services.orchestrator.app.ports import SubjectEvent
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.decision import Answer, Explain, Mode, PlacementAnswer
from services.orchestrator.domain.outcome import Outcome
from services.orchestrator.domain.places import PlacementRequest, PlaceRequest
from services.orchestrator.domain.subject import Identity
from services.orchestrator.settings import OrchestratorSettings
from services.profile import bootstrap as profile
from services.profile.app.application import ProfileApplication
from services.profile.app.requests import ConsentWrite, SetConsent, TraitWrite, UpsertTraits
from services.profile.domain.consents import ConsentStatus
from services.profile.domain.identities import Identity as ProfileIdentity
from services.profile.settings import ProfileSettings
from services.rules import bootstrap as rules
from services.rules.settings import RulesSettings
from services.scoring import bootstrap as scoring
from services.scoring.settings import ScoringSettings
from shared.clock import Clock, system_clock
from shared.values import Value
from tests.support.shop_policy import edited

ADA = "crm:ada"
PATIENCE_MS = 3_600_000
"""What a decision may take in tests of something else: a busy machine degrades none."""

_numbers = itertools.count()


def fresh_id(prefix: str = "r") -> str:
    """Unlike any other of this test run."""
    return f"{prefix}_{next(_numbers)}"


@dataclass(frozen=True, slots=True)
class Servicers:
    """Of the other services, for a server."""

    profile: object
    rules: object
    scoring: object


@dataclass(frozen=True, slots=True)
class Shop:
    """What a test talks to."""

    orchestrator: OrchestratorApplication
    profile: ProfileApplication
    others: deciding.OtherServices
    servicers: Servicers
    settings: OrchestratorSettings

    async def publish(self, changes: Mapping[str, str] | None = None) -> str:
        """Publishes the policy and makes it the active one."""
        published = await self.orchestrator.publish_policy(fresh_id(), edited(changes or {}))
        if not published.active:
            await self.orchestrator.activate_policy(fresh_id(), published.policy_version)
        return published.policy_version

    async def knows(self, who: str = ADA, **traits: Value) -> None:
        writes = tuple(TraitWrite(name, value) for name, value in traits.items())
        await self.profile.upsert_traits(UpsertTraits(fresh_id(), (_named(who),), writes))

    async def hears(
        self,
        status: ConsentStatus,
        who: str = ADA,
        *,
        purpose: str = "MARKETING",
        channel: str = "",
        granted_ms: int | None = None,
        expire_ms: int | None = None,
    ) -> None:
        consent = ConsentWrite(purpose, status, channel=channel, granted_ms=granted_ms, expire_ms=expire_ms)
        await self.profile.set_consent(SetConsent(fresh_id(), (_named(who),), consent))

    async def decide(self, command: DecideCommand | None = None, **changed: Any) -> Answer:
        return await self.orchestrator.decide(replace(command or inbound(), **changed))

    async def clicks(self, answer: Answer) -> None:
        """A click on the first proposition."""
        clicked = answer.placements[0].propositions[0].proposition_id
        item = OutcomeItem(fresh_id("o"), Outcome.CLICKED, proposition_id=clicked)
        await self.orchestrator.capture_outcomes(fresh_id(), [item])


def inbound(
    *placement_ids: str, who: str | None = ADA, count: int = 1, explain: Explain = Explain.FULL
) -> DecideCommand:
    placements = tuple(PlacementRequest(each, count) for each in placement_ids or ("home_hero",))
    return _command(PlaceRequest(Direction.INBOUND, (), placements), who, explain)


def outbound(*channels: str, who: str | None = ADA, explain: Explain = Explain.FULL) -> DecideCommand:
    return _command(PlaceRequest(Direction.OUTBOUND, channels), who, explain)


def cart_add(who: str = ADA, event_time_ms: int | None = None) -> SubjectEvent:
    return SubjectEvent(fresh_id("e"), _identities(who), "cart_add", event_time_ms, {"sku": "tea-1"})


def actions(placement: PlacementAnswer) -> list[str]:
    return [proposition.action for proposition in placement.propositions]


def _command(places: PlaceRequest, who: str | None, explain: Explain) -> DecideCommand:
    return DecideCommand(fresh_id(), _identities(who) if who else (), places, explain=explain, mode=Mode.EXECUTE)


def _identities(who: str) -> tuple[Identity, ...]:
    namespace, _, value = who.partition(":")
    return (Identity(namespace, value),)


def _named(who: str) -> ProfileIdentity:
    namespace, _, value = who.partition(":")
    return ProfileIdentity(namespace, value)


@asynccontextmanager
async def open_shop(
    folder: Path,
    replaced: Mapping[str, Any] | None = None,
    *,
    budget_ms: int = 10_000,
    asking_clock: Clock = system_clock,
) -> AsyncIterator[Shop]:
    """Opens the services on SQLite files in `folder`. `replaced` puts other adapters in, by name in OtherServices.
    `asking_clock` is the one by which adapters read the deadlines of who asks: that of a test's own orchestrator."""
    async with AsyncExitStack() as stack:
        of_profile = await profile.bootstrap(ProfileSettings(data_dir=folder), stack)
        of_rules = await rules.bootstrap(RulesSettings(data_dir=folder), stack)
        of_scoring = await scoring.bootstrap(ScoringSettings(data_dir=folder), stack)
        ports: dict[str, Any] = {
            "profile": LocalProfiles(of_profile.app, asking_clock),
            "rules": LocalRules(of_rules.app, asking_clock),
            "scoring": LocalScoring(of_scoring.app, asking_clock),
            "ledger": LocalContactLedger(of_profile.app, asking_clock),
            "erasures": LocalErasureFeed(of_profile.app, asking_clock),
        }
        others = deciding.OtherServices(**ports | dict(replaced or {}))
        settings = OrchestratorSettings(data_dir=folder)
        options = deciding.DecidingOptions(b"secret", budget_ms)
        components = await deciding.bootstrap(settings, stack, others=others, options=options)
        servicers = Servicers(of_profile.binding.servicer, of_rules.binding.servicer, of_scoring.binding.servicer)
        yield Shop(components.app, of_profile.app, others, servicers, settings)
