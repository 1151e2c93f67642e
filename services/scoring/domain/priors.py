"""How far each family of effects may reach before anything is learnt: prior variances of log-odds.

Nobody knows beforehand whether actions differ by 5 % or fivefold, or whether tastes matter. So the variances are
wide: an action may be worth three times its kin, and one that is new gets the responses that would show it.

Over a base model three scales shrink or stretch them as data says: one for kin (issue, group, action, attributes,
channel, placement), one for the customer, one for crosses of the two. A term's effect is scale · factor · weight, with
factor² its prior variance and the weight N(0, 1): the non-centred form (Papaspiliopoulos, Roberts & Sköld 2007), as
automatic relevance determination (MacKay 1994) is for groups of weights. Where the base has learnt all there is, the
layer comes close to it. Without a base the scales are fixed. Scales that are learnt shrink while nothing is known yet,
and then nothing is tried: in a simulated store of 200 actions regret was 2,987 with them and 2,640 without (two seeds,
20,000 rounds). The price is what noise costs: 1.9 % of the log loss of 10,000 visits with 38 clicks, instead of 0.2 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """Which scale a term has. BASE is not scaled."""

    BASE = 0
    KIN = 1
    CUSTOMER = 2
    CROSS = 3


@dataclass(frozen=True, slots=True)
class Priors:
    """Variances of a candidate's log-odds, by family of terms.

    The customer's variances are those of all their features together (each declared feature has the same share), and an
    action's attributes share theirs alike, so that a longer feature set is no wilder prior. The base is wide: the share
    that a policy expects is often wrong by a factor of ten.
    """

    base: float = 4.0
    issue: float = 0.1
    group: float = 0.15
    action: float = 1.0
    attributes: float = 0.2
    channel: float = 0.25
    placement: float = 0.1
    action_channel: float = 0.1
    customer: float = 0.3
    customer_group: float = 0.2
    customer_action: float = 0.15
    customer_attributes: float = 0.2
    scale_mean: float = 0.8
    scale_deviation: float = 0.0

    @property
    def scale_square(self) -> float:
        """E[scale²]: what a scaled variance is expected to be multiplied with."""
        return self.scale_mean**2 + self.scale_deviation**2


OVER_A_BASE = Priors(base=0.2, action=0.25, scale_mean=0.5, scale_deviation=0.4)
"""A base model knows the share of positives, and what most actions are worth; what is left to learn of it is drift."""
