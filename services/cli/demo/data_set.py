"""The sample of the Open Bandit Dataset: fetched once as one hash-pinned wheel, kept in `.cache/`, read from the zip.

Source: Saito, Aihara, Matsutani, Narita: Open Bandit Dataset and Pipeline (2021), CC BY 4.0. Real visits to a fashion
store. In the log `random/all`, each row is an item shown at one of three positions, chosen uniformly among 80.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("open_bandit.requirements")
LOG_MEMBER = "obp/dataset/obd/random/all/all.csv"


class DataSetUnavailable(Exception):
    """The data could not be had; the text says why and what would help."""


def fetch(cache: Path) -> Path:
    """The wheel in `cache`, downloaded by pip when it is not there. Raises DataSetUnavailable."""
    wheel = cache / "obp-0.4.1-py3-none-any.whl"
    if not (wheel.exists() and _sha256(wheel) == pinned_sha256()):
        _download(wheel)
    return wheel


def read_log(wheel: Path) -> str:
    """The CSV text of the uniformly random log of the campaign `all`. Raises DataSetUnavailable."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(LOG_MEMBER).decode("utf-8")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataSetUnavailable(f"{wheel} holds no {LOG_MEMBER}: {error}") from error


def pinned_sha256() -> str:
    """The hash that the requirements file pins: the one place where it is written."""
    found = re.search(r"--hash=sha256:([0-9a-f]{64})", REQUIREMENTS.read_text())
    if found is None:
        raise DataSetUnavailable(f"{REQUIREMENTS} pins no sha256")
    return found[1]


def _download(wheel: Path) -> None:
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wheel.parent) as directory:
        _run_pip(directory)
        files = list(Path(directory).glob("*.whl"))
        if len(files) != 1 or _sha256(files[0]) != pinned_sha256():
            raise DataSetUnavailable("pip downloaded something other than the pinned wheel of the Open Bandit Dataset")
        files[0].replace(wheel)


def _run_pip(directory: str) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command = [*pip, "--requirement", str(REQUIREMENTS), "--dest", directory]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words only
    if result.returncode != 0:
        last_line = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise DataSetUnavailable(
            f"the Open Bandit Dataset (PyPI wheel obp==0.4.1) could not be downloaded; the demo needs it once, with "
            f"access to a package index. pip says: {last_line}"
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
