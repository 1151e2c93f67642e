"""PublishPolicy: check a folder, hand its parts to the services that use them, store it as one immutable version."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.app.policy_life import MAX_ATTEMPTS, PolicyLife, too_much_change
from services.orchestrator.app.policy_store import NOTHING_ACTIVE, ActivePointer, PolicyRecord
from services.orchestrator.app.receipts import earlier_answer, receipt_of
from services.orchestrator.app.validate import differences, examine
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.policy.findings import in_order, where
from services.orchestrator.domain.policy.folder import policy_files
from services.orchestrator.domain.policy_parts import Finding
from services.orchestrator.domain.policy_state import Approving
from shared.errors import InvalidArgument, Violation
from shared.ids import content_hash

RPC = "PublishPolicy"
MAX_VIOLATION_BYTES = 4_000
"""Errors travel in HTTP/2 trailers, of which clients take 8 KiB; ValidatePolicy answers every finding."""


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """A folder that became a version. `findings` are warnings."""

    policy_version: str
    findings: tuple[Finding, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class _Publication:
    """One folder under way to the store."""

    request_id: str
    body_hash: str
    files: Mapping[str, bytes]
    policy: CompiledPolicy
    warnings: tuple[Finding, ...]
    author: str


class PublishPolicy:
    """The parts go first and the record last, so a record never refers to what is not there; whatever fails before the
    record leaves only parts that nobody refers to. The first policy of an empty system becomes active at once, unless
    policies must be approved: an exception for the first one would be a way round."""

    def __init__(self, life: PolicyLife) -> None:
        self._life = life
        self._store = life.store
        self._amounts = life.amounts
        self._parts = life.parts
        self._policies = life.policies
        self._clock = life.clock

    async def __call__(self, request_id: str, files: Mapping[str, bytes], author: str = "") -> PublishedPolicy:
        """Raises InvalidArgument (POLICY_INVALID; REQUIRED_FIELD_MISSING where four eyes are asked for and nobody is
        named), AlreadyExists (REQUEST_ID_REUSED), Unavailable, and Aborted when others activate policies faster than
        this one can be stored."""
        if self._life.approving is Approving.FOUR_EYES and not author.strip():
            raise InvalidArgument.field(
                "author", "required: somebody else must approve the policy", reason="REQUIRED_FIELD_MISSING"
            )
        body = (dict(files), author) if author else dict(files)
        body_hash = await asyncio.to_thread(content_hash, body)
        earlier = await earlier_answer(self._store, RPC, request_id, body_hash, PublishedPolicy)
        if earlier is not None:
            return earlier
        examined = await examine(files, self._parts.rules)
        if examined.policy is None:
            raise policy_invalid(examined.findings)
        too_low = await self._amounts.too_low(examined.policy.volume)
        if too_low:
            raise policy_invalid(in_order(too_low))
        warnings = in_order([*examined.findings, *await differences(examined.policy, files, self._policies)])
        published = await self._store_it(_Publication(request_id, body_hash, files, examined.policy, warnings, author))
        await self._policies.refresh()
        return published

    async def _store_it(self, publication: _Publication) -> PublishedPolicy:
        activated_early = False
        for _ in range(MAX_ATTEMPTS):
            pointer = await self._store.active()
            if activated_early:
                await self._life.restore()  # two first policies raced, and the other one won
            activated_early = self._is_first(pointer)
            published = await self._try(publication, pointer)
            if published is not None:
                return published
        raise too_much_change(publication.policy.version)

    async def _try(self, publication: _Publication, pointer: ActivePointer) -> PublishedPolicy | None:
        """Publishes the parts and the record; None when another policy was activated meanwhile."""
        policy, is_first = publication.policy, self._is_first(pointer)
        if is_first:
            await self._amounts.prepare(policy.volume)
        versions = await self._parts.publish(policy, activate=is_first)
        is_active = is_first or pointer.policy_version == policy.version
        published = PublishedPolicy(policy.version, publication.warnings, is_active)
        files = policy_files(publication.files)
        record = PolicyRecord(versions, policy.settings.name, files, self._clock(), publication.author)
        receipt = receipt_of(RPC, publication.request_id, publication.body_hash, published)
        self._policies.remember(policy)
        return published if await self._store.add(record, receipt, pointer, may_be_first=is_first) else None

    def _is_first(self, pointer: ActivePointer) -> bool:
        """Whether it becomes active at once."""
        return pointer == NOTHING_ACTIVE and self._life.approving is Approving.NONE


def policy_invalid(findings: tuple[Finding, ...]) -> InvalidArgument:
    """Every error with its place, as far as an error has room."""
    errors = [finding for finding in findings if finding.is_error]
    violations: list[Violation] = []
    room = MAX_VIOLATION_BYTES
    for finding in errors:
        description = f"{finding.code}: {finding.message}"[:500]
        room -= len(f"{where(finding.place)}{description}".encode())
        if room < 0 and violations:
            break
        violations.append(Violation(where(finding.place), description))
    rest = (
        f"; the first {len(violations)} are here, ValidatePolicy answers all" if len(violations) < len(errors) else ""
    )
    return InvalidArgument(
        "POLICY_INVALID",
        f"the policy has {len(errors)} error{'s' if len(errors) > 1 else ''}{rest}",
        metadata={"errors": str(len(errors))},
        violations=violations,
    )
