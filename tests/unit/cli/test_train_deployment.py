"""`tandem train --objective` as it is typed: on the store of a deployment, and by its server."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.cli.__main__ import main
from services.scoring.app.train import begun
from services.scoring.app.training_order import TrainingOrder
from services.scoring.bootstrap import open_stores
from services.scoring.domain.models import ModelRecord
from services.scoring.settings import ScoringSettings
from shared.clock import system_clock
from tests.support.reward_logs import append, planted, tastes


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of one that has shown and learnt."""
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path))

    async def fill() -> None:
        async with AsyncExitStack() as stack:
            await append(await open_stores(ScoringSettings(data_dir=tmp_path), stack), tastes(), planted(1_500).rewards)

    asyncio.run(fill())
    return tmp_path


async def registered(folder: Path) -> list[ModelRecord]:
    async with AsyncExitStack() as stack:
        return list(await (await open_stores(ScoringSettings(data_dir=folder), stack)).models.list("success", 10))


def test_it_trains_from_the_deployments_log_into_its_registry(
    deployment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--objective", "success", "--seed", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (record,) = asyncio.run(registered(deployment))
    assert (document["model_id"], document["rows"], document["trees"]) == (record.model_id, 1_500, record.trees)
    assert record.lineage["seed"] == "3"
    assert document["metrics"]["log_loss"] < document["metrics"]["base_log_loss"]


@pytest.mark.usefixtures("deployment")
def test_people_are_told_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--objective", "success"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("success-")
    assert "trees; 1,500 presentations" in first
    assert "of the rate alone" in second
    assert second.startswith("the last 150 presentations, which nothing was learnt from: log loss")


def test_figures_of_rows_that_were_used_before_are_not_told_as_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path))

    async def fill() -> None:
        async with AsyncExitStack() as stack:
            await append(await open_stores(ScoringSettings(data_dir=tmp_path), stack), tastes(), planted(400).rewards)

    asyncio.run(fill())
    assert main(["train", "--objective", "success"]) == 0
    assert "the last 80 presentations, too few to be a test: they also said when to stop" in capsys.readouterr().out


def test_a_training_that_is_under_way_is_named(deployment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = begun(TrainingOrder("success"), system_clock())

    async def begin() -> None:
        async with AsyncExitStack() as stack:
            stores = await open_stores(ScoringSettings(data_dir=deployment), stack)
            await stores.trainings.begin("r", training, 0)

    asyncio.run(begin())
    assert main(["train", "--objective", "success"]) == 1
    error = capsys.readouterr().err
    assert "TRAINING_UNDER_WAY" in error
    assert training.training_id in error


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--objective", "nothing"), "OBJECTIVE_NOT_FOUND"),
        (("--objective", "success", "--days", "1"), "TRAINING_FAILED"),
        (("--objective", "success", "--out", "m"), "USAGE"),
        (("--objective", "success", "--days", "-1"), "USAGE"),
        (("--remote",), "USAGE"),
        (("--days", "3"), "USAGE"),
        (("--dask", "tcp://127.0.0.1:1"), "USAGE: --remote, --days and --dask go with --objective"),
        (("--objective", "success", "--remote", "--dask", "tcp://127.0.0.1:1"), "USAGE: --dask is for a training here"),
        (("--out", "m"), "USAGE: --log, --spec and --out are needed"),
        (("--objective", "success", "--remote", "--target", "127.0.0.1:1"), "UNAVAILABLE"),
    ],
)
@pytest.mark.usefixtures("deployment")
def test_what_cannot_be_trained_is_one_line(
    arguments: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *arguments]) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {reason}")


def test_a_folder_without_a_deployment_is_not_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TANDEM_SCORING_DATA_DIR", str(tmp_path / "none"))
    assert main(["train", "--objective", "success"]) == 1
    assert "STORE_NOT_FOUND" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TANDEM_SCORING_DATADIR", "x")
    assert main(["train", "--objective", "success"]) == 2
    assert "TANDEM_SCORING_DATADIR is not a setting: did you mean TANDEM_SCORING_DATA_DIR?" in capsys.readouterr().err
