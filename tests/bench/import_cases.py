"""`tandem import` of real files into a server process: rows a second, every row accounted for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bench.grpc_cases import profile_server
from tests.bench.report import Row
from tests.bench.server_cpu import cpu_s
from tests.support.real_data import CDNOW, FOLDER, MAPPINGS, STARBUCKS, first_lines
from tests.support.servers import ROOT, Storage

MONGO_ROWS = 40_000
"""Of the larger file, unless everything is asked for."""


def cases(name: str, storage: Storage, folder: Path, *, is_full: bool) -> list[Row]:
    rows = []
    for data, mapping, is_large in ((CDNOW, "cdnow.yaml", False), (STARBUCKS, "starbucks.yaml", True)):
        path = FOLDER / data
        if not path.exists():
            print(f"!!! {data} IS NOT HERE: its import is not measured !!!", file=sys.stderr)
            continue
        if is_large and name == "mongod" and not is_full:
            path = first_lines(path, MONGO_ROWS, folder / "part.jsonl")
        own = Storage(folder / mapping, storage.mongo_uri, f"{storage.database}_{Path(mapping).stem}")
        rows += _import(name, own, folder, path, MAPPINGS / mapping)
    return rows


def _import(name: str, storage: Storage, folder: Path, path: Path, mapping: Path) -> list[Row]:
    with profile_server(storage, folder / f"import_{mapping.stem}.log") as server:
        assert server.process is not None
        command = [sys.executable, "-m", "services.cli", "import", str(path), "--mapping", str(mapping), "--json"]
        paths = os.pathsep.join((str(ROOT), str(ROOT / "shared/gen")))
        done = subprocess.run(
            [*command, "--target", server.address],
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
        )
        server_s = cpu_s(server.process.pid)
    summary = json.loads(done.stdout)
    assert summary["imported"] == summary["rows"] == summary["events"], summary
    what = f"{name}: import of {path.name}, {summary['rows']:,} rows"
    return [
        Row(what, "rows/s", summary["rows_per_s"]),
        Row(f"{what}, server CPU", "ms a row", server_s * 1_000 / summary["rows"]),
    ]
