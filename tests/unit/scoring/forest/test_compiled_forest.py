from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from services.scoring.domain.forest import blocks, kernels
from services.scoring.domain.forest.compiled import MAX_ACTIONS, CompiledForest, Side, compile_forest, warm_up
from services.scoring.domain.forest.jit import kernel
from services.scoring.domain.forest.model import ForestModel
from services.scoring.domain.forest.text import read_model
from tests.support.forest_checks import check_identical
from tests.support.random_forests import RandomForest, random_forest

CUSTOMER, ACTION, CROSS = Side.CUSTOMER, Side.ACTION, Side.CROSS


@pytest.fixture(scope="module")
def forest() -> RandomForest:
    return random_forest(1, rows=600)


@pytest.fixture(scope="module")
def compiled(forest: RandomForest) -> CompiledForest:
    return compile_forest(read_model(forest.text), forest.sides)


@pytest.mark.parametrize("seed", [0, 14, 20, 31, 43, 77])
def test_scores_and_leaves_are_those_of_lightgbm(seed: int) -> None:
    """Among them more than 64 leaves, one leaf, infinite thresholds, every kind of missing value, categories."""
    check_identical(random_forest(seed), seed, 3_000)


def test_one_side_may_have_all_features_or_none(forest: RandomForest) -> None:
    model = read_model(forest.text)
    rows = np.random.default_rng(0).normal(size=(50, len(forest.sides)))
    nothing = np.empty((50, 0))
    places = np.arange(50)
    all_of = {side: compile_forest(model, [side] * len(forest.sides)) for side in Side}
    wanted = forest.raw(rows)
    assert np.array_equal(all_of[ACTION].bind(rows).scores(np.empty(0), places, nothing), wanted)
    assert np.array_equal(all_of[CROSS].bind(nothing).scores(np.empty(0), places, rows), wanted)
    of_one = all_of[CUSTOMER].bind(nothing).scores(rows[7], places, nothing)
    assert np.array_equal(of_one, np.full(50, wanted[7]))


def test_an_action_may_be_asked_for_twice_and_in_any_order(forest: RandomForest, compiled: CompiledForest) -> None:
    customer, actions, crosses = asked(forest, 30)
    bound = compiled.bind(actions)
    crosses[:] = crosses[0]
    once = bound.scores(customer, np.arange(30), crosses)
    places = np.array([29, 3, 3, 0, 17, 3])
    assert np.array_equal(bound.scores(customer, places, crosses[:6]), once[places])


def test_no_candidates_have_no_scores(forest: RandomForest, compiled: CompiledForest) -> None:
    customer, actions, crosses = asked(forest, 5)
    for bound in (compiled.bind(actions), compiled.bind(actions[:0])):
        assert bound.scores(customer, np.empty(0, np.intp), crosses[:0]).shape == (0,)
        assert bound.leaves(customer, np.empty(0, np.intp), crosses[:0]).shape == (
            0,
            len(read_model(forest.text).trees),
        )


def test_a_forest_without_trees_scores_zero() -> None:
    compiled = compile_forest(ForestModel(("a", "b"), (0, 0), "", ()), (CUSTOMER, CROSS))
    assert compiled.predict(np.ones((3, 2))).tolist() == [0.0, 0.0, 0.0]
    assert compiled.bind(np.empty((2, 0))).leaves(np.ones(1), np.arange(2), np.ones((2, 1))).shape == (2, 0)


@pytest.mark.parametrize("place", [-1, 5, 2**40])
@pytest.mark.parametrize("count", [1, 40])
def test_a_place_outside_the_catalogue_is_refused(
    forest: RandomForest, compiled: CompiledForest, place: int, count: int
) -> None:
    customer, actions, crosses = asked(forest, 40)
    bound = compiled.bind(actions[:5])
    places = np.zeros(count, np.intp)
    places[-1] = place
    for ask in (bound.scores, bound.leaves):
        with pytest.raises(IndexError, match="rows must be from 0 to 4"):
            ask(customer, places, crosses[:count])


def test_other_shapes_are_refused(forest: RandomForest, compiled: CompiledForest) -> None:
    customer, actions, crosses = asked(forest, 5)
    bound, places = compiled.bind(actions), np.arange(5)
    with pytest.raises(ValueError, match="expected"):
        bound.scores(customer[:-1], places, crosses)
    with pytest.raises(ValueError, match="expected"):
        bound.scores(customer, places, crosses[:, :-1])
    with pytest.raises(ValueError, match="expected"):
        bound.leaves(customer, places[:4], crosses)
    with pytest.raises(ValueError, match="expected"):
        compiled.bind(actions[:, :-1])
    with pytest.raises(ValueError, match="expected"):
        compiled.predict(actions)
    with pytest.raises(ValueError, match="features, not 1"):
        compile_forest(read_model(forest.text), (CUSTOMER,))


def test_more_actions_than_a_class_can_count_are_refused(forest: RandomForest, compiled: CompiledForest) -> None:
    actions = np.zeros((MAX_ACTIONS + 1, asked(forest, 1)[1].shape[1]))
    with pytest.raises(ValueError, match="65537 actions"):
        compiled.bind(actions)


def test_a_forest_that_would_take_too_much_memory_is_refused(
    forest: RandomForest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MAX_SPLITS", 100)
    with pytest.raises(ValueError, match="too large and too lopsided"):
        compile_forest(read_model(forest.text), forest.sides)


def test_nothing_is_compiled_after_the_warm_up(forest: RandomForest, compiled: CompiledForest) -> None:
    """Whatever the layout and the type of what is asked: that would take seconds in the midst of a call."""
    warm_up()
    before = signatures()
    customer, actions, crosses = asked(forest, 50)
    fixed = crosses.copy()
    fixed.setflags(write=False)
    layouts: list[Any] = [actions, np.asfortranarray(actions), actions.astype(np.float32)]
    orders: list[Any] = [np.arange(50), np.arange(50, dtype=np.int32), np.arange(100)[::2] // 2]
    for layout in layouts:
        bound = compiled.bind(layout)
        for places in orders:
            for each in (crosses, np.asfortranarray(crosses), fixed):
                bound.scores(customer, places, each)
                bound.leaves(customer, places, each)
    assert before
    assert signatures() == before


def test_threads_share_a_forest(forest: RandomForest, compiled: CompiledForest) -> None:
    customer, actions, crosses = asked(forest, 500)
    bound, places = compiled.bind(actions), np.arange(500)
    wanted, found = bound.scores(customer, places, crosses), []
    threads = [threading.Thread(target=lambda: found.append(bound.scores(customer, places, crosses))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(np.array_equal(each, wanted) for each in found)


def test_a_kernel_compiles_where_no_cache_can_be_written() -> None:
    names: dict[str, object] = {}
    exec("def double(number):\n    return 2 * number\n", names)  # of no file, so with no folder for a cache
    double = kernel(names["double"])  # type: ignore[type-var]
    assert double(21) == 42  # type: ignore[operator]


def asked(forest: RandomForest, count: int) -> tuple[kernels.Floats, kernels.Floats, kernels.Floats]:
    """A customer, and features of actions and crosses."""
    source = np.random.default_rng(5)
    wide = {side: source.normal(size=(count, forest.sides.count(side))) for side in Side}
    return wide[CUSTOMER][0], wide[ACTION], wide[CROSS]


def signatures() -> dict[str, int]:
    return {name: len(each.signatures) for name, each in vars(kernels).items() if hasattr(each, "signatures")}
