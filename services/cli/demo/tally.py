"""What the walk through the visits counts on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from tandem.common.v1.stage_pb2 import StageCount

from services.cli.rendering.texts import stage_name


@dataclass(slots=True)
class Tally:
    """Grows with every answer of the server."""

    decisions: int = 0
    outbound_decisions: int = 0
    impressions: int = 0
    clicks: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    decide_ms: list[float] = field(default_factory=list)
    """Of every Decide of a visit, as its caller waited for it."""
    walk_s: float = 0.0

    def add_drops(self, counts: Iterable[StageCount]) -> None:
        for count in counts:
            self.drops[stage_name(count.stage)] += count.count

    def latency_ms(self, share: float) -> float:
        """The latency that `share` of the decisions do not exceed."""
        return float(np.quantile(self.decide_ms, share)) if self.decide_ms else 0.0

    @property
    def decisions_per_s(self) -> float:
        return self.decisions / self.walk_s if self.walk_s else 0.0
