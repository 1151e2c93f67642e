"""Where the demo's data comes from when the cache is empty, wrong, or the network is away."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from services.cli.demo import data_set
from services.cli.demo.data_set import DataSetUnavailable, fetch, pinned_sha256, read_log


def test_requirements_file_pins_the_wheel_by_its_hash() -> None:
    assert pinned_sha256() == "87dec9caf4283c25ab13036532e0a24566f1c7bdcad1653a8ded43b2f5ef8208"
    assert "obp==0.4.1" in data_set.REQUIREMENTS.read_text()


def test_missing_download_says_what_is_needed_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DataSetUnavailable, match=r"obp==0\.4\.1.* could not be downloaded.*pip says"):
        fetch(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_cached_file_with_another_hash_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "obp-0.4.1-py3-none-any.whl").write_bytes(b"tampered with")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(DataSetUnavailable):
        fetch(tmp_path)


def test_cached_wheel_with_the_pinned_hash_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "obp-0.4.1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(data_set.LOG_MEMBER, "timestamp,click\n")
    requirements = tmp_path / "requirements"
    requirements.write_text(f"obp==0.4.1 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    monkeypatch.setattr(data_set, "REQUIREMENTS", requirements)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert read_log(fetch(tmp_path)) == "timestamp,click\n"


def test_wheel_without_the_log_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "empty.whl"
    zipfile.ZipFile(wheel, "w").close()
    with pytest.raises(DataSetUnavailable, match=r"holds no obp/dataset/obd/random/all/all\.csv"):
        read_log(wheel)
