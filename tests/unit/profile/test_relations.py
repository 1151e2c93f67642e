"""What owned things imply, to the end, whatever circles there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.relations import MAX_ANSWER, Relation
from shared.values import NOT_FOUND, present

things = st.sampled_from("abcdef")
pairs = st.lists(st.tuples(things, things), max_size=12)


@given(pairs, st.lists(things, max_size=3, unique=True))
def test_everything_that_can_be_reached_is_named_once(related: list[tuple[str, str]], owned: list[str]) -> None:
    reached = set(owned)
    for _ in range(len(related)):
        reached |= {other for thing, other in related if thing in reached}
    answer = Relation(related).extended(present(tuple(owned)))
    assert answer == present(tuple(sorted(reached)))


def test_a_relation_of_many_things_is_followed_to_the_nearest_of_them() -> None:
    related = [(str(index), str(index + 1)) for index in range(2 * MAX_ANSWER)]
    found = Relation(related).closure(["0"])
    assert list(found) == [str(index) for index in range(MAX_ANSWER)]


def test_who_owns_nothing_has_nothing_implied() -> None:
    assert Relation([("a", "b")]).extended(present(())) == present(())
    assert Relation([("a", "b")]).extended(NOT_FOUND) == NOT_FOUND
