"""Trait schemas, compiled once: they are immutable, so a cache of them is never stale."""

from __future__ import annotations

from services.profile.app.ports import SchemaStore
from services.profile.domain.compiled_schema import NO_SCHEMA, CompiledSchema, compile_schema
from shared.errors import NotFound

MAX_CACHED = 64


class SchemaCatalogue:
    def __init__(self, store: SchemaStore) -> None:
        self._store = store
        self._compiled: dict[str, CompiledSchema] = {}
        self._recent: CompiledSchema | None = None

    async def active(self) -> CompiledSchema:
        """The schema that writes are checked against at this moment; NO_SCHEMA before the first."""
        version = await self._store.active_version()
        self._recent = await self.get(version) if version else NO_SCHEMA
        return self._recent

    async def recent(self) -> CompiledSchema:
        """The schema that was active when somebody last looked: a guess that costs nothing, to be checked later."""
        return self._recent or await self.active()

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
