from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.forest.compiled import Side, compile_forest
from services.scoring.domain.forest.model import ForestModel, Missing
from services.scoring.domain.forest.text import read_model
from tests.support.random_forests import random_forest

FOREST = random_forest(3, most_leaves=6, most_trees=4, rows=400)
TEXT = FOREST.text
NUMBERS = (
    "-1",
    "0",
    "1",
    "7",
    "99",
    "4294967295",
    "4294967296",
    "99999999999999999999",
    "1e400",
    "nan",
    "inf",
    "1_0",
    "٣",
    "",
)


def test_the_model_is_what_lightgbm_dumps() -> None:
    model, dump = read_model(TEXT), FOREST.booster.dump_model()
    assert list(model.feature_names) == dump["feature_names"]
    assert model.objective == dump["objective"]
    for tree, dumped in zip(model.trees, dump["tree_info"], strict=True):
        assert tree.leaves == dumped["num_leaves"]
        for node in nodes(dumped["tree_structure"]):
            if "leaf_value" in node:
                assert tree.leaf_value[node["leaf_index"]] == node["leaf_value"]
                continue
            split = node["split_index"]
            assert tree.feature[split] == node["split_feature"]
            assert tree.is_default_left[split] == node["default_left"]
            assert Missing(tree.missing[split]).name == node["missing_type"].upper()
            if tree.is_categorical[split]:
                words = tree.categories[split].tolist()
                known = [32 * place + bit for place, word in enumerate(words) for bit in range(32) if word >> bit & 1]
                assert known == [int(each) for each in node["threshold"].split("||")]
            else:
                assert tree.threshold[split] == node["threshold"]


def test_vocabularies_end_with_the_highest_category_known_in_training() -> None:
    sizes = read_model(TEXT).vocabulary_sizes
    infos = FOREST.booster.dump_model()["feature_infos"]
    assert {place for place, size in enumerate(sizes) if size} == set(FOREST.categorical)
    for place in FOREST.categorical:
        assert sizes[place] == max(infos[f"Column_{place}"]["values"]) + 1


def test_a_model_that_lightgbm_read_and_wrote_again_is_the_same() -> None:
    again = lightgbm.Booster(model_str=TEXT).model_to_string()
    rows = np.random.default_rng(0).normal(size=(20, len(FOREST.sides)))
    assert np.array_equal(predicted(read_model(again), rows), FOREST.raw(rows))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"objective": "multiclass", "num_class": 3}, r"line 3: the header: 'num_class'"),
        ({"objective": "regression", "linear_tree": True}, r"tree 0: 'is_linear'|tree 0: 'leaf_const'"),
        ({"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "'average_output'"),
    ],
)
def test_a_kind_of_model_that_is_not_supported_is_refused(parameters: dict[str, Any], message: str) -> None:
    source = np.random.default_rng(0)
    rows, target = source.normal(size=(300, 3)), source.integers(0, 2, 300)
    common = {"verbose": -1, "num_threads": 1, "num_leaves": 4}
    booster = lightgbm.train({**common, **parameters}, lightgbm.Dataset(rows, target), 2)
    with pytest.raises(ValueError, match=message):
        read_model(booster.model_to_string())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("version", "v3", "only v4"),
        ("max_feature_idx", "-1", "values must be from 0"),
        ("max_feature_idx", "99999", "values must be from 0"),
        ("feature_names", "a b", "different names expected"),
        ("feature_infos", "none", "values expected, not 1"),
        ("num_leaves", "0", "values must be from 1"),
        ("num_leaves", "999999999", "values must be from 1"),
        ("num_leaves", "1 2", "1 values expected, not 2"),
        ("num_leaves", "two", "numbers expected"),
        ("is_linear", "1", "linear trees"),
        ("num_cat", "0", "a categorical split without categories"),
        ("num_cat", "-1", "values must be from 0"),
    ],
)
def test_a_wrong_value_is_refused_and_named(key: str, value: str, message: str) -> None:
    place = next(number for number, line in enumerate(TEXT.split("\n"), 1) if line.startswith(f"{key}="))
    with pytest.raises(ValueError, match=rf"line {place}: (the header|tree \d+): '{key}': .*{message}"):
        read_model(with_sizes(re.sub(rf"(?m)^{key}=.*$", f"{key}={value}", TEXT, count=1)))


