"""Caps and budgets as the state of a replay: what a policy would have used of them by then.

What a record says was used is what those who decided then had used. Of it, the contacts of the replayed decisions are
taken back, and those that the policy makes instead are counted: the difference is kept here, by person and by resource.
Contacts of decisions that are not replayed count as they were.

Decisions that were made side by side knew nothing of one another, so what they say was left is too much. What they were
refused says more, and a policy never uses more than it grants and what came back: `rooms`. That something came back is
known where the log used more than was granted.
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
from services.orchestrator.domain.volume.resources import Resource, VolumeTable
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
        self._made: Counter[tuple[str, int]] = Counter()
        self._taken: Counter[tuple[str, int]] = Counter()
        """Units by resource and period: what the policy used, and what the log did."""

    def differs(self, person: str) -> bool:
        """Whether a decision for the person would go by something else than was recorded."""
        return self._made != self._taken or self.differs_in_contacts(person)

    def differs_in_contacts(self, person: str) -> bool:
        return bool(self._contacts.get(person))

    def tell(self, person: str, logged: DecisionRecord, made: DecisionRecord) -> None:
        """What was done then, and what the policy does in its place."""
        for record, used in ((logged, self._taken), (made, self._made)):
            used.update(_units_used(record))
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

    def volume(
        self, record: DecisionRecord, logged: VolumeTable, now_ms: int, *, by_record: bool = False
    ) -> VolumeStanding | None:
        """What is known to be left of resources. One that nobody counted then is whole, and one that grants more has
        more left. `by_record`: as the log left it, and what the policy grants beyond it as far as the policy has not
        used that yet."""
        table = self._policy.compiled.volume
        if table.is_empty:
            return None
        left = [self._left(each, record, logged, now_ms) for each in table.resources]
        return VolumeStanding(table, tuple(each.standing(by_record=by_record) for each in left))

    def granted_beyond(self, record: DecisionRecord, logged: VolumeTable, now_ms: int) -> Mapping[str, int]:
        """What the policy grants beyond the one that decided and has not used yet, in millionths; negative where it
        grants less."""
        left = [self._left(each, record, logged, now_ms) for each in self._policy.compiled.volume.resources]
        return {each.resource_id: each.beyond for each in left}

    def rooms(
        self, record: DecisionRecord, logged: VolumeTable, now_ms: int, then: Mapping[str, int]
    ) -> Mapping[str, int]:
        """What there really is of resources, in millionths. `then`: what there really was, where it is known."""
        left = [self._left(each, record, logged, now_ms) for each in self._policy.compiled.volume.resources]
        if self._policy.versions.policy == record.policy_version and not self.differs(record.profile_id):
            # It does what the log did, which was given all that it used.
            return {each.resource_id: each.was(then.get(each.resource_id)) for each in left}
        return {each.resource_id: each.room(then.get(each.resource_id)) for each in left}

    def _left(self, resource: Resource, record: DecisionRecord, logged: VolumeTable, now_ms: int) -> _Left:
        name, period = resource.resource_id, resource.period_at(now_ms)
        if period is None:
            return _Left(name, NO_PERIOD)
        was = next((each for each in record.volume if each.resource_id == name), None)
        if was is None:
            return _Left(name, period.key_ms, amount=resource.amount, made=self._made[name, period.key_ms])
        amounts = {each.resource_id: each.amount for each in logged.resources}
        key = name, period.key_ms
        granted, own = amounts.get(name, resource.amount), _units_used(record)[key]
        return _Left(*key, was.room, was.price, granted, resource.amount, self._taken[key], self._made[key], own)


@dataclass(frozen=True, slots=True)
class _Left:
    """Of one resource, in millionths. `granted`: by the policy that decided; `taken` and `made`: by the log and by the
    policy, so far; `own`: by the logged decision."""

    resource_id: str
    period_ms: int
    recorded: int = 0
    price: float = 0.0
    granted: int = 0
    amount: int = 0
    taken: int = 0
    made: int = 0
    own: int = 0

    @property
    def beyond(self) -> int:
        more, ahead = self.amount - self.granted, self.made - self.taken
        return more - min(max(ahead, min(more, 0)), max(more, 0))

    def standing(self, *, by_record: bool) -> ResourceStanding:
        more = self.beyond if by_record else self.amount - self.granted - (self.made - self.taken)
        return ResourceStanding(self.resource_id, self.period_ms, max(self.recorded + more, 0), self.price)

    def was(self, then: int | None) -> int:
        """There for the log: no less than it used."""
        recorded = max(self.recorded, self.own)
        return recorded if then is None else min(then, recorded)

    def room(self, then: int | None) -> int:
        came_back = max(self.taken + self.own - self.granted, 0)
        most = self.amount + came_back - self.made
        return max(min(self.was(then) + self.amount - self.granted - (self.made - self.taken), most), 0)


def _units_used(record: DecisionRecord) -> Counter[tuple[str, int]]:
    """By resource and period, in millionths."""
    used = Counter[tuple[str, int]]()
    for each in _proposed(record):
        for use in each.uses:
            used[use.resource_id, use.period_ms] += use.used
    return used


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
