"""Training from the log of a deployment, in this process and in one of its own, on both stores."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import pytest
from tandem.scoring.v1 import model_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.adapters.lightgbm.dask_training import DaskLearner
from services.scoring.adapters.lightgbm.training import MADE_WITH, LightGbmLearner
from services.scoring.adapters.model_files.shelf import FileShelf
from services.scoring.adapters.trainer_processes import TrainerProcesses
from services.scoring.api.servicer import SERVICE
from services.scoring.app.application import Stores
from services.scoring.app.objectives import Objectives
from services.scoring.app.train import TrainModel, begun
from services.scoring.app.training_order import TrainingOrder
from services.scoring.app.training_run import TrainingRun, Workshop
from services.scoring.bootstrap import bootstrap, trainer_environment
from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.base_model.content import decode
from services.scoring.domain.base_model.matrices import matrix_of
from services.scoring.domain.evaluation.prediction_quality import log_loss
from services.scoring.domain.models import Training, TrainingState
from services.scoring.domain.rewards import Reward
from services.scoring.domain.training.forest_learner import Progress
from services.scoring.domain.training.taught_forest import probability
from services.scoring.settings import ScoringSettings
from services.scoring.trainer import open_workshop
from shared.clock import system_clock
from shared.errors import InvalidArgument, NotFound, StartupError
from shared.rpc.errors import from_rpc_error
from tests.support.grpc_server import loopback
from tests.support.reward_logs import ACTIONS, append, planted, tastes

OpenStores = Callable[[], Awaitable[Stores]]
ORDER = TrainingOrder("success")
ENDED_SECONDS = 60.0


def workshop(stores: Stores, folder: Path) -> Workshop:
    shelf = FileShelf(folder / "trainings")
    return Workshop(
        stores.rewards,
        stores.feature_sets,
        stores.models,
        stores.trainings,
        shelf,
        LightGbmLearner(),
        MADE_WITH,
        system_clock,
    )


async def trained(
    stores: Stores, folder: Path, order: TrainingOrder = ORDER, told: Callable[[Progress], None] | None = None
) -> Training:
    training = begun(order, system_clock())
    assert await stores.trainings.begin(training.training_id, training, 0) == training
    return await TrainingRun(workshop(stores, folder), training, order, told)()


async def gain_of(stores: Stores, model_id: str, later: tuple[Reward, ...]) -> float:
    """What the stored model's log loss is below that of the rate, on later presentations."""
    content = await stores.models.content(model_id)
    assert content is not None
    model, actions = decode(content), {action.action: action for action in ACTIONS}
    shown = [Shown(each.features, actions[each.action], each.channel, each.placement_id) for each in later]
    raw = LightGbmLearner().read(model.forest).log_odds(matrix_of(model.columns, shown))
    outcome = np.array([each.reward for each in later])
    of_rate = log_loss(np.full(outcome.size, outcome.mean()), outcome)
    return float((of_rate - log_loss(probability(model.calibration(raw)), outcome)).mean())


async def test_a_model_from_the_log_is_better_than_the_rate_and_is_in_the_registry(
    stores: Stores, tmp_path: Path
) -> None:
    await append(stores, tastes(), planted(3_000).rewards)
    told: list[Progress] = []
    training = await trained(stores, tmp_path, told=told.append)
    assert (training.state, training.message) == (TrainingState.SUCCEEDED, "")
    assert list(await stores.trainings.trainings("success", 5)) == [training]
    record = await stores.models.get(training.model_id)
    assert record is not None
    assert (record.objective, record.rows, record.parent) == ("success", 3_000, "")
    assert (record.trained_through, record.learns_after) == (3_000, 2_100)
    assert (record.feature_set_version, record.trees) == (tastes().version, training.rounds)
    assert {"age", "tier", "brands", "likes_brand", "action.price", "channel"} <= set(record.features)
    assert {"seed", "lightgbm", "later_rows"} <= set(record.lineage)
    assert record.metrics["log_loss"] < record.metrics["base_log_loss"]
    assert record.bytes == len(await stores.models.content(training.model_id) or b"")
    assert await gain_of(stores, training.model_id, planted(2_000, seed=9).rewards) > 0.05
    assert told
    assert FileShelf(tmp_path / "trainings").load("success") is None


async def test_whom_was_erased_leaves_the_training_data(stores: Stores, tmp_path: Path) -> None:
    await append(stores, tastes(), planted(1_500).rewards)
    before = await trained(stores, tmp_path)
    await stores.rewards.erase([f"decision_0_{row}" for row in range(0, 1_500, 3)])
    after = await trained(stores, tmp_path)
    rows = [(await stores.models.get(each.model_id)) for each in (before, after)]
    assert [each and each.rows for each in rows] == [1_500, 1_000]


