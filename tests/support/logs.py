"""Logs whose truth is known, as arrays and as files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.scoring.adapters.log_files.log_file import read_log
from services.scoring.adapters.log_files.spec_file import SpecFile, read_spec
from services.scoring.domain.logs.log import Log

Matrix = npt.NDArray[np.float64]

SPEC = """\
action: item
reward: click
choice_probability: p
features:
  age: numeric
  city: categorical
targets: {greedy: t}
"""


@dataclass(frozen=True, slots=True)
class World:
    """Rows of three numbers; `truth`, `logging` and `target` are probabilities, float64[N, K]."""

    truth: Matrix
    logging: Matrix
    target: Matrix
    expected: Matrix
    """What a model that is wrong expects."""

    @property
    def value(self) -> float:
        """Of the target policy on these rows."""
        return float((self.truth * self.target).sum(axis=1).mean())


def world(rng: np.random.Generator, rows: int, *, rate: float, sharpness: float, actions: int = 6) -> World:
    """The same tastes whatever the generator; its rows differ."""
    taste, habit = (np.random.default_rng(seed).normal(size=(3, actions)) for seed in (7, 8))
    x = rng.normal(size=(rows, 3))
    truth = 1.0 / (1.0 + np.exp(-(np.log(rate / (1.0 - rate)) + 0.5 * x @ taste)))
    logging = 0.8 * _softmax(0.5 * x @ habit) + 0.2 / actions
    target = 0.95 * _softmax(sharpness * x @ taste) + 0.05 / actions
    return World(truth, logging, target, 0.5 * truth + 0.5 * rate)


def _softmax(scores: Matrix) -> Matrix:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def write(path: Path, columns: Mapping[str, Any]) -> Path:
    """As CSV."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return path


def spec(folder: Path, text: str = SPEC) -> SpecFile:
    path = folder / "SPEC.yaml"
    path.write_text(text)
    return read_spec(path)


def visits(rows: int, seed: int = 1, *, gain: float = 0.25) -> dict[str, Any]:
    """Two items: those under 40 click on `a`, the others on `b`, `gain` more often than on the other one."""
    rng = np.random.default_rng(seed)
    age, city = rng.integers(18, 80, rows), rng.choice(["paris", "lyon", ""], rows)
    item = rng.choice(["a", "b"], rows, p=[0.3, 0.7])
    suits = (age < 40) == (item == "a")
    click = (rng.random(rows) < 0.05 + gain * suits).astype(int)
    return {
        "item": item,
        "click": click,
        "p": np.where(item == "a", 0.3, 0.7),
        "age": age,
        "city": city,
        "t": np.where(suits, 1.0, 0.0),
    }


def log_of(folder: Path, columns: Mapping[str, Any], text: str = SPEC) -> Log:
    return read_log(write(folder / "log.csv", columns), spec(folder, text))
