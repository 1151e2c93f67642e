"""PublishRuleSet and ValidateRuleSet: what is wrong with a rule set, and storing one with which nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from services.rules.app.compiled_policies import CompiledPolicies
from services.rules.app.matched_evaluation import MatchedEvaluation
from services.rules.app.ports import Publication, RuleSetStore
from services.rules.app.requests import PublishRuleSet, RuleSetPublished
from services.rules.domain.evaluation import RuleEngine
from services.rules.domain.matched.policy import MatchedPolicy
from services.rules.domain.rule_set import Finding, RuleSet
from services.rules.domain.scope_tree import is_id
from shared.cel.problems import Severity
from shared.clock import Clock
from shared.errors import InvalidArgument, Violation
from shared.ids import content_id

MAX_DETAIL_BYTES = 4_000
"""Of the findings in an error: gRPC drops trailing metadata over 8 KiB, and the call with it."""
MAX_DESCRIPTION_CHARACTERS = 300


class RuleSetPublisher:
    def __init__(
        self,
        store: RuleSetStore,
        engine: RuleEngine,
        policies: CompiledPolicies,
        matched: MatchedEvaluation,
        clock: Clock,
    ) -> None:
        self._store = store
        self._engine = engine
        self._policies = policies
        self._matched = matched
        self._clock = clock

    async def publish(self, command: PublishRuleSet) -> RuleSetPublished:
        """Idempotent by content: the version is its hash. Raises InvalidArgument (POLICY_INVALID), AlreadyExists."""
        if not is_id(command.request_id):
            raise InvalidArgument.field("request_id", "must be 1 to 128 printable characters")
        compilation = await asyncio.to_thread(self._engine.compile, command.rule_set)
        if compilation.policy is None:
            raise policy_invalid(compilation.findings)
        if isinstance(compilation.policy, MatchedPolicy):
            await self._matched.prepare(compilation.policy)
        version = await asyncio.to_thread(content_id, "rs", command.rule_set)
        await self._store.publish(Publication(version, command.rule_set, command.request_id, self._clock()))
        self._policies.put(version, compilation.policy)
        return RuleSetPublished(version, compilation.findings)

    async def validate(self, rule_set: RuleSet) -> tuple[Finding, ...]:
        """All findings; stores nothing."""
        return await asyncio.to_thread(self._engine.check, rule_set)


def policy_invalid(findings: Sequence[Finding]) -> InvalidArgument:
    """The errors among the findings, as many as fit; their number is always told."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    shown = list(_fitting(errors))
    rest = f"; {len(errors) - len(shown)} more not shown" if len(shown) < len(errors) else ""
    first = f": {shown[0].field}: {shown[0].description}" if shown else ""
    return InvalidArgument(
        "POLICY_INVALID",
        f"the rule set has {len(errors)} error{'s' if len(errors) > 1 else ''}{first}{rest}",
        metadata={"errors": str(len(errors))},
        violations=shown,
    )


def _fitting(errors: Iterable[Finding]) -> Iterable[Violation]:
    size = 0
    for finding in errors:
        description = f"{finding.code}: {finding.message}"[:MAX_DESCRIPTION_CHARACTERS]
        violation = Violation(finding.position.text if finding.position.line else "rule_set", description)
        size += len(violation.field.encode()) + len(violation.description.encode())
        if size > MAX_DETAIL_BYTES:
            return
        yield violation