async def test_objectives_are_trained_apart(stores: Stores, tmp_path: Path) -> None:
    opens = tastes("open")
    await append(stores, tastes(), planted(800).rewards, "a")
    await append(stores, opens, planted(900, seed=3, feature_set=opens).rewards, "b")
    training = await trained(stores, tmp_path, TrainingOrder("open"))
    record = await stores.models.get(training.model_id)
    assert record is not None
    assert (record.objective, record.rows, record.feature_set_version) == ("open", 900, opens.version)
    assert record.learns_after > 800


async def test_a_log_without_rewards_is_a_training_that_failed_in_words(stores: Stores, tmp_path: Path) -> None:
    training = await trained(stores, tmp_path)
    assert training.state is TrainingState.FAILED
    assert "no reward of the objective 'success'" in training.message


async def test_an_interrupted_training_goes_on_from_what_was_done(stores: Stores, tmp_path: Path) -> None:
    await append(stores, tastes(), planted(3_000).rewards)
    assert await interrupted(stores, tmp_path) == 20
    ended = (await stores.trainings.trainings("success", 1))[0]
    assert (ended.state, ended.message, ended.rounds) == (TrainingState.FAILED, "it was interrupted", 20)
    more = [replace(each, reward_key=f"more_{each.reward_key}") for each in planted(100, seed=1).rewards]
    await append(stores, tastes(), more, "more")
    told: list[Progress] = []
    training = await trained(stores, tmp_path, told=told.append)
    assert told[0].rounds == 40
    record = await stores.models.get(training.model_id)
    assert record is not None
    assert record.trained_through == 3_000


async def test_what_was_done_with_an_erased_person_is_not_gone_on_from(stores: Stores, tmp_path: Path) -> None:
    await append(stores, tastes(), planted(3_000).rewards)
    await interrupted(stores, tmp_path)
    await stores.rewards.erase(["decision_0_5"])
    told: list[Progress] = []
    await trained(stores, tmp_path, told=told.append)
    assert told[0].rounds == 20


async def interrupted(stores: Stores, folder: Path) -> int:
    """A training that is cancelled after its first block; the rounds it did."""
    loop, blocks = asyncio.get_running_loop(), []

    def told(progress: Progress) -> None:
        blocks.append(progress.rounds)
        loop.call_soon_threadsafe(task.cancel)
        finished.wait(timeout=10)

    finished = threading.Event()
    task = asyncio.create_task(trained(stores, folder, told=told))
    with pytest.raises(asyncio.CancelledError):
        await task
    finished.set()
    return blocks[0]


class Service:
    """What a replica has of it."""

    def __init__(self, stores: Stores, settings: ScoringSettings) -> None:
        self.stores = stores
        self.trainers = TrainerProcesses(trainer_environment(settings), stores.trainings, system_clock)
        objectives = Objectives(stores.feature_sets)
        self.train = TrainModel(objectives, stores.trainings, self.trainers, system_clock)

    async def end_of(self, training: Training) -> Training:
        async with asyncio.timeout(ENDED_SECONDS):
            while True:
                known = await self.stores.trainings.trainings(training.objective, 20)
                found = next(each for each in known if each.training_id == training.training_id)
                if found.state is not TrainingState.RUNNING:
                    return found
                await asyncio.sleep(0.05)


@pytest.fixture
async def start(open_stores: OpenStores, settings: ScoringSettings) -> AsyncIterator[Callable[[], Awaitable[Service]]]:
    async with AsyncExitStack() as stack:

        async def started() -> Service:
            service = Service(await open_stores(), settings)
            stack.push_async_callback(service.trainers.close)
            return service

        yield started


async def test_a_killed_training_is_failed_at_once_and_the_next_one_works(
    start: Callable[[], Awaitable[Service]],
) -> None:
    service = await start()
    await append(service.stores, tastes(), planted(3_000).rewards)
    doomed = await service.train("r1", ORDER)
    (process_id,) = service.trainers.process_ids
    os.kill(process_id, signal.SIGKILL)
    ended = await service.end_of(doomed)
    assert ended.state is TrainingState.FAILED
    assert "SIGKILL" in ended.message
    assert await service.train("r1", ORDER) == ended
    training = await service.end_of(await service.train("r2", ORDER))
    assert (training.state, training.message) == (TrainingState.SUCCEEDED, "")
    assert training.training_id != doomed.training_id
    assert await gain_of(service.stores, training.model_id, planted(2_000, seed=9).rewards) > 0.05


async def test_a_second_call_is_answered_with_the_training_under_way_on_every_replica(
    start: Callable[[], Awaitable[Service]],
) -> None:
    one, other = await start(), await start()
    await append(one.stores, tastes(), planted(1_000).rewards)
    first, second = await asyncio.gather(one.train("r1", ORDER), other.train("r2", ORDER))
    assert first.training_id == second.training_id
    assert len(one.trainers.process_ids) + len(other.trainers.process_ids) == 1
    assert (await one.end_of(first)).state is TrainingState.SUCCEEDED


