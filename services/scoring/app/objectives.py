"""What is predicted: the objectives there are, and of which one each feature set is."""

from __future__ import annotations

from collections import OrderedDict

from services.scoring.app.ports import FeatureSetStore
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE
from services.scoring.domain.health.presentations import Aim
from shared.errors import NotFound

_REMEMBERED = 1_000


class Objectives:
    def __init__(self, feature_sets: FeatureSetStore) -> None:
        self._feature_sets = feature_sets
        self._aims: OrderedDict[str, Aim] = OrderedDict()

    async def known(self) -> list[str]:
        """Of the feature sets that were published, and the default one; sorted."""
        return sorted({DEFAULT_OBJECTIVE, *await self._feature_sets.objectives()})

    async def require(self, objective: str) -> None:
        """Raises NotFound (OBJECTIVE_NOT_FOUND)."""
        if objective not in await self.known():
            raise NotFound(
                "OBJECTIVE_NOT_FOUND",
                f"no feature set of objective {objective!r} was published",
                metadata={"objective": objective},
            )

    async def of(self, version: str) -> str | None:
        """Of a feature set; None where it was never published."""
        aim = await self.aim(version)
        return None if aim is None else aim.objective

    async def aim(self, version: str) -> Aim | None:
        """The same, with its window."""
        known = self._aims.get(version)
        if known is not None:
            return known
        feature_set = await self._feature_sets.get(version)
        if feature_set is None:
            return None
        aim = self._aims[version] = Aim(feature_set.objective, feature_set.outcome_window_ms)
        while len(self._aims) > _REMEMBERED:
            self._aims.popitem(last=False)
        return aim
