"""What the application expects of the model registry and of the list of trainings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from services.scoring.adapters import mongo_models, sqlite_tables
from services.scoring.adapters.mongo_collections import MODEL_CHUNKS
from services.scoring.app.application import Stores
from services.scoring.domain.models import Assignment, AssignmentReceipt, ModelRecord, Training, TrainingState
from services.scoring.settings import ScoringSettings
from shared.errors import AlreadyExists
from shared.mongo import MongoDatabase, MongoSchema
from shared.sqlite import SqliteDatabase
from tests.support.scoring import NOW_MS

OpenStores = Callable[[], Awaitable[Stores]]
RECORD = ModelRecord(
    model_id="click-0123456789ab",
    objective="click",
    train_time_ms=NOW_MS,
    feature_set_version="features_1",
    window_start_ms=NOW_MS - 1000,
    window_end_ms=NOW_MS - 10,
    rows=2**40,
    positives=12,
    trained_through=900,
    learns_after=800,
    features=("age", "action.brand"),
    metrics={"auc": 0.75, "log_loss": 0.1},
    parent="bayes-12345678",
    trees=20,
    bytes=1234,
    lineage={"seed": "7", "lightgbm": "4.7.0"},
)
FIRST = Assignment("click", 1, "click-1", True, "click-0", "click-0", NOW_MS, "a try")
RUNNING = Training("training_1", "click", TrainingState.RUNNING, NOW_MS, NOW_MS)


async def test_model_comes_back_as_it_was(stores: Stores) -> None:
    content = bytes(range(256)) * 100
    await stores.models.put(RECORD, content)
    await stores.models.put(RECORD, content)
    assert await stores.models.get(RECORD.model_id) == RECORD
    assert await stores.models.content(RECORD.model_id) == content
    assert list(await stores.models.list("click", 10)) == [RECORD]


async def test_unknown_model_is_none(stores: Stores) -> None:
    assert await stores.models.get("click-none") is None
    assert await stores.models.content("click-none") is None
    assert list(await stores.models.list("click", 10)) == []


async def test_model_larger_than_a_document_of_the_database_is_stored_whole(stores: Stores) -> None:
    content = bytes(range(251)) * 80_000
    assert len(content) > 16 * 2**20 + 4 * 2**20 - 10**6
    await stores.models.put(RECORD, content)
    assert await stores.models.content(RECORD.model_id) == content


async def test_empty_content_is_a_content(stores: Stores) -> None:
    await stores.models.put(RECORD, b"")
    assert await stores.models.content(RECORD.model_id) == b""


@pytest.mark.parametrize("damage", ["changed", "lost"])
async def test_content_that_is_not_what_was_put_is_refused(
    stores: Stores, settings: ScoringSettings, damage: str
) -> None:
    await stores.models.put(RECORD, b"a model" * 1000)
    await _damage(settings, damage)
    with pytest.raises(ValueError, match="checksum"):
        await stores.models.content(RECORD.model_id)
    assert await stores.models.get(RECORD.model_id) == RECORD


@pytest.mark.parametrize("settings", ["mongo"], indirect=True)  # SQLite stores a model in one transaction
async def test_an_upload_that_was_interrupted_is_repaired_by_the_next(
    stores: Stores, settings: ScoringSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left are chunks without a record: nothing that anybody can see."""
    monkeypatch.setattr(mongo_models, "CHUNK_BYTES", 10)
    await stores.models.put(RECORD, b"x" * 95)
    database = await _mongo(settings)
    await database.collection("models").delete_one({"_id": RECORD.model_id})
    await database.collection(MODEL_CHUNKS).update_one({}, {"$set": {"content": b"torn"}})
    await database.close()
    assert await stores.models.content(RECORD.model_id) is None
    await stores.models.put(RECORD, b"x" * 95)
    assert await stores.models.content(RECORD.model_id) == b"x" * 95


async def test_newest_models_of_an_objective_come_first(stores: Stores) -> None:
    for number in range(5):
        record = replace(RECORD, model_id=f"click-{number}", train_time_ms=NOW_MS + (number * 7) % 5)
        await stores.models.put(record, b"content")
    await stores.models.put(replace(RECORD, model_id="open-1", objective="open"), b"content")
    times = [record.train_time_ms - NOW_MS for record in await stores.models.list("click", 3)]
    assert times == [4, 3, 2]


async def test_nobody_is_assigned_at_first(stores: Stores) -> None:
    assert await stores.models.assignment("click") == Assignment("click")
    assert list(await stores.models.assignments("click", 10)) == []
    assert list(await stores.models.objectives()) == []
    assert await stores.models.assigned("r1") is None


async def test_assignments_come_back_newest_first_by_objective(stores: Stores) -> None:
    second = replace(FIRST, revision=2, champion="click-2", is_apprentice=False, challenger="", former="")
    assert await stores.models.assign("r1", "h", FIRST) == FIRST
    assert await stores.models.assign("r2", "h", second) == second
    assert await stores.models.assign("r3", "h", replace(FIRST, objective="open")) is not None
    assert await stores.models.assignment("click") == second
    assert list(await stores.models.assignments("click", 10)) == [second, FIRST]
    assert list(await stores.models.assignments("click", 1)) == [second]
    assert list(await stores.models.objectives()) == ["click", "open"]


@pytest.mark.parametrize("revision", [0, 1, 3])
async def test_only_the_next_revision_is_stored(stores: Stores, revision: int) -> None:
    await stores.models.assign("r1", "h", FIRST)
    assert await stores.models.assign("r2", "h", replace(FIRST, revision=revision, champion="other")) is None
    assert await stores.models.assignment("click") == FIRST
    assert await stores.models.assigned("r2") is None


