"""The store of published policies, their active pointer, and the receipts of calls that changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PolicyVersions:
    """The immutable, content-hashed addresses one policy version pins."""

    policy: str
    trait_schema: str
    rule_set: str
    feature_set: str
    """Of the objective by which is decided."""
    catalogue: str
    feature_sets: Mapping[str, str] = field(default_factory=dict)
    """By objective, of those the policy declares."""


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A published policy: what people wrote, and the versions of its parts at the services that keep them."""

    versions: PolicyVersions
    name: str
    """The name the folder gives itself."""
    files: Mapping[str, bytes]
    publish_time_ms: int
    author: str = ""
    """Who published it, as they called themselves; empty where nobody said."""


@dataclass(frozen=True, slots=True)
class ActivePointer:
    """Which policy decisions use. `generation` grows by one with every activation; 0 before the first."""

    policy_version: str
    generation: int


NOTHING_ACTIVE = ActivePointer("", 0)


@dataclass(frozen=True, slots=True)
class Activating:
    """Who makes a version the active one, and when. `restores`: the generation that a roll-back goes back to; 0: it is
    no roll-back."""

    actor: str = ""
    time_ms: int = 0
    restores: int = 0


BY_NOBODY = Activating()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A finished call: the same request id with the same body is answered the same again."""

    rpc: str
    request_id: str
    body_hash: str
    response: bytes


class PolicyStore(Protocol):
    """Records never change. Changes are durable when they return and move the pointer only if nobody else did."""

    async def add(
        self, record: PolicyRecord, receipt: Receipt, pointer: ActivePointer, *, may_be_first: bool = True
    ) -> bool:
        """Stores the record (of one whose version is there, that this author published it too, who is its author where
        nobody was known) and the receipt;
        with `may_be_first` makes the record active if `pointer` says that nothing is. False, and nothing stored, when
        `pointer` is no longer the active one."""
        ...

    async def get(self, policy_version: str) -> PolicyRecord | None: ...

    async def active(self) -> ActivePointer:
        """NOTHING_ACTIVE before the first publication."""
        ...

    async def activate(
        self, policy_version: str, receipt: Receipt, pointer: ActivePointer, how: Activating = BY_NOBODY
    ) -> bool:
        """Makes a stored version the active one, and keeps how, and the receipt. False, and nothing stored, when
        `pointer` is no longer the active one."""
        ...

    async def receipt(self, rpc: str, request_id: str) -> Receipt | None: ...
