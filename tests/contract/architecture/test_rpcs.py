"""Every RPC of the contracts is served, documented, and has messages of its own."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.source import ROOT, python_files, tree

RPC = re.compile(r"((?:^ *//.*\n)*)^ *rpc (\w+)\((?:stream )?(\w+)\)\s+returns \((?:stream )?(\w+)\)", re.MULTILINE)
SERVICE_PROTOS = sorted((ROOT / "protos").glob("tandem/*/v1/*_service.proto"))


def rpcs(proto: Path) -> list[tuple[str, str, str, str]]:
    """Comment, name, request and response of each RPC."""
    return [match for match in RPC.findall(proto.read_text()) if match[1]]


def served(service: str) -> set[str]:
    """The RPC methods of a service's servicers: those whose names begin with a capital."""
    return {
        node.name
        for path in python_files(f"services/{service}/api")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.AsyncFunctionDef) and node.name[:1].isupper()
    }


@pytest.mark.parametrize("proto", SERVICE_PROTOS, ids=lambda path: path.stem)
def test_every_rpc_is_served_and_nothing_else(proto: Path) -> None:
    assert served(proto.parent.parent.name) == {name for _, name, _, _ in rpcs(proto)}


@pytest.mark.parametrize("proto", SERVICE_PROTOS, ids=lambda path: path.stem)
def test_every_rpc_is_documented_and_has_messages_of_its_own(proto: Path) -> None:
    assert rpcs(proto)
    for comment, name, request, response in rpcs(proto):
        assert len(comment.strip()) > 40, f"{name} is not documented"
        assert (request, response) == (f"{name}Request", f"{name}Response")
