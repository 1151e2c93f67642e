"""One compiler of forests of others in a process of its own: `python scoring_peer.py ENGINE`. A line of JSON in, its
answer out. Runs in the peers' virtual environment and imports nothing of this project.

In: {"model", a file of LightGBM; "rows", files of NumPy, float64; "seconds"}. Out: {"build_seconds", "microseconds" and
"scores" of each file} or {"error"}. One thread; what the engine wants rows converted to is not counted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import treelite  # type: ignore[import-not-found]

Predict = Callable[[], Any]


def main(engine: str) -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the libraries write their warnings to standard output
    for line in sys.stdin:
        try:
            answer = measured(engine, json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
            answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"}
        print(json.dumps(answer), file=out, flush=True)


def measured(engine: str, case: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    file = Path(case["model"])
    prepare = ENGINES[engine](treelite.frontend.load_lightgbm_model(file), file.with_suffix(".so"))
    built = time.monotonic() - began
    answers = [timed(prepare(numpy.load(rows)), case["seconds"]) for rows in case["rows"]]
    times, scores = zip(*answers, strict=True)
    return {"build_seconds": built, "microseconds": times, "scores": scores}


def timed(predict: Predict, seconds: float) -> tuple[float, list[float]]:
    """CPU time of the fastest of many."""
    scores = predict()
    best, began = float("inf"), time.process_time()
    while time.process_time() - began < seconds:
        start = time.process_time()
        predict()
        best = min(best, time.process_time() - start)
    return best * 1e6, numpy.ravel(scores).tolist()


def tl2cgen(model: Any, library: Path) -> Callable[[Any], Predict]:
    import tl2cgen  # type: ignore[import-not-found]

    tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 2})
    predictor = tl2cgen.Predictor(library, nthread=1)

    def prepare(rows: Any) -> Predict:
        matrix = tl2cgen.DMatrix(rows, dtype="float64")
        return lambda: predictor.predict(matrix, pred_margin=True)

    return prepare


def gtil(model: Any, _: Path) -> Callable[[Any], Predict]:
    return lambda rows: lambda: treelite.gtil.predict(model, rows, nthread=1, pred_margin=True)


ENGINES: dict[str, Callable[[Any, Path], Callable[[Any], Predict]]] = {"tl2cgen": tl2cgen, "treelite": gtil}

if __name__ == "__main__":
    main(sys.argv[1])
