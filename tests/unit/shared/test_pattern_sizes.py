"""What regular expressions become, against what RE2 itself says of them (google-re2 1.1, `programsize`)."""

from __future__ import annotations

import time

import pytest

from shared.cel.patterns import instructions

SIZES = [
    ("^[a-z0-9._%+-]+@[a-z0-9.-]+[.][a-z]{2,}$", 18),
    ("(foo|bar|baz)+", 14),
    (r"^\+?[0-9]{6,15}$", 28),
    ("[ab]*a[ab]{300}c", 307),
    (r"\PL", 1_202),
    (r"[^\pL]{5}", 6_000),
    ("((a{10}b){10}c){10}", 1_100),
    ("(?i:k{100})", 300),
    (r"\Q(a\E{50}", 50),
]


@pytest.mark.parametrize(("pattern", "size"), SIZES)
def test_a_pattern_is_about_as_large_as_re2_makes_it_or_larger(pattern: str, size: int) -> None:
    assert 0.5 * size <= instructions(pattern) <= 6 * size


ODD = (
    "(" * 50_000,
    "[" * 50_000,
    "{9" * 20_000,
    "a{1000}" * 10_000,
    "[[:" * 20_000,
    r"\p{a" * 20_000,
    r"\p{" * 20_000,
    "a{" + "9" * 5_000 + "}",
)


@pytest.mark.parametrize("pattern", ODD, ids=range(len(ODD)))
def test_a_pattern_of_any_shape_is_read_in_no_time(pattern: str) -> None:
    started = time.process_time()
    instructions(pattern)
    assert time.process_time() - started < 1
