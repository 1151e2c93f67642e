"""What an estimate allows to be said, in words."""

from __future__ import annotations

from services.scoring.domain.evaluation.estimators import Estimate

LEAST_WEIGHTED_POSITIVES = 10.0

CANNOT_TELL = "the data cannot tell"
BETTER = "better than {}"
WORSE = "worse than {}"


def verdict(estimate: Estimate, baseline: Estimate, baseline_name: str) -> str:
    """Against a baseline: better or worse only where the intervals part and enough positives stand behind both."""
    positives = min(estimate.weighted_positives, baseline.weighted_positives)
    if positives < LEAST_WEIGHTED_POSITIVES:
        return CANNOT_TELL
    if estimate.low > baseline.high:
        return BETTER.format(baseline_name)
    if estimate.high < baseline.low:
        return WORSE.format(baseline_name)
    return CANNOT_TELL
