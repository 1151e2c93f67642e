"""How far each family of effects may reach before anything is learnt: prior variances of log-odds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Priors:
    """Variances of a candidate's log-odds, by family of terms.

    The customer's variances are those of all their features together (each declared feature has the same share), and an
    action's attributes share theirs alike, so that a longer feature set is no wilder prior.
    """

    base: float = 4.0
    issue: float = 0.1
    group: float = 0.15
    action: float = 0.25
    attributes: float = 0.2
    channel: float = 0.25
    placement: float = 0.1
    action_channel: float = 0.1
    customer: float = 0.3
    customer_group: float = 0.2
    customer_action: float = 0.15
    customer_attributes: float = 0.2
