"""GetProfile: everything a decision needs to know of a person, at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.directory import Directory
from services.profile.app.fairness import Pace
from services.profile.app.history import History
from services.profile.app.overlay import Overlay
from services.profile.app.ports import Stores
from services.profile.app.requests import ProfileAnswer, ProfileQuery, Subject
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.events import Event
from services.profile.domain.identities import Identity, normalise_subject, places_of
from services.profile.domain.ledger.limits import MAX_WINDOW_MS
from services.profile.domain.limits import missing
from services.profile.domain.profile import Profile
from services.profile.domain.reading import Moment, ProfileView, read_aggregates, read_states, view
from services.profile.domain.resolution import Resolution, resolve
from services.profile.domain.retention import remembered_at
from shared.clock import MS_PER_DAY, Clock
from shared.errors import InvalidArgument, NotFound, TandemError
from shared.values import Feature

MAX_BATCH = 1_000
MAX_OVERLAY = 1_000


@dataclass(frozen=True, slots=True)
class Named:
    """A subject in the normal form that it has under a schema."""

    subject: Subject
    schema: CompiledSchema

    @property
    def keys(self) -> list[str]:
        return sorted(identity.key for identity in self.subject)


class ProfileReader:
    def __init__(self, stores: Stores, catalogue: SchemaCatalogue, clock: Clock) -> None:
        self._directory = Directory(stores.profiles)
        self._overlay = Overlay(stores.events, stores.consents)
        self._history = History(stores.events)
        self._tokens = stores.tokens
        self._catalogue = catalogue
        self._clock = clock

    async def get(self, query: ProfileQuery) -> ProfileAnswer:
        _check(query)
        await self.reach(query.token)
        if not query.schema_version:
            return await self._answer(query, *await self._look(query.subject))
        schema = await self._catalogue.get(query.schema_version)
        subject = normalise_subject(query.subject, "subject", schema.namespaces)
        return await self._answer(query, subject, await self._find(subject), schema)

    async def get_many(self, queries: Sequence[ProfileQuery]) -> list[ProfileAnswer | TandemError]:
        """An answer or an error per query, in their order; the profiles in one read of the store."""
        if not queries:
            raise missing("requests")
        if len(queries) > MAX_BATCH:
            raise InvalidArgument.field("requests", f"must be at most {MAX_BATCH}")
        failures = [await self._reach_or_error(query) for query in queries]
        schemas = {version: await self._schema_or_error(version) for version in {q.schema_version for q in queries}}
        subjects = [
            failure or _subject_or_error(query, schemas[query.schema_version])
            for query, failure in zip(queries, failures, strict=True)
        ]
        owners = await self._find(
            [identity for subject in subjects if isinstance(subject, tuple) for identity in subject]
        )
        answers, pace = [], Pace()
        for query, subject in zip(queries, subjects, strict=True):
            schema = schemas[query.schema_version]
            answers.append(await self._item(query, subject, owners, schema))
            await pace.give_way()
        return answers

    async def reach(self, token: str) -> None:
        """What is read from now on is not older than the token; empty: than nothing in particular."""
        if token:
            await self._tokens.reach(token)

    async def read(self, profile: Profile, schema: CompiledSchema, read_ms: int | None) -> ProfileView:
        """A stored profile as it answers for itself; None: now."""
        now_ms = max(self._clock(), profile.updated_ms)
        moment = Moment(now_ms if read_ms is None else read_ms, now_ms=now_ms)
        return view(profile, schema, moment, await self._aggregates(profile, schema, moment))

    async def schema(self, version: str) -> CompiledSchema:
        """Empty: the active one. Raises NotFound."""
        return await self._schema(version)

    async def named(self, subject: Subject, path: str = "subject") -> Named:
        """In the form of the active schema. Raises InvalidArgument."""
        schema = await self._catalogue.active()
        return Named(normalise_subject(subject, path, schema.namespaces), schema)

    async def resolved(self, named: Named) -> Profile:
        """The stored profile. Raises NotFound."""
        return _found(_resolve(named.subject, await self._find(named.subject), named.schema))

    async def _reach_or_error(self, query: ProfileQuery) -> TandemError | None:
        try:
            _check(query)
            await self.reach(query.token)
        except InvalidArgument as failure:
            return failure
        return None

    async def _look(self, subject: Subject) -> tuple[Subject, Mapping[str, Profile], CompiledSchema]:
        """Whom a subject names under the active schema, and that schema, in one read of the store."""
        while True:
            normal, namespaces = await self._catalogue.planned(partial(normalise_subject, subject, "subject"))
            look = await self._directory.look({identity.key for identity in normal})
            schema = await self._catalogue.activated(look.active_version)
            if schema.namespaces == namespaces:
                return normal, look.owners, schema

    async def _find(self, identities: Iterable[Identity]) -> Mapping[str, Profile]:
        return await self._directory.find({identity.key for identity in identities})

    async def _schema(self, version: str) -> CompiledSchema:
        return await (self._catalogue.get(version) if version else self._catalogue.active())

    async def _schema_or_error(self, version: str) -> CompiledSchema | TandemError:
        try:
            return await self._schema(version)
        except NotFound as failure:
            return failure

    async def _item(
        self,
        query: ProfileQuery,
        subject: Subject | TandemError,
        owners: Mapping[str, Profile],
        schema: CompiledSchema | TandemError,
    ) -> ProfileAnswer | TandemError:
        if isinstance(subject, TandemError):
            return subject
        if isinstance(schema, TandemError):
            return schema
        try:
            return await self._answer(query, subject, owners, schema)
        except (InvalidArgument, NotFound) as failure:
            return failure

    async def _answer(
        self, query: ProfileQuery, subject: Subject, owners: Mapping[str, Profile], schema: CompiledSchema
    ) -> ProfileAnswer:
        resolution = _resolve(subject, owners, schema)
        profile, overlay = await self._overlaid(query, subject, resolution, schema)
        now_ms = max(self._clock(), profile.updated_ms)
        read_ms = max(now_ms, query.earliest_ms) if query.read_ms is None else query.read_ms
        moment = Moment(read_ms, overlay, now_ms, query.contacts_ms)
        features = await self._aggregates(profile, schema, moment)
        answered = view(profile, schema, moment, features)
        held = _held(query.subject, subject, owners, resolution.chosen, schema)
        return ProfileAnswer(answered, resolution.advisories, self._tokens.latest(), held)

    async def _overlaid(
        self, query: ProfileQuery, subject: Subject, resolution: Resolution, schema: CompiledSchema
    ) -> tuple[Profile, list[Event]]:
        """The profile with the statements that concern the subject, and the events on top of it."""
        now_ms = self._clock()
        statements = await self._overlay.statements(query, subject, resolution, schema, now_ms)
        events = await self._overlay.events(query, subject, statements, schema, now_ms)
        is_new = resolution.chosen is None and bool(statements or events)
        profile = _nobody_yet(subject) if is_new else _found(resolution)
        return (profile if statements is profile.consents else replace(profile, consents=statements)), events

    async def _aggregates(self, profile: Profile, schema: CompiledSchema, moment: Moment) -> Mapping[str, Feature]:
        features, pending = read_aggregates(profile, schema, moment)
        if not pending:
            return features
        remembered = remembered_at(profile, pending, moment.read_ms)
        states = await self._history.states(
            profile.part_ids, pending, remembered, lambda event: event.event_ms <= moment.read_ms
        )
        return {**features, **read_states(profile, schema, pending, states, moment)}


def _check(query: ProfileQuery) -> None:
    if len(query.overlay) > MAX_OVERLAY:
        raise InvalidArgument.field("overlay_events", f"must be at most {MAX_OVERLAY}")
    if not 0 <= query.contacts_ms <= MAX_WINDOW_MS:
        raise InvalidArgument.field("contacts_within", f"must be at most {MAX_WINDOW_MS // MS_PER_DAY} days")


def _subject_or_error(query: ProfileQuery, schema: CompiledSchema | TandemError) -> Subject | TandemError:
    if isinstance(schema, TandemError):
        return schema
    try:
        return normalise_subject(query.subject, "subject", schema.namespaces)
    except InvalidArgument as failure:
        return failure


def _resolve(subject: Subject, owners: Mapping[str, Profile], schema: CompiledSchema) -> Resolution:
    keys = [identity.key for identity in subject]
    held = {key: owners[key] for key in keys if key in owners and not owners[key].erased_ms}
    return resolve(keys, held, schema.identity_rules)


def _held(
    asked: Subject, subject: Subject, owners: Mapping[str, Profile], chosen: Profile | None, schema: CompiledSchema
) -> tuple[int, ...]:
    """Where in the query stand the identities of the profile that answers."""
    if chosen is None:
        return ()
    keys = [identity.key for identity in subject if owners.get(identity.key) is chosen]
    return places_of(keys, asked, subject, schema.namespaces)


def _found(resolution: Resolution) -> Profile:
    if resolution.chosen is None:
        raise NotFound("PROFILE_NOT_FOUND", "no profile holds any of the identities")
    return resolution.chosen


def _nobody_yet(subject: Subject) -> Profile:
    """Who the subject would be after the first event."""
    return Profile("", 0, 0, 0, identities=tuple(identity.key for identity in subject))
