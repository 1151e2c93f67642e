"""The engine tells names apart by 32 bits: two that look alike to it never stand in one message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.rules.adapters.durable.names import RESERVED, NameGiver, engine_hash

# Found by trying: different, and one to the engine.
ALIKE = ("costarring", "liquid")


def test_the_hash_is_the_engines() -> None:
    assert engine_hash("id") == 926444256
    assert engine_hash("sid") == 3593476751
    assert engine_hash("$forward") == 739185624
    assert engine_hash(ALIKE[0]) == engine_hash(ALIKE[1])


def test_a_name_that_looks_like_another_gets_a_number() -> None:
    first, second = alike_fields()
    names = NameGiver()
    assert names.name("i", first) == f"i_{first}"
    assert names.name("i", second) == f"i_{second}_2"


def alike_fields() -> tuple[str, str]:
    """Two attributes whose fields look alike, by the birthday paradox."""
    seen: dict[int, str] = {}
    for number in range(10**6):
        name = f"a{number:x}"
        other = seen.setdefault(engine_hash(f"i_{name}"), name)
        if other != name:
            return other, name
    raise AssertionError("no two of a million")


@given(st.lists(st.tuples(st.sampled_from("bidstx"), st.text(max_size=200)), max_size=40))
def test_no_two_names_look_alike_and_none_is_reserved(texts: list[tuple[str, str]]) -> None:
    names = NameGiver()
    given_names = [names.name(kind, text) for kind, text in texts]
    hashes = [engine_hash(name) for name in (*given_names, *RESERVED)]
    assert len(set(hashes)) == len(hashes)
    assert all(name.isascii() and name.replace("_", "").isalnum() and len(name) < 100 for name in given_names)
