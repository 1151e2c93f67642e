"""The policies decisions use, in memory: loaded from the store, compiled once per version, kept by every replica."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.orchestrator.app.policy_store import PolicyRecord, PolicyStore, PolicyVersions
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.contact_limits import LimitTable
from services.orchestrator.domain.contact_rules import ContactRules
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy, PolicySettings
from services.orchestrator.domain.policy_parts import AttributePart
from shared.clock import Clock
from shared.errors import NotFound, Unavailable

logger = logging.getLogger(__name__)

REFRESH_MS = 1_000
"""How long a replica may go on with a policy after another replica activated a different one."""
KEPT_VERSIONS = 8


@dataclass(frozen=True, slots=True, eq=False)
class ActivePolicy:
    """A published policy version, ready to decide with."""

    versions: PolicyVersions
    publish_time_ms: int
    compiled: CompiledPolicy
    attributes: Mapping[str, AttributePart]
    """Everything conditions may read of a person or a request, by name: traits, aggregates, "context.<name>"."""

    @property
    def settings(self) -> PolicySettings:
        return self.compiled.settings

    @property
    def catalogue(self) -> Catalogue:
        return self.compiled.catalogue

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """Those it declares, each with the address of its features."""
        return tuple(
            replace(each, feature_set_version=self.versions.feature_sets[each.name])
            for each in self.compiled.objectives
        )

    @property
    def contact(self) -> ContactRules:
        return self.compiled.contact

    @property
    def limits(self) -> LimitTable:
        """Of decisions that belong to no campaign."""
        return self.compiled.limits


class PolicyUnreadable(RuntimeError):
    """A stored policy that this program cannot compile: a newer one published it."""


class ActivePolicies:
    """Answers the active policy from memory and looks at the store's pointer at most every `REFRESH_MS`.

    While one caller waits for the look or the load, the others go on with what they have; who gives up waiting ends
    neither. A store that does not answer, or a policy that only newer replicas can read, leaves the last known policy
    in force.
    """

    def __init__(self, store: PolicyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._current: ActivePolicy | None = None
        self._checked_ms: int | None = None
        self._looking: asyncio.Task[None] | None = None
        self._loaded: dict[str, ActivePolicy] = {}
        self._just_compiled: CompiledPolicy | None = None

    async def current(self) -> ActivePolicy | None:
        """The active policy; None before the first publication."""
        if self._is_fresh() or (self._current is not None and self._lock.locked()):
            return self._current
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_if_due(), name="active-policy")
            self._looking.add_done_callback(_heard)
        await asyncio.shield(self._looking)
        return self._current

    @property
    def last_known(self) -> ActivePolicy | None:
        """For who cannot wait."""
        return self._current

    async def refresh(self) -> None:
        """Looks at the store now, so that what this replica activated is what it uses next."""
        async with self._lock:
            await self._look()

    async def get(self, policy_version: str) -> ActivePolicy:
        """Any published version. Raises NotFound (POLICY_NOT_FOUND)."""
        loaded = self._loaded.pop(policy_version, None) or await self._load(policy_version)
        self._keep(policy_version, loaded)
        return loaded

    def remember(self, compiled: CompiledPolicy) -> None:
        """Saves the work of compiling what was just published."""
        self._just_compiled = compiled

    def _is_fresh(self) -> bool:
        """Never before the first publication: who publishes at one replica may decide at another at once."""
        if self._current is None or self._checked_ms is None:
            return False
        return abs(self._clock() - self._checked_ms) < REFRESH_MS

    async def _look_if_due(self) -> None:
        async with self._lock:
            if not self._is_fresh():
                await self._look_if_possible()

    async def _look_if_possible(self) -> None:
        try:
            await self._look()
        except (Unavailable, PolicyUnreadable):
            if self._current is None:
                raise
            logger.exception("the active policy cannot be had; the last known one stays in force")
            self._checked_ms = self._clock()

    async def _look(self) -> None:
        pointer = await self._store.active()
        self._current = await self.get(pointer.policy_version) if pointer.generation else None
        self._checked_ms = self._clock()

    async def _load(self, policy_version: str) -> ActivePolicy:
        record = await self._store.get(policy_version)
        if record is None:
            raise NotFound(
                "POLICY_NOT_FOUND",
                f"no policy version {policy_version!r} was published",
                metadata={"policy_version": policy_version},
            )
        known = self._just_compiled
        compiled = known if known and known.version == policy_version else await asyncio.to_thread(_compile, record)
        attributes = {attribute.name: attribute for attribute in compiled.rule_set.attributes}
        return ActivePolicy(record.versions, record.publish_time_ms, compiled, attributes)

    def _keep(self, policy_version: str, loaded: ActivePolicy) -> None:
        """As the most recently used; the least recently used is dropped."""
        self._loaded[policy_version] = loaded
        if len(self._loaded) > KEPT_VERSIONS:
            del self._loaded[next(iter(self._loaded))]


def _heard(looking: asyncio.Task[None]) -> None:
    """Its failure is that of whoever waits for it; nobody may."""
    if not looking.cancelled():
        looking.exception()


def _compile(record: PolicyRecord) -> CompiledPolicy:
    """A stored policy again: the same files give the same policy. May take seconds: never on the loop."""
    compilation = compile_policy(record.files)
    if compilation.policy is None:
        found = compilation.findings[:3]
        raise PolicyUnreadable(f"the stored policy {record.versions.policy} does not compile: {found}")
    return compilation.policy
