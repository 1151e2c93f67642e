"""Serving again what a placement proposed under the same key, so that a page that is loaded twice says one thing.

Looked up only where the policy says for how long, the request has a key and the person a profile: nobody else pays.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import STORE_SHARE, Budget
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.sticky_store import StickyStore
from services.orchestrator.domain.sticky import StickyProposition
from services.orchestrator.domain.trouble import Party, Trouble
from shared.clock import Clock
from shared.deadline import until
from shared.errors import TandemError

_log = logging.getLogger("tandem.orchestrator.decide")


async def recall_served(brief: Brief, known: Known, store: StickyStore, budget: Budget) -> Known:
    """With what was served before; where nobody can tell, something else may come up."""
    key, profile_id = brief.command.sticky_key, known.view.profile_id
    if not (brief.policy.settings.sticky_ms and key and profile_id):
        return known
    try:
        async with budget.within(STORE_SHARE):
            return replace(known, sticky=await store.get(profile_id, key, brief.acts_ms))
    except TandemError as failure:
        _log.warning("nothing served again", extra={"fields": {"cause": failure.message}})
        return known.without(Trouble.of(Party.STICKY, failure))


def sticky_until(brief: Brief) -> int:
    """Until when what is drawn now is served again; 0: it is not."""
    sticky_ms = brief.policy.settings.sticky_ms
    return brief.acts_ms + sticky_ms if sticky_ms and brief.command.sticky_key else 0


async def remember_served(record: DecisionRecord, store: StickyStore, clock: Clock, until_ms: int) -> None:
    """What a recorded decision drew. A failure costs the next request a draw, and nothing else: the answer waits for it
    until then at most."""
    served = tuple(_served(record))
    if not record.profile_id or not any(each.decision_id == record.decision_id for each in served):
        return
    try:
        async with until(until_ms, clock):
            await store.put(record.profile_id, record.command.sticky_key, served, record.decision_time_ms)
    except TandemError as failure:
        _log.warning("nothing to serve again", extra={"fields": {"cause": failure.message}})


def _served(record: DecisionRecord) -> Iterator[StickyProposition]:
    if not record.sticky_until_ms:
        return
    before = {(each.placement_id, each.treatment): each for each in record.sticky}
    for place in record.answer.placements:
        for each in place.propositions:
            if each.sticky_from_decision_id:
                yield before[place.placement_id, each.treatment]
                continue
            yield StickyProposition(
                place.placement_id,
                each.treatment,
                record.decision_id,
                each.choice_probability,
                record.sticky_until_ms,
            )
