"""`make bench NAME=…`: measures, prints a table, writes .bench/<name>.json. Below, what is for NAME=profile."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from pymongo import MongoClient

from services.profile.app.application import ProfileApplication
from services.profile.settings import ProfileSettings
from shared.settings import StoreKind
from tests.bench import (
    decide_bench,
    explore_bench,
    grpc_cases,
    import_cases,
    own_pressure_cases,
    population,
    rules_bench,
    scoring_cases,
    store_cases,
    trigger_cases,
)
from tests.bench.report import Row, show, versions, write
from tests.support.mongod import MongoUnavailable, find_binary, running_mongod
from tests.support.profiles import open_stores
from tests.support.servers import ROOT, Storage

BENCHES = ("profile", "rules", "scoring", "explore", "triggers", "decide", "own-pressure")
GROUPS = ("store", "grpc", "disk", "import")
MILLION = 1_000_000
DEFAULT_PROFILES = 100_000
MONGO_PROFILES = 20_000
"""On mongod, unless everything is asked for: what is measured there does not depend on how many there are."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--full", action="store_true", help="everything: about ten times as long")
    parser.add_argument("--profiles", type=int, default=0, help=f"default {DEFAULT_PROFILES:,}")
    parser.add_argument("--only", default=",".join(GROUPS), help="some of: " + ", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="explore, own-pressure: two seeds")
    parser.add_argument("--tune", action="store_true", help="explore: every combination of every grid, on other seeds")
    options = parser.parse_args()
    if options.name == "rules":
        rules_bench.run(is_full=options.full)
        return 0
    if options.name == "scoring":
        scoring_cases.run(is_full=options.full)
        return 0
    if options.name == "decide":
        decide_bench.run(is_full=options.full)
        return 0
    if options.name == "explore":
        explore_bench.run(is_quick=options.quick, is_tuning=options.tune)
        return 0
    if options.name == "own-pressure":
        own_pressure_cases.run(is_full=options.full, is_quick=options.quick)
        return 0
    if options.name == "triggers":
        with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory, _mongod(Path(directory)) as uri:
            rows = trigger_cases.cases(uri, is_full=options.full)
            of_versions = versions(_version_of(uri) if uri else "")
        show(rows, of_versions)
        write(ROOT / ".bench" / "triggers.json", rows, of_versions)
        return 0
    groups = set(options.only.split(","))
    profiles = options.profiles or (MILLION if options.full else DEFAULT_PROFILES)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory, _mongod(Path(directory)) as uri:
        folder = Path(directory)
        rows = asyncio.run(_on("sqlite", Storage(folder / "stores"), folder, profiles, groups))
        if uri:
            people = profiles if options.full else min(profiles, MONGO_PROFILES)
            storage = Storage(folder / "unused", uri, "tandem_bench")
            rows += asyncio.run(_on("mongod", storage, folder, people, groups))
        if "import" in groups:
            for name, storage in (("sqlite", Storage(folder)), ("mongod", Storage(folder, uri, "tandem_bench"))):
                if name == "sqlite" or uri:
                    rows += import_cases.cases(name, storage, folder, is_full=options.full)
        of_versions = versions(_version_of(uri) if uri else "")
    show(rows, of_versions)
    write(ROOT / ".bench" / f"{options.name}.json", rows, of_versions)
    return 0


async def _on(name: str, storage: Storage, folder: Path, people: int, groups: set[str]) -> list[Row]:
    """Everything that needs a population."""
    rows: list[Row] = []
    if not groups & {"store", "grpc", "disk"}:
        return rows
    async with AsyncExitStack() as stack:
        stores = await open_stores(_settings(storage), stack)
        app = ProfileApplication(stores)
        await population.publish(app)
        began = time.monotonic()
        await population.populate(app, range(people))
        seconds = time.monotonic() - began
        print(f"{name}: {people:,} profiles in {seconds:.0f} s", file=sys.stderr)
        rows.append(
            Row(f"{name}: traits and {population.EVENTS_EACH} events, in batches", "profiles/s", people / seconds)
        )
        if "store" in groups:
            record = await store_cases.typical_record(stores)
            rows.append(Row(f"{name}: record of a profile", "bytes", len(record)))
            floor = await (
                store_cases.mongo_floor(storage.mongo_uri, f"{storage.database}_floor", record)
                if storage.mongo_uri
                else store_cases.sqlite_floor(folder, record)
            )
            rows += await store_cases.cases(name, app, stores, people, floor)
    if "disk" in groups:
        label = "" if people >= MILLION else f", extrapolated from {people:,}"
        gib = _size_bytes(storage) / people * MILLION / 2**30
        rows.append(
            Row(f"{name}: 1,000,000 profiles with {population.EVENTS_EACH} events each{label}", "GiB on disk", gib)
        )
    if "grpc" in groups:
        rows += await grpc_cases.cases(name, storage, folder, people)
    return rows


def _settings(storage: Storage) -> ProfileSettings:
    if not storage.mongo_uri:
        return ProfileSettings(data_dir=storage.folder)
    return ProfileSettings(store=StoreKind.MONGO, mongo_uri=storage.mongo_uri, mongo_database=storage.database)


def _size_bytes(storage: Storage) -> int:
    if not storage.mongo_uri:
        return sum(path.stat().st_size for path in storage.folder.glob("profile.sqlite*"))
    with MongoClient[dict[str, object]](storage.mongo_uri) as client:
        client.admin.command("fsync")
        return int(client[storage.database].command("dbStats")["totalSize"])


def _version_of(uri: str) -> str:
    with MongoClient[dict[str, object]](uri) as client:
        return str(client.server_info()["version"])


@contextmanager
def _mongod(folder: Path) -> Iterator[str]:
    """The URI of a real MongoDB; empty, and said loudly, where there is none."""
    try:
        with running_mongod(find_binary(), folder / "mongod") as uri:
            yield uri
    except MongoUnavailable as error:
        print(f"!!! MONGO BACKEND NOT MEASURED: {error} !!!", file=sys.stderr)
        yield ""


if __name__ == "__main__":
    sys.exit(main())
