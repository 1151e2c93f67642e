"""`tandem serve`, in one process and apart: says when it is ready, drains on a signal, leaves nothing running."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.cli.__main__ import main
from tests.support.servers import ROOT, SERVICES, free_address

SECONDS = 60


@contextmanager
def serving(*arguments: str, settings: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve", *arguments],
            cwd=ROOT,
            env={**inherited, **settings},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def of_one(folder: Path) -> dict[str, str]:
    return {
        "TANDEM_LISTEN_ADDRESS": "127.0.0.1:0",
        "TANDEM_METRICS_ADDRESS": "127.0.0.1:0",
        "TANDEM_DATA_DIR": str(folder / "stores"),
    }


def apart(folder: Path) -> dict[str, str]:
    settings = {}
    for name in SERVICES:
        settings[f"TANDEM_{name}_LISTEN_ADDRESS".upper()] = free_address()
        settings[f"TANDEM_{name}_METRICS_ADDRESS".upper()] = "off"
        settings[f"TANDEM_{name}_DATA_DIR".upper()] = str(folder / "stores")
    return settings


def welcome(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the server says when it is ready; empty where it ended instead."""
    assert process.stdout is not None
    line = process.stdout.readline()
    return json.loads(line) if line else {}


def children_of(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def until_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_one_process_says_the_three_commands_to_try_and_ctrl_c_drains_it(tmp_path: Path) -> None:
    with serving(settings=of_one(tmp_path), folder=tmp_path) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
    text = "".join(lines)
    assert "grpcurl -plaintext 127.0.0.1:" in text
    assert "tandem decide --persona services/cli/samples/boutique/personas/lea.yaml --target 127.0.0.1:" in text
    assert "/metrics" in text
    assert "draining" in (tmp_path / "serve.log").read_text()


def test_wrong_setting_is_one_line(tmp_path: Path) -> None:
    settings = of_one(tmp_path) | {"TANDEM_LISTEN_ADRESS": "127.0.0.1:1"}
    with serving(settings=settings, folder=tmp_path) as process:
        assert process.wait(SECONDS) == 2
    error = (tmp_path / "serve.log").read_text()
    assert error == (
        "error: SETTINGS_INVALID: TANDEM_LISTEN_ADRESS is not a setting: did you mean TANDEM_LISTEN_ADDRESS?\n"
    )


def test_four_processes_refuse_a_setting_that_none_of_them_would_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TANDEM_DATA_DIR", "elsewhere")
    assert main(["serve", "--apart"]) == 2
    assert "TANDEM_DATA_DIR: of the one-process server" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the children in /proc")
def test_four_processes_decide_together_and_a_signal_drains_them_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving("--apart", "--json", settings=apart(tmp_path), folder=tmp_path) as process:
        ready = welcome(process)
        children = children_of(process)
        assert len(children) == 4
        publish, decide = (shlex.split(command)[1:] for command in ready["try"][1].split(" && "))
        assert main(publish) == 0
        assert main([*decide, "--json"]) == 0
        front, profiles = ready["address"], decide[decide.index("--profile-target") + 1]
        for command in (
            ["search", "true"],
            ["export", "--identity", "crm=1"],
            ["erase", "--identity", "crm=1", "--yes"],
        ):
            capsys.readouterr()
            assert main([*command, "--target", front]) == 1
            assert f"{front} does not serve what was asked: where" in (said := capsys.readouterr().err)
            assert "--profile-target 127.0.0.1:50061" in said
        assert main(["search", "true", "--target", front, "--profile-target", profiles]) == 0
        assert main([*decide, "--json"]) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        assert until_gone(children)
    log = (tmp_path / "serve.log").read_text()
    assert log.count('"message":"stopped"') == 4
    assert "decision_id" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the children in /proc")
def test_child_that_dies_brings_the_others_down_and_is_named(tmp_path: Path) -> None:
    with serving("--apart", "--json", settings=apart(tmp_path), folder=tmp_path) as process:
        welcome(process)
        children = children_of(process)
        os.kill(children[1], signal.SIGKILL)
        assert process.wait(SECONDS) == 1
        assert until_gone(children)
    last = (tmp_path / "serve.log").read_text().splitlines()[-1]
    assert last == "error: SERVICE_FAILED: rules ended with exit code -9; the other services are stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="relies on the death signal of Linux")
def test_parent_that_is_killed_leaves_no_child_behind(tmp_path: Path) -> None:
    with serving("--apart", "--json", settings=apart(tmp_path), folder=tmp_path) as process:
        welcome(process)
        children = children_of(process)
        process.kill()
        process.wait()
        assert until_gone(children)
