"""How much is still explored: the mean of -log(choice probability) over the choices, in nats.

It estimates the entropy of the choices without knowing the probabilities of what was not chosen. Among many candidates
there is more of it than among few: its share is the same divided by the mean of log(number of candidates), which is the
entropy of a uniform choice. Choices among one explore nothing, and say nothing of exploration.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from services.scoring.domain.health.presentations import Presentation

COLLAPSED = 0.01
"""Nats. Two choices of which one is taken with probability 1 - e have this entropy at e = 1 in 700: of the thousand
choices that are asked for, one or two explored. What nobody tries nobody learns, and no log can tell any more what
another policy would have earned."""
LEAST_CHOICES = 1_000
COLLAPSED_SHARE = 0.02
"""Of the entropy of a uniform choice: among 2 candidates one choice in 500 that is not the likeliest, among 20 one in
150, among 200 one in 100."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """Of choices of which the probability is known. `share` is None where no number of candidates is known to be above
    1; `several` is how many choices it is of.
    """

    choices: int
    entropy: float
    several: int
    share: float | None

    @property
    def collapse(self) -> str | None:
        """What is wrong, in words."""
        if self.share is not None and self.several >= LEAST_CHOICES:
            if self.share >= COLLAPSED_SHARE:
                return None
            return (
                f"nothing is explored any more: the last {self.several:,} choices among several candidates have "
                f"{100 * self.share:.2f} % of the entropy of a uniform choice"
            )
        if self.share is not None or self.choices < LEAST_CHOICES or self.entropy >= COLLAPSED:
            return None
        nats = f"{self.entropy:.4f} nats"
        return f"nothing is explored any more: the last {self.choices:,} choices have an entropy of {nats}"


def exploration(presentations: Iterable[Presentation]) -> Exploration:
    known = [each.prediction for each in presentations if each.prediction is not None]
    known = [each for each in known if each.choice_probability > 0.0]
    several = [each for each in known if each.candidates > 1]
    uniform = float(np.log([each.candidates for each in several]).sum())
    spent = -float(np.log([each.choice_probability for each in several]).sum())
    return Exploration(
        len(known),
        entropy([each.choice_probability for each in known]),
        len(several),
        spent / uniform if several else None,
    )


def entropy(probabilities: list[float]) -> float:
    """0 without any."""
    return float(-np.log(probabilities).mean()) if probabilities else 0.0
