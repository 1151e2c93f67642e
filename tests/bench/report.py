"""What was measured, for people and for machines."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

PACKAGES = ("grpcio", "protobuf", "pymongo", "msgspec")


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. Of units per second more is better, of all others less."""

    case: str
    unit: str
    ours: float
    peers: dict[str, float] = field(default_factory=dict)

    @property
    def ratio_to_best_peer(self) -> float | None:
        if not self.peers:
            return None
        best = max(self.peers.values()) if "/s" in self.unit else min(self.peers.values())
        return self.ours / best if best else None


def hardware() -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_average": round(os.getloadavg()[0], 2),
    }


def versions(mongod: str = "") -> dict[str, str]:
    import sqlite3

    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    found |= {package: version(package) for package in PACKAGES}
    return found | ({"mongod": mongod} if mongod else {})


def write(path: Path, rows: list[Row], of_versions: dict[str, str]) -> None:
    documents = [{**asdict(row), "ratio_to_best_peer": row.ratio_to_best_peer} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"hardware": hardware(), "versions": of_versions, "rows": documents}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def show(rows: list[Row], of_versions: dict[str, str]) -> None:
    table = Table("case", "unit", box=None, pad_edge=False)
    for heading in ("ours", "peers", "ratio"):
        table.add_column(heading, justify="right")
    for row in rows:
        peers = ", ".join(f"{name} {_number(value)}" for name, value in row.peers.items())
        ratio = "" if row.ratio_to_best_peer is None else f"{row.ratio_to_best_peer:.2f}"
        table.add_row(row.case, row.unit, _number(row.ours), peers, ratio)
    console = Console(highlight=False, width=130)
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in {**hardware(), **of_versions}.items()))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
