"""Pages: bounds of the size, and tokens that only continue their own list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidArgument
from shared.paging import page_size, page_start, page_token


@pytest.mark.parametrize(("requested", "size"), [(0, 50), (1, 1), (1000, 1000), (1001, 1000)])
def test_size_is_the_default_or_what_was_asked_within_the_maximum(requested: int, size: int) -> None:
    assert page_size(requested, default=50, maximum=1000) == size


def test_negative_size_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="page_size"):
        page_size(-1, default=50, maximum=1000)


@given(after=st.one_of(st.integers(0, 2**63 - 1), st.text(max_size=40)), query=st.lists(st.text(max_size=9)))
def test_token_continues_where_it_was_made(after: int | str, query: list[str]) -> None:
    assert page_start(page_token(after, query), query) == after


def test_first_page_follows_nothing() -> None:
    assert page_start("", ["q"]) is None


def test_token_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="other parameters"):
        page_start(page_token(7, {"subject": "a"}), {"subject": "b"})


@given(st.text(min_size=1, max_size=60))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="page_token"):
        page_start(text, ["q"])
