"""GetProfile: everything a decision needs to know of a person, at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.profile.app.catalogue import SchemaCatalogue
from services.profile.app.fairness import give_way
from services.profile.app.history import History
from services.profile.app.ports import EventLog, ProfileStore
from services.profile.app.record_events import checked_event, event_of
from services.profile.app.requests import ProfileAnswer, ProfileQuery, Subject
from services.profile.domain.compiled_schema import CompiledSchema
from services.profile.domain.events import Event
from services.profile.domain.identities import Identity, normalise_subject
from services.profile.domain.limits import missing
from services.profile.domain.profile import Profile
from services.profile.domain.reading import Moment, read_aggregates, read_states, view
from services.profile.domain.resolution import Resolution, resolve
from shared.clock import Clock
from shared.errors import InvalidArgument, NotFound, TandemError
from shared.values import Feature

MAX_BATCH = 1_000
MAX_OVERLAY = 1_000


class ProfileReader:
    def __init__(self, store: ProfileStore, log: EventLog, catalogue: SchemaCatalogue, clock: Clock) -> None:
        self._store = store
        self._log = log
        self._history = History(log)
        self._catalogue = catalogue
        self._clock = clock

    async def get(self, query: ProfileQuery) -> ProfileAnswer:
        subject = normalise_subject(query.subject, "subject")
        _check(query)
        schema = await self._schema(query.schema_version)
        return await self._answer(query, subject, await self._find(subject), schema)

    async def get_many(self, queries: Sequence[ProfileQuery]) -> list[ProfileAnswer | TandemError]:
        """An answer or an error per query, in their order; the profiles in one read of the store."""
        if not queries:
            raise missing("requests")
        if len(queries) > MAX_BATCH:
            raise InvalidArgument.field("requests", f"must be at most {MAX_BATCH}")
        subjects = [_subject(query) for query in queries]
        schemas = {version: await self._schema_or_error(version) for version in {q.schema_version for q in queries}}
        owners = await self._find(
            [identity for subject in subjects if isinstance(subject, tuple) for identity in subject]
        )
        answers = []
        for step, (query, subject) in enumerate(zip(queries, subjects, strict=True)):
            answers.append(await self._item(query, subject, owners, schemas[query.schema_version]))
            await give_way(step)
        return answers

    async def resolved(self, subject: Subject) -> Profile:
        """The stored profile of a subject in normal form. Raises NotFound."""
        schema = await self._catalogue.active()
        return _found(resolve(subject, await self._find(subject), schema.known_namespaces))

    async def _find(self, identities: Iterable[Identity]) -> Mapping[str, Profile]:
        return await self._store.find({identity.key for identity in identities})

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
        resolution = resolve(subject, owners, schema.known_namespaces)
        overlay = await self._overlay(query, subject)
        profile = _nobody_yet(subject) if overlay and resolution.profile is None else _found(resolution)
        now_ms = max(self._clock(), profile.updated_ms)
        moment = Moment(now_ms if query.read_ms is None else query.read_ms, overlay)
        features = await self._aggregates(profile, schema, moment)
        return ProfileAnswer(view(profile, schema, moment, features), resolution.advisories, profile.token)

    async def _aggregates(self, profile: Profile, schema: CompiledSchema, moment: Moment) -> Mapping[str, Feature]:
        features, pending = read_aggregates(profile, schema, moment)
        if not pending:
            return features
        states = await self._history.states(profile.profile_id, pending, lambda event: event.event_ms <= moment.read_ms)
        return {**features, **read_states(pending, states, moment)}

    async def _overlay(self, query: ProfileQuery, subject: Subject) -> list[Event]:
        """The events that recording them would add: without repetitions, and without those in the log."""
        if not query.overlay:
            return []
        now_ms = self._clock()
        checked = [checked_event(write, f"overlay_events[{i}]", now_ms) for i, write in enumerate(query.overlay)]
        recorded = await self._log.recorded({write.event_id for write in checked})
        fresh = {write.event_id: write for write in reversed(checked) if write.event_id not in recorded}
        arrival_ms = now_ms if query.read_ms is None else query.read_ms
        return [event_of(write, subject, arrival_ms) for write in fresh.values()]


def _check(query: ProfileQuery) -> None:
    if query.token and not (query.token.isascii() and query.token.isdigit()):
        raise InvalidArgument.field("consistency_token.value", "is not a token of this server")
    if len(query.overlay) > MAX_OVERLAY:
        raise InvalidArgument.field("overlay_events", f"must be at most {MAX_OVERLAY}")


def _subject(query: ProfileQuery) -> Subject | TandemError:
    try:
        _check(query)
        return normalise_subject(query.subject, "subject")
    except InvalidArgument as failure:
        return failure


def _found(resolution: Resolution) -> Profile:
    if resolution.profile is None:
        raise NotFound("PROFILE_NOT_FOUND", "no profile holds any of the identities")
    return resolution.profile


def _nobody_yet(subject: Subject) -> Profile:
    """Who the subject would be after the first event."""
    return Profile("", 0, 0, 0, identities=tuple(identity.key for identity in subject))
