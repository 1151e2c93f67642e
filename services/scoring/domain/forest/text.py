"""Reads the text of a LightGBM model (`Booster.model_to_string`, version v4), and trusts none of it.

What is malformed, cut off, inconsistent or beyond the limits below is a ValueError that names the line and the tree, as
is every kind of model whose scores this project does not compute: several classes, random forests, linear leaves,
categories that live in pandas. One pass, in time linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.forest.model import ForestModel, Tree

N = TypeVar("N", int, float)
T = TypeVar("T", bound=np.generic)

MAX_CHARACTERS = 32 * 2**20
MAX_TREES = 20_000
MAX_LEAVES = 1_024
"""Of one tree."""
MAX_FEATURES = 10_000
MAX_CATEGORIES = 2**20

_INTEGERS = re.compile(r"-?[0-9]{1,10}(?: -?[0-9]{1,10})*", re.ASCII)
_NUMBERS = re.compile(r"[-+.0-9einf]+(?: [-+.0-9einf]+)*", re.ASCII)
_INTERVAL = re.compile(r"\[-?[-+.0-9einf]+:-?[-+.0-9einf]+\]", re.ASCII)
_CATEGORIES = re.compile(r"-?[0-9]{1,10}(?::-?[0-9]{1,10})*", re.ASCII)
_HEADER = ("version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "feature_names")
_HEADER_TOO = ("objective", "monotone_constraints", "feature_infos", "tree_sizes")
_TREE = [
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "is_linear",
    "shrinkage",
]
_TREE_TOO = ("cat_boundaries", "cat_threshold")
_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT = 1, 2, 2
"""Bits of `decision_type`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The value after `key=`, and its place for messages."""

    text: str
    place: str

    def fail(self, problem: str) -> ValueError:
        return ValueError(f"{self.place}: {problem}")


def read_model(text: str) -> ForestModel:
    """Raises ValueError for everything that is not a whole model of one score per row."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"the model has {len(text)} characters, more than {MAX_CHARACTERS}")
    lines = text.split("\n")
    if lines[0] != "tree":
        raise ValueError("line 1: a LightGBM model begins with the line 'tree'")
    header, number = _entries(lines, 1, "the header", (*_HEADER, *_HEADER_TOO))
    names, sizes, objective = _read_header(header)
    starts = _tree_lines(lines, number, header["tree_sizes"])
    trees = []
    for index, start in enumerate(starts):
        entries, _ = _entries(lines, start + 1, f"tree {index}", (*_TREE, *_TREE_TOO))
        _demand(entries, _TREE, f"line {start + 1}: tree {index}")
        trees.append(_read_tree(entries, len(names)))
    return ForestModel(names, sizes, objective, tuple(trees))


def _entries(lines: list[str], start: int, whose: str, known: tuple[str, ...]) -> tuple[dict[str, Entry], int]:
    """The `key=value` lines from `start` to the next empty line, and that line's index."""
    found: dict[str, Entry] = {}
    for number in range(start, len(lines)):
        if not lines[number]:
            return found, number
        key, equals, value = lines[number].partition("=")
        place = f"line {number + 1}: {whose}: {key[:40]!r}"
        if not equals or key not in known:
            raise ValueError(f"{place} is unknown, or of a kind of model that is not supported")
        if key in found:
            raise ValueError(f"{place} is there twice")
        found[key] = Entry(value, place)
    raise ValueError(f"line {len(lines)}: the model ends within {whose}")


def _demand(entries: Mapping[str, Entry], keys: tuple[str, ...] | list[str], place: str) -> None:
    missing = [key for key in keys if key not in entries]
    if missing:
        raise ValueError(f"{place}: {', '.join(missing)} missing")


def _read_header(header: Mapping[str, Entry]) -> tuple[tuple[str, ...], tuple[int, ...], str]:
    _demand(header, (*_HEADER, "feature_infos", "tree_sizes"), "the header")
    for key, wanted in (("version", "v4"), ("num_class", "1"), ("num_tree_per_iteration", "1")):
        if header[key].text != wanted:
            raise header[key].fail(f"only {wanted} is supported")
    count = _integer(header["max_feature_idx"], 0, MAX_FEATURES - 1) + 1
    names = tuple(header["feature_names"].text.split(" "))
    if len(names) != count or len(set(names)) != count or "" in names:
        raise header["feature_names"].fail(f"{count} different names expected")
    infos = header["feature_infos"].text.split(" ")
    if len(infos) != count:
        raise header["feature_infos"].fail(f"{count} values expected, not {len(infos)}")
    sizes = tuple(_vocabulary_size(each, header["feature_infos"]) for each in infos)
    return names, sizes, header["objective"].text if "objective" in header else ""


def _vocabulary_size(info: str, entry: Entry) -> int:
    if info == "none" or _INTERVAL.fullmatch(info):
        return 0
    if not _CATEGORIES.fullmatch(info):
        raise entry.fail(f"{info[:40]!r} is neither an interval nor categories")
    size = max(map(int, info.split(":"))) + 1
    if not 0 <= size <= MAX_CATEGORIES:
        raise entry.fail(f"more than {MAX_CATEGORIES} categories")
    return size


