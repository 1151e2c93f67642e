"""The profiles one mutation works on: resolved, changed in memory, committed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from services.profile.app.ports import Change
from services.profile.app.requests import Subject
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.consents import Consent
from services.profile.domain.events import Event
from services.profile.domain.identities import MAX_IDENTITIES_OF_PROFILE
from services.profile.domain.profile import Profile
from services.profile.domain.resolution import Resolution, resolve
from shared.errors import InvalidArgument


@dataclass(slots=True)
class Draft:
    """One profile on its way from what is stored to what shall be."""

    before: Profile
    profile: Profile
    arrival_ms: int
    """When what is written now arrived: never before what was written earlier, whatever the clocks of replicas say."""
    claims: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    """Not in the profile's states yet."""
    statements: list[Consent] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        return self.profile is not self.before or bool(self.claims or self.events or self.statements)

    def claim(self, keys: Sequence[str]) -> None:
        """Identities that no profile holds become this one's."""
        if keys:
            self.claims += keys
            self.profile = replace(self.profile, identities=(*self.profile.identities, *keys))

    def change(self) -> Change:
        stored = replace(self.profile, version=self.before.version + 1, updated_ms=self.arrival_ms)
        return Change(stored, tuple(self.claims), tuple(self.events), tuple(self.statements))


def _draft(profile: Profile, now_ms: int) -> Draft:
    return Draft(profile, profile, max(now_ms, profile.updated_ms))


class Drafts:
    """What a subject names is found here, the profiles that this mutation creates included."""

    def __init__(
        self, owners: Mapping[str, Profile], schema: CompiledSchema, now_ms: int, new_profile_id: Callable[[], str]
    ) -> None:
        by_id = {profile.profile_id: _draft(profile, now_ms) for profile in owners.values()}
        self._by_key = {key: by_id[profile.profile_id] for key, profile in owners.items()}
        self._new_profile_id = new_profile_id
        self._all = list(by_id.values())
        self.schema = schema
        self.now_ms = now_ms

    def resolve(self, subject: Subject, path: str) -> tuple[Draft, tuple[str, ...]]:
        """The draft of the profile that the subject names, and advisories; identities nobody holds become its."""
        owners = {identity.key: self._by_key[identity.key] for identity in subject if identity.key in self._by_key}
        resolution = resolve(
            subject, {key: draft.profile for key, draft in owners.items()}, self.schema.known_namespaces
        )
        draft = self._draft_of(resolution, owners)
        if len(draft.profile.identities) + len(resolution.fresh) > MAX_IDENTITIES_OF_PROFILE:
            text = f"must not give one profile more than {MAX_IDENTITIES_OF_PROFILE} identities"
            raise InvalidArgument.field(f"{path}.identities", text)
        keys = [identity.key for identity in resolution.fresh]
        draft.claim(keys)
        self._by_key.update(dict.fromkeys(keys, draft))
        return draft, resolution.advisories

    def owner(self, key: str) -> Draft:
        """The draft of the profile that holds an identity of a resolved subject."""
        return self._by_key[key]

    def changed(self) -> list[Draft]:
        return [draft for draft in self._all if draft.is_changed]

    def token(self) -> str:
        """Reads that include everything here are not older than this."""
        return str(max([self.now_ms, *(draft.arrival_ms for draft in self._all)]))

    def _draft_of(self, resolution: Resolution, owners: Mapping[str, Draft]) -> Draft:
        if resolution.profile is not None:
            chosen = resolution.profile.profile_id
            return next(draft for draft in owners.values() if draft.profile.profile_id == chosen)
        profile = Profile(self._new_profile_id(), 0, self.now_ms, self.now_ms)
        draft = _draft(profile, self.now_ms)
        self._all.append(draft)
        return draft
