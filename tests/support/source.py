"""The project's own text and syntax trees, for tests of its structure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("orchestrator", "profile", "rules", "scoring")
_NOT_OURS = {"__pycache__", "build", "dist"}


def text_files() -> Iterator[Path]:
    """Every text file of the project, dotfiles included, generated code and caches not."""
    yield from (path for path in _walk(ROOT) if path.suffix != ".binpb")


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _NOT_OURS or (path.is_dir() and path.name.startswith(".") and path.name != ".ci"):
            continue
        if path == ROOT / "shared" / "gen":
            continue
        if path.is_dir():
            yield from _walk(path)
        elif not path.name.startswith(".git") or path.name == ".gitignore":
            yield path


def python_files(*folders: str) -> list[Path]:
    """The Python files below the folders, which are paths from the root of the project."""
    inside = [ROOT / folder for folder in folders]
    return [path for path in text_files() if path.suffix == ".py" and any(path.is_relative_to(f) for f in inside)]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def called_name(call: ast.Call) -> str:
    """`NotFound` of `NotFound(…)`, `errors.NotFound` and `InvalidArgument.field` of calls through their owners."""
    dotted = ast.unparse(call.func)
    owner, _, last = dotted.rpartition(".")
    return f"{owner.rpartition('.')[2]}.{last}" if owner else last


def strings(path: Path) -> Iterator[str]:
    """Every string literal of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def imports(path: Path) -> Iterator[str]:
    """Every imported name, dotted: `google.protobuf.any_pb2` for `from google.protobuf import any_pb2`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
