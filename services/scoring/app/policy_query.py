"""A log and policies as a caller sends them: columns, checked and brought to the scale from 0 to 1.

A column that was not sent is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.app.column_checks import Column, Ends, at_least, complete, optional, within
from services.scoring.domain.evaluation.columns import LoggedColumns
from services.scoring.domain.evaluation.targets import BASELINE, RewardModel, Target, TargetsOnLog
from shared.errors import InvalidArgument

MAX_ROWS, MAX_TARGETS, MAX_NAME, MAX_PARTS = 200_000, 20, 64, 1_000
LARGEST_AMOUNT = 1e12
_CHOSEN: Ends = (1e-100, 1.0)
"""One over less, in units of a large reward, is no number any more."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictionColumns:
    rewards: Column
    largest_rewards: Column
    parts: Column


@dataclass(frozen=True, slots=True, eq=False)
class LogColumns:
    rewards: Column
    choice_probabilities: Column
    eligible_counts: Column
    values: Column
    reward_range: Ends
    predictions: PredictionColumns | None


@dataclass(frozen=True, slots=True, eq=False)
class TargetColumns:
    name: str
    probabilities: Column
    largest_probabilities: Column
    predicted_rewards: Column


def targets_on_log(log: LogColumns, targets: Sequence[TargetColumns]) -> TargetsOnLog:
    """Raises InvalidArgument."""
    rows, ends = log.rewards.size, log.reward_range
    if not 1 <= rows <= MAX_ROWS:
        raise InvalidArgument.field("log.rewards", f"must have 1 to {MAX_ROWS:,} items, not {rows:,}")
    _check_range(*ends)
    path = "log.choice_probabilities"
    value = optional("log.values", log.values, rows)
    return TargetsOnLog(
        columns=LoggedColumns(
            outcome=_scaled(within("log.rewards", log.rewards, ends), ends),
            probability=within(path, complete(path, log.choice_probabilities, rows), _CHOSEN),
            reward_range=ends,
            eligible_count=_eligible_count(log.eligible_counts, rows),
        ),
        value=None if value is None else within("log.values", value, (-LARGEST_AMOUNT, LARGEST_AMOUNT)),
        model=None if log.predictions is None else _model(log.predictions, rows, ends),
        targets=_targets(targets, log, rows),
    )


def _check_range(low: float, high: float) -> None:
    if not -LARGEST_AMOUNT <= low < high <= LARGEST_AMOUNT:  # neither is NaN
        text = f"must go up, and at most to {LARGEST_AMOUNT:g} either way, not from {low:g} to {high:g}"
        raise InvalidArgument.field("log.reward_range", text)


def _scaled(column: Column, ends: Ends) -> Column:
    low, high = ends
    return (column - low) / (high - low)


def _eligible_count(counts: Column, rows: int) -> Column | None:
    path = "log.eligible_counts"
    sent = optional(path, np.full(rows, counts[0]) if counts.size == 1 else counts, rows)
    return None if sent is None else within(path, sent, (1.0, np.inf), "[1, 2147483647]")


def _model(sent: PredictionColumns, rows: int, ends: Ends) -> RewardModel:
    path = "log.predictions.rewards"
    logged = within(path, complete(path, sent.rewards, rows), ends)
    return RewardModel(
        logged=_scaled(logged, ends), largest=_largest_rewards(sent, logged, ends), part=_parts(sent.parts, rows)
    )


def _largest_rewards(sent: PredictionColumns, logged: Column, ends: Ends) -> Column | float:
    path = "log.predictions.largest_rewards"
    largest = optional(path, sent.largest_rewards, logged.size)
    if largest is None:
        return 1.0
    return _scaled(at_least(path, within(path, largest, ends), "log.predictions.rewards", logged), ends)


def _parts(sent: Column, rows: int) -> NDArray[np.intp] | None:
    path = "log.predictions.parts"
    parts = optional(path, sent, rows)
    return None if parts is None else within(path, parts, (0.0, MAX_PARTS - 1.0)).astype(np.intp)


def _targets(sent: Sequence[TargetColumns], log: LogColumns, rows: int) -> tuple[Target, ...]:
    if not 1 <= len(sent) <= MAX_TARGETS:
        raise InvalidArgument.field("targets", f"must have 1 to {MAX_TARGETS} items, not {len(sent)}")
    names = [each.name for each in sent]
    for place, name in enumerate(names):
        if not (1 <= len(name) <= MAX_NAME and name.isprintable()):
            raise InvalidArgument.field(f"targets[{place}].name", f"must be 1 to {MAX_NAME} printable characters")
        if name == BASELINE:
            raise InvalidArgument.field(f"targets[{place}].name", f"must not be {BASELINE!r}: that is what was done")
        if name in names[:place]:
            raise InvalidArgument.field(f"targets[{place}].name", f"must not be that of targets[{names.index(name)}]")
    return tuple(_target(f"targets[{place}]", each, log, rows) for place, each in enumerate(sent))


def _target(path: str, sent: TargetColumns, log: LogColumns, rows: int) -> Target:
    taken_path, largest_path = f"{path}.probabilities", f"{path}.largest_probabilities"
    taken = within(taken_path, complete(taken_path, sent.probabilities, rows), (0.0, 1.0))
    largest = optional(largest_path, sent.largest_probabilities, rows)
    if largest is not None:
        at_least(largest_path, within(largest_path, largest, (0.0, 1.0)), taken_path, taken)
    return Target(sent.name, taken, largest, _expected(f"{path}.predicted_rewards", sent, log, rows))


def _expected(path: str, sent: TargetColumns, log: LogColumns, rows: int) -> Column | None:
    expected = optional(path, sent.predicted_rewards, rows)
    if expected is None:
        return None
    if log.predictions is None:
        raise InvalidArgument.field(path, "must be none where the log has no predictions")
    return _scaled(within(path, expected, log.reward_range), log.reward_range)
