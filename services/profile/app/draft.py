"""One profile on its way from what is stored to what shall be, part by part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from services.profile.app.ports import Change, LogEntry, Statement
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.identities import namespace_of
from services.profile.domain.ledger.contacts import Contact
from services.profile.domain.merge_events import MergeEvent
from services.profile.domain.parts import attached, branch_of, of_parts, parts_of
from services.profile.domain.profile import Profile, Tenure

MAX_TOUCHED = 200
"""Names in one record of the audit trail."""


@dataclass(slots=True)
class PartDraft:
    """A part, as `profile`: a use case replaces it by what it shall be."""

    profile: Profile
    events: list[Event] = field(default_factory=list)
    """Not in the part's states yet."""
    statements: list[Consent] = field(default_factory=list)

    @property
    def part_id(self) -> str:
        return self.profile.profile_id

    def claim(self, keys: Sequence[str], tenures: Sequence[Tenure] = ()) -> None:
        """Identities become this part's; `tenures` say whose they were."""
        if keys:
            held = self.profile
            identities, known = (*held.identities, *keys), (*held.tenures, *tenures)
            self.profile = replace(held, identities=identities, tenures=known)

    def release(self, key: str) -> None:
        """An identity is no longer this part's, nor is what is known of whose it was."""
        held = self.profile
        self.profile = replace(
            held,
            identities=tuple(each for each in held.identities if each != key),
            tenures=tuple(tenure for tenure in held.tenures if tenure.identity != key),
            logins={each: at_ms for each, at_ms in held.logins.items() if each != key},
        )

    def log_in(self, key: str, at_ms: int) -> None:
        """An anonymous identity of this part was named together with a known one."""
        logins = self.profile.logins
        if at_ms > logins.get(key, -1):
            self.profile = replace(self.profile, logins={**logins, key: at_ms})

    def oppose(self, profile_id: str, most: int) -> None:
        """Remembers the latest conflicts, at most so many."""
        self.profile = replace(self.profile, opposed=(*self.profile.opposed, profile_id)[-most:])

    def stand_apart(self, part_id: str) -> None:
        self.profile = replace(self.profile, apart=tuple(dict.fromkeys((*self.profile.apart, part_id))))

    def reconcile(self, part_ids: Collection[str]) -> None:
        """Takes it back that this part stands apart from others."""
        if not self.profile.apart:
            return
        kept = tuple(each for each in self.profile.apart if each not in part_ids)
        self.profile = replace(self.profile, apart=kept)