def _tree_lines(lines: list[str], number: int, sizes: Entry) -> list[int]:
    """Indexes of the lines `Tree=…`, where the header's sizes say that they are; checks what is around them."""
    wanted = [] if not sizes.text else _integers(sizes, None, 1, MAX_CHARACTERS).tolist()
    if len(wanted) > MAX_TREES:
        raise sizes.fail(f"more than {MAX_TREES} trees")
    found, number = [], number + 1
    for index, size in enumerate(wanted):
        if number >= len(lines) or lines[number] != f"Tree={index}":
            raise ValueError(f"line {number + 1}: tree {index} expected")
        found.append(number)
        while size > 0 and number < len(lines):
            size -= len(lines[number]) + 1
            number += 1
        if size:
            raise ValueError(f"line {number}: tree {index} is not as long as tree_sizes says")
    if lines[number : number + 1] != ["end of trees"]:
        raise ValueError(f"line {number + 1}: 'end of trees' expected")
    if lines[-2:] != ["pandas_categorical:null", ""]:
        raise ValueError(f"line {len(lines)}: the last line must be 'pandas_categorical:null'")
    return found


def _read_tree(entries: Mapping[str, Entry], features: int) -> Tree:
    leaves = _integer(entries["num_leaves"], 1, MAX_LEAVES)
    if entries["is_linear"].text != "0":
        raise entries["is_linear"].fail("linear trees are not supported")
    splits = leaves - 1
    kinds = _integers(entries["decision_type"], splits, 0, 11)
    thresholds = _numbers(entries["threshold"], splits)
    left = _integers(entries["left_child"], splits, -leaves, splits - 1)
    right = _integers(entries["right_child"], splits, -leaves, splits - 1)
    _check_shape(left, right, entries["left_child"])
    values = _numbers(entries["leaf_value"], leaves)
    if not np.isfinite(values).all():
        raise entries["leaf_value"].fail("a value is not finite")
    is_categorical = kinds & _CATEGORICAL > 0
    return Tree(
        feature=_frozen(_integers(entries["split_feature"], splits, 0, features - 1).astype(np.int32)),
        threshold=_frozen(np.where(is_categorical, 0.0, thresholds)),
        is_categorical=_frozen(is_categorical),
        is_default_left=_frozen(kinds & _DEFAULT_LEFT > 0),
        missing=_frozen((kinds >> _MISSING_SHIFT).astype(np.int8)),
        left=_frozen(left.astype(np.int32)),
        right=_frozen(right.astype(np.int32)),
        leaf_value=_frozen(values),
        categories=_read_categories(entries, thresholds, is_categorical),
    )


def _check_shape(left: NDArray[np.int64], right: NDArray[np.int64], entry: Entry) -> None:
    """Every split but the root, and every leaf, is the child of one split; of one before it, so there is no cycle."""
    splits = left.size
    children = np.sort(np.concatenate([left, right]))
    everything = np.concatenate([np.arange(-splits - 1, 0), np.arange(1, splits)]) if splits else children
    if not np.array_equal(children, everything):
        raise entry.fail("a split or a leaf is the child of none or of several splits")
    parents = np.arange(splits)
    if np.any((left >= 0) & (left <= parents)) or np.any((right >= 0) & (right <= parents)):
        raise entry.fail("a split is under itself, or comes after one that is under it")


def _read_categories(
    entries: Mapping[str, Entry], thresholds: NDArray[np.float64], is_categorical: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], ...]:
    """At a categorical split the threshold is the index of a set: words `cat_boundaries[i]` to `[i + 1]`."""
    none = _frozen(np.empty(0, np.uint32))
    sets = _integer(entries["num_cat"], 0, is_categorical.size)
    if not sets:
        if is_categorical.any():
            raise entries["num_cat"].fail("a categorical split without categories")
        return (none,) * is_categorical.size
    _demand(entries, list(_TREE_TOO), entries["num_cat"].place)
    bounds = _integers(entries["cat_boundaries"], sets + 1, 0, sets * MAX_CATEGORIES)
    if bounds[0] != 0 or np.any(np.diff(bounds) < 1) or np.any(np.diff(bounds) > MAX_CATEGORIES // 32):
        raise entries["cat_boundaries"].fail("must begin with 0 and rise, by one word for 32 categories")
    words = _frozen(_integers(entries["cat_threshold"], int(bounds[-1]), 0, 2**32 - 1).astype(np.uint32))
    chosen = []
    for is_set, value in zip(is_categorical.tolist(), thresholds.tolist(), strict=True):
        if is_set and not (value.is_integer() and 0 <= value < sets):
            raise entries["threshold"].fail(f"a categorical split names set {value:g} of {sets}")
        chosen.append(words[bounds[int(value)] : bounds[int(value) + 1]] if is_set else none)
    return tuple(chosen)


def _integer(entry: Entry, lowest: int, highest: int) -> int:
    return int(_integers(entry, 1, lowest, highest)[0])


def _integers(entry: Entry, count: int | None, lowest: int, highest: int) -> NDArray[np.int64]:
    values = np.array(_tokens(entry, count, _INTEGERS, int), dtype=np.int64)
    if values.size and (values.min() < lowest or values.max() > highest):
        raise entry.fail(f"values must be from {lowest} to {highest}")
    return values


def _numbers(entry: Entry, count: int) -> NDArray[np.float64]:
    """Without NaN; a threshold between what is missing and what is not is infinite."""
    return np.array(_tokens(entry, count, _NUMBERS, float), dtype=np.float64)


def _tokens(entry: Entry, count: int | None, pattern: re.Pattern[str], convert: Callable[[str], N]) -> list[N]:
    if not entry.text:
        tokens = []
    elif pattern.fullmatch(entry.text):
        tokens = entry.text.split(" ")
    else:
        raise entry.fail("numbers expected, with one space between them")
    if count is not None and len(tokens) != count:
        raise entry.fail(f"{count} values expected, not {len(tokens)}")
    try:
        return [convert(token) for token in tokens]
    except ValueError:
        raise entry.fail("a value is not a number") from None


def _frozen(array: NDArray[T]) -> NDArray[T]:
    array.setflags(write=False)
    return array
