"""A log file as columns, checked: what comes out of here can be reckoned with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from services.scoring.adapters.log_files.cells import BadCell, Cells, require
from services.scoring.adapters.log_files.csv_columns import read_csv
from services.scoring.adapters.log_files.parquet_columns import read_parquet
from services.scoring.adapters.log_files.refusal import FileRefused
from services.scoring.adapters.log_files.spec_file import SpecFile
from services.scoring.domain.logs.log import ONLY_ACTION, Codes, Column, Feature, Log, Mask
from services.scoring.domain.logs.spec import FeatureKind, FeatureSpec, LogSpec, Uniform

T = TypeVar("T")

MAX_ACTIONS = 5_000
MAX_ELIGIBLE_CELLS = 2**30


def read_log(path: Path, spec_file: SpecFile) -> Log:
    """Raises FileRefused, with every column's first bad cell."""
    spec = spec_file.spec
    table = read_table(path, spec.delimiter, _columns_of(spec))
    unknown = spec_file.unknown_columns(table.names, _columns_of(spec))
    if unknown:
        raise FileRefused(unknown)
    return _in_order(_Reader(path, spec, table.cells).log())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a model reads of a row."""

    features: tuple[FeatureSpec, ...]
    position: str
    actions: tuple[str, ...]


def read_rows(path: Path, wanted: Wanted, delimiter: str = "", likely: str = "") -> Log:
    """Rows in the order of the file, of which nothing became yet. Of a CSV file, the delimiter, or the one that is
    likely. Raises FileRefused."""
    names = frozenset(spec.column for spec in wanted.features) | ({wanted.position} - {""})
    table = read_table(path, delimiter, names, likely)
    missing = sorted(names - frozenset(table.names))
    if missing:
        raise FileRefused([f'{path}: there is no column "{name}", which the model reads' for name in missing])
    if not names:
        raise FileRefused([f"{path}: the model reads no column: there is nothing to tell rows apart by"])
    try:
        features = tuple(read_feature(table.cells[spec.column], spec) for spec in wanted.features)
        position = _required_categories(table.cells[wanted.position]) if wanted.position else None
    except BadCell as bad:
        raise FileRefused([f"{path}: row {bad.row + 1}, {bad}"]) from None
    count = len(table.cells[next(iter(names))].cells)
    nothing = np.zeros(count)
    counts = np.full(count, float(len(wanted.actions)))
    action = np.zeros(count, np.int32)
    return Log(wanted.actions, action, nothing, (0.0, 1.0), features, counts, position=position)


def _required_categories(cells: Cells) -> Feature:
    found = categories(cells, FeatureSpec(cells.name, FeatureKind.CATEGORICAL))
    require(found.values, cells.name, ~np.isnan(found.values), "")
    return found


@dataclass(frozen=True, slots=True)
class Table:
    """All names of a file, and the cells of the columns that were asked for."""

    names: tuple[str, ...]
    cells: dict[str, Cells]


def read_table(path: Path, delimiter: str, wanted: frozenset[str], likely: str = "") -> Table:
    """Raises FileRefused."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileRefused([f"{path}: cannot be read: {error}"]) from error
    if not size:
        raise FileRefused([f"{path}: the file is empty"])
    return Table(*(read_parquet(path, wanted) if is_parquet(path) else read_csv(path, delimiter, wanted, likely)))


def is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def read_feature(cells: Cells, spec: FeatureSpec) -> Feature:
    """Raises BadCell."""
    match spec.kind:
        case FeatureKind.NUMERIC:
            return Feature(spec, cells.numbers())
        case FeatureKind.BOOL:
            return Feature(spec, cells.bools())
        case FeatureKind.TIMESTAMP:
            return Feature(spec, cells.moments_ms())
        case FeatureKind.CATEGORICAL:
            return categories(cells, spec)


def categories(cells: Cells, spec: FeatureSpec) -> Feature:
    """Labels in alphabetical order, so that the same rows give the same codes in any order."""
    texts = cells.texts()
    labels = tuple(sorted({text for text in texts if text is not None}))
    places: dict[str | None, float] = {label: float(place) for place, label in enumerate(labels)}
    places[None] = np.nan
    return Feature(spec, np.array([places[text] for text in texts], np.float64), labels)


def _columns_of(spec: LogSpec) -> frozenset[str]:
    single = (spec.reward, spec.action, spec.choice_probability, spec.position, spec.time, spec.value, spec.eligible)
    several = (*(feature.column for feature in spec.features), *(spec.targets or {}).values())
    return frozenset(name for name in (*single, *several) if isinstance(name, str) and name)


