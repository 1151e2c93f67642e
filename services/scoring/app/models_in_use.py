"""The models that answer, learn and are tried: of each objective the champion, and one beside it.

They follow the assignments of the registry. What an assignment names is built in the background, restored, brought up
to the end of the reward log, and then swapped in by one assignment on the event loop; until then, and where it cannot
be built, what is in use stays. A model that goes from one role to another goes on as it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.learn import Ended
from services.scoring.app.model_in_use import ModelInUse, ModelMaker
from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import ModelStore, Observer, Scorer
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE
from services.scoring.domain.models import Assignment, ModelRole
from services.scoring.domain.rewards import LogEntry
from shared.errors import NotFound, TandemError

_log = logging.getLogger("tandem.scoring")
_WARMED = 2
"""Feature sets that a new model knows before it answers."""
_DAMAGE = (ValueError, ArithmeticError, LookupError, TypeError, MemoryError)
"""What a file may do to who reads it. Whatever it is, what is in use stays."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Of one objective. `shadow` is the challenger. `refusal` says why the latest assignment, of `revision`, is not
    what is in use."""

    champion: ModelInUse
    shadow: ModelInUse | None = None
    is_apprentice: bool = False
    revision: int = 0
    refusal: str = ""

    @property
    def models(self) -> tuple[ModelInUse, ...]:
        return (self.champion,) if self.shadow is None else (self.champion, self.shadow)


class ModelsInUse:
    """`prototype` makes all models; `feature_sets` are compiled for those without a base."""

    def __init__(
        self,
        registry: ModelStore,
        maker: ModelMaker,
        prototype: Scorer,
        feature_sets: FeatureSets,
        objectives: Objectives,
        observer: Observer,
    ) -> None:
        self._registry = registry
        self._maker = maker
        self._prototype = prototype
        self._feature_sets = feature_sets
        self._objectives = objectives
        self._observer = observer
        self._roles: dict[str, Roles] = {}
        self._building: dict[str, asyncio.Task[None]] = {}
        self._heard = 0

    async def start(self) -> None:
        """Puts to work what is assigned. Raises Unavailable where a store does not answer. An objective whose models
        cannot be built has none; it is tried again with its next call, and in every round.
        """
        for objective in await self._objectives.known():
            await self.ready(objective)

    async def ready(self, objective: str) -> None:
        """Builds the models where the objective is new; what they raise is logged (`_begin`), and theirs alone. Raises
        Unavailable.
        """
        try:
            await self.of(objective)
        except (TandemError, Ended):
            raise
        except Exception as fault:  # noqa: BLE001 - of one objective; the others go on
            about = {"objective": objective, "cause": repr(fault)}
            _log.error("an objective has no model", exc_info=fault, extra={"fields": about})

    async def of(self, objective: str) -> Roles:
        """The models in use; builds them where the objective is new."""
        if objective not in self._roles:
            if objective not in self._building:
                self._begin(await self._registry.assignment(objective))
            await asyncio.shield(self._building[objective])
        return self._roles[objective]

    async def prepare(self, objective: str, version: str) -> None:
        """Compiles a feature set for the models in use, before anybody asks."""
        for model in (await self.of(objective)).models:
            await model.feature_sets.get(version)

    def find(self, objective: str, model_id: str = "") -> ModelInUse:
        """The champion, or the one in use by this name. Raises NotFound (MODEL_NOT_FOUND)."""
        roles = self._roles.get(objective)
        models = () if roles is None else roles.models
        found = next((each for each in models if model_id in ("", each.model_id)), None)
        if found is None:
            text = f"no model {model_id!r} of objective {objective!r} is in use"
            raise NotFound("MODEL_NOT_FOUND", text, metadata={"model_id": model_id})
        return found

    def names(self, objective: str) -> tuple[str, ...]:
        """Of the models in use, the champion first."""
        roles = self._roles.get(objective)
        return () if roles is None else tuple(model.model_id for model in roles.models)

    def serving(self, objective: str) -> Mapping[str, ModelRole]:
        """What each of the models in use does; empty where there are none yet."""
        roles = self._roles.get(objective)
        if roles is None:
            return {}
        first = ModelRole.APPRENTICE if roles.is_apprentice else ModelRole.CHAMPION
        return dict(zip((model.model_id for model in roles.models), (first, ModelRole.CHALLENGER), strict=False))

    def is_apprentice(self, objective: str) -> bool:
        """Whether its champion is one."""
        roles = self._roles.get(objective)
        return roles is not None and roles.is_apprentice

    @property
    def champion(self) -> ModelInUse:
        """Of the default objective."""
        return self._roles[DEFAULT_OBJECTIVE].champion

    @property
    def refusals(self) -> Mapping[str, str]:
        """Of objectives whose latest assignment cannot be used: why."""
        return {objective: roles.refusal for objective, roles in self._roles.items() if roles.refusal}

    def version_of(self, objective: str) -> str:
        """Of its champion; empty where there is none."""
        roles = self._roles.get(objective)
        return "" if roles is None else roles.champion.scorer.model_version

    async def take(self, entries: Sequence[LogEntry]) -> None:
        """Every model learns entries that were just appended."""
        if entries:
            self._heard = max(self._heard, entries[-1].position)
        await self._each(lambda model: model.learner.take(entries))

    async def catch_up(self) -> None:
        """Every model learns what the log has and it has not."""
        await self._each(lambda model: model.learner.catch_up())

    async def save(self) -> None:
        """What every model learnt since its last snapshot."""
        await self._each(lambda model: model.snapshots.save())

    async def _each(self, work: Callable[[ModelInUse], Awaitable[None]]) -> None:
        """What goes wrong with one model is logged, and the others go on. Raises Unavailable, Ended."""
        for model in tuple(self._models()):
            try:
                await work(model)
            except (TandemError, Ended):
                raise
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is of this model
                about = {"model": model.model_id, "cause": repr(fault)}
                _log.error("a model is left behind", exc_info=fault, extra={"fields": about})

    async def save_all_that_is_assigned(self) -> None:
        """After this, snapshots have learnt the whole log: of every model that any replica uses by now."""
        await self._look_at_assignments()
        await self._settled()
        await self.catch_up()
        await self.save()

    async def follow(self) -> None:
        """One round: rewards of other replicas, snapshots, and assignments, which are settled in the background."""
        try:
            await self.catch_up()
            await self._each(lambda model: model.snapshots.save_if_due())
            await self._look_at_assignments()
        finally:
            self.observe()

    def observe(self) -> None:
        for model in self._models():
            self._observer.model_is(model.model_id, model.scorer.position, model.learner.age_seconds)

    async def close(self) -> None:
        """Gives up what is being built, and saves snapshots of what is in use."""
        self._maker.ending.set()
        await self._settled()
        await self.save()

    async def _settled(self) -> None:
        while self._building:
            await asyncio.wait(tuple(self._building.values()))

    def _models(self) -> Iterator[ModelInUse]:
        for roles in self._roles.values():
            yield from roles.models

    async def _look_at_assignments(self) -> None:
        for objective in await self._objectives.known():
            assignment = await self._registry.assignment(objective)
            roles = self._roles.get(objective)
            if roles is None or roles.revision != assignment.revision:
                self._begin(assignment)

    def _begin(self, assignment: Assignment) -> None:
        """Unless one of the objective is under way."""
        objective = assignment.objective
        if objective in self._building:
            return

        def end(task: asyncio.Task[None]) -> None:
            """What failed is tried again in the next round."""
            del self._building[objective]
            if task.exception() is not None:
                about = {"objective": objective, "cause": str(task.exception())}
                _log.warning("the models assigned are not in use yet", extra={"fields": about})

        self._building[objective] = asyncio.create_task(self._settle(assignment), name=f"scoring-models-{objective}")
        self._building[objective].add_done_callback(end)

    async def _settle(self, assignment: Assignment) -> None:
        """Builds what is not in use yet, and swaps."""
        roles = await self._roles_of(assignment)
        while any(model.scorer.position < self._heard for model in roles.models):
            for model in roles.models:
                await model.learner.catch_up()
        before = self._roles.get(assignment.objective)
        self._roles[assignment.objective] = roles  # nothing was awaited since the last reward was heard of
        self.observe()
        self._observer.assignment_is(assignment.objective, bool(roles.refusal))
        for model in () if before is None else before.models:
            if model not in roles.models:
                await model.snapshots.save()
                self._observer.model_dropped(model.model_id)

    async def _roles_of(self, assignment: Assignment) -> Roles:
        """What an assignment asks for; what is in use already, where it cannot be."""
        objective, revision = assignment.objective, assignment.revision
        try:
            champion = await self._model(objective, assignment.champion)
        except _Refused as refused:
            used = self._roles.get(objective) or Roles(await self._model(objective, ""))
            return Roles(used.champion, used.shadow, used.is_apprentice, revision, _told(assignment, refused))
        if assignment.is_apprentice or not assignment.challenger:
            return Roles(champion, None, assignment.is_apprentice, revision)
        try:
            return Roles(champion, await self._model(objective, assignment.challenger), False, revision)
        except _Refused as refused:
            return Roles(champion, None, False, revision, _told(assignment, refused))

    async def _model(self, objective: str, model_id: str) -> ModelInUse:
        """The one in use by this name, or a new one. Raises _Refused."""
        name = model_id or self._prototype.id_without_base(objective)
        roles = self._roles.get(objective)
        used = next((each for each in (() if roles is None else roles.models) if each.model_id == name), None)
        if used is not None:
            return used
        if name == self._prototype.id_without_base(objective):
            return await self._maker.put_to_work(self._prototype.untaught(objective), self._feature_sets)
        return await self._over_a_base(objective, name)

    async def _over_a_base(self, objective: str, model_id: str) -> ModelInUse:
        try:
            record, content = await self._registry.get(model_id), await self._registry.content(model_id)
            if record is None or content is None:
                raise ValueError("it is not in the registry")
            scorer = await asyncio.to_thread(self._prototype.over, content)
            if (scorer.model_id, scorer.objective) != (model_id, objective):
                raise ValueError(f"its content is {scorer.model_id}, of objective {scorer.objective!r}")
            feature_sets = self._maker.feature_sets_of(scorer)
            if await self._objectives.of(record.feature_set_version) == objective:
                compiled = await feature_sets.get(record.feature_set_version)
                await asyncio.to_thread(scorer.check_fits, compiled)
            for version in self._feature_sets.recent(objective, _WARMED):
                await feature_sets.get(version)
        except _DAMAGE as error:
            raise _Refused(f"model {model_id} cannot be used: {error}") from error
        return await self._maker.put_to_work(scorer, feature_sets)


class _Refused(Exception):
    """A model cannot be built, and never can be."""


def _told(assignment: Assignment, refused: _Refused) -> str:
    about = {"objective": assignment.objective, "revision": assignment.revision, "cause": str(refused)}
    _log.error("a model that is assigned is not used", extra={"fields": about})
    return str(refused)
