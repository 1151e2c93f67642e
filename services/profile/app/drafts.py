"""The profiles one mutation works on: resolved, changed in memory, committed together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.profile.app.draft import Draft, PartDraft
from services.profile.app.ports import Change
from services.profile.app.requests import Subject
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.erasure import Erasure
from services.profile.domain.identities import (
    LINK_TOKEN,
    PROFILE,
    Identity,
    identity_of,
    namespace_of,
)
from services.profile.domain.identities import profile_key as key_of_profile
from services.profile.domain.merge_events import MergeEvent, MergeEventKind
from services.profile.domain.profile import Profile, Tenure
from services.profile.domain.resolution import IDENTITY_HANDED_OVER, Resolution, held_by_things, resolve
from shared.errors import FailedPrecondition, InvalidArgument, NotFound

MAX_OPPOSED = 100
"""How many profiles a profile remembers that it came together with."""
MAX_TENURES = 50
"""Of one identity. What happened before the oldest one counts as of that time."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a subject is resolved."""

    path: str
    """Of the subject, for errors."""
    cause: str
    """For the history of merges: the RPC, and the id of the event or request."""
    at_ms: int | None = None
    """When it happened; None: now."""
    links: bool = True
    """Whether it says that the identities are one person's. A machine's click does not."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where something that arrived belongs."""

    draft: Draft
    part: PartDraft
    advisories: tuple[str, ...]
    merged: tuple[str, ...] = ()
    """Ids of the profiles that joined by this."""


