"""`tandem evaluate`, `train` and `score` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from services.cli.__main__ import INTERRUPTED, main
from services.scoring.adapters.model_files import progress
from services.scoring.adapters.model_files.folder import write_whole
from tests.support.logs import SPEC, visits, write


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "log.csv", visits(1_500))
    (tmp_path / "SPEC.yaml").write_text(SPEC)
    return tmp_path


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return document


LOG = ("--log", "log.csv", "--spec", "SPEC.yaml")


@pytest.mark.usefixtures("files")
def test_evaluate_answers_every_policy_and_estimator(capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "evaluate", *LOG, "--split", "0.6", "--seed", "3")
    assert list(found["policies"]) == ["logged", "uniform", "best_single_action", "tandem", "greedy"]
    assert (found["rows"], found["evaluated_rows"], found["seed"]) == (1_500, 600, 3)
    assert found["identity"]["expected"] == 2.0
    tandem = found["policies"]["tandem"]
    assert tandem["dr"]["low"] < tandem["dr"]["mean"] < tandem["dr"]["high"]
    assert tandem["replay"] is None
    assert "equally likely" in tandem["not_applicable"]["replay"]
    assert answered(capsys, "evaluate", *LOG, "--split", "0.6", "--seed", "3") == found


@pytest.mark.usefixtures("files")
def test_evaluate_shows_people_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *LOG]) == 0
    shown = capsys.readouterr().out
    for word in ("best_single_action", "doubly robust", "SNIPS", "greedy", "95 % interval"):
        assert word in shown


@pytest.mark.usefixtures("files")
def test_evaluate_prequential_answers_both_models(capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "evaluate", *LOG, "--prequential", "200", "--window", "500")
    for part in (found["whole"], found["base_frozen"], found["from_the_start"]["whole"]):
        assert set(part) == {
            *("rows", "positives", "auc", "log_loss", "brier", "calibration_error"),
            "best_half_share",
        }
    assert [window["start"] for window in found["windows"]] == [0, 500, 1_000]
    assert main(["evaluate", *LOG, "--prequential", "500"]) == 0
    assert "base, frozen" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--window", "5"), "USAGE: --window goes with --prequential"),
        (("--split", "1"), "USAGE"),
        (("--seed", "-1"), "USAGE"),
        (("--prequential", "0"), "USAGE"),
    ],
)
@pytest.mark.usefixtures("files")
def test_an_option_that_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    assert main(["evaluate", *LOG, *arguments]) == 2
    assert reason in capsys.readouterr().err


def test_bad_files_are_told_in_lines_and_never_as_a_traceback(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = visits(3)
    write(files / "log.csv", {**columns, "p": [0.5, 0, 0.5], "click": [0, 1, "1e300"]})
    assert main(["evaluate", *LOG]) == 1
    told = capsys.readouterr().err.splitlines()
    assert 'log.csv: row 3, column "click": "1e300" is out of all measure' in told[0]
    assert 'log.csv: row 2, column "p": 0 is no probability' in told[1]
    assert told[-1] == "error: LOG_INVALID: log.csv cannot be used: see above"
    (files / "SPEC.yaml").write_text("reward: click\nfeatures: {age: nmeric}\n")
    assert main(["evaluate", *LOG]) == 1
    assert capsys.readouterr().err.startswith('error: SPEC_INVALID: SPEC.yaml:2:17: "nmeric" is no type')


def test_too_few_rows_cannot_tell(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(files / "log.csv", visits(3))
    for arguments in (["evaluate", *LOG], ["train", *LOG, "--out", "m"]):
        assert main(arguments) == 1
        assert "CANNOT_TELL: the log has 3 rows" in capsys.readouterr().err


def test_a_model_is_trained_and_scores_every_row_and_action(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained = answered(capsys, "train", *LOG, "--out", "m")
    assert {path.name for path in (files / "m").iterdir()} == {"manifest.json", "forest.txt", "posterior.bin"}
    write(files / "people.csv", {"age": [25, 70, ""], "city": ["paris", "nowhere", ""], "more": [1, 2, 3]})
    scored = answered(capsys, "score", "--model", "m", "--file", "people.csv", "--out", "scores.parquet")
    assert scored["model_id"] == trained["model_id"]
    rows = pq.read_table(files / "scores.parquet").to_pylist()
    assert [(row["row"], row["action"]) for row in rows] == [(n, a) for n in range(3) for a in "ab"]
    said = {(row["row"], row["action"]): row["propensity"] for row in rows}
    assert said[0, "a"] > 2 * said[0, "b"]
    assert said[1, "b"] > 2 * said[1, "a"]
    assert all(0 < row["propensity"] < 1 and 0 < row["uncertainty"] < 0.5 for row in rows)


@pytest.mark.usefixtures("files")
def test_a_second_training_does_not_overwrite_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    answered(capsys, "train", *LOG, "--out", "m")
    assert main(["train", *LOG, "--out", "m"]) == 1
    assert "MODEL_REFUSED: m holds the model model-" in capsys.readouterr().err


def test_after_ctrl_c_the_same_command_goes_on(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, content: bytes) -> None:
        write_whole(path, content)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(progress, "write_whole", interrupted)
        assert main(["train", *LOG, "--out", "m"]) == INTERRUPTED
    assert [path.name for path in (files / "m").iterdir()] == ["training.progress"]
    assert main(["train", *LOG, "--out", "m"]) == 0
    assert "going on after 20 rounds" in capsys.readouterr().err
    assert not (files / "m" / "training.progress").exists()


def test_what_the_model_does_not_find_is_told(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answered(capsys, "train", *LOG, "--out", "m")
    write(files / "people.csv", {"city": ["paris"]})
    command = ["score", "--model", "m", "--file", "people.csv", "--out", "s.parquet"]
    assert main(command) == 1
    assert 'people.csv: there is no column "age", which the model reads' in capsys.readouterr().err
    (files / "m" / "forest.txt").write_text("tree\n")
    assert main(command) == 1
    assert "MODEL_REFUSED: m: forest.txt is damaged" in capsys.readouterr().err
    (files / "empty").mkdir()
    assert main(["score", "--model", "empty", "--file", "log.csv", "--out", "s.parquet"]) == 1
    assert "empty holds no model" in capsys.readouterr().err
