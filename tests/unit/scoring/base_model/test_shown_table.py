"""The rows that teach a forest are the rows that it is asked about."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from services.scoring.domain.base_model.columns import Shown, columns_from, columns_of
from services.scoring.domain.base_model.matrices import matrix_of, sides_of
from services.scoring.domain.base_model.shown_table import ShownRows, table_of
from services.scoring.domain.feature_set import (
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.past_contacts import OF_CONTACTS, PAST_CONTACTS
from shared.values import NOT_FOUND, NULL, AttributeType, Feature, FeatureStatus, Value, present

BIG = 2**53 + 1
MOMENT = datetime.datetime(2026, 2, 3, 4, 5, tzinfo=datetime.UTC)
VALUES: tuple[Value, ...] = (
    *(0, 1, 7, BIG, -BIG, 0.0, 1.0, 7.5, True, False, "", "a", "b", "1", MOMENT),
    *((), ("a",), ("a", "b"), (1,), (True,), (7.5, 1.0), (MOMENT,)),
)
FEATURE_SET = FeatureSet(
    (
        *(FeatureDeclaration(f"f{int(kind)}", kind) for kind in AttributeType),
        FeatureDeclaration("channel", AttributeType.STRING),  # as a place is called, and an attribute
        FeatureDeclaration("action.x", AttributeType.STRING),
        FeatureDeclaration(PAST_CONTACTS, AttributeType.STRING_LIST),
    ),
    tuple(
        ActionDeclaration(f"a{index}", f"g{index % 2}", "i", {} if index == 3 else {"x": value, "n": float(index)})
        for index, value in enumerate((*VALUES[:15], None, 2.0))
    ),
    crosses=tuple(
        CrossDeclaration(f"c{int(kind)}_{int(of)}_{attribute}", kind, f"f{int(of)}", attribute)
        for kind in CrossKind
        if kind not in OF_CONTACTS
        for of in (AttributeType.INT, AttributeType.STRING, AttributeType.STRING_LIST)
        for attribute in ("x", "n")
    )
    + tuple(
        CrossDeclaration(f"c{int(kind)}_{window_ms}", kind, PAST_CONTACTS, "", window_ms)
        for kind in OF_CONTACTS
        for window_ms in (0, 100, 100_000)
    ),
)


def contacts(rng: np.random.Generator) -> tuple[str, ...]:
    """In any order, of actions that are there and of others."""
    ages = rng.integers(0, 10 ** rng.integers(1, 12), rng.integers(0, 40))
    return tuple(f"{age} a{rng.integers(len(FEATURE_SET.actions) + 3)}" for age in ages)


def shown(seed: int, rows: int) -> list[Shown]:
    """Features of any type under any name: a model outlives the policy that declared them."""
    rng = np.random.default_rng(seed)
    statuses = (present(None), NULL, NOT_FOUND, Feature("old", FeatureStatus.STALE))
    found = []
    for _ in range(rows):
        features = {}
        for feature in FEATURE_SET.features:
            draw = rng.random()
            if draw < 0.7:
                features[feature.name] = present(VALUES[rng.integers(len(VALUES))])
            elif draw < 0.9:
                features[feature.name] = statuses[rng.integers(len(statuses))]
        if PAST_CONTACTS in features and rng.random() < 0.8:
            features[PAST_CONTACTS] = present(contacts(rng))
        action = FEATURE_SET.actions[rng.integers(len(FEATURE_SET.actions))]
        found.append(Shown(features, action, ("WEB", "EMAIL", "")[rng.integers(3)], f"p{rng.integers(2)}"))
    return found


def matrix_by_sides(rows: list[Shown]) -> NDArray[np.float64]:
    columns = columns_of(FEATURE_SET, rows)
    sides, places = (
        sides_of(columns, FEATURE_SET.actions),
        {each.action: i for i, each in enumerate(FEATURE_SET.actions)},
    )
    found = np.empty((len(rows), len(columns.columns)))
    of = {side: [i for i, column in enumerate(columns.columns) if column.side is side] for side in Side}
    for row, each in enumerate(rows):
        place = np.array([places[each.action.action]])
        found[row, of[Side.CUSTOMER]] = sides.customer(each.features)
        found[row, of[Side.ACTION]] = sides.actions[place[0]]
        found[row, of[Side.CROSS]] = sides.pairs(each.features, place, [each.channel], [each.placement])[0]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_row_for_training_is_the_row_for_scoring(seed: int) -> None:
    rows = shown(seed, 300)
    matrix = matrix_of(columns_of(FEATURE_SET, rows), rows)
    assert np.array_equal(matrix, matrix_by_sides(rows), equal_nan=True)
    drawn = {len(np.unique(np.nan_to_num(matrix[:, -1 - place], nan=-1.0))) for place in range(6)}
    assert min(drawn) >= 2
    assert max(drawn) > 30


def test_a_feature_called_as_a_place_has_its_own_labels() -> None:
    rows = shown(5, 300)
    columns = columns_of(FEATURE_SET, rows)
    assert set(columns.vocabularies["@channel"]) == {"WEB", "EMAIL", ""}
    assert set(columns.vocabularies["channel"]) == {"", "a", "b", "1"}


def test_counting_a_table_gives_the_columns_of_its_rows() -> None:
    rows = shown(4, 400)
    assert columns_from(FEATURE_SET, table_of(rows).counts) == columns_of(FEATURE_SET, rows)
    part = table_of(rows).take(slice(100, 250))
    assert columns_from(FEATURE_SET, part.counts) == columns_of(FEATURE_SET, rows[100:250])


def test_what_was_given_up_leaves_the_rest_as_it_was() -> None:
    rows, kept = shown(5, 300), ShownRows()
    columns = columns_of(FEATURE_SET, rows)
    for index, each in enumerate(rows):
        kept.add(each)
        if index in (150, 200):
            kept.drop_first(60)
    assert len(kept) == 180
    assert np.array_equal(matrix_of(columns, kept.table()), matrix_of(columns, rows[120:]), equal_nan=True)


def test_features_come_back_as_far_as_they_were_known() -> None:
    each = Shown(
        {"a": present("x"), "n": present(3), "l": present(("u", "v")), "s": NULL}, FEATURE_SET.actions[0], "", ""
    )
    assert table_of([each, each]).features_at(1) == {"a": present("x"), "n": present(3.0), "l": present(("u", "v"))}
