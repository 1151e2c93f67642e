"""The files of a policy folder as one document: which of them count, and their top-level keys side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from services.orchestrator.domain.policy.fields import distinct, mapping
from services.orchestrator.domain.policy.findings import Findings, Refused
from services.orchestrator.domain.policy.nodes import Node, ScalarNode
from services.orchestrator.domain.policy.yaml_reader import NodeBudget, read_yaml
from services.orchestrator.domain.policy_parts import Place

MAX_FILES = 1_000
MAX_BYTES = 16 * 1024 * 1024
ASIDE = frozenset({"personas", "tests"})
"""Subfolders that hold no policy: people to try it with, expectations to hold it to."""

Occurrence = tuple[ScalarNode, Node]


@dataclass(frozen=True, slots=True)
class Folder:
    """Every top-level key with each of its occurrences, in order of file and line."""

    sections: Mapping[str, tuple[Occurrence, ...]]
    first_file: str
    is_complete: bool
    """Every file could be read."""


def policy_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that make the policy, in order of path: *.yaml and *.yml outside personas/ and tests/."""
    return {path: files[path] for path in sorted(files) if _is_policy(path)}


def _is_policy(path: str) -> bool:
    parts = PurePosixPath(path)
    return parts.suffix in (".yaml", ".yml") and not ASIDE.intersection(parts.parts[:-1])


def read_folder(files: Mapping[str, bytes], findings: Findings) -> Folder:
    """Reads the policy files; a file that cannot be read is reported and left out."""
    if not _is_within_bounds(files, findings):
        return Folder({}, "", is_complete=False)
    sections: dict[str, list[Occurrence]] = {}
    wanted = policy_files(files)
    budget = NodeBudget()
    read = [_read_file(path, content, budget, sections, findings) for path, content in wanted.items()]
    complete = {key: tuple(occurrences) for key, occurrences in sections.items()}
    return Folder(complete, next(iter(wanted), "policy.yaml"), is_complete=all(read))


def _is_within_bounds(files: Mapping[str, bytes], findings: Findings) -> bool:
    if len(files) > MAX_FILES:
        findings.error(_start(min(files)), "TOO_LARGE", f"{len(files):,} files; at most {MAX_FILES:,} make a policy")
        return False
    total = sum(map(len, files.values()))
    if total > MAX_BYTES:
        findings.error(_start(min(files)), "TOO_LARGE", f"{total:,} bytes; at most {MAX_BYTES:,} make a policy")
        return False
    return True


def _read_file(
    path: str, content: bytes, budget: NodeBudget, sections: dict[str, list[Occurrence]], findings: Findings
) -> bool:
    try:
        _check_path(path)
        root = read_yaml(path, content, budget)
        entries = () if root is None else distinct(mapping(root), findings)
        for key, node in entries:
            sections.setdefault(key.text, []).append((key, node))
    except Refused as refusal:
        findings.refused(refusal)
        return False
    return True


def _check_path(path: str) -> None:
    if path.startswith("/") or "\\" in path or ".." in PurePosixPath(path).parts or not path.isprintable():
        raise Refused(_start(path), "must be a path inside the folder, with / between its parts", code="BAD_PATH")


def _start(path: str) -> Place:
    return Place(path, 1, 1)
