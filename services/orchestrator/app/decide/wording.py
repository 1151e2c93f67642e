"""What a reason adds to the name of its check."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import to_datetime
from shared.values import Feature, FeatureStatus

UNKNOWN = Feature(None, FeatureStatus.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Wording:
    attribute: str = ""
    observed: Feature | None = None
    threshold: str = ""


def moment(time_ms: int) -> str:
    return to_datetime(time_ms).isoformat().replace("+00:00", "Z")