async def test_repeated_request_is_answered_as_before_and_another_body_is_refused(stores: Stores) -> None:
    await stores.models.assign("r1", "h", FIRST)
    await stores.models.assign("r2", "h2", replace(FIRST, revision=2))
    assert await stores.models.assign("r1", "h", replace(FIRST, revision=3, champion="other")) == FIRST
    with pytest.raises(AlreadyExists) as caught:
        await stores.models.assign("r1", "another", replace(FIRST, revision=3))
    assert caught.value.reason == "REQUEST_ID_REUSED"
    assert await stores.models.assigned("r1") == AssignmentReceipt("h", FIRST)
    assert (await stores.models.assignment("click")).revision == 2


async def test_one_of_several_that_assign_at_once_wins(open_stores: OpenStores) -> None:
    handles = [await open_stores() for _ in range(3)]
    for revision in range(1, 6):
        wanted = [replace(FIRST, revision=revision, champion=f"click-{index}") for index in range(6)]
        found = await asyncio.gather(
            *(handles[index % 3].models.assign(f"r{revision}-{index}", "h", each) for index, each in enumerate(wanted))
        )
        won = [each for each in found if each is not None]
        assert len(won) == 1
        assert await handles[0].models.assignment("click") == won[0]


async def test_one_request_made_twice_at_once_is_one_change(open_stores: OpenStores) -> None:
    one, two = await open_stores(), await open_stores()
    for number in range(1, 6):
        wanted = replace(FIRST, revision=number)
        found = await asyncio.gather(*(each.models.assign(f"r{number}", "h", wanted) for each in (one, two, one)))
        assert found == [wanted] * 3
    assert len(await one.models.assignments("click", 10)) == 5


async def test_training_begins_once_while_it_says_so(stores: Stores) -> None:
    other = replace(RUNNING, training_id="training_2", start_ms=NOW_MS + 1)
    assert await stores.trainings.begin("r1", RUNNING, NOW_MS - 100) == RUNNING
    assert await stores.trainings.begin("r2", other, NOW_MS - 100) == RUNNING
    of_another = replace(other, objective="open", training_id="training_3")
    assert await stores.trainings.begin("r3", of_another, NOW_MS - 100) == of_another
    assert list(await stores.trainings.trainings("click", 10)) == [RUNNING]


async def test_training_is_what_it_said_last(stores: Stores) -> None:
    await stores.trainings.begin("r1", RUNNING, 0)
    ended = replace(RUNNING, state=TrainingState.SUCCEEDED, end_ms=NOW_MS + 9, rounds=30, model_id="click-1")
    for said in (replace(RUNNING, beat_ms=NOW_MS + 5, rounds=10), ended):
        await stores.trainings.say(said)
        assert list(await stores.trainings.trainings("click", 10)) == [said]
    assert await stores.trainings.begin("r1", RUNNING, 0) == ended
    later = replace(RUNNING, training_id="training_2", start_ms=NOW_MS + 10)
    assert await stores.trainings.begin("r2", later, 0) == later
    assert list(await stores.trainings.trainings("click", 1)) == [later]


async def test_training_that_stopped_saying_so_has_failed_and_the_next_one_begins(stores: Stores) -> None:
    await stores.trainings.begin("r1", RUNNING, 0)
    next_one = replace(RUNNING, training_id="training_2", start_ms=NOW_MS + 10_000, beat_ms=NOW_MS + 10_000)
    assert await stores.trainings.begin("r2", next_one, NOW_MS + 1) == next_one
    states = [each.state for each in await stores.trainings.trainings("click", 10)]
    assert states == [TrainingState.RUNNING, TrainingState.FAILED]
    await stores.trainings.say(replace(RUNNING, beat_ms=NOW_MS + 20_000))
    assert [each.state for each in await stores.trainings.trainings("click", 10)] == states
    await stores.trainings.say(replace(RUNNING, state=TrainingState.SUCCEEDED))
    assert (await stores.trainings.trainings("click", 10))[1].state is TrainingState.SUCCEEDED


async def test_one_of_several_trainings_that_begin_at_once_runs(open_stores: OpenStores) -> None:
    handles = [await open_stores() for _ in range(3)]
    wanted = [replace(RUNNING, training_id=f"training_{index}") for index in range(6)]
    began = await asyncio.gather(
        *(handles[index % 3].trainings.begin(f"r{index}", each, 0) for index, each in enumerate(wanted))
    )
    assert len({each.training_id for each in began}) == 1
    assert len(await handles[0].trainings.trainings("click", 10)) == 1


async def _damage(settings: ScoringSettings, damage: str) -> None:
    if settings.mongo_uri is not None:
        mongo = await _mongo(settings)
        chunks = mongo.collection(MODEL_CHUNKS)
        await (chunks.delete_many({}) if damage == "lost" else chunks.update_many({}, {"$set": {"content": b"bad"}}))
        await mongo.close()
        return
    files = await SqliteDatabase.open(settings.data_dir / sqlite_tables.FILE_NAME, schema=sqlite_tables.SCHEMA)
    content = b"" if damage == "lost" else b"bad"
    await files.write(lambda connection: connection.execute("UPDATE model_content SET content = ?", (content,)))
    await files.close()


async def _mongo(settings: ScoringSettings) -> MongoDatabase:
    assert settings.mongo_uri is not None
    uri = settings.mongo_uri.get_secret_value()
    return await MongoDatabase.open(uri, settings.mongo_database, schema=MongoSchema("test", 1))
