"""How much is still explored: the mean of -log(choice probability) over the choices, in nats.

It estimates the entropy of the choices without knowing the probabilities of what was not chosen.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from services.scoring.domain.health.presentations import Presentation

COLLAPSED = 0.01
"""Nats. Two choices of which one is taken with probability 1 - e have this entropy at e = 1 in 700: of the thousand
choices that are asked for, one or two explored. What nobody tries nobody learns, and no log can tell any more what
another policy would have earned."""
LEAST_CHOICES = 1_000


def choice_probabilities(presentations: Iterable[Presentation]) -> list[float]:
    """Those that are known."""
    known = (each.prediction.choice_probability for each in presentations if each.prediction is not None)
    return [probability for probability in known if probability > 0.0]


def entropy(probabilities: list[float]) -> float:
    """0 without any."""
    return float(-np.log(probabilities).mean()) if probabilities else 0.0


def is_collapsed(probabilities: list[float]) -> bool:
    return len(probabilities) >= LEAST_CHOICES and entropy(probabilities) < COLLAPSED
