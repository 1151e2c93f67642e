"""The registry and the roles of its models, over the stores."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from services.scoring.app.application import Stores
from services.scoring.app.models import Activation, Models
from services.scoring.app.objectives import Objectives
from services.scoring.domain.models import Assignment, ModelRole, Training, TrainingState
from shared.errors import Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from tests.support.model_registry import put_model, rate_model
from tests.support.scoring import FEATURE_SET, NOW_MS

OpenStores = Callable[[], Awaitable[Stores]]
CHAMPION, CHALLENGER, APPRENTICE = ModelRole


def baseless(objective: str) -> str:
    return f"bayes-{objective}"


def models_of(stores: Stores) -> Models:
    return Models(stores.models, stores.trainings, Objectives(stores.feature_sets), baseless, lambda: NOW_MS)


@pytest.fixture
async def models(stores: Stores) -> Models:
    await stores.feature_sets.put("p", FEATURE_SET)
    return models_of(stores)


async def roles(models: Models, objective: str = "success") -> Mapping[str, ModelRole]:
    found = (await models.list(objective)).models
    return {each.record.model_id: each.role for each in found if each.role is not None}


async def test_model_without_a_base_is_the_champion_at_first(models: Models) -> None:
    listed = await models.list("success")
    assert [(each.record.model_id, each.role) for each in listed.models] == [("bayes-success", CHAMPION)]
    assert (listed.models[0].record.rows, listed.models[0].record.trees) == (0, 0)
    assert (list(listed.trainings), list(listed.assignments)) == ([], [])
    assert (await models.get("bayes-success")).role is CHAMPION


async def test_an_objective_that_nobody_published_is_not_found(models: Models) -> None:
    with pytest.raises(NotFound) as caught:
        await models.list("nothing")
    assert caught.value.reason == "OBJECTIVE_NOT_FOUND"


async def test_what_a_model_does_by_now_is_told_beside_its_role(stores: Stores) -> None:
    await stores.feature_sets.put("p", FEATURE_SET)
    serving: dict[str, ModelRole] = {}
    objectives = Objectives(stores.feature_sets)
    models = Models(stores.models, stores.trainings, objectives, baseless, lambda: NOW_MS, lambda _: serving)
    one = await put_model(stores, 0.1)
    await models.activate("r1", Activation(one, CHAMPION))

    async def told() -> dict[str, tuple[ModelRole | None, ModelRole | None]]:
        return {each.record.model_id: (each.role, each.serves_as) for each in (await models.list("success")).models}

    assert await told() == {one: (CHAMPION, CHAMPION), "bayes-success": (CHALLENGER, CHALLENGER)}, "nothing is known"
    serving |= {"bayes-success": CHAMPION}
    assert await told() == {one: (CHAMPION, None), "bayes-success": (CHALLENGER, CHAMPION)}
    assert (await models.get(one)).serves_as is None
    assert models.serving_champion("success") == "bayes-success"
    serving |= {one: CHAMPION, "bayes-success": CHALLENGER}
    assert await told() == {one: (CHAMPION, CHAMPION), "bayes-success": (CHALLENGER, CHALLENGER)}
    assert models.serving_champion("success") == one


async def test_activated_model_is_the_champion_and_the_one_before_is_tried(models: Models, stores: Stores) -> None:
    one = await put_model(stores, 0.1)
    assignment = await models.activate("r1", Activation(one, CHAMPION, reason="better by 2 %"))
    expected = Assignment("success", 1, one, False, "bayes-success", "bayes-success", NOW_MS, "better by 2 %")
    assert assignment == expected
    assert await roles(models) == {one: CHAMPION, "bayes-success": CHALLENGER}
    assert list((await models.list("success")).assignments) == [expected]
    assert (await models.get(one)).role is CHAMPION


async def test_former_champion_is_activated_by_its_name_again(models: Models, stores: Stores) -> None:
    one = await put_model(stores, 0.1)
    await models.activate("r1", Activation(one, CHAMPION))
    back = await models.activate("r2", Activation("bayes-success", CHAMPION))
    assert (back.revision, back.champion, back.challenger) == (2, "bayes-success", one)


async def test_apprentice_and_challenger_are_told_apart(models: Models, stores: Stores) -> None:
    one, two = await put_model(stores, 0.1), await put_model(stores, 0.2)
    await models.activate("r1", Activation(one, APPRENTICE))
    await models.activate("r2", Activation(two, CHALLENGER))
    assert await roles(models) == {one: APPRENTICE, two: CHALLENGER}
    await models.activate("r3", Activation(one, CHAMPION))
    assert await roles(models) == {one: CHAMPION, two: CHALLENGER}


async def test_models_of_objectives_are_apart(models: Models, stores: Stores) -> None:
    click = await put_model(stores, 0.1, objective="click")
    await models.activate("r1", Activation(click, CHAMPION))
    assert await roles(models) == {"bayes-success": CHAMPION}
    assert await roles(models, "click") == {click: CHAMPION}
    assert await stores.models.objectives() == ["click"]


async def test_repeated_request_is_answered_as_before_whatever_happened_since(models: Models, stores: Stores) -> None:
    one, two = await put_model(stores, 0.1), await put_model(stores, 0.2)
    first = await models.activate("r1", Activation(one, CHAMPION, expected_revision=0))
    await models.activate("r2", Activation(two, CHAMPION, expected_revision=1))
    assert await models.activate("r1", Activation(one, CHAMPION)) == first
    assert (await models.assignment("success")).champion == two
    with pytest.raises(AlreadyExists):
        await models.activate("r1", Activation(two, CHAMPION))


async def test_change_of_somebody_else_is_not_overwritten(models: Models, stores: Stores) -> None:
    one, two = await put_model(stores, 0.1), await put_model(stores, 0.2)
    await models.activate("r1", Activation(one, CHAMPION))
    with pytest.raises(Aborted) as caught:
        await models.activate("r2", Activation(two, CHAMPION, expected_revision=7))
    assert (caught.value.reason, caught.value.metadata) == ("ASSIGNMENT_CHANGED", {"revision": "1"})
    assert (await models.assignment("success")).champion == one


async def test_replicas_that_expect_the_same_revision_do_not_both_win(open_stores: OpenStores) -> None:
    handles = [await open_stores() for _ in range(2)]
    await handles[0].feature_sets.put("p", FEATURE_SET)
    wanted = [await put_model(handles[0], 0.1), await put_model(handles[0], 0.2)]
    await models_of(handles[0]).activate("r0", Activation("bayes-success", APPRENTICE))
    found = await asyncio.gather(
        *(
            models_of(stores).activate(f"r{name}", Activation(name, CHAMPION, expected_revision=1))
            for stores, name in zip(handles, wanted, strict=True)
        ),
        return_exceptions=True,
    )
    won = [each for each in found if isinstance(each, Assignment)]
    lost = [each for each in found if isinstance(each, Aborted)]
    assert (len(won), len(lost)) == (1, 1)
    assert (await models_of(handles[1]).assignment("success")).champion == won[0].champion


async def test_replicas_that_expect_nothing_come_one_after_the_other(open_stores: OpenStores) -> None:
    handles = [await open_stores() for _ in range(2)]
    await handles[0].feature_sets.put("p", FEATURE_SET)
    names = [await put_model(handles[0], rate / 100) for rate in range(1, 5)]
    found = await asyncio.gather(
        *(
            models_of(handles[index % 2]).activate(f"r{name}", Activation(name, CHAMPION))
            for index, name in enumerate(names)
        )
    )
    assert sorted(each.revision for each in found) == [1, 2, 3, 4]


@pytest.mark.parametrize("damage", ["cut", "another objective", "no model"])
async def test_damaged_model_is_refused_and_the_champion_stays(models: Models, stores: Stores, damage: str) -> None:
    good = await put_model(stores, 0.1)
    await models.activate("r1", Activation(good, CHAMPION))
    record, content = rate_model(0.2)
    if damage == "another objective":
        content = rate_model(0.2, "click")[1]
    content = {"cut": content[:-7], "no model": b"poison" * 100}.get(damage, content)
    await stores.models.put(record, content)
    for role in ModelRole:
        with pytest.raises(FailedPrecondition) as caught:
            await models.activate(f"r2 {role}", Activation(record.model_id, role))
        assert (caught.value.reason, caught.value.metadata) == ("MODEL_DAMAGED", {"model_id": record.model_id})
    assert (await models.assignment("success")).champion == good
    assert await stores.models.assigned("r2 1") is None


async def test_wrong_requests_are_refused(models: Models) -> None:
    with pytest.raises(NotFound) as caught:
        await models.activate("r", Activation("success-none", CHAMPION))
    assert (caught.value.reason, caught.value.metadata) == ("MODEL_NOT_FOUND", {"model_id": "success-none"})
    with pytest.raises(NotFound):
        await models.get("bayes-nothing")
    for wanted, field in (
        (Activation("", CHAMPION), "model_id"),
        (Activation("x" * 129, CHAMPION), "model_id"),
        (Activation("bayes-success", CHALLENGER), "role"),
        (Activation("bayes-success", CHAMPION, reason="x" * 501), "reason"),
    ):
        with pytest.raises(InvalidArgument) as wrong:
            await models.activate("r", wanted)
        assert wrong.value.violations[0].field == field


async def test_models_in_use_are_listed_however_old_they_are(models: Models, stores: Stores) -> None:
    old, older = [await put_model(stores, rate, train_time_ms=NOW_MS - 10**9) for rate in (0.5, 0.6)]
    await models.activate("r1", Activation(old, CHAMPION))
    await models.activate("r2", Activation(older, CHALLENGER))
    for number in range(105):
        await put_model(stores, 0.1 + number / 1000, train_time_ms=NOW_MS + number)
    listed = (await models.list("success")).models
    assert len(listed) == 100 + 2 + 1
    assert [each.record.model_id for each in listed[-3:]] == [old, older, "bayes-success"]
    assert listed[0].record.train_time_ms == NOW_MS + 104


async def test_trainings_are_listed(models: Models, stores: Stores) -> None:
    training = Training("t1", "success", TrainingState.RUNNING, NOW_MS, NOW_MS)
    await stores.trainings.begin("r", training, 0)
    await stores.trainings.begin("r2", replace(training, training_id="t2", objective="click"), 0)
    assert list((await models.list("success")).trainings) == [training]
