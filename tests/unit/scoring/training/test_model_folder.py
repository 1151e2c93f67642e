"""A model comes back from its directory as it was, or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from services.scoring.adapters.lightgbm.training import LightGbmLearner
from services.scoring.adapters.log_files.refusal import FileRefused
from services.scoring.adapters.model_files.folder import read_model, write_model
from services.scoring.adapters.model_files.progress import check_folder, read_progress, write_progress
from services.scoring.domain.logs.log import Log
from services.scoring.domain.training.forest_learner import Progress
from services.scoring.domain.training.tandem_model import TandemModel, learn_model
from tests.support.logs import SPEC, log_of, visits

FACTS = {"data": {"rows": 2_000}, "metrics": {"base": {"auc": 0.7}}}


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, TandemModel]:
    text = SPEC.replace("city: categorical", "city: categorical\n  t: bool").replace("targets: {greedy: t}", "")
    columns = visits(2_000)
    columns = {**columns, "t": [int(age < 50) for age in columns["age"]]}
    log = log_of(tmp_path_factory.mktemp("log"), columns, text)
    return log, learn_model(log, LightGbmLearner(), 0)


def test_what_was_written_scores_the_same(tmp_path: Path, learnt: tuple[Log, TandemModel]) -> None:
    log, model = learnt
    manifest = write_model(tmp_path / "m", model, log.actions, FACTS)
    stored = read_model(tmp_path / "m", LightGbmLearner())
    assert stored.manifest == manifest
    assert model.base.rounds > 0
    few = log.take(slice(0, 200))
    one, other = model.beliefs(few), stored.model.beliefs(few)
    assert np.array_equal(one.mean, other.mean)
    assert np.array_equal(one.variance, other.variance)


def test_the_same_content_has_the_same_name_wherever_it_is(tmp_path: Path, learnt: tuple[Log, TandemModel]) -> None:
    log, model = learnt
    names = {write_model(tmp_path / name, model, log.actions, FACTS).model_id for name in "ab"}
    other = write_model(tmp_path / "c", model, log.actions, {**FACTS, "data": {"rows": 1}}).model_id
    assert len(names) == 1
    assert other not in names


def test_the_delimiter_of_the_log_is_remembered_and_models_of_before_have_none(
    tmp_path: Path, learnt: tuple[Log, TandemModel]
) -> None:
    log, model = learnt
    plain = write_model(tmp_path / "plain", model, log.actions, FACTS)
    other = write_model(tmp_path / "other", model, log.actions, FACTS, ";")
    assert read_model(tmp_path / "other", LightGbmLearner()).manifest.delimiter == ";"
    assert "delimiter" not in json.loads((tmp_path / "plain" / "manifest.json").read_text())
    assert plain.model_id != other.model_id


def _changed(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _edited(path: Path, **fields: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "holds no model"),
        (lambda folder: _changed(folder / "manifest.json", lambda text: text[:-40]), "is no manifest"),
        (lambda folder: _edited(folder / "manifest.json", rate_log_odds=-1.0), "was changed"),
        (lambda folder: _edited(folder / "manifest.json", format=2), "is of format 2"),
        (lambda folder: _edited(folder / "manifest.json", surprise=1), "is no manifest"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "is no manifest"),
        (lambda folder: _changed(folder / "forest.txt", lambda text: text[:-1]), "forest.txt is damaged"),
        (lambda folder: _changed(folder / "posterior.bin", lambda text: b"x" + text[1:]), "posterior.bin is damaged"),
        (lambda folder: (folder / "forest.txt").unlink(), "forest.txt cannot be read"),
    ],
)
def test_what_is_damaged_or_foreign_is_refused_in_words(
    tmp_path: Path, learnt: tuple[Log, TandemModel], damage: Callable[[Path], object], said: str
) -> None:
    log, model = learnt
    write_model(tmp_path, model, log.actions, FACTS)
    damage(tmp_path)
    with pytest.raises(FileRefused, match=said):
        read_model(tmp_path, LightGbmLearner())


def test_a_training_writes_into_nothing_that_is_not_its_own(tmp_path: Path, learnt: tuple[Log, TandemModel]) -> None:
    log, model = learnt
    check_folder(tmp_path / "new")
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(FileRefused, match="is not empty"):
        check_folder(tmp_path)
    write_model(tmp_path / "old", model, log.actions, FACTS)
    with pytest.raises(FileRefused, match="holds the model model-"):
        check_folder(tmp_path / "old")


def test_progress_is_of_one_training(tmp_path: Path) -> None:
    done = Progress(40, 600, 0.3, 35, "tree")
    write_progress(tmp_path, "key", done)
    check_folder(tmp_path)
    assert read_progress(tmp_path, "key") == done
    assert read_progress(tmp_path, "other") is None
    (tmp_path / "training.progress").write_bytes(b"damaged")
    assert read_progress(tmp_path, "key") is None
