"""A shop that weighs marketing pressure, on a clock of its own, with an estimate that is given and not learnt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from services.local.contact_ledger import LocalContactLedger
from services.local.profile import LocalProfiles
from services.orchestrator import bootstrap as deciding
from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.pressure.learnt import LearntPressure
from services.orchestrator.domain.decision import Answer, Mode
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.pressure.estimate import NO_ESTIMATE, PressureEstimate
from services.orchestrator.domain.pressure.gaps import gap_at
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.settings import OrchestratorSettings
from services.profile.bootstrap import bootstrap as open_profile
from services.profile.domain.consents import ConsentStatus
from services.profile.settings import ProfileSettings
from shared.clock import system_clock
from shared.settings import StoreKind
from tests.support.profiles import SteppingClock
from tests.support.servers import Storage
from tests.support.shop import ADA, Shop, open_shop, outbound
from tests.support.shop_policy import edited

HOUR_MS = 3_600_000
NAME = "policy: corner_shop\n"
GAPS = "gaps: {share: 0.5, lengths: [2d]}"
ALWAYS_BEST = {"exploration: THOMPSON": "exploration: NONE"}


def pressure(more: str = GAPS) -> Mapping[str, str]:
    """The shop's policy, with pressure."""
    return {NAME: f"{NAME}pressure: {{half_life: 7d, unsubscribe_value: 10, {more}}}\n", **ALWAYS_BEST}


@dataclass
class PressedShop:
    shop: Shop
    clock: SteppingClock
    folder: Path
    plan: PressurePlan
    profile_id: str
    """Ada's."""
    estimate: PressureEstimate = NO_ESTIMATE

    def is_in_gap(self) -> bool:
        return gap_at(self.plan, self.profile_id, self.clock.now_ms).is_open

    def pass_to(self, *, gap: bool) -> None:
        """The clock goes on to the next hour that is in a gap of Ada's, or in none."""
        self.clock.now_ms += HOUR_MS
        while self.is_in_gap() is not gap:
            self.clock.now_ms += HOUR_MS

    async def mail(self, mode: Mode = Mode.EXECUTE) -> Answer:
        return await self.shop.decide(outbound("EMAIL"), mode=mode)


@asynccontextmanager
async def pressed_shop(
    folder: Path, changes: Mapping[str, str] | None = None, storage: Storage | None = None
) -> AsyncIterator[PressedShop]:
    """That may write to Ada, who is in no gap. `storage`: a MongoDB; None for SQLite."""
    changes = pressure() if changes is None else changes
    compiled = compile_policy(edited(changes)).policy
    assert compiled is not None
    assert compiled.pressure is not None
    own = folder / "own"

    def kept(service: str) -> dict[str, Any]:
        if storage is None:
            return {"data_dir": own}
        name = f"{storage.database}_{service}"
        return {"store": StoreKind.MONGO, "mongo_uri": storage.mongo_uri, "mongo_database": name}

    async with open_shop(folder) as plain, AsyncExitStack() as stack:
        clock = SteppingClock(system_clock())
        profile = await open_profile(ProfileSettings(**kept("profile")), stack, clock=clock)
        ledger = LocalContactLedger(profile.app, clock)
        others = replace(plain.others, profile=LocalProfiles(profile.app, clock), ledger=ledger)
        settings = OrchestratorSettings(**kept("orchestrator"))
        options = deciding.DecidingOptions(b"secret", 10_000)
        opened = await deciding.bootstrap(settings, stack, others=others, options=options, clock=clock)
        shop = replace(plain, orchestrator=opened.app, profile=profile.app, others=others, settings=settings)
        await shop.publish(changes)
        await shop.knows(ADA, age=42)
        await shop.hears(ConsentStatus.GRANTED)
        ada = await shop.decide(mode=Mode.SIMULATE)
        found = PressedShop(shop, clock, own, compiled.pressure, ada.profile_id)

        def given(_: LearntPressure, policy: ActivePolicy) -> PressureEstimate:
            return found.estimate if policy.compiled.pressure is not None else NO_ESTIMATE

        stack.enter_context(mock.patch.object(LearntPressure, "current", given))
        found.pass_to(gap=False)
        yield found


def harmful(unsubscribe_slope: float = 0.01) -> PressureEstimate:
    """Beyond doubt."""
    return replace(NO_ESTIMATE, unsubscribe_slope=unsubscribe_slope, certainty=1.0, samples=10_000)