@dataclass(slots=True)
class _Reader:
    path: Path
    spec: LogSpec
    cells: dict[str, Cells]
    problems: list[str] = field(default_factory=list)

    def log(self) -> Log:
        spec = self.spec
        only: tuple[str, ...] = (ONLY_ACTION,)
        actions, action = self._try(self._actions, (only, np.zeros(self._count(), np.int32)))
        nothing = np.ones(self._count())
        eligible = self._try(lambda: self._eligible(actions, action), None)
        counts = self._try(lambda: self._eligible_counts(actions, eligible), nothing)
        reward, reward_range = self._try(self._reward, (nothing, (0.0, 1.0)))
        log = Log(
            actions=actions,
            action=action,
            reward=reward,
            reward_range=reward_range,
            features=tuple(
                self._try(lambda each=each: read_feature(self.cells[each.column], each), Feature(each, nothing))  # type: ignore[misc]
                for each in spec.features
            ),
            eligible=eligible,
            eligible_count=counts,
            probability=self._try(lambda: self._probability(counts), None),
            position=self._try(self._position, None),
            time_ms=self._try(self._time, None),
            value=self._try(self._value, None),
            targets={
                name: self._try(lambda column=column: self._target(column), nothing)  # type: ignore[misc]
                for name, column in (spec.targets or {}).items()
            },
        )
        if self.problems:
            raise FileRefused(list(dict.fromkeys(self.problems)))
        return log

    def _try(self, read: Callable[[], T], otherwise: T) -> T:
        """Goes on after a bad cell, so that people see those of the other columns too."""
        try:
            return read()
        except BadCell as bad:
            self.problems.append(f"{self.path}: row {bad.row + 1}, {bad}")
            return otherwise

    def _count(self) -> int:
        return len(self.cells[self.spec.reward].cells)

    def _actions(self) -> tuple[tuple[str, ...], Codes]:
        """Those of the log, and those of the spec that it never took."""
        if not self.spec.action:
            return (ONLY_ACTION,), np.zeros(self._count(), np.int32)
        texts = self.cells[self.spec.action].texts()
        for row, text in enumerate(texts):
            if text is None:
                raise BadCell(row, f'column "{self.spec.action}": no action is written')
        listed = self.spec.eligible if isinstance(self.spec.eligible, tuple) else ()
        actions = tuple(sorted({*(text for text in texts if text), *listed, *self._named_in_lists()}))
        if len(actions) > MAX_ACTIONS:
            text = f'column "{self.spec.action}" has {len(actions):,} different actions, more than {MAX_ACTIONS:,}'
            raise BadCell(0, f"{text}: is it the right column?")
        places = {action: place for place, action in enumerate(actions)}
        return actions, np.array([places[text or ""] for text in texts], np.int32)

    def _named_in_lists(self) -> set[str]:
        if not isinstance(self.spec.eligible, str) or self._has_counts():
            return set()
        return {action for each in self.cells[self.spec.eligible].lists() for action in each}

    def _has_counts(self) -> bool:
        """Whether the column `eligible` holds numbers, not lists. A single action of such a name is not told apart."""
        assert isinstance(self.spec.eligible, str)
        try:
            self.cells[self.spec.eligible].numbers()
        except BadCell:
            return False
        return True

    def _eligible(self, actions: tuple[str, ...], action: Codes) -> Mask | None:
        eligible = self.spec.eligible
        if eligible is None or isinstance(eligible, int) or (isinstance(eligible, str) and self._has_counts()):
            return None
        if len(actions) * action.size > MAX_ELIGIBLE_CELLS:
            raise BadCell(0, f"{action.size:,} rows of {len(actions):,} actions are more than fit into memory")
        places = {name: place for place, name in enumerate(actions)}
        mask = np.zeros((action.size, len(actions)), bool)
        if isinstance(eligible, tuple):
            mask[:, [places[name] for name in eligible]] = True
        else:
            for row, names in enumerate(self.cells[eligible].lists()):
                mask[row, [places[name] for name in names]] = True
        taken = mask[np.arange(action.size), action]
        if not taken.all():
            row = int(np.flatnonzero(~taken)[0])
            raise BadCell(row, f'column "{self.spec.action}": {actions[action[row]]!r} was taken and is not eligible')
        return mask

    def _eligible_counts(self, actions: tuple[str, ...], mask: Mask | None) -> Column:
        eligible = self.spec.eligible
        if mask is not None:
            return np.asarray(mask.sum(axis=1), np.float64)
        if isinstance(eligible, str):
            counts = self.cells[eligible].numbers()
            require(counts, eligible, (counts >= 1.0) & (counts == np.floor(counts)), "{:g} is no count of actions")
            return counts
        if isinstance(eligible, int) and eligible < len(actions):
            raise BadCell(0, f'column "{self.spec.action}" has {len(actions)} actions where {eligible} are eligible')
        return np.full(self._count(), float(eligible if isinstance(eligible, int) else len(actions)))

    def _reward(self) -> tuple[Column, tuple[float, float]]:
        reward = self.cells[self.spec.reward].numbers_or_bools()
        low, high = self.spec.reward_range or (-np.inf, np.inf)
        bad = "{:g} lies outside " + f"the reward_range [{low:g}, {high:g}]"
        require(reward, self.spec.reward, (reward >= low) & (reward <= high), bad)
        return reward, self.spec.reward_range or (min(0.0, float(reward.min())), max(1.0, float(reward.max())))

    def _probability(self, counts: Column) -> Column | None:
        given = self.spec.choice_probability
        if given is None:
            return None
        if isinstance(given, Uniform):
            return 1.0 / counts
        if not isinstance(given, str):
            return np.full(self._count(), given)
        column = self.cells[given].numbers()
        message = "{:g} is no probability of something that happened: it lies above 0 and at most at 1"
        require(column, given, (column > 0.0) & (column <= 1.0), message)
        return column

    def _position(self) -> Feature | None:
        if not self.spec.position:
            return None
        return _required_categories(self.cells[self.spec.position])

    def _time(self) -> Column | None:
        if not self.spec.time:
            return None
        column = self.cells[self.spec.time].moments_ms()
        require(column, self.spec.time, np.isfinite(column), "")
        return column

    def _value(self) -> Column | None:
        if not self.spec.value:
            return None
        column = self.cells[self.spec.value].numbers()
        require(column, self.spec.value, np.isfinite(column), "")
        return column

    def _target(self, name: str) -> Column:
        column = self.cells[name].numbers()
        require(column, name, (column >= 0.0) & (column <= 1.0), "{:g} is no probability")
        return column


def _in_order(log: Log) -> Log:
    """By time; rows of one moment stay as in the file."""
    return log if log.time_ms is None else log.take(np.argsort(log.time_ms, kind="stable"))
