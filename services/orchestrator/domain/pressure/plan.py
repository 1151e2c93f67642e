"""What a policy says of marketing pressure: how it decays, how long its effects are watched, the gaps to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

USUAL_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class PressurePlan:
    """Of one policy. A contact counts with its channel's weight, halved every `half_life_ms`, for `window_ms`."""

    half_life_ms: int
    window_ms: int
    response_window_ms: int
    """A contact without a response by then had none."""
    unsubscribe_value: float = 0.0
    """What an unsubscribe costs, in the policy's currency."""
    gap_share: float = 0.0
    """Of the periods of a person's time, those that begin with a gap; 0: there are no gaps, and nothing is learnt."""
    gap_lengths_ms: tuple[int, ...] = ()
    """Equally likely."""
    salt: str = ""
    channel_weights: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Of those channels that do not weigh as usual."""

    def weight_of(self, channel: str) -> float:
        return self.channel_weights.get(channel, USUAL_WEIGHT)

    @property
    def has_gaps(self) -> bool:
        return self.gap_share > 0.0 and bool(self.gap_lengths_ms)

    @property
    def period_ms(self) -> int:
        """Twice the longest gap: a gap always ends within its period; 0 without gaps."""
        return 2 * max(self.gap_lengths_ms) if self.has_gaps else 0
