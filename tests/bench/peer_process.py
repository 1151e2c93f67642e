"""Engines of others, each in a process of the peers' own virtual environment, fed with JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from tests.support.servers import ROOT


def _environment(bench: str) -> Path:
    return ROOT / ".bench" / f"peers-{bench}"


def _python(bench: str) -> Path:
    return _environment(bench) / "bin" / "python"


class PeerProcess:
    """Answers one case after the other; a peer that dies has no answer from then on."""

    def __init__(self, engine: str, bench: str) -> None:
        self.engine = engine
        script = ROOT / "tests" / "bench" / "peers" / f"{bench}_peer.py"
        self._process = subprocess.Popen(
            [_python(bench), script, engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, case: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(case) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": f"ended with code {self._process.wait()}"}
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def peer(engine: str, bench: str = "rules") -> Iterator[PeerProcess]:
    process = PeerProcess(engine, bench)
    try:
        yield process
    finally:
        process.close()


def peer_versions(names: tuple[str, ...], bench: str = "rules") -> dict[str, str]:
    """Of what is installed beside the peers' interpreter; empty, and said loudly, where it is missing."""
    if not _python(bench).exists():
        print(f"!!! PEERS NOT MEASURED: `make bench NAME={bench}` installs them !!!", file=sys.stderr)
        return {}
    packages = next((_environment(bench) / "lib").glob("python*/site-packages"))
    found = {each.metadata["Name"].replace("_", "-"): each.version for each in distributions(path=[str(packages)])}
    return {name: found[name] for name in names}