class Drafts:
    """What a subject names is found here, the profiles that this mutation creates included."""

    def __init__(
        self,
        owners: Mapping[str, Profile],
        schema: CompiledSchema,
        now_ms: int,
        new_id: Callable[[str], str],
        tombstones: Iterable[Profile] = (),
    ) -> None:
        """`tombstones`: the records of merged profiles that may be ones of their own again."""
        self._by_id = {profile.profile_id: Draft.of(profile, now_ms) for profile in owners.values()}
        self._by_key = {
            key: self._by_id[profile.profile_id] for key, profile in owners.items() if namespace_of(key) != LINK_TOKEN
        }
        self._spent = {key for key in owners if namespace_of(key) == LINK_TOKEN}
        self._stored = {key: draft.profile_id for draft in self._by_id.values() for key in draft.before.identities}
        self._by_key |= {key: self._by_id[owner] for key, owner in self._stored.items()}
        for draft in self._by_id.values():
            self._by_key |= {key_of_profile(part_id): draft for part_id in draft.before.part_ids}
        self._by_id |= {each.profile_id: Draft.of(each, now_ms) for each in tombstones if each.merged_into}
        self._new_id = new_id
        self.schema = schema
        self.now_ms = now_ms
        self.erasure: Erasure | None = None
        """Set where the mutation erases somebody."""
        self.recorded: Mapping[str, str] = {}
        """Of the events that the mutation brings, by id which part holds those that are in the log."""

    def resolve(self, subject: Subject, occasion: Occasion) -> Arrival:
        """Where it belongs; what the identities say about one another is done. Identities nobody holds become the
        profile's. Raises NotFound for the id of no profile, FailedPrecondition for a person who was erased.
        """
        at_ms = self._moment(occasion)
        keys = [identity.key for identity in self.admitted(subject, occasion.path, at_ms)]
        resolution = self._resolution(keys, at_ms, occasion.path)
        if not occasion.links:
            return self._without_linking(keys, resolution, at_ms)
        draft = self._draft_of(resolution)
        part = self._part(draft, keys, at_ms)
        part.claim(resolution.fresh)
        self._by_key.update(dict.fromkeys(resolution.fresh, draft))
        for other in resolution.merged:
            self.merge(draft, self._by_id[other.profile_id], occasion.cause, identities=keys)
        passed = [key for key in resolution.handed_over if self._hand_over(key, draft, part, at_ms, occasion.cause)]
        for other in resolution.opponents:
            self.oppose(draft, self._by_id[other.profile_id], keys, occasion.cause)
        self._log_in(draft, keys, at_ms)
        merged = tuple(other.profile_id for other in resolution.merged)
        advisories = (*resolution.advisories, IDENTITY_HANDED_OVER) if passed else resolution.advisories
        return Arrival(draft, self._part(draft, keys, at_ms), advisories, merged)

    def named(self, subject: Subject, path: str) -> Draft:
        """The profile a subject names, which must be there. Nothing is linked or created. Raises NotFound."""
        keys = [identity.key for identity in self.admitted(subject, path)]
        chosen = self._resolution(keys, self.now_ms, path).chosen
        if chosen is None:
            raise NotFound("PROFILE_NOT_FOUND", f"{path}: no profile holds any of the identities")
        return self._by_id[chosen.profile_id]

    def only(self, subject: Subject, path: str) -> Draft:
        """Like `named`, for what must not be guessed: all its identities that are held must be one profile's. Raises
        InvalidArgument.
        """
        draft = self.named(subject, path)
        if any(owner is not draft for owner in self.owners(subject)):
            raise InvalidArgument.field(path, "names more than one profile")
        return draft

    def owners(self, subject: Subject) -> list[Draft]:
        """Of the identities that somebody holds, before anything is linked."""
        held = (self._by_key.get(identity.key) for identity in subject)
        return list({id(draft): draft for draft in held if draft is not None}.values())

    def concerned(self, subject: Subject, occasion: Occasion) -> tuple[list[Draft], list[Draft]]:
        """The profiles that would make up the subject's if it were resolved now, and those that would stay apart."""
        at_ms = self._moment(occasion)
        keys = [identity.key for identity in self.admitted(subject, occasion.path, at_ms)]
        resolution = self._resolution(keys, at_ms, occasion.path)
        chosen = () if resolution.chosen is None else (resolution.chosen,)
        joining = resolution.merged if occasion.links else ()
        return (
            [self._by_id[each.profile_id] for each in (*chosen, *joining)],
            [self._by_id[each.profile_id] for each in resolution.opponents],
        )

    def owner(self, key: str) -> Draft:
        """The draft of the profile that holds an identity of a resolved subject. Raises FailedPrecondition for one that
        is kept out.
        """
        if self.is_kept_out(key):
            raise erased("subject")
        return self._by_key[key]

    def admitted(self, subject: Subject, path: str, at_ms: int | None = None) -> Subject:
        """Raises FailedPrecondition where one of the identities was erased. What is about an earlier moment is also
        judged by who held them then: without those of people who were erased since, and refused where no others are
        left.
        """
        for place, identity in enumerate(subject):
            if self.is_kept_out(identity.key):
                raise erased(f"{path}.identities[{place}]")
        others = tuple(identity for identity in subject if not self._was_erased_since(identity.key, at_ms))
        if not others:
            raise erased(f"{path}.identities[0]")
        return others

    def is_kept_out(self, key: str) -> bool:
        """Whether the identity was erased, or is the id of a person who was."""
        draft = self._by_key.get(key)
        return draft is not None and bool(draft.before.erased_ms)

    def are_shared(self, subject: Subject) -> bool:
        """Whether no identity of the subject is one person's."""
        return all(map(self.is_shared, subject))

    def is_shared(self, identity: Identity) -> bool:
        """Whether it is never linked: several people use it, or it is the id of such a thing's profile."""
        rules, holder = self.schema.identity_rules, self._by_key.get(identity.key)
        things = () if holder is None else held_by_things({identity.key: holder.profile}, rules)
        return rules.are_shared((identity.key,), things)

    def whole_of(self, part_id: str) -> str | None:
        """The id of the profile that a part belongs to; None where it was not loaded."""
        draft = self._by_key.get(key_of_profile(part_id))
        return None if draft is None else draft.profile_id

    def is_spent(self, key: str) -> bool:
        """Whether a link token was used."""
        return key in self._spent

    def spend(self, key: str, draft: Draft) -> None:
        self._spent.add(key)
        draft.claims.append(key)

    def is_held(self, key: str) -> bool:
        """Whether somebody holds the identity who was not erased."""
        return key in self._by_key and not self.is_kept_out(key)

    def readmit(self, kept_out: str) -> bool:
        """Gives up a key that keeps an identity out; False where it did not."""
        draft = self._by_key.get(kept_out)
        if draft is None:
            return False
        draft.releases.append(kept_out)
        return True

    def find(self, profile_id: str) -> Draft | None:
        """A profile this mutation has loaded or made."""
        return self._by_id.get(profile_id)

    def merge(
        self, survivor: Draft, other: Draft, cause: str, *, identities: Sequence[str] = (), reason: str = ""
    ) -> str:
        """All parts of the other profile become the survivor's; answers the merge id."""
        merge_id = self._new_id("m")
        event = self._event(MergeEventKind.MERGED, survivor, other.profile_id, identities, cause)
        survivor.record(event, merge_id=merge_id, reason=reason)
        survivor.absorb(other, merge_id)
        self._by_key |= {key: survivor for key, holder in self._by_key.items() if holder is other}
        return merge_id

    def reconcile(self, one: Draft, other: Draft) -> None:
        """Forgets that parts of the two were un-merged from each other."""
        for here, there in ((one, other), (other, one)):
            for part in here.parts:
                part.reconcile([each.part_id for each in there.parts])

    def unmerge(self, survivor: Draft, restored: Draft, cause: str, reason: str) -> None:
        """What the merge brought to the survivor goes back; the two stand apart from then on."""
        part = survivor.part(restored.profile_id)
        assert part is not None, "only what was merged is un-merged"
        merge_id, merged_into = part.profile.merge_id, part.profile.merged_into
        survivor.give_back(restored)
        restored.parts[0].stand_apart(merged_into)
        self._by_key |= dict.fromkeys(restored.identities(), restored)
        self._by_key |= {key_of_profile(each.part_id): restored for each in restored.parts}
        event = self._event(MergeEventKind.UNMERGED, survivor, restored.profile_id, (), cause)
        survivor.record(event, merge_id=merge_id, reason=reason)

    def changes(self) -> tuple[Change, ...]:
        """What is to be stored; profiles that nothing happened to are left out."""
        holders = {key: draft.profile_id for draft in self._by_id.values() for key in draft.identities()}
        return tuple(draft.change(self._stored, holders) for draft in self.changed())

    def changed(self) -> list[Draft]:
        return [draft for draft in self._by_id.values() if draft.is_changed]

    def _was_erased_since(self, key: str, at_ms: int | None) -> bool:
        """Whether the identity was somebody's at the moment who has been erased."""
        holder = self._by_key.get(key)
        tenure = None if holder is None or at_ms is None else _tenure_at(holder, key, at_ms)
        return tenure is not None and self.is_kept_out(key_of_profile(tenure.profile_id))

    def _moment(self, occasion: Occasion) -> int:
        return self.now_ms if occasion.at_ms is None else min(occasion.at_ms, self.now_ms)

    def _resolution(self, keys: Sequence[str], at_ms: int, path: str) -> Resolution:
        held = {key: draft for key in keys if (draft := self._holder(key, path)) is not None}
        former = {key: then for key, draft in held.items() if (then := self._former(key, draft, at_ms)) is not None}
        if former:
            # Where a known identity says who it was, whose browser it was says nothing.
            if any(self.schema.identity_rules.is_decisive(key) for key in keys if key not in former):
                keys = [key for key in keys if key not in former]
            held = {key: former.get(key, draft) for key, draft in held.items() if key in keys}
        profiles = {draft.profile_id: draft.profile for draft in held.values()}
        owners = {key: profiles[draft.profile_id] for key, draft in held.items()}
        return resolve(keys, owners, self.schema.identity_rules)

    def _holder(self, key: str, path: str) -> Draft | None:
        draft = self._by_key.get(key)
        if draft is None and namespace_of(key) == PROFILE:
            raise NotFound("PROFILE_NOT_FOUND", f"{path}: there is no profile {identity_of(key).value!r}")
        return draft

    def _former(self, key: str, draft: Draft, at_ms: int) -> Draft | None:
        """Who held the identity at the moment, where that was not who holds it now."""
        tenure = _tenure_at(draft, key, at_ms)
        former = None if tenure is None else self._by_key.get(key_of_profile(tenure.profile_id))
        return None if former is draft else former

    def _draft_of(self, resolution: Resolution) -> Draft:
        if resolution.chosen is not None:
            return self._by_id[resolution.chosen.profile_id]
        draft = Draft.of(Profile(self._new_id("p"), 0, self.now_ms, self.now_ms), self.now_ms)
        self._by_id[draft.profile_id] = draft
        self._by_key[key_of_profile(draft.profile_id)] = draft
        return draft

    def _without_linking(self, keys: Sequence[str], resolution: Resolution, at_ms: int) -> Arrival:
        draft = self._draft_of(resolution)
        part = self._part(draft, keys, at_ms)
        if resolution.chosen is None:
            part.claim(resolution.fresh[:1])
            self._by_key.update(dict.fromkeys(resolution.fresh[:1], draft))
        return Arrival(draft, part, ())

    def _part(self, draft: Draft, keys: Sequence[str], at_ms: int) -> PartDraft:
        """The part that holds, or held then, the first known identity that is held, else the first one that is."""
        if len(draft.parts) == 1:
            return draft.parts[0]
        rules = self.schema.identity_rules
        for key in sorted(rules.personal(keys), key=lambda each: not rules.is_decisive(each)):
            tenure = _tenure_at(self._by_key[key], key, at_ms) if key in self._by_key else None
            part_then = None if tenure is None else draft.part(tenure.profile_id)
            if part_then is not None:
                return part_then
            for part in draft.parts:
                if key in part.profile.identities or key == key_of_profile(part.part_id):
                    return part
        return draft.parts[0]

    def _hand_over(self, key: str, draft: Draft, part: PartDraft, at_ms: int, cause: str) -> bool:
        """Not where the holder was seen with it later: then this is news of before that."""
        former = self._by_key[key]
        theirs = former.part_of(key)
        if theirs is None or at_ms < theirs.profile.logins.get(key, at_ms):
            return False
        earlier = former.tenures_of(key)
        since_ms = max([at_ms, *(tenure.until_ms for tenure in earlier)])
        theirs.release(key)
        part.claim((key,), (*earlier, Tenure(key, theirs.part_id, since_ms))[-MAX_TENURES:])
        self._by_key[key] = draft
        draft.record(self._event(MergeEventKind.HANDED_OVER, draft, former.profile_id, (key,), cause))
        return True

    def oppose(self, draft: Draft, other: Draft, keys: Sequence[str], cause: str) -> None:
        """Told once for a pair: a caller that repeats itself does not fill the history."""
        if not draft.has_met(other.profile_id) and not other.has_met(draft.profile_id):
            draft.parts[0].oppose(other.profile_id, MAX_OPPOSED)
            draft.record(self._event(MergeEventKind.CONFLICT, draft, other.profile_id, keys, cause))

    def _log_in(self, draft: Draft, keys: Sequence[str], at_ms: int) -> None:
        """Remembers which browsers were just seen with a known identity: later than what is news of before."""
        rules = self.schema.identity_rules
        if any(rules.is_decisive(key) and self._by_key.get(key) is draft for key in keys):
            for key in filter(rules.is_browser, keys):
                part = draft.part_of(key)
                if part is not None:
                    part.log_in(key, at_ms)

    def _event(
        self, kind: MergeEventKind, draft: Draft, other_id: str, identities: Sequence[str], cause: str
    ) -> MergeEvent:
        event_id = self._new_id("i")
        return MergeEvent(
            event_id, kind, "", draft.profile_id, other_id, draft.arrival_ms, cause, identities=tuple(identities)
        )


def erased(path: str) -> FailedPrecondition:
    """`path` names the identity."""
    return FailedPrecondition("SUBJECT_ERASED", f"{path}: this person was erased", metadata={"field": path})


def _tenure_at(draft: Draft, key: str, at_ms: int) -> Tenure | None:
    """Where the identity was somebody else's at the moment: whose."""
    return next((tenure for tenure in draft.tenures_of(key) if at_ms < tenure.until_ms), None)
