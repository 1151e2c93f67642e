"""A spec says what it means, or where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.scoring.adapters.log_files.refusal import FileRefused
from services.scoring.domain.logs.spec import FeatureKind, FeatureSpec, Uniform
from tests.support.logs import spec


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(FileRefused) as refused:
        spec(folder, text)
    return "\n".join(refused.value.problems).replace(str(folder / "SPEC.yaml"), "SPEC")


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
action: item
reward: click
choice_probability: uniform
position: slot
time: at
value: money
eligible: [a, b, "3"]
reward_range: [-1, 2.5]
delimiter: tab
features:
  age: {type: number, monotone: increasing}
  city: string
  "1": bool
  seen: timestamp
targets: {new: p_new}
"""
    found = spec(tmp_path, text).spec
    assert found.choice_probability == Uniform()
    assert (found.position, found.time, found.value, found.delimiter) == ("slot", "at", "money", "\t")
    assert found.eligible == ("a", "b", "3")
    assert found.reward_range == (-1.0, 2.5)
    assert found.features == (
        FeatureSpec("age", FeatureKind.NUMERIC, 1),
        FeatureSpec("city", FeatureKind.CATEGORICAL),
        FeatureSpec("1", FeatureKind.BOOL),
        FeatureSpec("seen", FeatureKind.TIMESTAMP),
    )
    assert found.targets == {"new": "p_new"}


def test_features_may_be_a_list(tmp_path: Path) -> None:
    text = "reward: y\nfeatures:\n  - {name: age, type: numeric}\n  - {column: city, type: categorical}\n"
    kinds = [(each.column, each.kind) for each in spec(tmp_path, text).spec.features]
    assert kinds == [("age", FeatureKind.NUMERIC), ("city", FeatureKind.CATEGORICAL)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("p", "p"), ("0.25", 0.25), ("1", 1.0), ('"uniform"', "uniform"), ('"0.5"', "0.5"), ("~", None)],
)
def test_a_choice_probability_is_a_column_or_a_number(tmp_path: Path, written: str, meant: object) -> None:
    assert spec(tmp_path, f"reward: y\nchoice_probability: {written}\n").spec.choice_probability == meant


@pytest.mark.parametrize(("written", "meant"), [("12", 12), ("slots", "slots"), ("[x]", ("x",))])
def test_eligible_is_a_count_a_column_or_a_list(tmp_path: Path, written: str, meant: object) -> None:
    assert spec(tmp_path, f"reward: y\neligible: {written}\n").spec.eligible == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "SPEC:1:1: the file is empty"),
        ("- a\n", "SPEC:1:1: must be a mapping"),
        ("action: x\n", 'SPEC:1:1: the key "reward" is missing'),
        ("reward: y\nfeatuers: {}\n", 'SPEC:2:1: unknown key "featuers" (did you mean "features"?)'),
        ("reward: y\nreward: z\n", "twice"),
        ("reward: [y]\n", "SPEC:1:9: must be the name of a column"),
        ("reward: y\nfeatures:\n  age: nubmer\n", 'SPEC:3:8: "nubmer" is no type'),
        ("reward: y\nfeatures:\n  age: {monotone: increasing}\n", "SPEC:3:8: must have a type"),
        ("reward: y\nfeatures:\n  c: {type: categorical, monotone: decreasing}\n", "SPEC:3:6: only a numeric feature"),
        ("reward: y\nchoice_probability: 0\n", "SPEC:2:21: a probability lies above 0"),
        ("reward: y\nchoice_probability: 1.5\n", "SPEC:2:21: a probability lies above 0"),
        ("reward: y\nchoice_probability: .nan\n", "SPEC:2:21"),
        ("reward: y\neligible: 0\n", "SPEC:2:11: there is at least one"),
        ("reward: y\neligible: [a, a]\n", "SPEC:2:11: must list every eligible action once"),
        ("reward: y\ntargets: {tandem: t}\n", 'SPEC:2:11: "tandem" is evaluated in any case'),
        ("reward: y\nreward_range: [5, 1]\n", "SPEC:2:15: must be the least and the largest"),
        ("reward: y\nreward_range: [0, .inf]\n", "SPEC:2:15: must be the least and the largest"),
        ("reward: 'y\n", "SPEC:"),
        ("a: &x 1\nreward: *x\n", "aliases are not allowed"),
        ("reward: \x07\n", "SPEC:1:1: not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = refusal(tmp_path, "rewards: y\neligible: -1\nfeatures: {age: x}\n").splitlines()
    assert [line.split(": ")[0] for line in told] == ["SPEC:1:1", "SPEC:2:11", "SPEC:3:17"]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "SPEC.yaml").write_bytes(b"reward: \xff\n")
    from services.scoring.adapters.log_files.spec_file import read_spec

    with pytest.raises(FileRefused, match="not UTF-8"):
        read_spec(tmp_path / "SPEC.yaml")
