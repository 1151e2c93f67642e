"""`make bench NAME=scoring`: candidates of one customer through the compiled forest, beside LightGBM and compilers of
others; every score compared. 200 trees of 31 leaves over 40 customer, 15 action and 5 cross features, one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import lightgbm
import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.forest.compiled import BoundForest, CompiledForest, Side, compile_forest, warm_up
from services.scoring.domain.forest.text import read_model
from tests.bench.peer_process import peer, peer_versions
from tests.bench.report import Row, show, versions, write
from tests.support.servers import ROOT

Floats = NDArray[np.float64]
T = TypeVar("T")

PEERS = ("tl2cgen", "treelite")
SIDES = (Side.CUSTOMER,) * 40 + (Side.ACTION,) * 15 + (Side.CROSS,) * 5
CUSTOMER, ACTION, CROSS = slice(0, 40), slice(40, 55), slice(55, 60)
TREES, LEAVES = 200, 31
CANDIDATES = (1, 50, 1_000, 5_000)
MISSING = 0.05
QUICK_SECONDS, FULL_SECONDS = 0.5, 4.0

_IN_A_FRESH_PROCESS = """
import json, resource, time
from pathlib import Path
import lightgbm

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

before = resident_mib()
from services.scoring.domain.forest.compiled import warm_up
began = time.process_time()
warm_up()
print(json.dumps({"warm_up": time.process_time() - began, "mib": resident_mib() - before}))
"""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """n candidates of one customer, as the forest is asked and as rows of everything."""

    title: str
    bound: BoundForest
    customer: Floats
    crosses: Floats
    rows: Floats

    def scores(self) -> Floats:
        return self.bound.scores(self.customer, np.arange(len(self.rows)), self.crosses)

    def leaves(self) -> NDArray[np.int32]:
        return self.bound.leaves(self.customer, np.arange(len(self.rows)), self.crosses)


def run(*, is_full: bool) -> None:
    seconds = FULL_SECONDS if is_full else QUICK_SECONDS
    found = peer_versions(PEERS, "scoring")
    values = population()
    booster = trained(values)
    warm_up()
    compiled = compile_forest(read_model(booster.model_to_string()), SIDES)
    questions = [question(compiled, values, count) for count in CANDIDATES]
    answers = {engine: answer for engine in found if (answer := asked(engine, booster, questions, seconds))}
    rows = question_rows(booster, questions, answers, seconds)
    rows += leaf_rows(booster, questions, seconds)
    rows += subject_rows(booster, compiled, values, seconds)
    rows += build_rows(booster, values, answers)
    rows += process_rows()
    of_versions = versions() | {name: version(name) for name in ("lightgbm", "numba", "numpy")} | found
    show(rows, of_versions)
    write(ROOT / ".bench" / "scoring.json", rows, of_versions)


def population() -> Floats:
    source = np.random.default_rng(0)
    values = source.normal(size=(40_000, len(SIDES)))
    values[source.random(values.shape) < MISSING] = np.nan
    return values


def trained(values: Floats) -> Any:
    source, known = np.random.default_rng(1), np.nan_to_num(values)
    signal = (
        known @ source.normal(size=len(SIDES)) * 0.3 + np.sin(known[:, 0] * known[:, 45]) + known[:, 1] * known[:, 57]
    )
    target = (source.random(len(values)) < 1 / (1 + np.exp(-signal))).astype(np.float64)
    parameters = {"objective": "binary", "num_leaves": LEAVES, "num_threads": 1, "verbose": -1, "seed": 1}
    return lightgbm.train(parameters, lightgbm.Dataset(values, target), TREES)


def question(compiled: CompiledForest, values: Floats, count: int) -> Question:
    """The catalogue has at least a thousand actions, however few are asked for."""
    actions = values[: max(count, 1_000), ACTION]
    customer, crosses = values[7, CUSTOMER], values[-count:, CROSS]
    rows = np.hstack([np.tile(customer, (count, 1)), actions[:count], crosses])
    title = f"{count:,} candidate{'s' if count > 1 else ''} of one customer"
    return Question(title, compiled.bind(actions), customer, crosses, rows)


def question_rows(
    booster: Any, questions: list[Question], answers: dict[str, dict[str, Any]], seconds: float
) -> list[Row]:
    rows = []
    for place, each in enumerate(questions):
        raw = predictor(booster, each.rows, raw_score=True)
        check_same(each.title, each.scores(), raw())
        peers = {"LightGBM": fastest_us(raw, seconds)}
        for engine, answer in answers.items():
            check_same(f"{engine}: {each.title}", np.array(answer["scores"][place]), raw())
            peers[engine] = answer["microseconds"][place]
        rows.append(Row(each.title, "us", fastest_us(each.scores, seconds), peers))
    return rows


def leaf_rows(booster: Any, questions: list[Question], seconds: float) -> list[Row]:
    rows = []
    for each in questions:
        leaves = predictor(booster, each.rows, pred_leaf=True)
        check_same(each.title, each.leaves(), leaves())
        peers = {"LightGBM": fastest_us(leaves, seconds)}
        rows.append(Row(f"{each.title}: leaves", "us", fastest_us(each.leaves, seconds), peers))
    return rows


def subject_rows(booster: Any, compiled: CompiledForest, values: Floats, seconds: float) -> list[Row]:
    rows = values[:5_000].copy()
    raw = predictor(booster, rows, raw_score=True)
    check_same("subjects", compiled.predict(rows), raw())
    ours = fastest_us(lambda: compiled.predict(rows), seconds)
    return [Row(f"{len(rows):,} subjects, each by itself", "us", ours, {"LightGBM": fastest_us(raw, seconds)})]


def predictor(booster: Any, rows: Floats, **kind: bool) -> Callable[[], NDArray[Any]]:
    return lambda: np.asarray(booster.predict(rows, num_threads=1, **kind))


def build_rows(booster: Any, values: Floats, answers: dict[str, dict[str, Any]]) -> list[Row]:
    text = booster.model_to_string()
    compiled, built, size = measured(lambda: compile_forest(read_model(text), SIDES))
    peers = {engine: answer["build_seconds"] for engine, answer in answers.items()}
    rows = [
        Row(f"a model of {TREES} trees: read and compile", "s", built, peers),
        Row("the same in memory", "KiB", size / 1024, {"its text": len(text) / 1024}),
    ]
    for count in (1_000, 5_000):
        _, bound, size = measured(lambda count=count: compiled.bind(values[:count, ACTION]))  # type: ignore[misc]
        rows.append(Row(f"{count:,} actions: bind", "s", bound))
        rows.append(Row("the same in memory", "KiB", size / 1024))
    return rows


def process_rows() -> list[Row]:
    """The kernels know no model: this is once a process, and with a cache on disk once a machine."""
    with tempfile.TemporaryDirectory() as folder:
        first, again = fresh_process(folder), fresh_process(folder)
    return [
        Row("kernels: compile in a fresh process", "s", first["warm_up"]),
        Row("kernels: take from the cache on disk", "s", again["warm_up"], {"compile": first["warm_up"]}),
        Row("kernels: numba and they in memory, compiled", "MiB", first["mib"]),
        Row("kernels: numba and they in memory, from the cache", "MiB", again["mib"], {"compiled": first["mib"]}),
    ]


def fresh_process(cache: str) -> dict[str, float]:
    command = [sys.executable, "-c", _IN_A_FRESH_PROCESS]
    settings = {**os.environ, "NUMBA_CACHE_DIR": cache}
    found: dict[str, float] = json.loads(subprocess.check_output(command, cwd=ROOT, env=settings))
    return found


def measured(work: Callable[[], T]) -> tuple[T, float, int]:
    """What it makes, CPU seconds, and the bytes of what it makes."""
    work()
    began = time.process_time()
    work()
    seconds = time.process_time() - began
    tracemalloc.start()
    made = work()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, seconds, size


def fastest_us(work: Callable[[], object], seconds: float) -> float:
    """CPU time of the fastest of many."""
    work()
    best, began = float("inf"), time.process_time()
    while time.process_time() - began < seconds:
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best * 1e6


def check_same(title: str, ours: NDArray[Any], theirs: NDArray[Any]) -> None:
    if not np.array_equal(ours, theirs):
        raise SystemExit(f"{title}: the answers differ by up to {np.abs(ours - theirs).max()}")


def asked(engine: str, booster: Any, questions: list[Question], seconds: float) -> dict[str, Any]:
    """What the peer measured; empty, and told, where it failed."""
    with tempfile.TemporaryDirectory() as name, peer(engine, "scoring") as process:
        folder = Path(name)
        booster.save_model(folder / "model.txt")
        files = [str(folder / f"{place}.npy") for place in range(len(questions))]
        for file, each in zip(files, questions, strict=True):
            np.save(file, each.rows)
        answer = process.ask({"model": str(folder / "model.txt"), "rows": files, "seconds": seconds})
    if "error" in answer:
        print(f"{engine}: {answer['error']}", file=sys.stderr)
        return {}
    return answer
