"""Checking a policy without a server: the use case of ValidatePolicy over a rules service that lives for one call."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from services.local.rules import LocalRules
from services.orchestrator.app.validate import ValidatePolicy
from services.orchestrator.domain.policy_parts import Finding
from services.rules.adapters.sqlite_rule_set_store import SQLITE_SCHEMA, SqliteRuleSetStore
from services.rules.app.application import RulesApplication
from services.rules.domain.indexed.engine import IndexedEngine
from shared.clock import system_clock
from shared.sqlite import SqliteDatabase


async def findings_of(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Exactly what PublishPolicy would find."""
    with tempfile.TemporaryDirectory(prefix="tandem-lint-") as directory:
        database = await SqliteDatabase.open(Path(directory) / "rules.sqlite", schema=SQLITE_SCHEMA)
        try:
            rules = RulesApplication(SqliteRuleSetStore(database), IndexedEngine())
            return await ValidatePolicy(LocalRules(rules, system_clock))(files)
        finally:
            await database.close()
