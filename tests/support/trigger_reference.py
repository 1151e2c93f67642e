"""What fires, worked out slowly from the words of the contract: nothing is forgotten, everything is tried.

Written apart from the code under test and shares nothing with it but the declarations. Expressions are given as Python
functions of a lookup that raises Unknown for what is missing.

Beyond the contract it knows what the service promises about time:

    lateness    an event counts if it comes within the trigger's spans (window and absence together), at least 3 days
    ties        events of equal time follow one another by their ids
    choice      of several completions the one that ends first, then the one with the newest events, looked at from the
                last part of a SEQUENCE, from the first match of ALL; COUNT and SUM take all events of the window
    absence     completions wait from their last event; of two whose waits overlap one counts: the one that came first,
                or with `restarts` the one that is later by event time
    cooldown    no two moments of firing lie closer than it
    traits      an inferred one is seen at once, for an hour of the clock, then as the profile service has it: there
                the latest by its moment counts. Triggers of one tier do not see what the others of it infer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.rules.domain.triggers.declaration import Emit, Pattern, Schedule, Trigger
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.written import OnUnknown
from tests.support.trigger_completions import first_completion, order_of

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


class Unknown(Exception):
    """A name has no value."""


Lookup = Callable[[str], Any]
Meaning = Callable[[Lookup], Any]


@dataclass(frozen=True)
class Read:
    """An expression, and the attributes of the subject that it reads."""

    meaning: Meaning
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fired:
    trigger_id: str
    profile_id: str
    what: str
    payload: tuple[tuple[str, Any], ...]
    cause_event_id: str
    fired_ms: int


@dataclass
class Place:
    """Of one subject, trigger and value of the join."""

    events: dict[str, tuple[Happening, set[int]]] = field(default_factory=dict)
    absents: list[Happening] = field(default_factory=list)
    waiting: list[list[Happening]] = field(default_factory=list)
    fired: list[int] = field(default_factory=list)


@dataclass
class Trait:
    seen: tuple[int, int, Any] | None = None
    """Moment, until when by the clock, value."""
    profile: tuple[int, Any] | None = None
    mail: list[tuple[int, int, Any]] = field(default_factory=list)


class Circular(Exception):
    """Triggers read what one another infer."""


class Reference:
    def __init__(
        self,
        triggers: Sequence[Trigger],
        meanings: Mapping[str, Read],
        facts: Mapping[str, Mapping[str, Any]],
        started_ms: int,
        courier_ms: int,
    ) -> None:
        self.fired: list[Fired] = []
        self._triggers = triggers
        self._meanings = meanings
        self._facts = facts
        self._courier_ms = courier_ms
        self._ticked_ms = started_ms
        self._places: dict[tuple[str, str, object], Place] = {}
        self._traits: dict[tuple[str, str], Trait] = {}
        self._seen: set[str] = set()
        self._tiers = self._tier_by_trigger()

    def event(self, happening: Happening, now_ms: int) -> None:
        self._bring_mail(now_ms)
        self._tick(now_ms)
        if happening.event_id in self._seen:
            return
        self._seen.add(happening.event_id)
        if happening.profile_id:
            self._of_subject(happening.profile_id, happening, now_ms)
        for profile_id in sorted({who for who, _, _ in self._places} - {happening.profile_id}):
            self._of_subject(profile_id, happening, now_ms)

    def end_of_log(self, now_ms: int) -> None:
        self._bring_mail(now_ms)
        self._tick(now_ms)
        while due := [each for each in self._waiting() if each[0] <= now_ms]:
            due_ms, profile_id, join, trigger, members = min(due, key=lambda each: (each[0], each[1], str(each[2])))
            place = self._place(profile_id, trigger, join)
            place.waiting.remove(members)
            self._fire(profile_id, [(trigger, join, members[-1], due_ms)], now_ms)

    # What happens

    def _of_subject(self, profile_id: str, happening: Happening, now_ms: int) -> None:
        traits = dict(self._visible(profile_id, now_ms))
        completed = []
        for trigger in self._triggers:
            if isinstance(trigger.when, Pattern) and happening.event_ms >= now_ms - lateness(trigger.when):
                parts = self._accepting(profile_id, trigger.when, happening, traits)
                for join in dict.fromkeys(join for join, _ in parts):
                    mine = {part for each, part in parts if each == join}
                    members = self._take(self._place(profile_id, trigger, join), trigger.when, happening, mine)
                    if members:
                        completed.append((trigger, join, members[-1], members[-1].event_ms))
        self._fire(profile_id, completed, now_ms)

    def _accepting(
        self, profile_id: str, pattern: Pattern, happening: Happening, traits: Mapping[str, Any]
    ) -> list[tuple[object, int]]:
        """(value of the join, number of the match; -1 for the absence)."""
        found: list[tuple[object, int]] = []
        numbered = [*enumerate(pattern.matches), *([(-1, pattern.absent)] if pattern.absent else [])]
        for number, match in numbered:
            if match.event_type != happening.type or not (happening.profile_id == profile_id or match.by_anyone):
                continue
            lookup = looker(happening.properties, traits, happening.event_ms)
            if match.where and known(self._meanings[match.where].meaning, lookup) is not True:
                continue
            if number >= 0 and pattern.sum_of and happening.properties.get(pattern.sum_of) is None:
                continue
            join: object = None
            if pattern.join:
                join = happening.properties.get(match.join_property or pattern.join)
                if join is None:
                    continue
            found.append((join, number))
        return found

    def _take(self, place: Place, pattern: Pattern, happening: Happening, parts: set[int]) -> list[Happening]:
        """What fires at once."""
        if -1 in parts:
            place.absents.append(happening)
            place.waiting = [
                each
                for each in place.waiting
                if not each[0].event_ms <= happening.event_ms < each[-1].event_ms + pattern.absent_ms
            ]
            parts = parts - {-1}
        if not parts:
            return []
        place.events[happening.event_id] = (happening, parts)
        members = first_completion(pattern, place.events)
        for each in members:
            del place.events[each.event_id]
        if happening.event_id in place.events:
            own = {part for part in parts if not pattern.matches[part].by_anyone}
            place.events[happening.event_id] = (happening, own)
        if members and pattern.absent is not None:
            self._wait(place, pattern, members)
            return []
        return members

    def _wait(self, place: Place, pattern: Pattern, members: list[Happening]) -> None:
        end_ms = members[-1].event_ms
        overlapping = [each for each in place.waiting if abs(each[-1].event_ms - end_ms) < pattern.absent_ms]
        if overlapping and not pattern.restarts:
            return
        is_latest = all(order_of(each[-1]) < order_of(members[-1]) for each in overlapping)
        place.waiting = [
            each for each in place.waiting if each not in overlapping or order_of(each[-1]) > order_of(members[-1])
        ]
        is_broken = any(
            members[0].event_ms <= each.event_ms < end_ms + pattern.absent_ms and each not in members
            for each in place.absents
        )
        if is_latest and not is_broken:
            place.waiting.append(members)

    def _waiting(self) -> Iterator[tuple[int, str, object, Trigger, list[Happening]]]:
        by_id = {each.trigger_id: each for each in self._triggers}
        for (profile_id, trigger_id, join), place in self._places.items():
            trigger = by_id[trigger_id]
            for members in place.waiting:
                assert isinstance(trigger.when, Pattern)
                yield members[-1].event_ms + trigger.when.absent_ms, profile_id, join, trigger, members

    def _tick(self, now_ms: int) -> None:
        moments = []
        for number, trigger in enumerate(self._triggers):
            if isinstance(trigger.when, Schedule):
                moments += [(each, number) for each in daily(trigger.when, self._ticked_ms, now_ms)]
        self._ticked_ms = now_ms
        for moment_ms, number in sorted(moments):
            for profile_id in sorted(self._facts):
                self._fire(profile_id, [(self._triggers[number], None, None, moment_ms)], moment_ms, sent_ms=now_ms)

    # What fires

    def _fire(
        self,
        profile_id: str,
        completed: Sequence[tuple[Trigger, object, Happening | None, int]],
        now_ms: int,
        sent_ms: int | None = None,
    ) -> None:
        for tier in sorted({self._tiers[trigger.trigger_id] for trigger, _, _, _ in completed}):
            traits = dict(self._visible(profile_id, now_ms))
            mine = [each for each in completed if self._tiers[each[0].trigger_id] == tier]
            effects = []
            for trigger, join, last, moment_ms in mine:
                lookup = looker({} if last is None else last.properties, traits, moment_ms)
                place = self._place(profile_id, trigger, join)
                cooling = any(abs(each - moment_ms) < trigger.cooldown_ms for each in place.fired)
                if not cooling and self._holds(trigger, lookup):
                    place.fired.append(moment_ms)
                    effects.append((trigger, last, moment_ms, lookup))
            for trigger, last, moment_ms, lookup in effects:
                self._effect(profile_id, trigger, last, moment_ms, lookup, now_ms, sent_ms or now_ms)

    def _holds(self, trigger: Trigger, lookup: Lookup) -> bool:
        if not trigger.condition:
            return True
        meaning = self._meanings[trigger.condition].meaning
        if trigger.on_unknown is OnUnknown.DEFAULT:
            return known(meaning, defaulting(lookup, trigger.default_value)) is True
        value = known(meaning, lookup)
        return trigger.on_unknown is OnUnknown.PASS if value is None else value is True

    def _effect(
        self,
        profile_id: str,
        trigger: Trigger,
        last: Happening | None,
        moment_ms: int,
        lookup: Lookup,
        now_ms: int,
        sent_ms: int,
    ) -> None:
        cause = "" if last is None else last.event_id
        for effect in trigger.effects:
            if isinstance(effect, Emit):
                values = {key: known(self._meanings[text].meaning, lookup) for key, text in effect.payload.items()}
                payload = tuple(sorted((key, value) for key, value in values.items() if value is not None))
                self.fired.append(Fired(trigger.trigger_id, profile_id, effect.name, payload, cause, moment_ms))
                continue
            value = known(self._meanings[effect.value].meaning, lookup)
            if value is None:
                continue
            payload = ((effect.trait, value),)
            self.fired.append(Fired(trigger.trigger_id, profile_id, effect.trait, payload, cause, moment_ms))
            trait = self._traits.setdefault((profile_id, effect.trait), Trait())
            trait.mail.append((sent_ms, moment_ms, value))
            if trait.seen is None or trait.seen[1] <= now_ms or trait.seen[0] <= moment_ms:
                trait.seen = (moment_ms, now_ms + HOUR_MS, value)

    # What is known

    def _visible(self, profile_id: str, now_ms: int) -> Iterator[tuple[str, Any]]:
        yield from self._facts.get(profile_id, {}).items()
        for (who, name), trait in self._traits.items():
            if who != profile_id:
                continue
            if trait.seen is not None and trait.seen[1] > now_ms:
                yield name, trait.seen[2]
            elif trait.profile is not None:
                yield name, trait.profile[1]

    def _bring_mail(self, now_ms: int) -> None:
        for trait in self._traits.values():
            for _, moment_ms, value in [each for each in trait.mail if each[0] + self._courier_ms <= now_ms]:
                if trait.profile is None or trait.profile[0] <= moment_ms:
                    trait.profile = (moment_ms, value)
            trait.mail = [each for each in trait.mail if each[0] + self._courier_ms > now_ms]

    def _place(self, profile_id: str, trigger: Trigger, join: object) -> Place:
        return self._places.setdefault((profile_id, trigger.trigger_id, join), Place())

    def _tier_by_trigger(self) -> dict[str, int]:
        sets = {each.trigger_id: {e.trait for e in each.effects if not isinstance(e, Emit)} for each in self._triggers}
        reads = {each.trigger_id: self._reads(each) for each in self._triggers}
        tier = dict.fromkeys(sets, 0)
        for _ in range(len(tier) + 1):
            before = dict(tier)
            for reader, names in reads.items():
                for setter, traits in sets.items():
                    if reader != setter and names & traits:
                        tier[reader] = max(tier[reader], tier[setter] + 1)
            if tier == before:
                return tier
        raise Circular

    def _reads(self, trigger: Trigger) -> set[str]:
        texts = [trigger.condition] if trigger.condition else []
        for effect in trigger.effects:
            texts += effect.payload.values() if isinstance(effect, Emit) else [effect.value]
        return {name for text in texts for name in self._meanings[text].attributes}


def known(meaning: Meaning, lookup: Lookup) -> Any:
    """None for unknown."""
    try:
        return meaning(lookup)
    except Unknown:
        return None


def looker(properties: Mapping[str, Any], traits: Mapping[str, Any], moment_ms: int) -> Lookup:
    def lookup(name: str) -> Any:
        value = moment_ms if name == "now" else traits.get(name)
        if name.startswith("event."):
            value = properties.get(name.removeprefix("event."))
        if value is None:
            raise Unknown(name)
        return value

    return lookup


def defaulting(lookup: Lookup, default: Any) -> Lookup:
    def with_default(name: str) -> Any:
        try:
            return lookup(name)
        except Unknown:
            return default

    return with_default


def lateness(pattern: Pattern) -> int:
    return max(3 * DAY_MS, pattern.within_ms + pattern.absent_ms)


def daily(schedule: Schedule, after_ms: int, until_ms: int) -> Iterator[int]:
    """UTC, every day or some."""
    hours, minutes = map(int, schedule.daily_at.split(":"))
    for day in range(after_ms // DAY_MS, until_ms // DAY_MS + 1):
        moment_ms = day * DAY_MS + (hours * 60 + minutes) * 60_000
        weekday = (day + 3) % 7 + 1  # 1970-01-01 was a Thursday
        if after_ms < moment_ms <= until_ms and (not schedule.weekdays or weekday in schedule.weekdays):
            yield moment_ms
