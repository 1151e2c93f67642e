"""A plain reference of the identity graph: what was told, on which identity, and who is whom.

Nothing is kept that could be computed: a profile is a list of facts, a person is a set of profiles that merges attached
to one another, and every question is answered from the beginning. Written from the contract, not from the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

KNOWN = {"crm", "email"}
SHARED = {"tablet"}
LIMITS = {"device": 1, "crm": 2}
CONFLICT, LIMIT, MACHINE = "IDENTITY_CONFLICT", "IDENTITY_LIMIT", "MACHINE_CLICK"
HANDED_OVER, SHARED_THING = "IDENTITY_HANDED_OVER", "SHARED_IDENTITY"
TOKEN_INVALID, TOKEN_USED = "LINK_TOKEN_INVALID", "LINK_TOKEN_USED"


def space(name: str) -> str:
    return name.partition(":")[0]


def is_known(names: Iterable[str]) -> bool:
    return any(space(name) in KNOWN for name in names)


def is_weighty(name: str) -> bool:
    return space(name) in KNOWN or space(name) == "profile"


@dataclass
class Fact:
    """Something that was told of a profile: an event, a trait, a statement, a contact."""

    profile: str
    kind: str
    at_ms: int
    what: tuple[Any, ...]


@dataclass
class Place:
    """A profile as it was made: what merges move."""

    profile_id: str
    created_ms: int
    names: list[str] = field(default_factory=list)
    merged_into: str = ""
    merge_id: str = ""


@dataclass
class Arrived:
    """Where something belongs, and what was told about it."""

    person: str
    place: str
    advisories: set[str]
    merged: list[str] = field(default_factory=list)


@dataclass
class Reference:
    places: dict[str, Place] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    """Of every event its id and whose it was when it was recorded."""
    history: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, profile, other profile."""
    tenures: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """By name: who held it, until when, in the order of time."""
    logins: dict[str, int] = field(default_factory=dict)
    apart: set[tuple[str, str]] = field(default_factory=set)
    met: set[tuple[str, str]] = field(default_factory=set)
    spent: set[str] = field(default_factory=set)

    def person(self, profile_id: str) -> str:
        while self.places[profile_id].merged_into:
            profile_id = self.places[profile_id].merged_into
        return profile_id

    def persons(self) -> list[str]:
        return [each for each, place in self.places.items() if not place.merged_into]

    def parts(self, person: str) -> set[str]:
        return {each for each in self.places if self.person(each) == person}

    def names(self, person: str) -> set[str]:
        return {name for part in self.parts(person) for name in self.places[part].names}

    def place_of(self, name: str) -> str | None:
        """The profile that holds a name; `profile:<id>` names one itself."""
        if space(name) == "profile":
            return name.partition(":")[2]
        return next((each for each, place in self.places.items() if name in place.names), None)

    def then(self, name: str, at_ms: int) -> str | None:
        """Who held it at a moment, where it passed on since."""
        if self.place_of(name) is None:
            return None
        return next((who for who, until in self.tenures.get(name, []) if at_ms < until), None)

    def arrive(self, told: Sequence[str], at_ms: int, now_ms: int, answered: str, *, links: bool = True) -> Arrived:
        """`answered` is the id of the profile that the service says it is: it must be the right one."""
        at_ms = min(at_ms, now_ms)
        told = [name for name in told if not self.is_shared(name)] or told[:1]
        held, fresh = self._holders(told, at_ms)
        chosen = self._chosen(held, fresh)
        allowed = self._allowed(chosen, fresh)
        advisories = {LIMIT} if len(allowed) < len(fresh) else set()
        others = [person for person in held if person != chosen]
        joining, passing, opposed, is_full = self._fate(chosen, others, held, fresh, allowed)
        if not links:
            return self._without_links(chosen, told, allowed, at_ms, now_ms, answered)
        person = self._or_new(chosen, now_ms, answered)
        place = self._part(person, told, at_ms)
        self.places[place].names += allowed
        for other in joining:
            self.attach(person, other, f"? {len(self.history)}")
        for name in passing:
            if self._pass_on(name, person, place, at_ms):
                advisories.add(HANDED_OVER)
        for other in opposed:
            self.oppose(person, other)
        self._log_in(person, told, at_ms)
        advisories |= ({CONFLICT} if opposed else set()) | ({LIMIT} if is_full else set())
        return Arrived(person, self._part(person, told, at_ms), advisories, joining)

    def opponents(self, told: Sequence[str], at_ms: int, now_ms: int) -> list[str]:
        """Who would stay apart if these names came together."""
        told = [name for name in told if not self.is_shared(name)] or told[:1]
        held, fresh = self._holders(told, min(at_ms, now_ms))
        chosen = self._chosen(held, fresh)
        others = [person for person in held if person != chosen]
        return self._fate(chosen, others, held, fresh, self._allowed(chosen, fresh))[2]

    def named(self, told: Sequence[str]) -> str | None:
        """Whom a reading is about."""
        told = [name for name in told if not self.is_shared(name)] or told[:1]
        held: dict[str, list[str]] = {}
        for name in told:
            place = self.place_of(name)
            if place is not None:
                held.setdefault(self.person(place), []).append(name)
        return self._chosen(held, [name for name in told if self.place_of(name) is None])

    def attach(self, person: str, other: str, merge_id: str) -> None:
        self.places[other].merged_into, self.places[other].merge_id = person, merge_id
        self.history.append(("MERGED", person, other))

    def detach(self, restored: str) -> str:
        """Takes a merge back; answers whose it was."""
        place = self.places[restored]
        person, into = self.person(restored), place.merged_into
        self.apart.add((restored, into))
        place.merged_into = place.merge_id = ""
        self.history.append(("UNMERGED", person, restored))
        return person

    def reconcile(self, one: str, other: str) -> None:
        pairs = {(a, b) for a in self.parts(one) for b in self.parts(other)}
        self.apart -= pairs | {(b, a) for a, b in pairs}

    def oppose(self, person: str, other: str) -> None:
        if not any(
            (here in self.parts(person) and there == other) or (here in self.parts(other) and there == person)
            for here, there in self.met
        ):
            self.met.add((person, other))
            self.history.append(("CONFLICT", person, other))

    def is_thing(self, person: str) -> bool:
        """What several people use, and nobody's."""
        names = self.names(person)
        return bool(names) and all(space(name) in SHARED for name in names)

    def is_shared(self, name: str) -> bool:
        holder = self.place_of(name)
        return space(name) in SHARED or (holder is not None and self.is_thing(self.person(holder)))

    def why_no_mail(self, name: str) -> str:
        """The reason of the refusal; empty where there is none."""
        who = self.named([name])
        return "PROFILE_NOT_FOUND" if who is None else SHARED_THING if self.is_thing(who) else ""

    def why_not_merge(self, here: str | None, there: str | None) -> str:
        """The reason of the refusal; empty where there is none."""
        if here is None or there is None:
            return "PROFILE_NOT_FOUND"
        if self.is_thing(here) or self.is_thing(there):
            return SHARED_THING
        if here == there:
            return "SELF_MERGE"
        return "IDENTITY_LIMIT_EXCEEDED" if _overfull(self.names(here), self.names(there)) else ""

    def _holders(self, told: Sequence[str], at_ms: int) -> tuple[dict[str, list[str]], list[str]]:
        """By person the names that name them; and the names of nobody."""
        before = {}
        for name in told:
            former, holder = self.then(name, at_ms), self.place_of(name)
            if former is not None and holder is not None and self.person(former) != self.person(holder):
                before[name] = former
        if any(is_weighty(name) for name in told if name not in before):
            told = [name for name in told if name not in before]
        held: dict[str, list[str]] = {}
        for name in told:
            place = before.get(name) or self.place_of(name)
            if place is not None:
                held.setdefault(self.person(place), []).append(name)
        return held, [name for name in told if self.place_of(name) is None]

    def _is_named(self, person: str, by: Sequence[str]) -> bool:
        is_meant = any(space(name) == "profile" for name in by)
        return is_known(by) or (is_meant and is_known(self.names(person)))

    def _chosen(self, held: dict[str, list[str]], fresh: Sequence[str]) -> str | None:
        named = [person for person, by in held.items() if self._is_named(person, by)]
        if not named:
            new = {space(name) for name in fresh if is_known([name])}
            named = [person for person in held if not new & {space(name) for name in self.names(person)}]

        def rank(person: str) -> tuple[bool, bool, int, str]:
            is_meant = any(space(name) == "profile" for name in held[person])
            return (not is_known(self.names(person)), not is_meant, self.places[person].created_ms, person)

        return min(named, key=rank, default=None)

    def _allowed(self, chosen: str | None, fresh: Sequence[str]) -> list[str]:
        allowed: list[str] = []
        for name in fresh:
            if not _overfull([*(self.names(chosen) if chosen else ()), *allowed], [name]):
                allowed.append(name)
        return allowed

    def _fate(
        self,
        chosen: str | None,
        others: Sequence[str],
        held: dict[str, list[str]],
        fresh: Sequence[str],
        allowed: Sequence[str],
    ) -> tuple[list[str], list[str], list[str], bool]:
        """Who joins, which names pass on, who stays apart, and whether that is because there are too many names."""
        someone_said_who = is_known(fresh) or any(self._is_named(person, by) for person, by in held.items())
        names = [*(self.names(chosen) if chosen else ()), *allowed]
        joining: list[str] = []
        passing: list[str] = []
        opposed: list[str] = []
        is_full = False
        for other in others:
            theirs, known = held[other], is_known(self.names(other))
            gained = list(theirs) if known else sorted(self.names(other))
            full = _overfull(names, gained)
            parted = chosen is not None and any(
                pair in self.apart or pair[::-1] in self.apart
                for pair in ((a, b) for a in self.parts(chosen) for b in self.parts(other))
            )
            if self._is_named(other, theirs) or (known and not someone_said_who) or parted or full:
                opposed.append(other)
                is_full |= full
                continue
            names += gained
            if known:
                passing += gained
            else:
                joining.append(other)
        return joining, passing, opposed, is_full

    def _without_links(
        self, chosen: str | None, told: Sequence[str], allowed: Sequence[str], at_ms: int, now_ms: int, answered: str
    ) -> Arrived:
        person = self._or_new(chosen, now_ms, answered)
        if chosen is None:
            self.places[person].names += allowed[:1]
            return Arrived(person, person, set())
        return Arrived(person, self._part(person, told, at_ms), set())

    def _or_new(self, chosen: str | None, now_ms: int, answered: str) -> str:
        if chosen is not None:
            assert answered == chosen, f"wrong survivor: {answered} instead of {chosen}"
            return chosen
        assert answered not in self.places, f"{answered} is somebody else"
        self.places[answered] = Place(answered, now_ms)
        return answered

    def _part(self, person: str, told: Sequence[str], at_ms: int) -> str:
        """Which of the person's profiles: by the first known name that is the person's, else by the first one."""
        for name in sorted(told, key=lambda each: not is_weighty(each)):
            for place in (self.then(name, at_ms), self.place_of(name)):
                if place is not None and self.person(place) == person:
                    return place
        return person

    def _pass_on(self, name: str, person: str, place: str, at_ms: int) -> bool:
        holder = self.place_of(name)
        if holder is None or at_ms < self.logins.get(name, at_ms):
            return False
        former = self.person(holder)
        earlier = self.tenures.setdefault(name, [])
        earlier.append((holder, max([at_ms, *(until for _, until in earlier)])))
        self.places[holder].names.remove(name)
        self.places[place].names.append(name)
        self.logins.pop(name, None)
        self.history.append(("HANDED_OVER", person, former))
        return True

    def _log_in(self, person: str, told: Sequence[str], at_ms: int) -> None:
        """A browser was seen with a known name."""
        mine = [name for name in told if (place := self.place_of(name)) is not None and self.person(place) == person]
        if any(map(is_weighty, mine)):
            for name in mine:
                if not is_weighty(name) and space(name) not in SHARED:
                    self.logins[name] = max(at_ms, self.logins.get(name, at_ms))


def _overfull(names: Iterable[str], gained: Iterable[str]) -> bool:
    held, more = list(names), list(gained)
    return any(
        sum(space(name) == kind for name in (*held, *more)) > limit
        for kind, limit in LIMITS.items()
        if any(space(name) == kind for name in more)
    )