@pytest.mark.parametrize(
    ("key", "first", "message"),
    [
        ("split_feature", "77", "values must be from 0"),
        ("split_feature", "-1", "values must be from 0"),
        ("threshold", "nan", "numbers expected"),
        ("decision_type", "12", "values must be from 0"),
        ("left_child", "0", "a split is under itself|the child of none or of several"),
        ("left_child", "-1000", "values must be from"),
        ("left_child", "1000", "values must be from"),
        ("leaf_value", "nan", "numbers expected"),
        ("leaf_value", "-inf", "not finite"),
        ("leaf_value", "1e999", "not finite"),
        ("leaf_value", "1.2.3", "not a number"),
        ("leaf_value", "0x10", "numbers expected"),
        ("leaf_value", "1_0", "numbers expected"),
        ("cat_boundaries", "1", "must begin with 0"),
        ("cat_threshold", "4294967296", "values must be from 0"),
    ],
)
def test_a_wrong_number_in_a_tree_is_refused_and_named(key: str, first: str, message: str) -> None:
    changed = re.sub(rf"(?m)^{key}=[^ \n]+", f"{key}={first}", TEXT, count=1)
    assert changed != TEXT
    with pytest.raises(ValueError, match=rf"tree \d+: '{key}': .*({message})"):
        read_model(with_sizes(changed))


def test_splits_in_a_circle_are_refused() -> None:
    """Every split and leaf still has one parent: 1 and 2 are under one another, and no way leads to them."""
    model = re.sub(r"(?m)^left_child=.*$", "left_child=-1 2 1", one_tree())
    circle = re.sub(r"(?m)^right_child=.*$", "right_child=-2 -3 -4", model)
    with pytest.raises(ValueError, match="a split is under itself"):
        read_model(with_sizes(circle))


def test_a_model_that_is_cut_off_is_refused_wherever_it_is() -> None:
    for end in range(0, len(TEXT), 7):
        with pytest.raises(ValueError, match=r"line|the header"):
            read_model(TEXT[:end])


@pytest.mark.parametrize(
    "text", ["", "tree", "\n" * 10_000, "tree\n" * 10_000, "x" * 100_000, "tree\nversion=v4\n\n", "\0"]
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"line|the header"):
        read_model(text)


def test_a_model_that_needs_pandas_to_encode_its_categories_is_refused() -> None:
    with pytest.raises(ValueError, match="pandas_categorical"):
        read_model(TEXT.replace("pandas_categorical:null", 'pandas_categorical:[["a","b"]]'))


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    sizes = "tree_sizes=" + " ".join(["1"] * 20_001)
    with pytest.raises(ValueError, match="more than 20000 trees"):
        read_model(re.sub(r"(?m)^tree_sizes=.*$", sizes, TEXT))
    infos = re.sub(r"(?m)^feature_infos=\S+", "feature_infos=0:999999999", TEXT)
    with pytest.raises(ValueError, match="categories"):
        read_model(infos)


@given(st.randoms(use_true_random=False))
def test_a_mutated_model_is_refused_or_scores(source: random.Random) -> None:
    text = TEXT
    for _ in range(source.randint(1, 3)):
        text = source.choice([swap_number, drop_line, double_line, flip_character, swap_lines])(text, source)
    if source.random() < 0.8:
        text = with_sizes(text)
    try:
        model = read_model(text)
    except ValueError:
        return
    rows = np.random.default_rng(0).normal(size=(9, len(model.feature_names)))
    assert np.isfinite(predicted(model, rows)).all()


def swap_number(text: str, source: random.Random) -> str:
    places = list(re.finditer(r"(?<=[= ])[-\d.e]+", text.partition("end of trees")[0]))
    if not places:
        return text
    chosen = source.choice(places)
    number = source.choice(NUMBERS) if source.random() < 0.5 else source.choice(places).group()
    return text[: chosen.start()] + number + text[chosen.end() :]


def drop_line(text: str, source: random.Random) -> str:
    lines = text.split("\n")
    del lines[source.randrange(len(lines))]
    return "\n".join(lines)


def double_line(text: str, source: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(source.randrange(len(lines)), source.choice(lines))
    return "\n".join(lines)


def swap_lines(text: str, source: random.Random) -> str:
    lines = text.split("\n")
    one, other = source.randrange(len(lines)), source.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def flip_character(text: str, source: random.Random) -> str:
    place = source.randrange(len(text))
    return text[:place] + source.choice("0-9 \n=:.eé\r\0\ud800") + text[place + 1 :]


def with_sizes(text: str) -> str:
    """As whoever writes a poisoned model would: the header tells the true sizes of the trees."""
    head, _, trees = text.partition("\nTree=")
    body = ("Tree=" + trees).partition("end of trees")[0]
    sizes = [len(each) for each in re.split(r"(?m)^(?=Tree=)", body) if each]
    return re.sub(r"(?m)^tree_sizes=.*$", "tree_sizes=" + " ".join(map(str, sizes)), head) + "\nTree=" + trees


def one_tree() -> str:
    source = np.random.default_rng(0)
    rows = source.normal(size=(200, 3))
    parameters = {"objective": "regression", "num_leaves": 4, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, rows.sum(axis=1)), 1)
    assert "num_leaves=4\n" in booster.model_to_string()
    return str(booster.model_to_string())


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for side in ("left_child", "right_child"):
        if side in node:
            yield from nodes(node[side])


def predicted(model: ForestModel, rows: Any) -> Any:
    return compile_forest(model, [Side.CROSS] * len(model.feature_names)).predict(rows)
