"""A demo that cannot run says why in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.__main__ import main
from services.cli.demo import run as demo_run


def test_data_set_that_cannot_be_downloaded_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    assert main(["demo"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: DATA_SET_UNAVAILABLE: the Open Bandit Dataset (PyPI wheel obp==0.4.1) could not be")
    assert not (tmp_path / ".demo").exists()


def test_server_that_does_not_start_is_one_line_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".demo").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo_run, "load_visits", lambda *_: ())
    monkeypatch.setattr("services.cli.commands.demo.load_visits", lambda *_: ())
    monkeypatch.setattr("services.cli.demo.server.free_address", lambda: "not an address")
    assert main(["demo"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: SERVER_FAILED: the server ended with exit code 2; its last words: ")
    assert "TANDEM_LISTEN_ADDRESS" in error
