"""The JSON Schema of policy files says what the parser reads: made of the same tables, they cannot drift."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from services.orchestrator.domain import policy
from services.orchestrator.domain.policy.document import TOP_LEVEL_KEYS
from services.orchestrator.domain.policy.fields import Field
from services.orchestrator.domain.policy.schema import policy_schema
from services.orchestrator.domain.policy.shapes import shape_of
from tests.support.source import ROOT

SAMPLES = ROOT / "services/cli/samples"
POLICY_FILES = sorted(
    path for path in SAMPLES.rglob("*.yaml") if not {"personas", "tests"} & set(path.relative_to(SAMPLES).parts)
)
SCHEMA = policy_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def _tables() -> Iterator[tuple[str, Field[Any]]]:
    """Every field that a module of the parser declares, alone or in a table."""
    for found in pkgutil.iter_modules(policy.__path__):
        module = importlib.import_module(f"{policy.__name__}.{found.name}")
        for name, value in vars(module).items():
            for each in value if isinstance(value, tuple) else value.values() if isinstance(value, dict) else (value,):
                for field in each if isinstance(each, tuple) else (each,):
                    if isinstance(field, Field):
                        yield f"{found.name}.{name}", field


def _properties(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every property of every mapping, however deep."""
    if isinstance(schema, Mapping):
        yield from schema.get("properties", {}).items()
        for inner in schema.values():
            yield from _properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _properties(inner)


def test_every_key_of_every_table_is_in_the_schema_with_the_shape_it_is_read_by() -> None:
    written = list(_properties(SCHEMA))
    tables = list(_tables())
    assert len({field.name for _, field in tables}) > 80
    missing = [f"{table}: {field.name}" for table, field in tables if (field.name, shape_of(field)) not in written]
    assert missing == []


def test_the_schema_has_every_top_level_key_and_no_other() -> None:
    assert SCHEMA["properties"].keys() == TOP_LEVEL_KEYS


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", POLICY_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_samples_satisfy_the_schema(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(_document(path))] == []


def _document(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def _mappings(schema: Any, document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of the document where the schema closes the set of keys."""
    if isinstance(document, dict):
        if schema.get("additionalProperties") is False:
            yield path
        for key, value in document.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            for each in inner.get("anyOf", [inner]) if isinstance(inner, dict) else ():
                yield from _mappings(each, value, (*path, key))
    elif isinstance(document, list) and isinstance(schema.get("items"), dict):
        for index, value in enumerate(document):
            for each in schema["items"].get("anyOf", [schema["items"]]):
                yield from _mappings(each, value, (*path, index))


@pytest.mark.parametrize("path", POLICY_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_misspelt_key_anywhere_in_a_sample_does_not_satisfy_it(path: Path) -> None:
    places = list(_mappings(SCHEMA, _document(path)))
    assert places
    for place in places[:150]:
        document = _document(path)
        owner = document
        for step in place:
            owner = owner[step]
        owner["lveer"] = 1
        assert not VALIDATOR.is_valid(document), place


WRONG = [
    {"prior_propensity": "high"},
    {"prior_propensity": 1},
    {"currency": "euro"},
    {"engine": "rete"},
    {"traits": {"Age": {"type": "int"}}},
    {"traits": {"age": {"type": "integer"}}},
    {"traits": {"age": {"type": "int", "ttl": "365"}}},
    {"traits": {"age": {"immutable": True}}},
    {"groups": {"g": {"issue": "grow", "lever": -1}}},
    {"eligibility": [{"id": "adult"}]},
    {"eligibility": [{"id": "adult", "when": "age > 1", "on_unknown": "MAYBE"}]},
    {"segments": {"s": {"when": "true", "inferred": "yes"}}},
    {"triggers": {"t": {"when": {"evnt": "x"}, "then": [{"emit": "x"}]}}},
    {"triggers": {"t": {"when": "x", "then": []}}},
    {"contact_policy": {"limits": [{"id": "a", "max": -1, "window": "7d"}]}},
    {"arms": {"a": 2}},
    {"use": ["rmf"]},
    {"use": {"rfm": {"purchases": "order"}}},
]


@pytest.mark.parametrize("document", WRONG, ids=str)
def test_what_the_parser_refuses_alone_does_not_satisfy_it(document: Any) -> None:
    assert not VALIDATOR.is_valid(document)


RIGHT = [
    {"use": ["rfm", "basket"]},
    {"use": {"rfm": {"purchase": "order", "window": "365d"}, "owned": {"relation": "implies"}}},
    {"relations": {"implies": {"console": "tv", "game": ["console", 7]}}},
    {"issues": {"grow": None}},
    {"triggers": {"t": {"when": "x", "then": [{"enter": "s", "for": "180d"}, {"emit": "e", "payload": {"a": "1"}}]}}},
    {"triggers": {"t": {"when": {"sequence": ["a", {"event": "b"}]}, "within": "1h", "then": [{"leave": "s"}]}}},
]


@pytest.mark.parametrize("document", RIGHT, ids=str)
def test_forms_of_the_language_satisfy_it(document: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
