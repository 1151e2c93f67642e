"""The registry: which models there are, what they are used for, and giving them roles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import ModelStore, TrainingStore
from services.scoring.domain.assignments import given, role_of
from services.scoring.domain.base_model.content import decode
from services.scoring.domain.feature_set import MAX_NAME_LENGTH
from services.scoring.domain.models import Assignment, ModelRecord, ModelRole, Training
from services.scoring.domain.trainings import as_seen
from shared.clock import Clock
from shared.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound, request_id_reused
from shared.ids import content_hash

MAX_MODELS, MAX_TRAININGS, MAX_ASSIGNMENTS = 100, 20, 100
MAX_REASON_LENGTH = 500
_ATTEMPTS = 5
_UNTRAINED = ModelRecord("", "", 0, "", 0, 0, 0, 0, 0, 0, (), {}, "", 0, 0)


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """`serves_as` is what it does in this process by now, another thing than its role while what was assigned is being
    built, or cannot be used. None: nothing.
    """

    record: ModelRecord
    role: ModelRole | None
    serves_as: ModelRole | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """Of one objective; the newest first each."""

    models: tuple[RegisteredModel, ...]
    trainings: Sequence[Training]
    assignments: Sequence[Assignment]


@dataclass(frozen=True, slots=True)
class Activation:
    """A model is to have a role. `expected_revision` 0: whatever it is."""

    model_id: str
    role: ModelRole
    expected_revision: int = 0
    reason: str = ""


Serving = Callable[[str], Mapping[str, ModelRole]]
"""Of an objective: what each of its models does in this process; empty where nobody asked for it yet."""


class Models:
    """`baseless` gives the id of an objective's model without a base, which is in no store and everywhere. `serving` is
    None where no models are in use, but in other processes.
    """

    def __init__(
        self,
        store: ModelStore,
        trainings: TrainingStore,
        objectives: Objectives,
        baseless: Callable[[str], str],
        clock: Clock,
        serving: Serving | None = None,
    ) -> None:
        self._serving = serving
        self._store = store
        self._trainings = trainings
        self._objectives = objectives
        self._baseless = baseless
        self._clock = clock

    async def assignment(self, objective: str) -> Assignment:
        """The latest, with its champion named."""
        return self._named(await self._store.assignment(objective))

    async def list(self, objective: str) -> Registry:
        """Raises NotFound (OBJECTIVE_NOT_FOUND) where nothing is known of it."""
        assigned = await self._store.assignments(objective, MAX_ASSIGNMENTS)
        current = self._named(assigned[0] if assigned else Assignment(objective))
        records = list(await self._store.list(objective, MAX_MODELS))
        listed = {record.model_id for record in records}
        for model_id in (current.champion, current.challenger):
            if model_id and model_id not in listed | {self._baseless(objective)}:
                used = await self._store.get(model_id)
                records += [used] if used is not None else []
        if objective in await self._objectives.known():
            records.append(self._untrained(objective))
        elif not records:
            await self._objectives.require(objective)
        return Registry(
            tuple(self._registered(record, current) for record in records),
            await self._seen_trainings(objective),
            assigned,
        )

    async def _seen_trainings(self, objective: str) -> Sequence[Training]:
        now_ms = self._clock()
        return [as_seen(each, now_ms) for each in await self._trainings.trainings(objective, MAX_TRAININGS)]

    async def get(self, model_id: str) -> RegisteredModel:
        """Raises NotFound."""
        record = await self._record(model_id)
        return self._registered(record, await self.assignment(record.objective))

    def serving_champion(self, objective: str) -> str:
        """Who answers in this process; empty where that is not known."""
        serving = {} if self._serving is None else self._serving(objective)
        return next((name for name, role in serving.items() if role is not ModelRole.CHALLENGER), "")

    def _registered(self, record: ModelRecord, current: Assignment) -> RegisteredModel:
        role = role_of(record.model_id, current)
        serving = {} if self._serving is None else self._serving(record.objective)
        return RegisteredModel(record, role, serving.get(record.model_id) if serving else role)

    async def activate(self, request_id: str, wanted: Activation) -> Assignment:
        """What is used from now on. A repeated request changes nothing and is answered as before.

        Raises NotFound, FailedPrecondition where the model's content is none, Aborted where others changed it,
        AlreadyExists for a reused request id, InvalidArgument.
        """
        _check_reason(wanted.reason)
        body_hash = content_hash(astuple(wanted))
        before = await self._store.assigned(request_id)
        if before is not None:
            if before.body_hash != body_hash:
                raise request_id_reused(request_id)
            return before.assignment
        record = await self._record(wanted.model_id)
        await self._check_content(record)
        for _ in range(_ATTEMPTS):
            current = await self.assignment(record.objective)
            if wanted.expected_revision not in (0, current.revision):
                break
            stored = await self._store.assign(request_id, body_hash, self._changed(current, wanted))
            if stored is not None:
                return stored
        raise Aborted(
            "ASSIGNMENT_CHANGED",
            f"the models of {record.objective!r} were changed: list them and decide again",
            metadata={"revision": str(current.revision)},
        )

    def _changed(self, current: Assignment, wanted: Activation) -> Assignment:
        try:
            return given(current, wanted.model_id, wanted.role, self._clock(), wanted.reason)
        except ValueError as error:
            raise InvalidArgument.field("role", str(error)) from error

    async def _record(self, model_id: str) -> ModelRecord:
        if not (0 < len(model_id) <= MAX_NAME_LENGTH and model_id.isprintable()):
            raise InvalidArgument.field("model_id", f"must be 1 to {MAX_NAME_LENGTH} printable characters")
        record = await self._store.get(model_id)
        if record is not None:
            return record
        for objective in await self._objectives.known():
            if model_id == self._baseless(objective):
                return self._untrained(objective)
        raise NotFound("MODEL_NOT_FOUND", f"no model {model_id!r} in the registry", metadata={"model_id": model_id})

    async def _check_content(self, record: ModelRecord) -> None:
        """Before anything changes: what cannot be built must not be chosen."""
        if record.model_id == self._baseless(record.objective):
            return
        try:
            content = await self._store.content(record.model_id)
            if content is None:
                raise ValueError("there is no content")
            model = await asyncio.to_thread(decode, content)
            if model.objective != record.objective:
                raise ValueError(f"its content is of objective {model.objective!r}")
        except ValueError as error:
            raise FailedPrecondition(
                "MODEL_DAMAGED",
                f"model {record.model_id} cannot be used: {error}",
                metadata={"model_id": record.model_id},
            ) from error

    def _untrained(self, objective: str) -> ModelRecord:
        return replace(_UNTRAINED, model_id=self._baseless(objective), objective=objective)

    def _named(self, assignment: Assignment) -> Assignment:
        return assignment if assignment.champion else replace(assignment, champion=self._baseless(assignment.objective))


def _check_reason(reason: str) -> None:
    if len(reason) > MAX_REASON_LENGTH or not reason.isprintable():
        raise InvalidArgument.field("reason", f"must be at most {MAX_REASON_LENGTH} printable characters")
