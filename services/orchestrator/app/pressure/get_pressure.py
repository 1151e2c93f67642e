"""GetPressure: what contacts taught of marketing pressure, and what one more costs at several paces."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicies
from services.orchestrator.app.pressure.learning import learning_key
from services.orchestrator.app.pressure.learnt import Learnt, LearntPressure
from services.orchestrator.app.pressure.store import PressureStore
from services.orchestrator.domain.pressure.estimate import PressureEstimate
from services.orchestrator.domain.pressure.level import PastTouch, level_of, memory_ms, rate_of
from services.orchestrator.domain.pressure.plan import USUAL_WEIGHT, PressurePlan
from services.orchestrator.domain.pressure.price import price_of
from shared.clock import Clock
from shared.errors import FailedPrecondition

PACES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
"""In half-lives."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Of who had a contact of the usual weight every so often: the level before the next one, and its price."""

    interval_ms: int
    level: float
    price: float


@dataclass(frozen=True, slots=True)
class PressureReport:
    """`plan` None: the active policy declares no pressure. `learnt` None: this replica knows nothing yet."""

    currency: str
    plan: PressurePlan | None = None
    learning_key: str = ""
    waiting: int = 0
    """Decisions, of what the active policy learns."""
    learnt: Learnt | None = None
    paces: tuple[Pace, ...] = ()
    usual: Pace | None = None
    """At the mean level; None where nothing was learnt."""


class GetPressure:
    def __init__(self, store: PressureStore, learnt: LearntPressure, policies: ActivePolicies, clock: Clock) -> None:
        self._store = store
        self._learnt = learnt
        self._policies = policies
        self._clock = clock

    async def __call__(self) -> PressureReport:
        """Raises FailedPrecondition (NO_ACTIVE_POLICY), Unavailable."""
        policy = await self._policies.current()
        if policy is None:
            raise FailedPrecondition("NO_ACTIVE_POLICY", "no policy is active yet: publish one")
        report, plan = PressureReport(policy.settings.currency), policy.compiled.pressure
        if plan is None:
            return report
        learnt, key = self._learnt.known(policy), learning_key(policy)
        return replace(
            report,
            plan=plan,
            learning_key=key,
            waiting=await self._store.count_waiting(key),
            learnt=learnt,
            paces=() if learnt is None else paces_of(plan, learnt.estimate, self._clock()),
            usual=None if learnt is None else usual_pace(plan, learnt.estimate),
        )


def paces_of(plan: PressurePlan, estimate: PressureEstimate, now_ms: int) -> tuple[Pace, ...]:
    """Those that make at least one contact within the plan's window."""
    spans = (int(pace * plan.half_life_ms) for pace in PACES)
    return tuple(_pace(plan, estimate, span_ms, now_ms) for span_ms in spans if span_ms < plan.window_ms)


def usual_pace(plan: PressurePlan, estimate: PressureEstimate) -> Pace | None:
    """That comes to the mean level of those who were contacted; None where they had no contacts before."""
    if estimate.mean_level <= 0.0:
        return None
    rate = estimate.mean_level / memory_ms(plan)
    return Pace(round(USUAL_WEIGHT / rate), estimate.mean_level, price_of(plan, estimate, estimate.mean_level, rate))


def _pace(plan: PressurePlan, estimate: PressureEstimate, interval_ms: int, now_ms: int) -> Pace:
    touches = [PastTouch(now_ms - back_ms, USUAL_WEIGHT) for back_ms in range(interval_ms, plan.window_ms, interval_ms)]
    level = level_of(plan, touches, now_ms)
    return Pace(interval_ms, level, price_of(plan, estimate, level, rate_of(plan, touches, now_ms)))
