"""How long a presentation waits before it is learnt from as a failure.

A success is known when it happens, a failure only when nothing has come for a whole window. Who learns failures at once
takes every action that was just shown for a bad one; who learns them at the end of the window takes a new action, of
which only successes are known yet, for an excellent one.

So a failure waits for as long as a success might have taken: for a time drawn from the delays that successes were seen
to have, F. At an age a of its presentations a fraction p of which will succeed, p F(a) were learnt as successes,
(1 - p) F(a) as failures, and p F(a) (1 - F(a)) as failures that will turn out to be successes and are corrected then.
The learnt rate is p / (1 + p (1 - F(a))): at every age off by less than p of itself, where failures at once are off by
1 - F(a) and failures last by 1 / p.

Related: Chapelle (2014), Modeling delayed feedback in display advertising, KDD, which learns F together with p by
survival analysis; Yang et al. (2021), Capturing delayed feedback in conversion rate prediction via elapsed-time
sampling (ES-DFM), AAAI, which learns a failure after an elapsed time that is drawn, as here, and weighs samples by a
second model; Ktena et al. (2019), Addressing delayed feedback for continuous training with neural networks in CTR
prediction, RecSys, whose fake negatives are corrected afterwards; Joulani, György, Szepesvári (2013), Online learning
under delayed feedback, ICML, on what delays cost a bandit. Drawing the wait from F itself needs no second model and no
weights, which would have to be kept for the correction; what bias is left is below p. F is counted over all actions of
an objective. In the first window of its life long delays cannot have been seen yet: failures come somewhat early then.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate

SHORTEST_MS = 1_000
PER_DOUBLING = 2
MAX_BUCKET = 63
"""From 2³² seconds on."""
PRIOR_COUNT = 20.0
"""Of delays that were never seen: log-uniform from a second to the window."""


def bucket_of(delay_ms: int) -> int:
    """Bucket b holds delays from 2^(b / 2) seconds to less than 2^((b + 1) / 2); the first one all shorter ones too."""
    if delay_ms < SHORTEST_MS:
        return 0
    return min(MAX_BUCKET, int(PER_DOUBLING * math.log2(delay_ms / SHORTEST_MS)))


def share_of(reward_key: str) -> float:
    """In [0, 1), uniform over keys and always the same of one key: no wait is drawn twice."""
    digest = hashlib.blake2b(reward_key.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2.0**64


@dataclass(frozen=True, slots=True)
class DelayDistribution:
    """Of the time from the decision until a success was known: what was counted, by bucket, and a weak prior."""

    window_ms: int
    counts: Mapping[int, int] = field(default_factory=dict)

    def delay_ms(self, share: float) -> int:
        """The delay that `share` of the successes do not exceed; within a bucket delays are log-uniform."""
        masses = self._masses()
        ends = list(accumulate(masses))
        wanted = share * ends[-1]
        bucket = next((index for index, end in enumerate(ends) if wanted < end), len(ends) - 1)
        within = (wanted - (ends[bucket] - masses[bucket])) / masses[bucket]
        return min(int(_start_ms(bucket + within)), self._longest_ms())

    def _masses(self) -> list[float]:
        """Of the buckets from 0 to the last that has any."""
        span = _position(self.window_ms)
        last = max([math.ceil(span) - 1, *self.counts])
        return [self.counts.get(bucket, 0) + PRIOR_COUNT * _overlap(bucket, span) / span for bucket in range(last + 1)]

    def _longest_ms(self) -> int:
        """A success may become known after the window it happened in."""
        seen = [int(_start_ms(bucket + 1)) for bucket in self.counts]
        return max([self.window_ms, *seen])


def _position(delay_ms: float) -> float:
    """In buckets."""
    return PER_DOUBLING * math.log2(delay_ms / SHORTEST_MS)


def _start_ms(position: float) -> float:
    return SHORTEST_MS * math.exp2(position / PER_DOUBLING)


def _overlap(bucket: int, span: float) -> float:
    """How much of the bucket lies before `span`, in buckets."""
    return max(0.0, min(1.0, span - bucket))
