"""Feature sets in memory, compiled, by version."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from services.scoring.app.ports import Compiler, FeatureSetStore
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.feature_set import FeatureSet
from shared.errors import NotFound

_KEPT = 16
"""Active and recent policies; an old one that rewards still come for is compiled again."""
_INLINE_ACTIONS = 50


class FeatureSets:
    def __init__(self, store: FeatureSetStore, compiler: Compiler) -> None:
        self._store = store
        self._compiler = compiler
        self._compiled: OrderedDict[str, CompiledFeatureSet] = OrderedDict()

    async def get(self, version: str, path: str = "feature_set_version") -> CompiledFeatureSet:
        """Raises NotFound where it was never published."""
        compiled = self._compiled.get(version)
        if compiled is not None:
            self._compiled.move_to_end(version)
            return compiled
        feature_set = await self._store.get(version)
        if feature_set is None:
            raise NotFound(
                "FEATURE_SET_NOT_FOUND",
                f"{path}: no feature set {version!r} was published",
                metadata={"feature_set_version": version},
            )
        return await self.add(feature_set)

    def recent(self, objective: str, count: int) -> list[str]:
        """The versions used last, the latest first."""
        found = [version for version, compiled in reversed(self._compiled.items()) if compiled.objective == objective]
        return found[:count]

    async def add(self, feature_set: FeatureSet) -> CompiledFeatureSet:
        """Compiles and keeps it."""
        if len(feature_set.actions) <= _INLINE_ACTIONS:
            compiled = self._compiler(feature_set)
        else:
            compiled = await asyncio.to_thread(self._compiler, feature_set)
        self._compiled[compiled.version] = compiled
        while len(self._compiled) > _KEPT:
            self._compiled.popitem(last=False)
        return compiled