@dataclass(slots=True)
class Draft:
    before: Profile
    parts: list[PartDraft]
    """Its own first. None: it was merged into another."""
    arrival_ms: int
    """When what is written now arrived: never before what was written earlier, whatever the clocks of replicas say."""
    merged_into: str = ""
    merge_id: str = ""
    erased_ms: int = 0
    claims: list[str] = field(default_factory=list)
    """Keys beside its identities that it claims: spent link tokens, what keeps erased identities out."""
    releases: list[str] = field(default_factory=list)
    """Such keys that it gives up."""
    merge_events: list[MergeEvent] = field(default_factory=list)
    initial: tuple[Profile, ...] = ()

    @classmethod
    def of(cls, profile: Profile, now_ms: int) -> Draft:
        parts = () if profile.merged_into else parts_of(profile)
        return cls(
            before=profile,
            parts=[PartDraft(part) for part in parts],
            arrival_ms=max(now_ms, profile.updated_ms),
            merged_into=profile.merged_into,
            merge_id=profile.merge_id,
            erased_ms=profile.erased_ms,
            initial=parts,
        )

    @property
    def profile_id(self) -> str:
        return self.before.profile_id

    @property
    def is_changed(self) -> bool:
        now, then = [part.profile for part in self.parts], self.initial
        return (
            len(now) != len(then)
            or any(part is not stored for part, stored in zip(now, then, strict=True))
            or any(part.events or part.statements for part in self.parts)
            or bool(self.claims or self.releases or self.merge_events)
        )

    @property
    def profile(self) -> Profile:
        """Who it is now: id, times, identities, parts. What it says is in the parts."""
        if len(self.parts) == 1:
            return self.parts[0].profile
        merged = tuple(part.part_id for part in self.parts[1:])
        apart = tuple(each for part in self.parts for each in part.profile.apart)
        return replace(self.before, identities=self.identities(), merged=merged, apart=apart)

    def identities(self) -> tuple[str, ...]:
        return tuple(key for part in self.parts for key in part.profile.identities)

    def contacts(self) -> list[Contact]:
        """Of all parts, in the order of their reservation."""
        every = [contact for part in self.parts for contact in part.profile.contacts]
        return sorted(every, key=lambda contact: contact.reserved_ms)

    def part(self, part_id: str) -> PartDraft | None:
        return next((part for part in self.parts if part.part_id == part_id), None)

    def part_of(self, key: str) -> PartDraft | None:
        """The part that holds an identity."""
        return next((part for part in self.parts if key in part.profile.identities), None)

    def has_met(self, profile_id: str) -> bool:
        """Whether a conflict with the other profile was recorded."""
        return any(profile_id in part.profile.opposed for part in self.parts)

    def tenures_of(self, key: str) -> list[Tenure]:
        """Whose an identity was, oldest first."""
        known = (tenure for part in self.parts for tenure in part.profile.tenures if tenure.identity == key)
        return sorted(known, key=lambda tenure: tenure.until_ms)

    def absorb(self, other: Draft, merge_id: str) -> None:
        """The parts of the other profile are this one's from now on."""
        own, joining = self.parts[0], other.parts[0]
        own.profile = attached(own.profile, "", "")
        joining.profile = attached(joining.profile, self.profile_id, merge_id)
        self.parts += other.parts
        self.claims += other.claims
        self.arrival_ms = other.arrival_ms = max(self.arrival_ms, other.arrival_ms)
        other.parts, other.claims = [], []
        other.merged_into, other.merge_id = self.profile_id, merge_id

    def give_back(self, other: Draft) -> None:
        """The parts that the merge of the other profile brought are its own again."""
        branch = branch_of([part.profile for part in self.parts], other.profile_id)
        by_id = {part.part_id: part for part in self.parts}
        other.parts = [by_id[part_id] for part_id in branch]
        self.parts = [part for part in self.parts if part.part_id not in branch]
        for own in (self.parts[0], other.parts[0]):
            own.profile = attached(own.profile, "", "")
        self.arrival_ms = other.arrival_ms = max(self.arrival_ms, other.arrival_ms)
        other.merged_into = other.merge_id = ""

    def erase(self, kept_out: Iterable[str]) -> None:
        """Nothing of the person is left; `kept_out` are the keys that keep the identities out."""
        self.parts, self.claims, self.merge_events = [], list(kept_out), []
        self.erased_ms = self.arrival_ms

    def touched(self) -> tuple[str, ...]:
        """What the mutation changed, by name and never by value: for the audit trail."""
        then = {part.profile_id: part for part in self.initial}
        names = [f"identity:{namespace_of(key)}" for key in self.identities() if key not in self.before.identities]
        names += [event.kind.name.lower() for event in self.merge_events]
        names += ["merged_away"] if self.merged_into and not self.before.merged_into else []
        names += ["erased"] if self.erased_ms and not self.before.erased_ms else []
        for part in self.parts:
            before = then.get(part.part_id)
            names += _touched(part, before)
        return tuple(dict.fromkeys(names))[:MAX_TOUCHED]

    def record(self, event: MergeEvent, **details: object) -> None:
        self.merge_events.append(replace(event, **details) if details else event)

    def whole(self) -> Profile:
        """As it shall be stored."""
        version, updated_ms = self.before.version + 1, self.arrival_ms
        if self.parts:
            return of_parts([part.profile for part in self.parts], version=version, updated_ms=updated_ms)
        return Profile(
            self.profile_id,
            version,
            self.before.created_ms,
            updated_ms,
            merged_into=self.merged_into,
            merge_id=self.merge_id,
            erased_ms=self.erased_ms,
        )

    def change(self, stored: Mapping[str, str], holders: Mapping[str, str]) -> Change:
        """`stored` and `holders`: who holds which identity before and after the mutation."""
        keys = self.identities()
        return Change(
            self.whole(),
            claims=(*(key for key in keys if key not in stored), *self.claims),
            takes=tuple(key for key in keys if stored.get(key, self.profile_id) != self.profile_id),
            releases=(*(key for key in self.before.identities if key not in holders), *self.releases),
            events=tuple(
                LogEntry(part.part_id, self._logged(event, part)) for part in self.parts for event in part.events
            ),
            statements=tuple(Statement(part.part_id, consent) for part in self.parts for consent in part.statements),
            merge_events=tuple(self.merge_events),
        )

    def _logged(self, event: Event, part: PartDraft) -> Event:
        return event if part.part_id == self.profile_id else replace(event, profile_id=self.profile_id)


def _touched(part: PartDraft, before: Profile | None) -> Iterator[str]:
    now = part.profile
    if before is not now:
        held = {} if before is None else before.traits
        rivals = {} if before is None else before.rivals
        for name in {**now.traits, **now.rivals}:
            if now.traits.get(name) is not held.get(name) or now.rivals.get(name) is not rivals.get(name):
                yield f"trait:{name}"
        contacts = set() if before is None else set(map(id, before.contacts))
        yield from (f"contact:{each.channel}" for each in now.contacts if id(each) not in contacts)
    yield from (f"event:{event.type}" for event in part.events)
    yield from (f"consent:{each.purpose}/{each.channel}".rstrip("/") for each in part.statements)