async def test_a_training_ends_with_the_service_that_started_it(start: Callable[[], Awaitable[Service]]) -> None:
    service = await start()
    await append(service.stores, tastes(), planted(3_000).rewards)
    training = await service.train("r1", ORDER)
    await service.trainers.close()
    assert service.trainers.process_ids == ()
    assert (await service.end_of(training)).state is TrainingState.FAILED


async def test_a_training_is_asked_for_and_followed_over_the_wire(stores: Stores, settings: ScoringSettings) -> None:
    await append(stores, tastes(), planted(1_500).rewards)
    async with AsyncExitStack() as stack:
        components = await bootstrap(settings, stack)
        server = await stack.enter_async_context(loopback(SERVICE, components.binding.servicer))
        request = pb.TrainModelRequest(request_id="r1", days=36_500, seed=4)
        training = (await server.unary("TrainModel")(request, timeout=20)).training
        assert (training.objective, training.state) == ("success", model_pb2.Training.STATE_RUNNING)
        async with asyncio.timeout(ENDED_SECONDS):
            while training.state == model_pb2.Training.STATE_RUNNING:
                await asyncio.sleep(0.1)
                listed = await server.unary("ListModels")(pb.ListModelsRequest(), timeout=20)
                (training,) = listed.trainings
        assert (training.state, training.message) == (model_pb2.Training.STATE_SUCCEEDED, "")
        got = await server.unary("GetModel")(pb.GetModelRequest(model_id=training.model_id), timeout=20)
        assert (got.model.rows, got.model.role, got.model.lineage["seed"]) == (1_500, 0, "4")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.unary("TrainModel")(pb.TrainModelRequest(request_id="r2", objective="nothing"), timeout=20)
        assert from_rpc_error(refused.value).reason == "OBJECTIVE_NOT_FOUND"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells the child")
async def test_a_training_ends_with_a_service_that_is_killed(stores: Stores, settings: ScoringSettings) -> None:
    await append(stores, tastes(), planted(3_000).rewards)
    own = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVICE_PROCESS),
        env=trainer_environment(settings) | own,
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    training_id, process_id = (await parent.stdout.readline()).decode().split()
    await asyncio.sleep(1.0)  # it has begun by then, or ends when it does
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(until_ended, int(process_id))
    (left,) = await stores.trainings.trainings("success", 5)
    assert left.training_id == training_id
    assert left.state is not TrainingState.SUCCEEDED


def until_ended(process_id: int) -> None:
    """Of a process that is nobody's child any more."""
    until = time.monotonic() + ENDED_SECONDS
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it goes on")


SERVICE_PROCESS = """
import asyncio
from contextlib import AsyncExitStack
from services.scoring.adapters.trainer_processes import TrainerProcesses
from services.scoring.app.train import begun
from services.scoring.app.training_order import TrainingOrder
from services.scoring.bootstrap import open_stores, trainer_environment
from services.scoring.settings import ScoringSettings
from shared.clock import system_clock

async def main():
    async with AsyncExitStack() as stack:
        settings, order = ScoringSettings(), TrainingOrder("success")
        stores = await open_stores(settings, stack)
        trainers = TrainerProcesses(trainer_environment(settings), stores.trainings, system_clock)
        training = begun(order, system_clock())
        await stores.trainings.begin("r1", training, 0)
        await trainers.start(training, order)
        print(training.training_id, *trainers.process_ids, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_dask_cluster_is_used_where_it_is_named(tmp_path: Path) -> None:
    settings = ScoringSettings(data_dir=tmp_path, dask_scheduler="tcp://10.0.0.1:8786")
    assert trainer_environment(settings)["TANDEM_SCORING_DASK_SCHEDULER"] == "tcp://10.0.0.1:8786"
    async with AsyncExitStack() as stack:
        found = await open_workshop(settings, stack)
        assert found.learner == DaskLearner("tcp://10.0.0.1:8786")
        assert "dask" in found.made_with


async def test_dask_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "services.scoring.adapters.lightgbm.dask_training")
    monkeypatch.setitem(sys.modules, "distributed", None)
    async with AsyncExitStack() as stack:
        with pytest.raises(StartupError, match="extra `dask`"):
            await open_workshop(ScoringSettings(data_dir=tmp_path, dask_scheduler="tcp://10.0.0.1:8786"), stack)


async def test_what_cannot_be_trained_is_refused(start: Callable[[], Awaitable[Service]]) -> None:
    service = await start()
    with pytest.raises(NotFound) as missing:
        await service.train("r1", TrainingOrder("nothing"))
    assert missing.value.reason == "OBJECTIVE_NOT_FOUND"
    for order in (TrainingOrder("success", days=-1), TrainingOrder("success", seed=-1)):
        with pytest.raises(InvalidArgument):
            await service.train("r1", order)
