"""What `make promise` says of a promise: of one that is kept, broken, skipped, endless or unknown."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import promises
from tests.support.promises import FOLDER, ROOT, Figures, Promise

CONFTEST = (FOLDER / "conftest.py").read_text()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of promises that is not the real one, with the real fixtures."""
    folder = tmp_path / "promises"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib --strict-markers\n")
    monkeypatch.setattr(promises, "FOLDER", folder)
    return folder


def line_of(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The last line of output."""
    last: dict[str, Any] = json.loads(capfd.readouterr().out.splitlines()[-1])
    return last


def measured(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line["figures"].items() if name != "seconds"}


def test_a_kept_promise_passes_and_tells_its_figures_at_full_strength(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "test_kept.py").write_text(
        "def test_it(promise):\n    promise.figure('rounds', promise.strength(reduced=1, full=1000))\n"
    )
    assert promises.main(["kept"]) == 0
    line = line_of(capfd)
    assert line.keys() == {"promise", "passed", "figures"}
    assert (line["promise"], line["passed"], measured(line)) == ("kept", True, {"rounds": 1_000})


def test_a_broken_promise_fails_and_keeps_the_figures_told_before(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "test_broken.py").write_text(
        "def test_it(promise):\n    promise.figure('grants', 4)\n    assert not 'exact'\n"
    )
    assert promises.main(["broken"]) == 1
    line = line_of(capfd)
    assert (line["passed"], measured(line)) == (False, {"grants": 4})


@pytest.mark.parametrize("skipping", ["pytest.skip('no server')", "pytest.importorskip('no_such_module')"])
def test_what_is_skipped_at_full_strength_is_not_kept(
    project: Path, capfd: pytest.CaptureFixture[str], skipping: str
) -> None:
    (project / "test_skipped.py").write_text(f"import pytest\ndef test_it():\n    {skipping}\n")
    assert promises.main(["skipped"]) == 1
    assert not line_of(capfd)["passed"]


def test_a_promise_without_a_test_is_not_kept(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_empty.py").write_text("")
    assert promises.main(["empty"]) == 1
    assert not line_of(capfd)["passed"]


def test_an_endless_promise_fails_and_leaves_no_process(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_endless.py").write_text(
        "import subprocess, time\n"
        "def test_it(promise):\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        "    promise.figure('child', child.pid)\n"
        "    time.sleep(600)\n"
    )
    for seconds in (10.0, 40.0, 160.0):  # a busy machine may take longer until it begins at all
        assert not promises.run("endless", seconds=seconds)
        line = line_of(capfd)
        assert not line["passed"]
        if "child" in line["figures"]:
            break
    wait_until_gone(line["figures"]["child"])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while is_alive(pid):
        assert time.monotonic() < deadline, "still runs"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("name", ["no_such_promise", "", "../conftest"])
def test_an_unknown_promise_is_refused_by_the_names_there_are(
    project: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    (project / "test_kept.py").write_text("def test_it(promise):\n    pass\n")
    assert promises.main([name]) == 2
    output = capfd.readouterr()
    assert "there are: kept" in output.err
    assert not json.loads(output.out)["passed"]


def test_all_promises_hold_only_where_each_does(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_a.py").write_text("def test_it():\n    assert False\n")
    (project / "test_b.py").write_text("def test_it():\n    pass\n")
    assert promises.main(["--all"]) == 1
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    assert [(line["promise"], line["passed"]) for line in lines] == [("a", False), ("b", True)]


def test_a_test_run_is_of_reduced_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(promises.STRENGTH_VARIABLE, raising=False)
    assert Promise("test", Figures()).strength(reduced=3, full=1_000) == 3


def test_two_tests_do_not_tell_the_same_figure() -> None:
    figures = Figures()
    figures.tell("grants", 3, "test[sqlite]")
    figures.tell("grants", 4, "test[sqlite]")
    with pytest.raises(AssertionError, match=r"told by test\[sqlite\] already"):
        figures.tell("grants", 3, "test[mongo]")


def test_the_make_target_ends_with_the_line_and_its_verdict() -> None:
    made = subprocess.run(
        ["make", "--silent", "promise", "NAME=no_such_promise"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode != 0
    assert json.loads(made.stdout.splitlines()[-1]) == {"promise": "no_such_promise", "passed": False, "figures": {}}


def test_the_runner_is_a_program() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.promises"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
