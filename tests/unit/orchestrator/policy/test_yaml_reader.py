"""A file becomes a tree that knows where everything is, or one finding that says why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.orchestrator.domain.policy.findings import Refused
from services.orchestrator.domain.policy.nodes import ListNode, MapNode, Node, ScalarNode
from services.orchestrator.domain.policy.yaml_reader import MAX_DEPTH, NodeBudget, decode, read_carefully, read_yaml
from services.orchestrator.domain.policy_parts import Place

NOWHERE = Place("", 0, 0)
SAMPLES = Path(__file__).parents[4] / "services/cli/samples"

REFUSED = {
    "syntax": (b"a: [1", "YAML_SYNTAX", (1, 6)),
    "mapping in a scalar": (b"a: b: c", "YAML_SYNTAX", (1, 5)),
    "tab as indentation": (b"a:\n\tb: 1", "YAML_SYNTAX", (2, 1)),
    "not UTF-8": (b"a: 1\nb: \xff", "YAML_SYNTAX", (2, 4)),
    "control character": (b"a: \x00", "YAML_SYNTAX", (1, 4)),
    "character beyond Unicode": (b'a: "\\U00110000"', "YAML_SYNTAX", (1, 1)),
    "half a character": (b'a: "\\uD83D"', "YAML_SYNTAX", (1, 4)),
    "odd YAML version": (b"%YAML 1.25\n---\na: 1", "YAML_SYNTAX", (1, 1)),
    "second document": (b"a: 1\n---\nb: 2", "YAML_SYNTAX", (2, 1)),
    "list as a key": (b"? [a]\n: 1", "YAML_SYNTAX", (1, 3)),
    "anchor": (b"a: &x 1", "YAML_ALIAS", (1, 4)),
    "alias": (b"a: *x", "YAML_ALIAS", (1, 4)),
    "python object": (b"a: !!python/object/apply:os.system [ls]", "YAML_TAG", (1, 4)),
    "own tag": (b"a: !secret x", "YAML_TAG", (1, 4)),
    "too deep": (b"[" * (MAX_DEPTH + 1), "YAML_TOO_DEEP", (1, MAX_DEPTH + 1)),
}


@pytest.mark.parametrize(("content", "code", "place"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_a_plain_document_is_refused(content: bytes, code: str, place: tuple[int, int]) -> None:
    with pytest.raises(Refused) as refusal:
        read_yaml("p.yaml", content)
    found = refusal.value
    assert (found.code, found.place.file, (found.place.line, found.place.column)) == (code, "p.yaml", place)


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 60)]
    with pytest.raises(Refused) as refusal:
        read_yaml("p.yaml", "\n".join(lines).encode())
    assert refusal.value.code == "YAML_ALIAS"


def test_files_share_a_budget_of_nodes() -> None:
    budget = NodeBudget(left=7)
    assert read_yaml("a.yaml", b"a: [1, 2]", budget) is not None
    with pytest.raises(Refused) as refusal:
        read_yaml("b.yaml", b"b: 1", budget)
    assert (refusal.value.code, refusal.value.place.column) == ("YAML_TOO_LARGE", 4)


def _scalar(content: str) -> ScalarNode:
    root = read_yaml("p.yaml", content.encode())
    assert isinstance(root, MapNode)
    node = root.entries[-1][1]
    assert isinstance(node, ScalarNode)
    return node


@pytest.mark.parametrize(
    ("content", "text", "place"),
    [
        ("a: age >= 18", "age >= 18", (1, 4)),
        ("a: 'age >= 18'", "age >= 18", (1, 5)),
        ('a: "age >= 18"', "age >= 18", (1, 5)),
        ("a: >-\n    age >= 18\n    && tall", "age >= 18 && tall", (2, 5)),
        ("a: |\n\n  age >= 18\n", "\nage >= 18\n", (3, 3)),
        ("a: |1\n   x\n", "  x\n", (2, 2)),
        ("# c\r\na:\r\n  >\r\n  x\r\n", "x\n", (4, 3)),
    ],
)
def test_the_place_of_a_text_is_its_first_character(content: str, text: str, place: tuple[int, int]) -> None:
    node = _scalar(content)
    assert (node.text, (node.text_place.line, node.text_place.column)) == (text, place)


def test_an_empty_file_holds_nothing() -> None:
    assert read_yaml("p.yaml", b"# only a comment\n") is None


def test_a_byte_order_mark_is_no_content() -> None:
    assert _scalar("\ufeffa: 1").place.column == 4


def _read_or_none(content: bytes) -> Node | None:
    try:
        return read_yaml("p.yaml", content)
    except Refused:
        return None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    _read_or_none(content)


@given(st.text(alphabet="ab:-?,[]{}#&*!|>'\"%@`\\ \n\t0u~<", max_size=60))
def test_any_text_of_yaml_signs_is_read_or_refused(text: str) -> None:
    _read_or_none(text.encode())


def _both(content: bytes) -> tuple[Node | None, Node | None]:
    """What either reading gives, but for the places where nothing is written, which have no place."""
    try:
        careful = read_carefully("p.yaml", decode("p.yaml", content), NodeBudget())
    except Refused:
        careful = None
    return _comparable(_read_or_none(content)), _comparable(careful)


def _comparable(node: Node | None) -> Node | None:
    match node:
        case ScalarNode(text="", is_plain=True):
            return replace(node, place=NOWHERE, text_place=NOWHERE)
        case ListNode(items=items, place=place):
            return ListNode(tuple(filter(None, map(_comparable, items))), place)
        case MapNode(entries=entries, place=place):
            pairs = ((_comparable(key), _comparable(value)) for key, value in entries)
            return MapNode(tuple((key, value) for key, value in pairs if isinstance(key, ScalarNode) and value), place)
        case _:
            return node


@settings(max_examples=600)
@example(">\n#")
@given(st.text(alphabet="ab:-?,[]{}#&*!|>'\"%@`\\ \n0u~<.é=+()", max_size=40))
def test_what_the_fast_parser_reads_is_what_the_parser_of_yaml_1_2_reads(text: str) -> None:
    fast, careful = _both(text.encode())
    assert fast == careful


def _documents() -> st.SearchStrategy[str]:
    words = st.sampled_from(["a", "b: c", "'it''s'", '"x\\n"', "1", "~", "x y", "a >= 1", "http://x:1/", "a:b", "-1"])
    signs = st.sampled_from([": ", "- ", ", ", "{", "}", "[", "]", " # c", "? ", ":", "'", '"', "...", "---", "|", ">"])
    breaks = st.sampled_from(["\n", "\n  ", "\n    ", "|\n  ", ">-\n   "])
    return st.lists(words | signs | breaks, max_size=14).map("".join)


@settings(max_examples=600)
@given(_documents())
def test_nearly_documents_are_read_alike_by_both_parsers(text: str) -> None:
    fast, careful = _both(text.encode())
    assert fast == careful


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.yaml")), ids=lambda path: path.name)
def test_the_samples_are_read_alike_by_both_parsers(path: Path) -> None:
    fast, careful = _both(path.read_bytes())
    assert fast == careful is not None
