"""Caps and budgets as the state of a replay: what a policy would have used of them by then.

What a record says was used is what those who decided then had used. Of it, the contacts of the replayed decisions are
taken back, and those that the policy makes instead are counted: the difference is kept here, by person and by resource.
Contacts of decisions that are not replayed count as they were.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.volume.desk import NO_PERIOD
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.contact_limits import ContactCount
from services.orchestrator.domain.contact_pressure import SentContact
from services.orchestrator.domain.decision import Proposition
from services.orchestrator.domain.policy_parts import ContactLimitPart
from services.orchestrator.domain.volume.resources import VolumeTable
from services.orchestrator.domain.volume.standing import ResourceStanding, VolumeStanding
from shared.clock import to_datetime

MADE, TAKEN_BACK = 1, -1
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class _Contact:
    time_ms: int
    channel: str
    action: str
    campaign: str
    sign: int
    is_outbound: bool


class ReplayState:
    """Of one policy. Decisions come in the order of their contacts."""

    def __init__(self, policy: ActivePolicy) -> None:
        self._policy = policy
        self._limits = {limit.limit_id: limit for limit in policy.limits.limits}
        self._contacts: dict[str, list[_Contact]] = defaultdict(list)
        self._counted: dict[tuple[str, str, str], Mapping[tuple[str, str], int]] = {}
        self._used: Counter[tuple[str, int]] = Counter()

    def differs(self, person: str) -> bool:
        """Whether a decision for the person would go by something else than was recorded."""
        return any(self._used.values()) or bool(self._contacts.get(person))

    def tell(self, person: str, logged: DecisionRecord, made: DecisionRecord) -> None:
        """What was done then, and what the policy does in its place."""
        if _propositions(logged) == _propositions(made):
            return
        for record, sign in ((logged, TAKEN_BACK), (made, MADE)):
            campaign = record.command.campaign_id
            is_outbound = record.command.places.direction is Direction.OUTBOUND
            for each in _proposed(record):
                if person:
                    about = each.channel, each.action, campaign
                    contact = _Contact(logged.acts_ms, *about, sign, is_outbound)
                    self._contacts[person].append(contact)
                for use in each.uses:
                    self._used[use.resource_id, use.period_ms] += sign * use.used

    def counts(self, person: str, now_ms: int, recorded: Iterable[ContactCount]) -> tuple[ContactCount, ...]:
        """What is used of the contact limits in place of what was."""
        counts = {(each.limit_id, each.counted): each for each in recorded}
        for key, more in self._more(person, now_ms).items():
            before = counts.get(key, ContactCount(*key, 0))
            counts[key] = replace(before, used=max(before.used + more, 0), until_ms=None)
        return tuple(each for each in counts.values() if each.used > 0)

    def _more(self, person: str, now_ms: int) -> Counter[tuple[str, str]]:
        more: Counter[tuple[str, str]] = Counter()
        for contact in self._contacts.get(person, ()):
            for key, units in self._units(contact).items():
                if _holds(self._limits[key[0]], contact.time_ms, now_ms):
                    more[key] += contact.sign * units
        return more

    def _units(self, contact: _Contact) -> Mapping[tuple[str, str], int]:
        channel, action, campaign = key = contact.channel, contact.action, contact.campaign
        if key not in self._counted:
            limits = self._policy.compiled.campaign_limits.of(campaign)
            self._counted[key] = limits.counts_of(self._policy.catalogue, [(channel, action)])
        return self._counted[key]

    def sent(self, person: str, recorded: Iterable[SentContact]) -> tuple[SentContact, ...]:
        """What the person was sent in place of what was. A contact that is taken back is the one on its channel that
        went out nearest to its decision."""
        sent = list(recorded)
        for contact in self._contacts.get(person, ()):
            if not contact.is_outbound:
                continue
            if contact.sign == MADE:
                sent.append(SentContact(contact.time_ms, contact.channel))
                continue
            own = [each for each in sent if each.channel == contact.channel]
            if own:
                sent.remove(min(own, key=lambda each: abs(each.time_ms - contact.time_ms)))
        return tuple(sorted(sent, key=lambda each: (each.time_ms, each.channel)))

    def volume(self, record: DecisionRecord, logged: VolumeTable, now_ms: int) -> VolumeStanding | None:
        """What is left of resources. One that nobody counted then is whole, and one that grants more has more left."""
        table = self._policy.compiled.volume
        if table.is_empty:
            return None
        recorded = {each.resource_id: each for each in record.volume}
        amounts = {each.resource_id: each.amount for each in logged.resources}
        standing = []
        for resource in table.resources:
            name, period = resource.resource_id, resource.period_at(now_ms)
            key_ms = NO_PERIOD if period is None else period.key_ms
            was = recorded.get(name)
            room = 0 if period is None else resource.amount
            if was is not None and period is not None:
                room = was.room + resource.amount - amounts.get(name, resource.amount)
            price = 0.0 if was is None else was.price
            standing.append(ResourceStanding(name, key_ms, max(room - self._used[name, key_ms], 0), price))
        return VolumeStanding(table, tuple(standing))


def _proposed(record: DecisionRecord) -> list[Proposition]:
    return [each for place in record.answer.placements for each in place.propositions]


def _propositions(record: DecisionRecord) -> list[tuple[str, str, tuple[tuple[str, int], ...]]]:
    return [
        (each.channel, each.action, tuple((use.resource_id, use.used) for use in each.uses))
        for each in _proposed(record)
    ]


def _holds(limit: ContactLimitPart, then_ms: int, now_ms: int) -> bool:
    """Whether a contact of then counts now. Calendar units are those of UTC here."""
    if limit.window_ms is not None:
        return now_ms - then_ms < limit.window_ms
    return _unit(limit.calendar, then_ms) == _unit(limit.calendar, now_ms)


def _unit(calendar: str, time_ms: int) -> tuple[int, ...]:
    moment = to_datetime(time_ms)
    if calendar == "HOUR":
        return (time_ms // 3_600_000,)
    if calendar == "DAY":
        return (time_ms // _DAY_MS,)
    if calendar == "WEEK":
        return tuple(moment.isocalendar()[:2])
    return (moment.year, moment.month) if calendar == "MONTH" else (moment.year,)
