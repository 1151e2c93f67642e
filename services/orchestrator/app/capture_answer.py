"""What CaptureOutcomes answers, and keeps as the receipt of the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.errors import AlreadyExists, InvalidArgument, NotFound, TandemError, Violation

_KINDS: Mapping[str, type[TandemError]] = {kind.__name__: kind for kind in (InvalidArgument, NotFound, AlreadyExists)}


@dataclass(frozen=True, slots=True)
class ItemFault:
    """Why one item was not taken."""

    kind: str
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()

    @classmethod
    def of(cls, error: TandemError) -> ItemFault:
        return cls(type(error).__name__, error.reason, error.message, error.metadata, error.violations)

    def error(self) -> TandemError:
        return _KINDS[self.kind](self.reason, self.message, metadata=self.metadata, violations=self.violations)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item: taken now, taken before, or faulty."""

    idempotency_key: str
    decision_id: str = ""
    duplicate: bool = False
    fault: ItemFault | None = None


@dataclass(frozen=True, slots=True)
class CaptureAnswer:
    """In the order of the request."""

    items: tuple[ItemResult, ...]
