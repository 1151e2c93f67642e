"""Trait schemas, compiled once: they are immutable, so a cache of them is never stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from services.profile.app.ports import SchemaStore
from services.profile.domain.compiled_schema import NO_SCHEMA, CompiledSchema, compile_schema
from services.profile.domain.identities import Namespaces
from shared.errors import InvalidArgument, NotFound

P = TypeVar("P")

MAX_CACHED = 64


class SchemaCatalogue:
    def __init__(self, store: SchemaStore) -> None:
        self._store = store
        self._compiled: dict[str, CompiledSchema] = {}
        self._recent: CompiledSchema | None = None

    async def active(self) -> CompiledSchema:
        """The schema that writes are checked against at this moment; NO_SCHEMA before the first."""
        return await self.activated(await self._store.active_version())

    async def activated(self, version: str) -> CompiledSchema:
        """The schema of a version that was just found to be the active one."""
        self._recent = await self.get(version) if version else NO_SCHEMA
        return self._recent

    async def planned(self, plan: Callable[[Namespaces], P]) -> tuple[P, Namespaces]:
        """What is to be looked up, with identities in the form of the schema that was active when somebody last looked:
        a guess that costs no read of the store. Whoever looks finds the active schema too, and plans again where that
        has other namespaces than these. Raises the InvalidArgument of a plan by the active schema only.
        """
        guess = (self._recent or await self.active()).namespaces
        try:
            return plan(guess), guess
        except InvalidArgument:
            active = (await self.active()).namespaces
            if active == guess:
                raise
            return plan(active), active

    async def get(self, version: str) -> CompiledSchema:
        """Raises NotFound."""
        compiled = self._compiled.get(version)
        if compiled is None:
            schema = await self._store.schema(version)
            if schema is None:
                raise _not_found(version)
            compiled = compile_schema(schema, version)
            self._remember(compiled)
        return compiled

    def _remember(self, compiled: CompiledSchema) -> None:
        if len(self._compiled) >= MAX_CACHED:
            del self._compiled[next(iter(self._compiled))]
        self._compiled[compiled.version] = compiled


def _not_found(version: str) -> NotFound:
    return NotFound(
        "TRAIT_SCHEMA_NOT_FOUND",
        f"no trait schema has the version {version!r}",
        metadata={"schema_version": version},
    )
