"""How the models in use fare on what came of late."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from services.scoring.app.models import Models
from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import ModelStore, RewardLog
from services.scoring.domain.base_model.content import decode
from services.scoring.domain.health.bounds import Bounds
from services.scoring.domain.health.drift import DriftTally
from services.scoring.domain.health.presentations import Aim, Elders, Joiner, Presentation, Recent
from services.scoring.domain.health.reference import FeatureReference, from_plain
from services.scoring.domain.health.report import HealthReport, report_of
from services.scoring.domain.models import Assignment
from services.scoring.domain.rewards import LogEntry, Outline
from shared.clock import Clock
from shared.errors import InvalidArgument

DEFAULT_WINDOW, MAX_WINDOW = 10_000, 100_000
_PAGE = 500
"""Entries, decoded in about 20 ms of a thread."""
_ENTRIES_PER_PRESENTATION = 5
"""So far back the log is read for what may be of other objectives, or corrections."""
_REFERENCES_KEPT = 16
_NEIGHBOURS = 20

_log = logging.getLogger("tandem.scoring")


@dataclass(frozen=True, slots=True)
class Checkup:
    """Of one objective: its last presentations, those by which its models are judged, and what that says."""

    recent: Recent
    judging: Sequence[Presentation]
    report: HealthReport


class ModelHealth:
    def __init__(
        self,
        log: RewardLog,
        store: ModelStore,
        models: Models,
        objectives: Objectives,
        bounds: Bounds,
        clock: Clock,
        refusals: Callable[[], Mapping[str, str]],
    ) -> None:
        """`refusals` tells, by objective, why an assignment is not what is in use here."""
        self._log = log
        self._store = store
        self._models = models
        self._objectives = objectives
        self._bounds = bounds
        self._clock = clock
        self._refusals = refusals
        self._references: OrderedDict[str, Mapping[str, FeatureReference]] = OrderedDict()

    async def report(self, objective: str, window: int) -> HealthReport:
        """Of the last `window` presentations, 1 to 100,000. Raises InvalidArgument, NotFound."""
        if not 1 <= window <= MAX_WINDOW:
            raise InvalidArgument.field("window", f"must be 1 to {MAX_WINDOW}, not {window}")
        await self._objectives.require(objective)
        return (await self.checkups([objective], window))[objective].report

    async def checkups(self, objectives: Collection[str], window: int) -> Mapping[str, Checkup]:
        """One pass over the log for all of them: as far back as each has so many presentations, and at most five
        entries for each."""
        assignments = {objective: await self._models.assignment(objective) for objective in objectives}
        recents = {
            objective: Recent(window, DriftTally(await self._reference(assignment)))
            for objective, assignment in assignments.items()
        }
        await self._read(Joiner(recents), window * _ENTRIES_PER_PRESENTATION)
        return {objective: await self._checkup(recent, assignments[objective]) for objective, recent in recents.items()}

    async def _checkup(self, recent: Recent, assignment: Assignment) -> Checkup:
        now_ms = self._clock()
        judging = await self._judging(assignment.objective, recent, now_ms)
        report = await asyncio.to_thread(report_of, recent, judging, assignment, self._bounds, now_ms)
        refusal = self._refusals().get(assignment.objective)
        if refusal is not None:
            report = replace(report, alarms=(refusal, *report.alarms))
        serving = self._models.serving_champion(assignment.objective)
        if serving not in ("", assignment.champion):
            report = replace(report, serving=serving)
        return Checkup(recent, judging, report)

    async def _judging(self, objective: str, recent: Recent, now_ms: int) -> Sequence[Presentation]:
        """Of the last ones; where the windows of most of them are open, as many from before."""
        judging = recent.judging(now_ms)
        says_anything = any(each.prediction is not None for each in recent.presentations)
        if not says_anything or 2 * len(judging) >= len(recent.presentations):
            return judging
        elders = Elders(objective, recent.limit, now_ms)
        before = await self._end_of_entries_until(now_ms - recent.window_ms)
        for _ in range(0, recent.limit * _ENTRIES_PER_PRESENTATION, _PAGE):
            page = await self._log.outlines_back(before, _PAGE)
            if not page or elders.is_full:
                break
            before = page[-1].position
            versions = {entry.feature_set_version for entry in page if isinstance(entry, Outline)}
            elders.take(page, await self._aims(versions))
        return elders.with_rewards(await self._log.rewards_of(elders.keys))

    async def _end_of_entries_until(self, until_ms: int) -> int:
        """The position before which entries are as old, by bisection. Times do not quite increase with positions, for
        failures have waited: several entries are looked at in each place."""
        low, high = 1, await self._log.last_position() + 1
        while high - low > _PAGE:
            middle = (low + high) // 2
            found = await self._log.outlines_back(middle, _NEIGHBOURS)
            times = [entry.reward_time_ms for entry in found if isinstance(entry, Outline)]
            low, high = (middle, high) if max(times, default=0) <= until_ms else (low, middle)
        return high

    async def _read(self, joiner: Joiner, most: int) -> None:
        before: int | None = None
        for _ in range(0, most, _PAGE):
            page = await self._log.read_back(before, _PAGE)
            if not page:
                return
            before = page[-1].position
            versions = {entry.reward.feature_set_version for entry in page if isinstance(entry, LogEntry)}
            await asyncio.to_thread(joiner.take, page, await self._aims(versions))
            if joiner.is_done:
                return

    async def _aims(self, versions: Collection[str]) -> Mapping[str, Aim | None]:
        return {version: await self._objectives.aim(version) for version in sorted(versions)}

    async def _reference(self, assignment: Assignment) -> Mapping[str, FeatureReference]:
        """Of the data that taught the champion; none where it has no base."""
        model_id = assignment.champion
        known = self._references.get(model_id)
        if known is None:
            known = self._references[model_id] = await self._read_reference(model_id)
            while len(self._references) > _REFERENCES_KEPT:
                self._references.popitem(last=False)
        return known

    async def _read_reference(self, model_id: str) -> Mapping[str, FeatureReference]:
        try:
            content = await self._store.content(model_id)
            return {} if content is None else await asyncio.to_thread(_reference_in, content)
        except ValueError as error:
            _log.warning("a model has no reference", extra={"fields": {"model": model_id, "cause": str(error)}})
            return {}


def _reference_in(content: bytes) -> Mapping[str, FeatureReference]:
    return from_plain(decode(content).reference)
