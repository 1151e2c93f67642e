"""What marketing pressure does to a decision: contacts cost what they will cost later, and none are made in a gap.

A contact's price goes by the weight of its channel. Service messages and answers to who came to us have neither price
nor gap: weights float64[O] are 0 for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.domain.arbitration.worth import Column, Worth
from services.orchestrator.domain.catalogue import Catalogue, Direction
from services.orchestrator.domain.contact_limits import SERVICE
from services.orchestrator.domain.drops import Check
from services.orchestrator.domain.lineup import Lineup, NoActionReason, without
from services.orchestrator.domain.past_contacts import MAX_LISTED, PastContact
from services.orchestrator.domain.pressure.estimate import PressureEstimate
from services.orchestrator.domain.pressure.level import PastTouch
from services.orchestrator.domain.pressure.plan import PressurePlan
from services.orchestrator.domain.pressure.price import PressureStanding
from services.orchestrator.domain.pricing import Contest


@dataclass(frozen=True, slots=True)
class SentContact:
    """An outbound one, of any message class."""

    time_ms: int
    channel: str


@dataclass(frozen=True, slots=True)
class PressureBasis:
    """What a person's standing came from: the estimate that was in force, and the contacts of the window."""

    estimate: PressureEstimate
    contacts: tuple[SentContact, ...]


@dataclass(frozen=True, slots=True)
class PressureAccount:
    """Of one decision."""

    standing: PressureStanding
    basis: PressureBasis


def sent_contacts(
    contacts: Iterable[PastContact], plan: PressurePlan, now_ms: int, decision_id: str
) -> tuple[SentContact, ...]:
    """Those that still count, oldest first; what an earlier try of this very decision handed over is none of them."""
    own = f"{decision_id}."
    # The ledger's clock may be ahead of the moment that is decided for.
    sent = (
        SentContact(min(each.sent_ms, now_ms), each.channel)
        for each in contacts
        if each.is_outbound and not each.reference.startswith(own)
    )
    counting = sorted((each for each in sent if now_ms - each.time_ms < plan.window_ms), key=_by_time)
    return tuple(counting[-MAX_LISTED:])


def _by_time(contact: SentContact) -> tuple[int, str]:
    return contact.time_ms, contact.channel


def touches_of(contacts: Iterable[SentContact], plan: PressurePlan) -> list[PastTouch]:
    return [PastTouch(each.time_ms, plan.weight_of(each.channel)) for each in contacts]


def option_weights(catalogue: Catalogue, plan: PressurePlan) -> Column:
    """float64[O]: what a contact by each option weighs."""
    by_channel = np.array([_weight(catalogue, plan, name) for name in catalogue.channel_names])
    is_marketing = np.array([each.message_class != SERVICE for each in catalogue.actions], dtype=np.bool_)
    weights: Column = by_channel[catalogue.option_channel] * is_marketing[catalogue.option_action]
    return weights


def _weight(catalogue: Catalogue, plan: PressurePlan, name: str) -> float:
    return plan.weight_of(name) if catalogue.channels[name].direction is Direction.OUTBOUND else 0.0


def held_back(catalogue: Catalogue, lineup: Lineup, weights: Column) -> Lineup:
    """Without all that would be pressure, for a person in a gap."""
    return without(catalogue, lineup, weights > 0.0, Check.CONTACT_GAP, NoActionReason.CONTACT_GAP)


def pressed(contest: Contest, weights: Column, price: float) -> Contest:
    """What a contact will cost later is subtracted from what it is worth. `price`: of a contact of weight 1."""
    cost = weights[contest.option] * price
    if not cost.any():
        return contest
    worth = Worth(contest.worth.slope, contest.worth.offset - cost)
    return replace(contest, prices=replace(contest.prices, pressure_cost=cost), worth=worth)
